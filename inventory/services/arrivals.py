"""What arrives: scanned piece by piece, posted as one receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from inventory import floor_queries, queries
from inventory.models import ArrivalScan, Lot, StockLevel, StockLocation
from inventory.rules import (
    ArrivalRefused,
    Arrived,
    LotRequired,
    MovementKind,
    SerialRefused,
    SerialRequired,
    local_day,
)
from inventory.services import lots, movements, serials, spots
from inventory.services.movements import Cause, Delta
from inventory.services.receipts import MoreThanExpected
from oms.catalogue.models import Sku
from oms.core import numbering
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction

SOURCE = "arrival"


@dataclass(frozen=True, slots=True)
class NewArrival:
    """What a device has read of something that arrived, and the device's own key."""

    key: UUID
    quantity: int = 1
    lot: str = ""
    expires_on: date | None = None
    serial: str = ""
    is_damaged: bool = False
    is_typed: bool = False


@joins_transaction
def record(
    place: StockLocation, reference: str, sku: Sku, read: NewArrival, *, actor: Actor, at: datetime
) -> ArrivalScan:
    """Note one scan of something that arrived; it moves no stock yet.

    Raises ``LotRequired``, ``LotRefused``, ``SerialRequired``, ``SerialRefused``.
    """
    if sku.is_lot_tracked and not read.lot:
        raise LotRequired(sku.code)
    if read.lot:
        _checked_lot(place, sku, read, at=at)
    if sku.is_serial_tracked:
        _check_serial(place, reference, sku, read)
    return ArrivalScan.objects.create(
        key=read.key,
        location=place,
        reference=reference,
        sku=sku,
        quantity=1 if sku.is_serial_tracked else read.quantity,
        lot_code=read.lot.strip()[:40],
        expires_on=read.expires_on,
        serial=read.serial.strip() if sku.is_serial_tracked else "",
        is_damaged=read.is_damaged,
        is_typed=read.is_typed,
        scanned_by=actor.label,
        scanned_at=at,
    )


@joins_transaction
def undo(scan: ArrivalScan, *, key: UUID, actor: Actor, at: datetime) -> ArrivalScan:
    """Take a scan back by one that counts the other way.

    Raises ``ArrivalRefused`` when it has been posted.
    """
    if scan.receipt:
        raise ArrivalRefused(f"It was posted on {scan.receipt}. Adjust the stock instead.")
    return ArrivalScan.objects.create(
        key=key,
        location=scan.location,
        reference=scan.reference,
        sku=scan.sku,
        quantity=-scan.quantity,
        lot_code=scan.lot_code,
        expires_on=scan.expires_on,
        serial=scan.serial,
        is_damaged=scan.is_damaged,
        scanned_by=actor.label,
        scanned_at=at,
        undoes=scan,
    )


@joins_transaction
def counted(scans: Sequence[ArrivalScan]) -> list[Arrived]:
    """What these scans come to: one row per SKU, lot and state, undone ones left out."""
    taken_back = {scan.undoes_id for scan in scans if scan.undoes_id}
    live = [scan for scan in scans if scan.pk not in taken_back and not scan.undoes_id]
    rows: dict[tuple[str, str, bool], list[ArrivalScan]] = {}
    for scan in live:
        rows.setdefault((scan.sku.code, scan.lot_code, scan.is_damaged), []).append(scan)
    return [
        Arrived(
            code,
            sum(scan.quantity for scan in group),
            lot,
            next((scan.expires_on for scan in group if scan.expires_on), None),
            tuple(scan.serial for scan in group if scan.serial),
            is_damaged,
        )
        for (code, lot, is_damaged), group in rows.items()
    ]


@joins_transaction
def mark_posted(scans: Sequence[ArrivalScan], receipt: str) -> None:
    """Let these scans count on a receipt, for good."""
    ArrivalScan.objects.filter(pk__in=[scan.pk for scan in scans]).update(receipt=receipt)


@joins_transaction
def post(
    place: StockLocation,
    reference: str,
    arrived: Sequence[tuple[Sku, Arrived]],
    *,
    counter: StockLocation | None = None,
    actor: Actor,
    at: datetime,
) -> str:
    """Put what arrived on its levels, damaged pieces set aside at once, and return the receipt's number.

    Raises ``LotRequired``, ``LotRefused``, ``SerialRequired``, ``SerialRefused``, ``MoreThanExpected``.
    """
    number = numbering.next_number("RC")
    queries.lock_levels({sku.pk for sku, _ in arrived}, place.pk)
    for row, (sku, what) in enumerate(sorted(arrived, key=lambda each: each[0].pk), start=1):
        level = queries.lock_level(sku.pk, place.pk)
        _count_expected(level, reference, what.quantity)
        lot, is_held = _lot(place, sku, what, at=at)
        spot = spots.put(level, what.quantity, lot=lot)
        held = what.quantity if is_held or what.is_damaged else 0
        written = movements.move(
            level.pk,
            Delta(
                on_hand=what.quantity,
                quarantined=held,
                damaged=what.quantity if what.is_damaged else 0,
                bin_id=spot.bin_id,
                lot_id=spot.lot_id,
                counter_id=counter.pk if counter else None,
            ),
            kind=MovementKind.RECEIVE,
            cause=Cause(SOURCE, f"{number}:{row}", reference),
            actor=actor,
            at=at,
        )
        serials.name_pieces(sku, [each.pk for each in written], what.serials)
    return number


def _checked_lot(place: StockLocation, sku: Sku, read: NewArrival, *, at: datetime) -> None:
    lot = floor_queries.lot_of(sku.pk, read.lot)
    if lot is not None and floor_queries.is_on_its_way(lot):
        return
    lots.known(sku, read.lot, expires_on=read.expires_on, today=local_day(place.timezone, at), at=at)


def _lot(place: StockLocation, sku: Sku, what: Arrived, *, at: datetime) -> tuple[Lot | None, bool]:
    """The lot, and whether its pieces are set aside: what is ours already comes in even when it must not be sold."""
    if not what.lot:
        return None, False
    today = local_day(place.timezone, at)
    lot = floor_queries.lot_of(sku.pk, what.lot)
    if lot is not None and lot.must_not_be_sold(today) and floor_queries.is_on_its_way(lot):
        return lot, True
    return lots.known(sku, what.lot, expires_on=what.expires_on, today=today, at=at), False


def _count_expected(level: StockLevel, reference: str, quantity: int) -> None:
    expected = floor_queries.lock_expected(level.pk, reference)
    if expected is None:
        return
    left = expected.quantity_expected - expected.quantity_received
    if quantity > left:
        raise MoreThanExpected(f"{left} pieces of {level.sku.code} are still to come on {reference}.")
    expected.quantity_received += quantity
    expected.save(update_fields=["quantity_received"])


def _check_serial(place: StockLocation, reference: str, sku: Sku, read: NewArrival) -> None:
    code = read.serial.strip()
    if not code:
        message = f"Every piece of {sku.code} has a serial number: scan it."
        raise SerialRequired(message, problems=(("#/serial", message),))
    waiting = [scan for scan in floor_queries.arrivals(place.pk, reference) if scan.serial == code]
    if sum(scan.quantity for scan in waiting) > 0:
        raise SerialRefused(f"{code} was scanned before. Nothing was counted.")
    if sku.serials.filter(code=code, status="in_stock").exists():
        raise SerialRefused(f"{code} is in stock already. Nothing was counted.")
