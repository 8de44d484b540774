"""Lists in pages: ``{results, next, previous}``, each page after an opaque cursor, never by number."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core.errors import Invalid


class CursorPages(CursorPagination):
    """Stable pages: rows that arrive meanwhile neither repeat nor skip one. At most 200 rows each."""

    page_size_query_param = "limit"
    max_page_size = settings.LIMITS["page_size"]
    ordering: str | tuple[str, ...] = "-id"

    def get_page_size(self, request: Request) -> int:
        """The size asked for by ``limit``.

        Raises ``Invalid`` unless it lies between 1 and the largest page.
        """
        asked = request.query_params.get(self.page_size_query_param)
        if asked is None:
            return int(settings.REST_FRAMEWORK["PAGE_SIZE"])
        if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= self.max_page_size:
            raise Invalid(f"limit lies between 1 and {self.max_page_size}.")
        return int(asked)

    def decode_cursor(self, request: Request) -> Any:
        """Where the page begins.

        Raises ``Invalid`` when the cursor is not one of ours.
        """
        try:
            return super().decode_cursor(request)
        except NotFound:
            raise Invalid("This cursor is not one of ours.") from None

    def _get_position_from_instance(self, instance: Any, ordering: Sequence[str]) -> str | None:
        """Where a row stands; an order may lead through its relations, such as ``sku__code``."""
        value = instance
        for part in ordering[0].lstrip("-").split("__"):
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        return None if value is None else str(value)

    def get_paginated_response(self, data: Any) -> Response:
        """The page with the addresses of its neighbours."""
        return Response({"results": data, "next": self.get_next_link(), "previous": self.get_previous_link()})


def page_of(
    rows: "QuerySet[Any]",
    request: Request,
    *,
    render: Callable[[Any], Any],
    ordering: str | tuple[str, ...] = "-id",
) -> Response:
    """One page of the rows, each rendered; the last name of ``ordering`` must be unique."""
    pages = CursorPages()
    pages.ordering = (ordering,) if isinstance(ordering, str) else ordering
    found: Iterable[Any] = pages.paginate_queryset(rows, request) or ()
    return pages.get_paginated_response([render(row) for row in found])
