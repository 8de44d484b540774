"""Stories of a fulfilment order with its location: answered, rejected, shipped."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine, Parcel, Shipment
from fulfilment.rules import NewParcel, ParcelsDoNotMatch, RequestStatus, WorkStatus
from fulfilment.services import fulfilment_orders, parcels
from fulfilment.services.parcels import Box
from inventory.rules import LevelsMoved
from inventory.services import reservations
from oms.alerts.services import alerts
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.transactions import owns_transaction
from oms.flows import invoicing, naming, readdressing, recalling, sourcing
from oms.orders import queries as order_queries
from oms.orders.services import orders
from oms.orders.services.orders import Change

NOTHING_SAID: Mapping[str, Sequence[str]] = {}


@owns_transaction()
def acknowledge(number: str, *, actor: Actor, at: datetime) -> FulfilmentOrder:
    """The location has the work and will do it.

    Raises ``FulfilmentOrderNotFound``, ``IllegalTransition``.
    """
    work = work_queries.lock_work(number)
    fulfilment_orders.answer(work, RequestStatus.ACKNOWLEDGED)
    readdressing.ask_too(work, actor=actor, at=at)
    _note(work, "fulfilment_order.acknowledged", actor=actor, at=at)
    return work


@owns_transaction(retry_on=LevelsMoved)
def reject(number: str, *, reason: str, actor: Actor, at: datetime) -> FulfilmentOrder:
    """The location will not do the work: its stock is freed and the order is sourced elsewhere.

    Raises ``FulfilmentOrderNotFound``, ``IllegalTransition``, ``ParcelsDoNotMatch`` when part of it is packed.
    """
    work = work_queries.lock_work(number)
    lines = work_queries.held_pieces([work.pk])
    if any(line.quantity_packed for line in lines):
        raise ParcelsDoNotMatch(f"Part of {number} is packed. Unpack it before it is rejected.")
    fulfilment_orders.answer(work, RequestStatus.REJECTED, reason=reason)
    reservations.release(
        {line.allocation.reservation_id: line.allocation.reservation.quantity_open for line in lines},
        actor=actor,
        at=at,
    )
    fulfilment_orders.cancel_pieces({line.pk: line.quantity - line.quantity_cancelled for line in lines})
    order = order_queries.lock_order(work.order.number)
    recalling.accept_by_rejecting(work, order, Change(reason, actor, at))
    elsewhere = frozenset({work.location_id})
    # Another address that only this work stood against counts from now on.
    readdressing.settle(order, actor=actor, at=at, without=elsewhere)
    why = f"{work.location.name} rejected {number}."
    sourcing.source_again(order, actor=actor, at=at, why=why, without=elsewhere)
    alerts.open_alert(
        "rejected_work",
        "fulfilment_order",
        number,
        at=at,
        location=work.location.code,
        message=f"{work.location.name} rejected {number}: {reason}",
    )
    _note(work, "fulfilment_order.rejected", actor=actor, at=at, note=reason)
    return work


@owns_transaction()
def ship(number: str, *, actor: Actor, at: datetime) -> Shipment:
    """Hand the closed parcels of a packed fulfilment order to their carrier; their pieces leave the stock.

    Raises ``FulfilmentOrderNotFound``, ``ParcelsDoNotMatch`` when something is not in a closed parcel.
    """
    work = work_queries.lock_work(number)
    if work.status == WorkStatus.ON_HOLD:
        raise ParcelsDoNotMatch(f"{number} is on hold. Release order {work.order.number} first.")
    loose = work_queries.loose_pieces(work)
    if loose:
        raise ParcelsDoNotMatch(
            f"{sum(loose.values())} packed pieces of {number} are in no parcel. Close the parcel."
        )
    return _leave(work, work_queries.parcels_here(work), actor=actor, at=at)


@owns_transaction()
def ship_parcels(number: str, *, contents: Sequence[NewParcel], actor: Actor, at: datetime) -> Shipment:
    """The location reports parcels that have left, picked and packed by its own means.

    Raises ``FulfilmentOrderNotFound``, ``ParcelsDoNotMatch``, ``DuplicateTracking``.
    """
    work = work_queries.lock_work(number)
    if work.status == WorkStatus.ON_HOLD:
        raise ParcelsDoNotMatch(f"{number} is on hold. It must not ship.")
    lines = work_queries.lines_to_work(work)
    boxed = work_queries.boxed_pieces(work)
    left = Counter(
        {
            line.pk: line.quantity - line.quantity_cancelled - line.quantity_shipped - boxed[line.pk]
            for line in lines
        }
    )
    dealt = [_dealt(content, lines, left) for content in contents]
    naming.keep_lots(work, lines, contents)
    for line in lines:
        _catch_up(
            line, line.quantity_shipped + boxed[line.pk] + sum(pieces.get(line.pk, 0) for pieces in dealt)
        )
    for content, pieces in zip(contents, dealt, strict=True):
        box = Box(content.carrier, work.service, content.tracking_number, content.weight_grams)
        parcels.close(work, pieces=pieces, box=box, actor=actor, at=at)
    if work.request_status in {RequestStatus.QUEUED, RequestStatus.SENT}:
        fulfilment_orders.answer(work, RequestStatus.ACKNOWLEDGED)
    said: defaultdict[str, list[str]] = defaultdict(list)
    for each in (line for content in contents for line in content.lines):
        said[each.sku] += each.serials
    return _leave(work, work_queries.parcels_here(work), said=said, actor=actor, at=at)


def _leave(
    work: FulfilmentOrder,
    gone: list[Parcel],
    *,
    said: Mapping[str, Sequence[str]] = NOTHING_SAID,
    actor: Actor,
    at: datetime,
) -> Shipment:
    """Issue the pieces of these parcels and tell the world."""
    shipment = parcels.hand_over(work, gone, actor=actor, at=at)
    issued: Counter[int] = Counter()
    shipped: Counter[int] = Counter()
    for parcel in gone:
        for content in parcel.lines.all():
            issued[content.work_line.allocation.reservation_id] += content.quantity
            shipped[content.work_line_id] += content.quantity
    reservations.issue(issued, actor=actor, at=at)
    lines = work_queries.lines_to_work(work)
    for line in lines:
        if shipped[line.pk]:
            fulfilment_orders.count(line, shipped=shipped[line.pk])
    naming.name_serials(lines, shipped, said)
    fulfilment_orders.settle_status(work, lines)
    orders.refresh_progress([work.order_id])
    recalling.refuse_what_left(work, shipment=shipment.number, actor=actor, at=at)
    readdressing.end_what_left(work, shipment=shipment.number, actor=actor, at=at)
    _tell_left(work, shipment, gone, actor=actor, at=at)
    invoicing.bill(work.order, shipment, lines, shipped=shipped, actor=actor, at=at)
    return shipment


def _tell_left(
    work: FulfilmentOrder, shipment: Shipment, gone: list[Parcel], *, actor: Actor, at: datetime
) -> None:
    payload = {
        "number": shipment.number,
        "order": work.order.number,
        "fulfilment_order": work.number,
        "location": work.location.code,
        "parcels": [
            {"carrier": parcel.carrier, "tracking_number": parcel.tracking_number} for parcel in gone
        ],
    }
    audit.record(
        "shipment.left",
        "order",
        work.order.number,
        actor=actor,
        at=at,
        changes=payload,
        note=f"{shipment.number} of {work.number} left {work.location.name}",
    )
    outbox.record("shipment.left", aggregate=f"order:{work.order.number}", payload=payload, at=at)


def _dealt(content: NewParcel, lines: list[FulfilmentOrderLine], left: Counter[int]) -> dict[int, int]:
    """Which work lines the pieces of a parcel belong to."""
    pieces: dict[int, int] = {}
    for wanted in content.lines:
        missing = wanted.quantity
        for line in lines:
            if line.sku.code == wanted.sku and missing:
                count = min(missing, left[line.pk])
                if count:
                    pieces[line.pk] = pieces.get(line.pk, 0) + count
                    left[line.pk] -= count
                    missing -= count
        if missing:
            raise ParcelsDoNotMatch(
                f"{wanted.quantity} of {wanted.sku} is {missing} more than is still to be shipped here."
            )
    return pieces


def _catch_up(line: FulfilmentOrderLine, wanted: int) -> None:
    """Count as picked and packed what is about to ship and was not counted on the way."""
    picked, packed = max(0, wanted - line.quantity_picked), max(0, wanted - line.quantity_packed)
    if picked or packed:
        fulfilment_orders.count(line, picked=picked, packed=packed)


def _note(work: FulfilmentOrder, topic: str, *, actor: Actor, at: datetime, note: str = "") -> None:
    audit.record(topic, "order", work.order.number, actor=actor, at=at, note=f"{work.number} {note}".strip())
    outbox.record(
        topic,
        aggregate=f"order:{work.order.number}",
        at=at,
        payload={"number": work.number, "order": work.order.number, "reason": note},
    )
