"""Pieces that nobody has packed come back from the work of an order."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from fulfilment import cancellation_queries
from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine
from fulfilment.services import fulfilment_orders
from inventory.services import reservations
from oms.alerts.services import alerts
from oms.core.actors import Actor
from oms.orders.models import Order


@dataclass(slots=True)
class Pull:
    """What is taken off which work line, untouched pieces first; ``put_back`` of them were picked."""

    pieces: dict[int, int] = field(default_factory=dict)
    put_back: dict[int, int] = field(default_factory=dict)


def pull(order: Order, wanted: dict[int, int], *, why: str, actor: Actor, at: datetime) -> dict[int, int]:
    """Take so many pieces of each order line (id → pieces) off the order's work; what could be had.

    Their stock is free at once. Picked pieces lie in a tote: an alert at their location says to put them back.
    What a partner has confirmed is left alone: it must be asked (``recalling``).
    """
    live = {
        work.pk: work
        for work in work_queries.lock_live_work(order.pk)
        if not cancellation_queries.is_confirmed_elsewhere(work)
    }
    lines = {line.pk: line for line in work_queries.lines_with_allocations(live)}
    found = _choose(lines.values(), wanted)
    freed = {lines[key].allocation.reservation_id: count for key, count in found.pieces.items()}
    reservations.release(freed, actor=actor, at=at)
    fulfilment_orders.cancel_pieces(found.pieces)
    for work_id in {lines[key].fulfilment_order_id for key in found.pieces}:
        fulfilment_orders.settle_status(live[work_id], work_queries.lines_to_work(live[work_id]))
    for key, count in found.put_back.items():
        _tell_to_put_back(lines[key], live[lines[key].fulfilment_order_id], count, why=why, at=at)
    got: dict[int, int] = {}
    for key, count in found.pieces.items():
        line_id = lines[key].allocation.order_line_id
        got[line_id] = got.get(line_id, 0) + count
    return got


def _choose(lines: Iterable[FulfilmentOrderLine], wanted: dict[int, int]) -> Pull:
    """Untouched pieces before picked ones, the newest work first."""
    newest = sorted(lines, key=lambda line: -line.pk)
    left, found = dict(wanted), Pull()
    for untouched in (True, False):
        for line in newest:
            most = left.get(line.allocation.order_line_id, 0)
            asked = line.quantity - line.quantity_cancelled - found.pieces.get(line.pk, 0)
            free = asked - (line.quantity_picked if untouched else line.quantity_packed)
            count = min(most, free)
            if count > 0:
                found.pieces[line.pk] = found.pieces.get(line.pk, 0) + count
                left[line.allocation.order_line_id] = most - count
                if not untouched:
                    found.put_back[line.pk] = count
    return found


def _tell_to_put_back(
    line: FulfilmentOrderLine, work: FulfilmentOrder, count: int, *, why: str, at: datetime
) -> None:
    alerts.open_alert(
        "put_back",
        "fulfilment_order",
        f"{work.number}/{line.sku.code}",
        message=f"Put {count} of {line.sku.code} back on the shelf: {work.number} does not need them. {why}",
        at=at,
        location=work.location.code,
        url=f"/orders/{work.order.number}",
    )
