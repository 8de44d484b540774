"""Stock look-up: one field to type or scan, and the list of SKUs with their sums."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from inventory import queries
from oms.catalogue import queries as sku_queries
from oms.core import frame
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab


def _sites(user: Any) -> list[Choice]:
    return [Choice(code, name) for code, name, _ in frame.sites_for(user)]


def _site(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(pk__in=queries.sku_ids_at([value]))


def _stock(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(pk__in=queries.sku_ids_without_stock(None))


def _category(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(category__iexact=value)


def _active(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(is_active=value == "yes")


class StockList(ListPage):
    """Every SKU with what there is of it; a scan or a code opens the SKU at once."""

    permission = "stock.view"
    title = "Stock"
    under = "Stock look-up"
    template_name = "inventory/stock_list.html"
    page_name = "inventory.stock"
    noun = "SKU,SKUs"
    order = ("code",)
    search_help = "Type or scan a SKU, name or barcode…"
    tabs = (Tab("All", {}), Tab("Sold out", {"stock": "none"}, tone="look"))
    filters = (
        Filter("stock", "Stock", _stock, lambda user: [Choice("none", "nothing available")]),
        Filter("site", "Site", _site, _sites),
        Filter("category", "Category", _category, kind="text"),
        Filter("sold", "Sold", _active, lambda user: [Choice("yes", "yes"), Choice("no", "no")]),
    )
    columns: ClassVar = (
        Column("SKU"),
        Column("Name"),
        Column("On hand", "num"),
        Column("Reserved", "num"),
        Column("In inspection", "num"),
        Column("Available", "num"),
        Column("Sites", "num"),
    )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        text = request.GET.get("q", "").strip()
        exact = sku_queries.by_code_or_barcode(text) if text and len(request.GET) == 1 else None
        if exact is not None:
            return HttpResponseRedirect(reverse("inventory:sku", args=[exact.code]))
        return super().get(request, *args, **kwargs)

    def rows(self) -> QuerySet[Any]:
        return sku_queries.search("")

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows & sku_queries.search(text)

    @property
    def codes(self) -> frozenset[str] | None:
        """The locations whose stock this page counts: the filter's, or all this person may see."""
        standing = frame.Standing(self.request.user, self.asked.get("site", ""))
        return standing.sites("stock.view")

    def decorate(self, rows: list[Any]) -> list[Any]:
        sums = queries.totals_of([row.pk for row in rows], self.codes)
        for row in rows:
            row.sums = sums.get(row.pk, {})
        return rows


def found(text: str, user: Any) -> list[frame.Found]:
    """Find SKUs by code, name or barcode."""
    exact = sku_queries.by_code_or_barcode(text)
    rows = [exact] if exact else list(sku_queries.search(text)[:6])
    return [
        frame.Found(
            f"{row.code} {row.name}",
            reverse("inventory:sku", args=[row.code]),
            "building-warehouse",
            "SKU",
            exact=exact is not None,
        )
        for row in rows
    ]


frame.know_sites(queries.working_sites)
frame.hang(
    frame.Entry(
        "Stock look-up",
        "building-warehouse",
        "inventory:list",
        "stock.view",
        "Stock",
        "s",
        position=30,
        tab=True,
    ),
    frame.Finder("skus", found, "stock.view", position=20),
)
