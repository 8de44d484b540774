"""Filters in the address: those that a list knows, each checked; a misspelt one is refused, not ignored."""

from typing import Any

from django.db.models import QuerySet
from django_filters import FilterSet
from rest_framework.request import Request

from oms.core.errors import Invalid

PAGING = frozenset({"limit", "cursor"})


def filtered(kind: type[FilterSet], rows: "QuerySet[Any]", request: Request) -> "QuerySet[Any]":
    """The rows that the request's filters leave.

    Raises ``Invalid`` for a filter that the list does not have or a value that it cannot be.
    """
    known = kind.base_filters.keys() | PAGING
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise Invalid(
            f"This list has no filter {', '.join(unknown)}. It has {', '.join(sorted(kind.base_filters))}."
        )
    chosen = kind(request.query_params, queryset=rows)
    if not chosen.is_valid():
        problems = [(f"?{name}", str(text)) for name, texts in chosen.errors.items() for text in texts]
        raise Invalid(problems=tuple(problems))
    return chosen.qs
