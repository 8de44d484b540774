"""Too little for everybody: what is scarce, who gets it and why, and what a manager decided."""

from typing import Any

from django.urls import reverse

from fulfilment import queries as work_queries
from oms.core import frame
from oms.core.errors import NotFound
from oms.core.views.frame import Action, Page, Record
from oms.flows import projecting, scarcity
from oms.orders import scarcity_queries
from oms.orders.scarcity_queries import Scarce


class NotScarce(NotFound):
    """No order waits for this SKU any more."""

    code = "not-scarce"


class ScarceSkus(Page):
    """The SKUs that orders wait for."""

    permission = "orders.view"
    title = "Scarce stock"
    under = "Scarce stock"
    template_name = "orders/scarce_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = scarcity_queries.scarce()
        return super().get_context_data(**kwargs) | {
            "rows": rows,
            "pieces": sum(row.waiting for row in rows),
            "served_by": scarcity_queries.criteria(),
        }


class ScarceSku(Record):
    """One of them: the queue in the order in which it is served, and who holds pieces."""

    permission = "orders.view"
    under = "Scarce stock"
    list_url_name = "orders:scarce"
    template_name = "orders/scarce_sku.html"

    def get_title(self) -> str:
        return self.kwargs["sku"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = scarce_sku(self.kwargs["sku"])
        rows = projecting.outlooks(found) if found else []
        return super().get_context_data(**kwargs) | {
            "sku": found,
            "rows": rows,
            "can_decide": self.request.user.may("orders.change"),
            "first": rows[0].line.order.number if rows else "",
            "holders": work_queries.untouched_lines(found.sku) if found else [],
        }


class Turn(Action):
    """First, last, or in turn again."""

    permission = "orders.change"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("orders:scarce_sku", args=[kwargs["sku"]])

    def carry_out(self, **kwargs: Any) -> None:
        said, doing = self.request.POST, self.doing.as_arguments
        number, turn = said.get("order", ""), said.get("turn", "")
        if turn == "forget":
            scarcity.forget_turn(number, sku=kwargs["sku"], **doing)
        else:
            note = said.get("note", "")
            scarcity.decide_turn(number, sku=kwargs["sku"], is_first=turn == "first", note=note, **doing)


class Give(Action):
    """Pieces of one order go to another."""

    permission = "orders.change"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("orders:scarce_sku", args=[kwargs["sku"]])

    def carry_out(self, **kwargs: Any) -> None:
        said = self.request.POST
        scarcity.give(
            kwargs["sku"],
            giver=said.get("giver", ""),
            taker=said.get("taker", "").strip(),
            note=said.get("note", ""),
            **self.doing.as_arguments,
        )


def scarce_sku(code: str) -> Scarce | None:
    """The figures of one SKU that orders wait for."""
    return next((row for row in scarcity_queries.scarce() if row.sku == code), None)


frame.hang(
    frame.Entry(
        "Scarce stock",
        "hand-stop",
        "orders:scarce",
        "orders.view",
        "Stock",
        position=32,
    ),
)
