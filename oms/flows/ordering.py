"""Stories of an order: it arrives, waits and is cancelled."""

from collections.abc import Sequence
from datetime import datetime

from fulfilment import cancellation_queries
from fulfilment import queries as work_queries
from fulfilment.rules import WorkStatus
from fulfilment.services import fulfilment_orders
from inventory.rules import LevelsMoved
from inventory.services import reservations
from oms.core import audit, idempotency, outbox, pace
from oms.core.actors import Actor
from oms.core.errors import Refusal
from oms.core.transactions import owns_transaction
from oms.flows import addressing, amending, hot, placement, snapshots, sourcing
from oms.flows.batches import Batch
from oms.flows.placement import Ids
from oms.orders import job_queries, partial_queries, scarcity_queries
from oms.orders import queries as order_queries
from oms.orders.models import Order
from oms.orders.readdressings import AddressState
from oms.orders.requests import NewOrder, Placed
from oms.orders.rules import ORDER_LIFECYCLE, ChangeKind, OrderState, TooLateToCancel
from oms.orders.services import orders
from oms.orders.services.orders import Change

# So many orders are looked at for one piece of news; what still waits is served by the next or by the clock.
MOST_SERVED = 200
# So many orders are written while the next are planned.
WRITTEN_AT_ONCE = 50


@hot.combined
@owns_transaction(retry_on=LevelsMoved, keeps_claim=True, one_statement=True)
def place_order(request: NewOrder, *, actor: Actor, at: datetime) -> Placed:
    """Accept an order, set its stock aside and hand the warehouses their work.

    Raises ``DuplicateOrder``, ``UnknownChannel``, ``UnknownSku``, ``OrderBlocked``, and ``Busy`` while its SKU is hot.
    """
    seen = snapshots.look([request], idempotency.pending())
    batch = Batch(actor=actor, at=at)
    placed = placement.place(request, seen, batch, Ids(seen))
    batch.keep_answer(placed, idempotency.pending())
    batch.place()
    return placed


@owns_transaction(retry_on=LevelsMoved)
def place_orders(requests: Sequence[NewOrder], *, actor: Actor, at: datetime) -> list[Placed | Refusal]:
    """Accept many orders at the cost of one; each that cannot be accepted is answered with its refusal."""
    seen = snapshots.look(requests)
    batch, ids = Batch(actor=actor, at=at), Ids(seen)
    answers: list[Placed | Refusal] = []
    with pace.no_collection(), batch.placed_behind() as write:
        for number, request in enumerate(requests, start=1):
            try:
                answers.append(placement.place(request, seen, batch, ids))
            except Refusal as refusal:
                answers.append(refusal)
            if number % WRITTEN_AT_ONCE == 0:
                write()
    return answers


@owns_transaction(retry_on=LevelsMoved)
def cancel_order(number: str, *, reason: str, code: str = "", actor: Actor, at: datetime) -> Order:
    """Cancel an order of which nothing is packed or gone; its stock is free again at once.

    Pieces that a partner has confirmed are asked for: they stay, and the order with them, until it accepts.
    ``code`` is of the managed list; its name is the reason when nothing more is said.
    Raises ``OrderNotFound``, ``TooLateToCancel``, ``IllegalTransition``, ``CancellationPending``, ``UnknownReason``.
    """
    if code:
        reason = reason.strip() or job_queries.reason(ChangeKind.CANCEL, code).name
    order = order_queries.lock_order(number)
    ORDER_LIFECYCLE.check(order.state, OrderState.CANCELLED, what=number)
    late = work_queries.packed_or_gone(order.pk)
    if late:
        raise TooLateToCancel(
            f"{', '.join(late)} is packed or has left. Unpack it, cancel what is still here by line,"
            " or take the goods back as a return."
        )
    live = work_queries.lock_live_work(order.pk)
    if any(cancellation_queries.is_confirmed_elsewhere(work) for work in live):
        return amending.cancel_all(order, Change(reason or "Cancelled.", actor, at, code))
    lines = work_queries.held_pieces(work.pk for work in live)
    freed = {line.allocation.reservation_id: line.allocation.reservation.quantity_open for line in lines}
    reservations.release(freed, actor=actor, at=at)
    fulfilment_orders.cancel_pieces({line.pk: line.quantity - line.quantity_cancelled for line in lines})
    for work in live:
        fulfilment_orders.set_status(work, WorkStatus.CANCELLED)
    orders.cancel(order, actor=actor, at=at)
    overtaken = Change("The order is cancelled.", actor, at)
    addressing.end(order, AddressState.OVERTAKEN, overtaken, is_asked_for=True)
    orders.refresh_progress([order.pk])
    audit.record("order.cancelled", "order", number, actor=actor, at=at, note=reason)
    payload = {
        "number": number,
        "reason": reason,
        "code": code,
        "skus": sorted({line.sku.code for line in lines}),
    }
    outbox.record("order.cancelled", aggregate=f"order:{number}", at=at, payload=payload)
    return order


@owns_transaction(retry_on=LevelsMoved)
def serve_backorders(number: str, *, actor: Actor, at: datetime) -> bool:
    """Give an order the stock that it waits for, as far as there is some; whether anything was served.

    One that is held gets nothing, unless it is held only until somebody decides about its missing pieces.

    Raises ``OrderNotFound``.
    """
    order = order_queries.lock_order(number)
    if order.state != OrderState.OPEN and partial_queries.open_question(order.pk) is None:
        return False
    plan = sourcing.source_again(order, actor=actor, at=at, why="Stock arrived.")
    return bool(plan and plan.shares)


def serve_waiting(sku: str, *, actor: Actor, at: datetime, most: int = MOST_SERVED) -> int:
    """Give what is available of a SKU to the orders that wait for it, in their turn; how many were served.

    Each order is a transaction of its own.
    """
    served = 0
    for number in scarcity_queries.waiting_for(sku)[:most]:
        served += serve_backorders(number, actor=actor, at=at)
    return served
