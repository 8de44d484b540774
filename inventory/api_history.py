"""Stock of the past over REST: as of an instant, and the closed days. A token bound to locations sees only those."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.utils import timezone
from django_filters import BooleanFilter, CharFilter, DateFilter, FilterSet
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import history
from inventory.api import LevelFilter
from inventory.books import instant
from inventory.models import StockClose, StockCloseLine, StockLevel
from oms.core.api import page_of
from oms.core.api.filtering import filtered
from oms.core.api.pages import CursorPages
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView


class AsOfAnswer(msgspec.Struct):
    """One SKU at one location as it stood, in pieces, with the safety stock and the supplier's report of then."""

    sku: str
    location: str
    at: datetime
    on_hand: int
    reserved: int
    quarantined: int
    safety_stock: int
    reported: int
    available: int


class CloseAnswer(msgspec.Struct):
    """One closed day of a location, in pieces; a gap is by how much levels differ from the books, both ways added."""

    location: str
    day: date
    opened_at: datetime
    closed_at: datetime
    levels_moved: int
    levels_counted: int
    pieces_closing: int
    pieces_gap: int
    levels_gap: int
    gap_percent: Decimal
    levels_gap_percent: Decimal
    signed_by: str | None
    signed_at: datetime | None
    note: str


class CloseLineAnswer(msgspec.Struct):
    """Opening + received − shipped + adjusted + returned + transferred = closing; what the level showed is gap more."""

    sku: str
    opening: int
    received: int
    shipped: int
    adjusted: int
    returned: int
    transferred: int
    closing: int
    reserved_closing: int
    quarantined_closing: int
    gap: int


class ClosedDayAnswer(msgspec.Struct):
    """A closed day and a page of its lines: the levels that moved, or differ."""

    close: CloseAnswer
    results: list[CloseLineAnswer]
    next: str | None
    previous: str | None


class AsOfFilter(LevelFilter):
    """Filters of levels, and the instant."""

    at = CharFilter(method="leave", required=True, label="Instant, such as 2026-11-20T16:00:00Z")

    def leave(self, rows: Any, name: str, value: str) -> Any:
        """Keep every level: the instant says what of it is shown."""
        return rows


class CloseFilter(FilterSet):
    """Filters of closed days."""

    location = CharFilter(field_name="location__code", label="Location")
    day_from = DateFilter(field_name="day", lookup_expr="gte", label="First day")
    day_to = DateFilter(field_name="day", lookup_expr="lte", label="Last day")
    gap = BooleanFilter(method="with_gap", label="true: only days on which figures differ")
    signed = BooleanFilter(
        field_name="signature", lookup_expr="isnull", exclude=True, label="true: only days somebody signed"
    )

    def with_gap(self, rows: Any, name: str, value: bool) -> Any:
        """Keep days with gaps, or those without."""
        return rows.filter(history.with_gap()) if value else rows.exclude(history.with_gap())

    class Meta:
        model = StockClose
        fields: tuple[str, ...] = ()


class LineFilter(FilterSet):
    """Filters of the lines of a closed day."""

    sku = CharFilter(field_name="level__sku__code", label="SKU")
    gap = BooleanFilter(method="differ", label="true: only gaps")

    def differ(self, rows: Any, name: str, value: bool) -> Any:
        """Keep lines that differ, or those that agree."""
        return rows.exclude(gap=0) if value else rows.filter(gap=0)

    class Meta:
        model = StockCloseLine
        fields: tuple[str, ...] = ()


def _described(kind: type[FilterSet]) -> dict[str, str]:
    return {name: str(each.label) for name, each in kind.base_filters.items()}


class StockAsOf(ApiView):
    """Levels as they stood at an instant of the past."""

    scope = "stock:read"

    @documented(
        "List stock levels as of an instant",
        answers={200: list_of(AsOfAnswer)},
        query=_described(AsOfFilter),
    )
    def get(self, request: Request) -> Response:
        """A page of levels as they stood; the future is refused."""
        rows = filtered(AsOfFilter, history.levels_alone(), request)
        at = instant(request.query_params["at"], not_after=timezone.now())
        if self.token.locations is not None:
            rows = rows.filter(location__code__in=sorted(self.token.locations))
        pages = CursorPages()
        pages.ordering = ("sku__code", "location__code", "id")
        found: list[StockLevel] = list(pages.paginate_queryset(rows, request) or ())
        stood = history.as_of([level.pk for level in found], at)
        return pages.get_paginated_response([_as_of(level, stood[level.pk], at) for level in found])


class StockCloses(ApiView):
    """Closed days, the newest first."""

    scope = "stock:read"

    @documented("List closed days", answers={200: list_of(CloseAnswer)}, query=_described(CloseFilter))
    def get(self, request: Request) -> Response:
        """A page of the closed days that the filters leave."""
        rows = filtered(CloseFilter, history.closes(), request)
        if self.token.locations is not None:
            rows = rows.filter(location__code__in=sorted(self.token.locations))
        return page_of(rows, request, render=_close, ordering=("-closed_at", "-id"))


class OneStockClose(ApiView):
    """One closed day of a location."""

    scope = "stock:read"

    @documented("Read a closed day", answers={200: ClosedDayAnswer}, query=_described(LineFilter))
    def get(self, request: Request, location: str, day: str) -> Response:
        """The day, and a page of its lines."""
        if not self.token.may_at(location):
            raise history.CloseNotFound(f"{day} is not closed for {location}.")
        closed = history.close_of(location, day)
        lines = filtered(LineFilter, history.lines_of(closed), request)
        page = page_of(lines, request, render=_line, ordering="level_id")
        page.data = {"close": _close(closed), **page.data}
        return page


def _as_of(level: StockLevel, stood: history.Standing, at: datetime) -> AsOfAnswer:
    return AsOfAnswer(
        level.sku.code,
        level.location.code,
        at,
        stood.on_hand,
        stood.reserved,
        stood.quarantined,
        stood.safety_stock,
        stood.reported,
        stood.available,
    )


def _close(closed: StockClose) -> CloseAnswer:
    signature = getattr(closed, "signature", None)
    return CloseAnswer(
        closed.location.code,
        closed.day,
        closed.opened_at,
        closed.closed_at,
        closed.levels_moved,
        closed.levels_counted,
        closed.pieces_closing,
        closed.pieces_gap,
        closed.levels_gap,
        closed.gap_percent,
        closed.levels_gap_percent,
        signature.signed_by.get_username() if signature else None,
        signature.signed_at if signature else None,
        signature.note if signature else "",
    )


def _line(line: StockCloseLine) -> CloseLineAnswer:
    names = [name for name in CloseLineAnswer.__struct_fields__ if name != "sku"]
    return CloseLineAnswer(line.level.sku.code, *(getattr(line, name) for name in names))
