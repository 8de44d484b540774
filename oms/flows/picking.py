"""Stories of the floor: a task is claimed, items are scanned off the shelf and into a parcel."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine, Parcel, Scan
from fulfilment.rules import ParcelsDoNotMatch, ScanKind, TooMany, WorkHeld, WorkStatus, WrongItem
from fulfilment.services import fulfilment_orders, parcels, scans
from fulfilment.services.parcels import Box
from fulfilment.services.scans import NewScan
from inventory import queries as stock_queries
from inventory.models import AdjustmentReason
from inventory.rules import LevelsMoved
from inventory.services import adjustments, picks, reservations
from inventory.services.picks import Wish
from oms.alerts.services import alerts
from oms.catalogue import queries as sku_queries
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.models import User
from oms.core.transactions import owns_transaction
from oms.flows import naming, sourcing
from oms.orders import queries as order_queries
from oms.orders.services import orders

PICKABLE = frozenset({WorkStatus.OPEN, WorkStatus.PICKING})
PACKABLE = frozenset({WorkStatus.PICKED, WorkStatus.PICKING, WorkStatus.PACKED})


@dataclass(frozen=True, slots=True)
class Counted:
    """What a scan counted, and how far its line and its work are now."""

    scan: Scan
    line: FulfilmentOrderLine
    status: str
    is_repeat: bool = False


@owns_transaction()
def claim(number: str, *, user: User, actor: Actor, at: datetime) -> FulfilmentOrder:
    """Give the task to a person who starts on it now.

    Raises ``FulfilmentOrderNotFound``, ``WorkHeld``, ``NotClaimed`` when somebody else has it.
    """
    work = work_queries.lock_work(number)
    _refuse_held(work)
    fulfilment_orders.claim(work, user=user, at=at)
    audit.record("work.claimed", "order", work.order.number, actor=actor, at=at, note=number)
    return work


@owns_transaction()
def claim_next(
    location_codes: frozenset[str] | None, *, user: User, actor: Actor, at: datetime
) -> str | None:
    """Give a person the most urgent task at these locations that nobody has; its number, or None."""
    work = work_queries.lock_next(location_codes)
    if work is None:
        return None
    fulfilment_orders.claim(work, user=user, at=at)
    audit.record("work.claimed", "order", work.order.number, actor=actor, at=at, note=work.number)
    return work.number


@owns_transaction()
def put_back(number: str, *, actor: Actor, at: datetime) -> FulfilmentOrder:
    """Put a claimed task back into the queue; what was scanned stays counted.

    Raises ``FulfilmentOrderNotFound``.
    """
    work = work_queries.lock_work(number)
    fulfilment_orders.unclaim(work)
    audit.record("work.put_back", "order", work.order.number, actor=actor, at=at, note=number)
    return work


@owns_transaction()
def scan(number: str, *, kind: ScanKind, read: NewScan, user: User, actor: Actor, at: datetime) -> Counted:
    """Count a scanned item as picked or packed; the same key counts once.

    Raises ``FulfilmentOrderNotFound``, ``WorkHeld``, ``WrongItem``, ``TooMany``, ``NotClaimed``.
    """
    work = work_queries.lock_work(number)
    seen = work_queries.scan_with_key(read.key)
    if seen is not None:
        return Counted(seen, seen.work_line, work.status, is_repeat=True)
    _refuse_held(work)
    _refuse_closed(work, kind)
    fulfilment_orders.claim(work, user=user, at=at)
    lines = work_queries.lines_to_work(work)
    line = _wanted_line(lines, kind, read.code, number)
    if kind is ScanKind.PACK and line.sku.is_serial_tracked:
        naming.check_serial(line, read.serial)
        read = replace(read, code=read.serial, quantity=1)
    counted = scans.record(line, kind, read, user=user, at=at)
    if kind is ScanKind.PICK and work.location.is_bin_managed:
        level = stock_queries.lock_level(line.sku_id, work.location_id)
        wish = Wish(read.bin, read.lot)
        picks.stage(line.allocation.reservation, level, read.quantity, wish, key=read.key, actor=actor, at=at)
    status = _settle(work, lines)
    if status in {WorkStatus.PICKED, WorkStatus.PACKED} and not line_is_open(lines, kind):
        audit.record(f"work.{status.value}", "order", work.order.number, actor=actor, at=at, note=number)
    return Counted(counted, line, status.value)


@owns_transaction()
def undo(key: UUID, *, new_key: UUID, user: User, at: datetime) -> Counted:
    """Take a scan back; a second undo of the same scan changes nothing.

    Raises ``WrongItem`` when no scan has this key, ``TooMany`` when a later step has used it.
    """
    seen = work_queries.scan_with_key(key)
    if seen is None:
        raise WrongItem("That scan is not known here. Nothing was undone.")
    work = work_queries.lock_work(seen.work_line.fulfilment_order.number)
    lines = work_queries.lines_to_work(work)
    line = next(line for line in lines if line.pk == seen.work_line_id)
    if work_queries.undone(seen):
        return Counted(seen, line, work.status, is_repeat=True)
    in_parcels = line.quantity_shipped + work_queries.boxed_pieces(work)[line.pk]
    if seen.kind == ScanKind.PACK and line.quantity_packed - seen.quantity < in_parcels:
        raise TooMany(f"{line.sku.code} is in a closed parcel. Open the parcel again first.")
    taken_back = scans.undo(seen, line, key=new_key, user=user, at=at)
    if seen.kind == ScanKind.PICK and work.location.is_bin_managed:
        picks.unstage(line.allocation.reservation, key=seen.key, actor=user.actor, at=at)
    return Counted(taken_back, line, _settle(work, lines).value)


@owns_transaction(retry_on=LevelsMoved)
def short_pick(
    number: str, *, sku: str, missing: int, reason: str, actor: Actor, at: datetime
) -> FulfilmentOrder:
    """Fewer are there than asked: the missing pieces are written off, and found elsewhere or put on backorder.

    Raises ``FulfilmentOrderNotFound``, ``WorkHeld``, ``WrongItem``, ``ReasonRequired``.
    """
    work = work_queries.lock_work(number)
    _refuse_held(work)
    why = stock_queries.reason(reason)
    line = _short_line(work, sku, missing)
    order = order_queries.lock_order(work.order.number)
    reservations.release({line.allocation.reservation_id: missing}, actor=actor, at=at)
    fulfilment_orders.cancel_pieces({line.pk: missing})
    _write_off(work, line, missing, why, actor=actor, at=at)
    plan = sourcing.source_again(
        order,
        actor=actor,
        at=at,
        why=f"{missing} of {sku} were not found at {work.location.name}.",
        without=frozenset({work.location_id}),
    )
    _settle(work, work_queries.lines_to_work(work))
    fate = "they wait" if plan and plan.shortfall else "found elsewhere"
    _tell_short(work, sku, f"{missing} of {sku} were not found for {number}; {fate}.", actor=actor, at=at)
    return work


@owns_transaction()
def close_parcel(number: str, *, box: Box, actor: Actor, at: datetime) -> Parcel:
    """Close a parcel with everything that was packed since the last one.

    Raises ``FulfilmentOrderNotFound``, ``WorkHeld``, ``ParcelsDoNotMatch`` when nothing was, ``DuplicateTracking``.
    """
    work = work_queries.lock_work(number)
    _refuse_held(work)
    parcel = parcels.close(work, pieces=work_queries.loose_pieces(work), box=box, actor=actor, at=at)
    audit.record(
        "parcel.closed", "order", work.order.number, actor=actor, at=at, note=f"{parcel.number} of {number}"
    )
    return parcel


@owns_transaction()
def open_parcel(number: str, parcel: str, *, user: User, actor: Actor, at: datetime) -> FulfilmentOrder:
    """Open a closed parcel again: it is void and its pieces are to be packed anew, also while the order is held.

    Raises ``FulfilmentOrderNotFound``, ``ParcelsDoNotMatch`` when it has left, or a later one must be opened first.
    """
    work = work_queries.lock_work(number)
    box = work_queries.parcel_here(work, parcel)
    for content in box.lines.select_related("work_line__sku"):
        line = content.work_line
        if not line.sku.is_serial_tracked:
            fulfilment_orders.count(line, packed=-content.quantity)
            continue
        if box != work_queries.parcels_here(work)[-1]:
            raise ParcelsDoNotMatch(
                f"{parcel} holds numbered pieces. Open the parcels closed after it first."
            )
        for each in work_queries.last_packed(line, content.quantity):
            scans.undo(each, line, key=uuid5(each.key, parcel), user=user, at=at)
    parcels.void(box, at=at)
    _settle(work, work_queries.lines_to_work(work))
    orders.refresh_progress([work.order_id])
    audit.record(
        "parcel.opened", "order", work.order.number, actor=actor, at=at, note=f"{parcel} of {number}"
    )
    return work


def line_is_open(lines: list[FulfilmentOrderLine], kind: ScanKind) -> bool:
    """Whether any line still wants a scan of this kind."""
    return any(_room(line, kind) for line in lines)


def _settle(work: FulfilmentOrder, lines: list[FulfilmentOrderLine]) -> WorkStatus:
    before = work.status
    status = fulfilment_orders.settle_status(work, lines)
    if status != before:
        orders.refresh_progress([work.order_id])
    if status is WorkStatus.PICKED and before == WorkStatus.PICKING:
        # Packing is another person's task.
        fulfilment_orders.unclaim(work)
    return status


def _refuse_held(work: FulfilmentOrder) -> None:
    if work.status == WorkStatus.ON_HOLD:
        raise WorkHeld(
            f"{work.number} is on hold. Leave it where it is and take the next task;"
            f" order {work.order.number} is released at the desk."
        )


def _refuse_closed(work: FulfilmentOrder, kind: ScanKind) -> None:
    allowed = PICKABLE | {WorkStatus.PICKED} if kind is ScanKind.PICK else PACKABLE
    if work.status not in allowed:
        words = WorkStatus(work.status).value.replace("_", " ")
        raise ParcelsDoNotMatch(f"{work.number} is {words}. Put the item back and take the next task.")


def _wanted_line(
    lines: list[FulfilmentOrderLine], kind: ScanKind, code: str, number: str
) -> FulfilmentOrderLine:
    """The line that the scanned code belongs to, one that still wants pieces before one that does not."""
    matching = [
        line
        for line in lines
        if code == line.sku.code
        or code in {barcode.code for barcode in line.sku.barcodes.all()}
        or (line.sku.is_serial_tracked and line.sku.serials.filter(code=code).exists())
    ]
    if not matching:
        known = sku_queries.by_code_or_barcode(code)
        what = f"This is {known.code} {known.name}" if known else f"Code {code} is unknown"
        raise WrongItem(
            f"{what}. It is not on {number}. Put it back; nothing was counted.",
            scanned=known.code if known else code,
            name=known.name if known else "",
        )
    return next((line for line in matching if _room(line, kind)), matching[0])


def _room(line: FulfilmentOrderLine, kind: ScanKind) -> int:
    if kind is ScanKind.PICK:
        return line.quantity - line.quantity_cancelled - line.quantity_picked
    return line.quantity_picked - line.quantity_packed


def _short_line(work: FulfilmentOrder, sku: str, missing: int) -> FulfilmentOrderLine:
    for line in work_queries.lines_to_work(work):
        left = line.quantity - line.quantity_cancelled - line.quantity_picked
        if line.sku.code == sku and 0 < missing <= left:
            return line
    raise WrongItem(f"{work.number} does not miss {missing} of {sku}.")


def _write_off(
    work: FulfilmentOrder,
    line: FulfilmentOrderLine,
    missing: int,
    why: AdjustmentReason,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    level = stock_queries.lock_level(line.sku_id, work.location_id)
    note = f"Short pick of {work.number}"
    adjustments.adjust(level, quantity_delta=-missing, reason=why, note=note, actor=actor, at=at)


def _tell_short(work: FulfilmentOrder, sku: str, message: str, *, actor: Actor, at: datetime) -> None:
    order = work.order.number
    place = work.location.code
    alerts.open_alert(
        "short_pick",
        "fulfilment_order",
        work.number,
        at=at,
        location=place,
        message=message,
        url=f"/orders/{order}",
    )
    audit.record("pick.short", "order", order, actor=actor, at=at, note=message)
    payload = {"number": work.number, "order": order, "location": place, "sku": sku}
    outbox.record("pick.short", aggregate=f"order:{order}", at=at, payload=payload)
