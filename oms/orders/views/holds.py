"""What holds orders now: by reason, by owner, with its age."""

from typing import Any

from django.db.models import QuerySet

from fulfilment import queries as work_queries
from oms.core import history
from oms.core.views.lists import LAST_DAYS, Choice, Column, Filter, ListPage, Tab, days
from oms.orders import job_queries
from oms.orders.rules import ChangeKind


def _code(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(code="" if value == "other" else value)


def _codes(user: Any) -> list[Choice]:
    listed = [Choice(one.code, one.name) for one in job_queries.reasons(ChangeKind.HOLD)]
    return [*listed, Choice("routing", "Routing"), Choice("other", "not listed")]


def _owner(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(owner="" if value == "nobody" else value)


def _owners(user: Any) -> list[Choice]:
    return [Choice("nobody", "nobody"), *(Choice(name, said) for name, said in job_queries.people())]


class HoldList(ListPage):
    """Orders on hold, the longest first; the same buttons as in the list of orders."""

    permission = "orders.view"
    title = "On hold"
    under = "Orders"
    template_name = "orders/hold_list.html"
    page_name = "orders.holds"
    noun = "hold,holds"
    order = ("placed_at", "id")
    search_help = "Filter: number or words of the reason"
    tabs = (Tab("All", {}), Tab("Nobody's", {"owner": "nobody"}, tone="look"))
    filters = (
        Filter("code", "Reason", _code, _codes),
        Filter("owner", "Owner", _owner, _owners),
        Filter("since", "Held", days("placed_at"), lambda user: LAST_DAYS),
    )
    columns = (
        Column("Order"),
        Column("Reason"),
        Column("Owner"),
        Column("Held by"),
        Column("Since"),
        Column("Promise"),
        Column("Total", "num"),
    )

    def rows(self) -> QuerySet[Any]:
        rows = job_queries.active_holds()
        codes = self.request.user.locations_for("orders.view")
        return rows if codes is None else rows.filter(order__in=work_queries.order_ids_at(codes))

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(order__number__iexact=text) | rows.filter(reason__icontains=text)

    def decorate(self, rows: list[Any]) -> list[Any]:
        names, owners = history.names_of([row.placed_by for row in rows]), dict(job_queries.people())
        for row in rows:
            row.placer = names.get(row.placed_by, row.placed_by)
            row.owner_name = owners.get(row.owner, row.owner)
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "may_hold": self.request.user.may("orders.hold"),
            "people": job_queries.people(),
        }
