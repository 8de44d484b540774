"""The physical world wins: fewer pieces are there than were promised, and the newest promises give way."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrderLine
from fulfilment.services import fulfilment_orders
from inventory.models import StockLevel
from inventory.rules import NotEnoughStock
from inventory.services import reservations
from oms.alerts.services import alerts
from oms.core import audit
from oms.core.actors import Actor
from oms.flows import sourcing
from oms.orders import queries as order_queries


def make_room(level: StockLevel, pieces: int, *, why: str, actor: Actor, at: datetime) -> tuple[str, ...]:
    """Release the newest reservations of a level until so many pieces may leave it or be set aside.

    Their orders are planned anew elsewhere in the same transaction, or wait; each gets an alert. Pieces that are packed
    stay. Returns the numbers of these orders. Call it before the level itself is locked: orders come before stock.
    Raises ``NotEnoughStock`` when even that does not free enough.
    """
    missing = pieces - (level.on_hand + level.reported - level.reserved - level.quarantined)
    if missing <= 0:
        return ()
    victims = _victims(level, missing)
    by_work: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for line, count in victims:
        by_work[line.fulfilment_order.number][line.pk] = count
    displaced = [
        _displace(number, by_work[number], level, why=why, actor=actor, at=at) for number in sorted(by_work)
    ]
    return tuple(dict.fromkeys(displaced))


def _victims(level: StockLevel, missing: int) -> list[tuple[FulfilmentOrderLine, int]]:
    victims = []
    for holding in work_queries.lines_holding(level.pk):
        count = min(missing, holding.untouched or holding.loose)
        victims.append((holding.line, count))
        missing -= count
        if not missing:
            return victims
    raise NotEnoughStock(
        f"{missing} pieces more are packed or on their way than are there."
        " Unpack them or count again before you go on."
    )


def _displace(
    number: str, pieces: Mapping[int, int], level: StockLevel, *, why: str, actor: Actor, at: datetime
) -> str:
    work = work_queries.lock_work(number)
    order = order_queries.lock_order(work.order.number)
    held = {line.pk: line.allocation.reservation_id for line in work_queries.held_pieces([work.pk])}
    reservations.release({held[line]: count for line, count in pieces.items()}, actor=actor, at=at)
    fulfilment_orders.cancel_pieces(pieces)
    sourcing.source_again(order, actor=actor, at=at, why=why, without=frozenset({level.location_id}))
    fulfilment_orders.settle_status(work, work_queries.lines_to_work(work))
    place = level.location.code
    message = f"{sum(pieces.values())} of {level.sku.code} were taken back from {number} at {place}. {why}"
    alerts.open_alert(
        "displaced_order",
        "order",
        order.number,
        message=message,
        at=at,
        location=place,
        url=f"/orders/{order.number}",
    )
    audit.record("order.displaced", "order", order.number, actor=actor, at=at, note=message)
    return order.number
