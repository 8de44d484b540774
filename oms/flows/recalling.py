"""Stories of pieces that a partner has confirmed: it is asked to leave them out, and it may refuse.

Until it answers the pieces stay reserved and the order keeps its figures; what has left meanwhile has left.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from fulfilment import cancellation_queries
from fulfilment import queries as work_queries
from fulfilment.models import CancellationRequest, FulfilmentOrder, FulfilmentOrderLine
from fulfilment.rules import AskState, ParcelsDoNotMatch
from fulfilment.services import cancellations, fulfilment_orders
from fulfilment.services.cancellations import Why
from inventory.services import reservations
from oms.alerts.services import alerts
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.transactions import owns_transaction
from oms.flows import concluding, readdressing
from oms.flows.concluding import Edit
from oms.orders import job_queries
from oms.orders import queries as order_queries
from oms.orders.models import Order
from oms.orders.services import orders
from oms.orders.services.orders import Change


def confirmed_pieces(order: Order, wanted: Mapping[int, int], taken: Mapping[int, int]) -> Counter[int]:
    """Pieces per work line that partners have confirmed and not packed, as many as are wanted of each order line.

    The newest work first; ``taken`` pieces of work lines are spoken for by the same change.
    """
    confirmed = [
        work.pk
        for work in work_queries.lock_live_work(order.pk)
        if cancellation_queries.is_confirmed_elsewhere(work)
    ]
    left, found = dict(wanted), Counter[int]()
    for line in sorted(work_queries.lines_with_allocations(confirmed), key=lambda line: -line.pk):
        free = line.quantity - line.quantity_cancelled - line.quantity_packed - taken.get(line.pk, 0)
        count = min(left.get(line.allocation.order_line_id, 0), free)
        if count > 0:
            found[line.pk] += count
            left[line.allocation.order_line_id] -= count
    return found


def ask(edit: Edit, pieces: Mapping[int, int]) -> None:
    """Ask the partners for these pieces of their work lines (id → pieces); the edit then knows what was asked.

    Raises ``CancellationPending`` when one of them still has an earlier question of ours to answer.
    """
    order, change = edit.order, edit.change
    for work in work_queries.lock_live_work(order.pk):
        lines = [line for line in work_queries.held_pieces([work.pk]) if pieces.get(line.pk)]
        if not lines:
            continue
        wanted = {line.pk: pieces[line.pk] for line in lines}
        why = Why(change.reason, change.code)
        asked = cancellations.ask(work, wanted, why=why, actor=change.actor, at=change.at)
        by_sku = _by_sku(lines, wanted)
        edit.asked.update(by_sku)
        _tell(work, "requested", by_sku, change, answer_by=asked.answer_by.isoformat())


@owns_transaction()
def answer(number: str, *, accepts: bool, said: str, actor: Actor, at: datetime) -> FulfilmentOrder:
    """Keep a partner's answer to what it was asked to leave out; accepted pieces are free and cancelled at once.

    Raises ``FulfilmentOrderNotFound``, ``NothingAsked``, ``ParcelsDoNotMatch`` when it accepts what is packed,
    ``Invalid`` when it refuses without saying why.
    """
    if not accepts and not said.strip():
        message = "Say why the cancellation is refused."
        raise Invalid(message, problems=(("#/reason", message),))
    work = work_queries.lock_work(number)
    request = cancellation_queries.open_request(work)
    if accepts:
        order = order_queries.lock_order(work.order.number)
        accept(work, request, Change(said.strip(), actor, at), order)
        # Another address that only this work stood against counts now.
        readdressing.settle(order, actor=actor, at=at)
    else:
        refuse(work, request, Change(said.strip(), actor, at))
    return work


def accept(work: FulfilmentOrder, request: CancellationRequest, change: Change, order: Order) -> None:
    """Release and cancel the pieces of an open request of locked work; totals follow, once.

    Raises ``ParcelsDoNotMatch`` when some of them are packed.
    """
    lines = work_queries.held_pieces([work.pk])
    pieces = _still_here(work, lines, cancellation_queries.asked_pieces([work.pk]))
    freed = {line.allocation.reservation_id: pieces[line.pk] for line in lines}
    reservations.release(freed, actor=change.actor, at=change.at)
    fulfilment_orders.cancel_pieces(pieces)
    fulfilment_orders.settle_status(work, work_queries.lines_to_work(work))
    _cancel(order, work, request, pieces, change)


def accept_by_rejecting(work: FulfilmentOrder, order: Order, change: Change) -> None:
    """A partner that has just rejected the whole work has accepted an open request: those pieces go nowhere else."""
    asked = cancellation_queries.asked_pieces([work.pk])
    if asked:
        _cancel(order, work, cancellation_queries.open_request(work), asked, change)


def refuse(work: FulfilmentOrder, request: CancellationRequest, change: Change) -> None:
    """Leave the pieces of an open request where they are, and tell whoever asked."""
    lines = work_queries.held_pieces([work.pk])
    by_sku = _by_sku(lines, cancellation_queries.asked_pieces([work.pk]))
    cancellations.answer(request, AskState.REFUSED, said=change.reason, actor=change.actor, at=change.at)
    wanted = ", ".join(f"{count} of {sku}" for sku, count in sorted(by_sku.items()))
    alert = alerts.open_alert(
        "refused_cancellation",
        "fulfilment_order",
        work.number,
        message=f"{work.location.name} does not cancel {wanted} of {work.number}: {change.reason}",
        at=change.at,
        location=work.location.code,
        url=f"/orders/{work.order.number}",
    )
    owner = job_queries.person(request.requested_by) or job_queries.owner_of(work.order_id)
    if owner is not None and alert.owner_id is None:
        alerts.assign(alert, owner=owner)
    _tell(work, "refused", by_sku, change)


def refuse_what_left(work: FulfilmentOrder, *, shipment: str, actor: Actor, at: datetime) -> None:
    """Answer an open request for the partner when pieces that it was asked for have just left."""
    asked = cancellation_queries.asked_pieces([work.pk])
    if not asked:
        return
    here = {
        line.pk: line.quantity - line.quantity_cancelled - line.quantity_shipped
        for line in work_queries.held_pieces([work.pk])
    }
    if any(here[line] < count for line, count in asked.items()):
        said = f"Pieces of it have left with {shipment}."
        refuse(work, cancellation_queries.open_request(work), Change(said, actor, at))


def _cancel(
    order: Order,
    work: FulfilmentOrder,
    request: CancellationRequest,
    pieces: Mapping[int, int],
    change: Change,
) -> None:
    """Cancel pieces of the order whose stock is free already, and keep that the partner accepted."""
    cancellations.answer(request, AskState.ACCEPTED, said=change.reason, actor=change.actor, at=change.at)
    lines = work_queries.held_pieces([work.pk])
    of_order: Counter[int] = Counter()
    for line in lines:
        of_order[line.allocation.order_line_id] += pieces.get(line.pk, 0)
    orders.cancel_pieces(+of_order)
    by_sku = _by_sku(lines, pieces)
    _tell(work, "accepted", by_sku, change)
    edit = Edit(order, Change(request.reason, change.actor, change.at, request.reason_code))
    edit.pieces.subtract(by_sku)
    concluding.conclude(edit, orders.revalue(order))


def _still_here(
    work: FulfilmentOrder, lines: list[FulfilmentOrderLine], asked: Mapping[int, int]
) -> dict[int, int]:
    """What was asked for, less what has gone from the work otherwise since."""
    pieces = {}
    for line in lines:
        free = line.quantity - line.quantity_cancelled - line.quantity_packed
        wanted = asked.get(line.pk, 0)
        if wanted > free and line.quantity_packed:
            raise ParcelsDoNotMatch(
                f"{wanted - free} of {line.sku.code} that {work.number} was to leave out are packed."
                " Unpack them, or refuse the cancellation."
            )
        pieces[line.pk] = min(wanted, free)
    return pieces


def _by_sku(lines: list[FulfilmentOrderLine], pieces: Mapping[int, int]) -> Counter[str]:
    by_sku: Counter[str] = Counter()
    for line in lines:
        by_sku[line.sku.code] += pieces.get(line.pk, 0)
    return +by_sku


def _tell(work: FulfilmentOrder, event: str, by_sku: Mapping[str, int], change: Change, **facts: str) -> None:
    topic = f"fulfilment.cancellation_{event}"
    wanted = ", ".join(f"{count} × {sku}" for sku, count in sorted(by_sku.items()))
    note = f"{wanted} of {work.number} at {work.location.name}. {change.reason}".strip()
    audit.record(topic, "order", work.order.number, actor=change.actor, at=change.at, note=note)
    outbox.record(
        topic,
        aggregate=f"order:{work.order.number}",
        at=change.at,
        payload={
            "number": work.number,
            "order": work.order.number,
            "location": work.location.code,
            "lines": [{"sku": sku, "quantity": count} for sku, count in sorted(by_sku.items())],
            "reason": change.reason,
            "code": change.code,
        }
        | facts,
    )
