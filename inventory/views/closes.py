"""The books of stock: the closed days of each site, how far levels differ from them, and who signed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from inventory import history
from inventory.models import StockClose
from inventory.views import charts
from inventory.views.files import csv_answer, in_batches
from inventory.views.history import sites
from oms.core import frame
from oms.core.errors import Forbidden, Refusal
from oms.core.status import DONE, LOOK, STOP, Look, fill
from oms.core.views.frame import Action
from oms.core.views.lists import LAST_DAYS, Choice, Column, Filter, ListPage, Tab
from oms.flows import closing

fill(
    "close",
    {
        "signed": Look(DONE, "Signed"),
        "open": Look(LOOK, "To sign", "note"),
        "gap": Look(STOP, "Differs, to sign"),
    },
)
TREND_DAYS = 90
AIM_PERCENT = 1
STATES = (Choice("open", "to sign"), Choice("signed", "signed"), Choice("gap", "with gaps"))
LINE_NAMES = ("opening", "received", "shipped", "adjusted", "returned", "transferred", "closing", "gap")


def state_of(closed: StockClose) -> str:
    """Say how a closed day stands."""
    if getattr(closed, "signature", None):
        return "signed"
    return "gap" if closed.levels_gap else "open"


def _state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "gap":
        return rows.filter(history.with_gap())
    return rows.filter(signature__isnull=value == "open")


def _days(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    span = value.removesuffix("d")
    return rows.filter(day__gte=datetime.now(UTC).date() - timedelta(days=int(span) if span.isdigit() else 0))


def _allowed(user: Any) -> QuerySet[Any]:
    codes = user.locations_for("reports.view")
    return history.closes() if codes is None else history.closes().filter(location__code__in=list(codes))


class CloseList(ListPage):
    """Every closed day, newest first, with the figure that stays under one per cent."""

    permission = "reports.view"
    title = "Books of stock"
    under = "Books of stock"
    template_name = "inventory/close_list.html"
    page_name = "inventory.closes"
    noun = "day,days"
    order = ("-day", "location__code", "id")
    tabs = (
        Tab("All", {}),
        Tab("To sign", {"state": "open"}),
        Tab("With gaps", {"state": "gap"}, tone="stop"),
    )
    filters = (
        Filter("state", "State", _state, lambda user: STATES),
        Filter("site", "Site", lambda rows, value: rows.filter(location__code=value), sites),
        Filter("closed", "Days", _days, lambda user: LAST_DAYS),
    )
    columns: ClassVar = (
        Column("Day"),
        Column("Site"),
        Column("State"),
        Column("SKUs moved", "num"),
        Column("Pieces at the close", "num"),
        Column("Pieces that differ", "num"),
        Column("Of all pieces", "num"),
        Column("SKUs that differ", "num"),
        Column("Signed by"),
    )

    def rows(self) -> QuerySet[Any]:
        return _allowed(self.request.user)

    def decorate(self, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.state = state_of(row)
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = {name: value for name, value in self.asked.items() if name == "site"}
        since = datetime.now(UTC).date() - timedelta(days=TREND_DAYS)
        figures = history.gap_by_day(self.narrowed(asked).filter(day__gte=since))
        return super().get_context_data(**kwargs) | {
            "trend": charts.drawn(figures, top_at_least=2 * AIM_PERCENT),
            "aim": AIM_PERCENT,
        }


class ClosePage(ListPage):
    """One closed day, SKU by SKU: opening and what moved to closing, and by how much the level differed."""

    permission = "reports.view"
    under = "Books of stock"
    template_name = "inventory/close_detail.html"
    page_name = "inventory.close"
    noun = "SKU,SKUs"
    order = ("level_id",)
    search_help = "A SKU code…"
    tabs = (Tab("All", {}, counted=False), Tab("Gaps only", {"show": "gaps"}, tone="stop"))
    filters = (
        Filter(
            "show",
            "Show",
            lambda rows, value: rows.exclude(gap=0),
            lambda user: [Choice("gaps", "gaps only")],
        ),
    )
    columns: ClassVar = (
        Column("SKU"),
        Column("Opening", "num"),
        Column("Received", "num"),
        Column("Shipped", "num"),
        Column("Adjusted", "num"),
        Column("Returned", "num"),
        Column("Transferred", "num"),
        Column("Closing", "num"),
        Column("Gap", "num"),
    )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("format") == "csv" and request.user.may("stock.export"):
            name = f"stock-{self.closed.location.code}-{self.closed.day}"
            return csv_answer(name, ("sku", *LINE_NAMES), self._lines())
        return super().get(request, *args, **kwargs)

    @property
    def closed(self) -> StockClose:
        """The day of the address, at a site this person may see."""
        if not hasattr(self, "_closed"):
            try:
                self._closed = history.close_of(self.kwargs["site"], self.kwargs["day"])
            except Refusal as refusal:
                raise Http404(str(refusal)) from refusal
            if not self.request.user.may("reports.view", location=self.kwargs["site"]):
                raise Forbidden("Your roles do not show the books of that site.")
        return self._closed

    def get_title(self) -> str:
        return (
            f"{self.closed.location.name}, {self.closed.day:%a} {self.closed.day.day} {self.closed.day:%b %Y}"
        )

    def rows(self) -> QuerySet[Any]:
        return history.lines_of(self.closed)

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(level__sku__code__istartswith=text)

    def _lines(self) -> Iterator[tuple[Any, ...]]:
        for batch in in_batches(self.narrowed(self.asked), self.order):
            for line in batch:
                yield (line.level.sku.code, *(getattr(line, name) for name in LINE_NAMES))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        closed, user = self.closed, self.request.user
        return super().get_context_data(**kwargs) | {
            "closed": closed,
            "state": state_of(closed),
            "signature": getattr(closed, "signature", None),
            "sums": history.sums_of(history.lines_of(closed)),
            "may_sign": user.may("reports.sign", location=closed.location.code),
            "may_export": user.may("stock.export"),
            "back": reverse("inventory:closes"),
        }


class SignDay(Action):
    """Stand for a closed day."""

    permission = "reports.sign"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("inventory:close", args=[kwargs["site"], kwargs["day"]])

    def carry_out(self, **kwargs: Any) -> None:
        if not self.request.user.may("reports.sign", location=kwargs["site"]):
            raise Forbidden("Your roles do not sign the books of that site.")
        closed = history.close_of(kwargs["site"], kwargs["day"])
        note = self.request.POST.get("note", "")[:300]
        closing.sign_day(
            kwargs["site"], closed.day, by=self.request.user, note=note, **self.doing.as_arguments
        )


frame.hang(
    frame.Entry("Books of stock", "scale", "inventory:closes", "reports.view", "Stock", position=46),
)
