"""Too little for everybody: what is scarce, who gets it and why, and what a manager decided."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrderLine
from oms.core import frame
from oms.core.errors import NotFound
from oms.core.views.frame import Action, Page, Record
from oms.flows import projecting, scarcity
from oms.flows.projecting import Outlook
from oms.orders import scarcity_queries
from oms.orders.models import OrderLine
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
        rows = projecting.outlooks(found, at=timezone.now()) if found else []
        return super().get_context_data(**kwargs) | {
            "sku": found,
            "rows": rows,
            "can_decide": self.request.user.may("orders.change"),
            "kept": max(0, found.available - sum(row.now for row in rows)) if found else 0,
            "why_not": _why_not(rows[0].line) if rows else "",
            "holders": _holders(found, rows) if found else [],
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


def _holders(found: Scarce, rows: list[Outlook]) -> list[tuple[FulfilmentOrderLine, str]]:
    """Untouched pieces, each with the first order that waits for them and is not the one that holds them."""
    waiting = list(dict.fromkeys(row.line.order.number for row in rows))
    return [
        (line, next((number for number in waiting if number != line.fulfilment_order.order.number), ""))
        for line in work_queries.untouched_lines(found.sku)
    ]


def _why_not(line: OrderLine) -> str:
    """The page that says why this line does not get what is available."""
    order = line.order
    asked = {
        "sku": line.sku.code,
        "quantity": line.quantity_waiting,
        "channel": order.channel.code,
        "customer_type": order.customer_type,
        "country": order.ship_country,
        "region": order.ship_region,
        "postcode": order.ship_postcode,
    }
    return f"{reverse('routing:why')}?{urlencode(asked)}"


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
