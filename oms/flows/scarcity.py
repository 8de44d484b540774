"""Stories of too little stock: who goes first, and whose pieces somebody else gets."""

from collections.abc import Mapping
from datetime import datetime

from fulfilment import cancellation_queries
from fulfilment import queries as work_queries
from fulfilment.services import fulfilment_orders
from inventory.rules import LevelsMoved
from inventory.services import reservations
from oms.catalogue import queries as sku_queries
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.errors import Conflict, Invalid
from oms.core.transactions import owns_transaction
from oms.flows import sourcing
from oms.orders import queries as order_queries
from oms.orders.models import Order
from oms.orders.services import turns


class NothingToGive(Conflict):
    """The order holds no piece of the SKU that is still untouched, or the other one waits for none."""

    code = "nothing-to-give"


@owns_transaction()
def decide_turn(number: str, *, sku: str, is_first: bool, note: str, actor: Actor, at: datetime) -> None:
    """Let an order be served before, or after, all others that wait for a SKU, from now on.

    Raises ``OrderNotFound``, ``SkuNotFound``, ``Invalid`` without a reason.
    """
    order = order_queries.lock_order(number)
    wanted = sku_queries.sku(sku)
    turns.decide(order, wanted, is_first=is_first, note=_reason(note), actor=actor, at=at)
    place = "first" if is_first else "last"
    audit.record(
        "order.turn_decided",
        "order",
        number,
        actor=actor,
        at=at,
        note=note,
        changes={"sku": sku, "turn": place},
    )
    outbox.record(
        "stock.changed",
        aggregate=f"sku:{sku}",
        payload={"sku": sku, "document": f"turn of {number}", "quantity_delta": 1},
        at=at,
    )


@owns_transaction()
def forget_turn(number: str, *, sku: str, actor: Actor, at: datetime) -> None:
    """Take such a decision back; the order is served in its turn again.

    Raises ``OrderNotFound``, ``SkuNotFound``.
    """
    order = order_queries.lock_order(number)
    turns.forget(order, sku_queries.sku(sku))
    audit.record("order.turn_forgotten", "order", number, actor=actor, at=at, changes={"sku": sku})


@owns_transaction(retry_on=LevelsMoved)
def give(sku: str, *, giver: str, taker: str, note: str, actor: Actor, at: datetime) -> int:
    """Give pieces that one order holds untouched to another that waits for them; says how many.

    The giver finds stock elsewhere or waits. Raises ``OrderNotFound``, ``SkuNotFound``, ``NothingToGive``, ``Invalid``.
    """
    reason = _reason(note)
    numbers = sorted({giver, taker}, key=lambda each: (len(each), each))
    locked = {number: order_queries.lock_order(number) for number in numbers}
    wanted = _wanted(locked[taker], sku_queries.sku(sku).pk)
    pieces = _untouched(locked[giver], sku, wanted)
    if not pieces or giver == taker:
        raise NothingToGive(f"{giver} holds no untouched piece of {sku} that {taker} waits for.")
    count = sum(pieces.values())
    why = f"{count} of {sku} were given by {giver} to {taker}: {reason}"
    _take_back(locked[giver], pieces, actor=actor, at=at)
    sourcing.source_again(locked[taker], actor=actor, at=at, why=why)
    sourcing.source_again(locked[giver], actor=actor, at=at, why=why)
    for number in numbers:
        audit.record("order.gave_way", "order", number, actor=actor, at=at, note=why)
    return count


def _reason(note: str) -> str:
    if not note.strip():
        message = "Say why: everybody who asks later sees it."
        raise Invalid(message, problems=(("#/note", message),))
    return note.strip()[:200]


def _wanted(order: Order, sku_id: int) -> int:
    waiting = [line for line in order_queries.lines_of([order.pk]) if line.sku_id == sku_id]
    return sum(line.quantity_waiting for line in waiting)


def _untouched(order: Order, sku: str, most: int) -> dict[int, int]:
    """Pieces per work line that nobody has picked or confirmed elsewhere, no more than are wanted."""
    live = [
        work
        for work in work_queries.lock_live_work(order.pk)
        if not cancellation_queries.is_confirmed_elsewhere(work)
    ]
    pieces: dict[int, int] = {}
    for line in work_queries.held_pieces(work.pk for work in live):
        loose = line.quantity - line.quantity_cancelled - line.quantity_picked
        count = min(loose, most) if line.sku.code == sku else 0
        if count > 0:
            pieces[line.pk] = count
            most -= count
    return pieces


def _take_back(order: Order, pieces: Mapping[int, int], *, actor: Actor, at: datetime) -> None:
    live = work_queries.lock_live_work(order.pk)
    held = {line.pk: line for line in work_queries.held_pieces(work.pk for work in live)}
    freed = {held[key].allocation.reservation_id: count for key, count in pieces.items()}
    reservations.release(freed, actor=actor, at=at)
    fulfilment_orders.cancel_pieces(pieces)
    for work in live:
        if any(held[key].fulfilment_order_id == work.pk for key in pieces):
            fulfilment_orders.settle_status(work, work_queries.lines_to_work(work))


def is_first(turn: str) -> bool:
    """Read ``first`` or ``last``.

    Raises ``Invalid`` for anything else.
    """
    if turn not in ("first", "last"):
        message = "A turn is first or last."
        raise Invalid(message, problems=(("#/turn", message),))
    return turn == "first"
