"""What partners and suppliers say they have, beside what our books showed at that instant."""

from typing import Any, ClassVar

from django.db.models import F, QuerySet
from django.http import Http404

from inventory import queries
from oms.core import frame
from oms.core.views.lists import LAST_DAYS, Choice, Column, Filter, ListPage, Tab, days


def _site(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(location__code=value)


def _sites(user: Any) -> list[Choice]:
    return [Choice(code, name) for code, name, _ in frame.sites_for(user)]


def _differing(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.exclude(on_hand=F("ours"))


class ReportList(ListPage):
    """Every report that was taken, newest first."""

    permission = "stock.view"
    title = "Partner reports"
    under = "Partner reports"
    template_name = "inventory/report_list.html"
    page_name = "inventory.reports"
    noun = "report,reports"
    order = ("-reported_at", "-id")
    tabs = (Tab("All", {}),)
    filters = (
        Filter("site", "Site", _site, _sites),
        Filter("made", "Made", days("reported_at"), lambda user: LAST_DAYS),
    )
    columns: ClassVar = (
        Column("Report"),
        Column("Site"),
        Column("Made"),
        Column("SKUs", "num"),
        Column("Pieces", "num"),
        Column("Differ", "num"),
    )

    def rows(self) -> QuerySet[Any]:
        codes = frame.Standing(self.request.user, "").sites("stock.view")
        rows = queries.stock_reports()
        return rows if codes is None else rows.filter(location__code__in=list(codes))


class ReportPage(ListPage):
    """One report, SKU by SKU."""

    permission = "stock.view"
    under = "Partner reports"
    template_name = "inventory/report_detail.html"
    page_name = "inventory.report"
    noun = "SKU,SKUs"
    order = ("sku__code", "id")
    tabs = (Tab("All", {}), Tab("Differing", {"show": "differing"}, tone="look"))
    filters = (Filter("show", "Show", _differing, lambda user: [Choice("differing", "only what differs")]),)
    columns: ClassVar = (
        Column("SKU"),
        Column("Name"),
        Column("They say", "num"),
        Column("Our books", "num"),
        Column("Difference", "num"),
    )

    def rows(self) -> QuerySet[Any]:
        return queries.report_lines(self.report)

    @property
    def report(self) -> Any:
        """The report of the address, when its location is one of this person's."""
        found = queries.stock_reports().filter(pk=self.kwargs["report_id"]).first()
        if found is None or not self.request.user.may("stock.view", location=found.location.code):
            raise Http404("There is no such report.")
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = self.report
        return super().get_context_data(**kwargs) | {"report": report, "title": f"Report {report.reference}"}


frame.hang(
    frame.Entry(
        "Partner reports", "building-warehouse", "inventory:reports", "stock.view", "Stock", position=38
    ),
)
