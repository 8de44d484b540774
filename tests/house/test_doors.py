"""Every address says who may open it."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from oms.core.middleware import ClosedByDefault, Declared
from oms.core.roles import ALL_PERMISSIONS


def addresses(resolver: URLResolver, prefix: str = "", spaces: tuple[str, ...] = ()) -> Iterator[tuple]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry, spaces
        else:
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from addresses(entry, prefix + str(entry.pattern), inner)


OPEN_TO_JUDGE = [
    pytest.param(entry.callback, id=path or "/")
    for path, entry, spaces in addresses(get_resolver())
    if ClosedByDefault.SELF_GUARDED not in spaces
]


@pytest.mark.parametrize("view", OPEN_TO_JUDGE)
def test_the_view_says_who_may_see_it(view):
    declared = Declared(view)

    assert declared.public or declared.scope or declared.permission in {"", *ALL_PERMISSIONS}
