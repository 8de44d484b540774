"""What every change of an accepted order ends with: its totals, its end when nothing is left, and the news of it."""

from collections import Counter
from dataclasses import dataclass, field

from fulfilment import queries as work_queries
from fulfilment.services import fulfilment_orders
from oms.core import audit, outbox
from oms.flows import addressing
from oms.orders import queries as order_queries
from oms.orders.models import Order
from oms.orders.readdressings import AddressState
from oms.orders.services import orders
from oms.orders.services.orders import Change


@dataclass(slots=True)
class Edit:
    """One change of a locked order on its way: pieces by SKU, names of other facts, pieces asked of partners.

    ``asked_to_readdress`` names the places that are asked to send their work to another address.
    """

    order: Order
    change: Change
    pieces: Counter[str] = field(default_factory=Counter)
    facts: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    asked_to_readdress: tuple[str, ...] = ()


def conclude(edit: Edit, value_delta: int) -> None:
    """End an order of which nothing is wanted any more, and tell what has changed; nothing when nothing has."""
    if edit.pieces or edit.facts:
        ended = _end_if_nothing_is_left(edit)
        orders.refresh_progress([edit.order.pk])
        _note(edit, value_delta)
        if ended:
            tell_cancelled(edit)


def _end_if_nothing_is_left(edit: Edit) -> bool:
    """An order that is cancelled to the last piece is cancelled; one of which all the rest has left is done."""
    order, change = edit.order, edit.change
    lines = list(order_queries.lines_of([order.pk]))
    if any(line.quantity_ordered > line.quantity_cancelled + line.quantity_shipped for line in lines):
        return False
    if not any(line.quantity_shipped for line in lines):
        orders.cancel(order, actor=change.actor, at=change.at)
        overtaken = Change("The order is cancelled.", change.actor, change.at)
        addressing.end(order, AddressState.OVERTAKEN, overtaken, is_asked_for=True)
        return True
    if order.state == "on_hold":
        # Nothing is left that could be held; with its hold it would never close.
        orders.release(order, actor=change.actor, at=change.at)
        for work in work_queries.lock_live_work(order.pk):
            fulfilment_orders.settle_status(work, work_queries.lines_to_work(work), releases=True)
    return False


def _note(edit: Edit, value_delta: int) -> None:
    order, change = edit.order, edit.change
    version = orders.note_change(
        order, pieces=edit.pieces, facts=edit.facts, value_delta=value_delta, by=change
    )
    changes = {"pieces": dict(edit.pieces), "facts": list(edit.facts), "value_minor": value_delta}
    if edit.asked:
        changes["asked_of_partners"] = dict(edit.asked)
    audit.record(
        "order.amended",
        "order",
        order.number,
        actor=change.actor,
        at=change.at,
        note=change.reason,
        changes=changes,
    )
    payload = {"number": order.number, "version": version, "reason": change.reason} | changes
    outbox.record("order.amended", aggregate=f"order:{order.number}", payload=payload, at=change.at)
    freed = sorted(sku for sku, pieces in edit.pieces.items() if pieces < 0)
    if freed:
        outbox.record(
            "stock.changed",
            aggregate=f"order:{order.number}",
            payload={"skus": freed, "document": order.number, "quantity_delta": 1},
            at=change.at,
        )


def tell_cancelled(edit: Edit) -> None:
    """Tell that a whole order was cancelled."""
    order, change = edit.order, edit.change
    audit.record(
        "order.cancelled", "order", order.number, actor=change.actor, at=change.at, note=change.reason
    )
    outbox.record(
        "order.cancelled",
        aggregate=f"order:{order.number}",
        at=change.at,
        payload={
            "number": order.number,
            "reason": change.reason,
            "code": change.code,
            "skus": sorted(edit.pieces),
        },
    )
