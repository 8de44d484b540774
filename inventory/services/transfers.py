"""Goods from one of our places to another: set aside, sent, received, lost on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from inventory import floor_queries, queries
from inventory.models import (
    AdjustmentReason,
    Lot,
    Reservation,
    StockAdjustment,
    StockLevel,
    StockLocation,
    StockMovement,
    Transfer,
    TransferLine,
)
from inventory.rules import (
    TRANSFER_LIFECYCLE,
    ArrivalRefused,
    Arrived,
    MovementKind,
    NotEnoughStock,
    TransferStatus,
)
from inventory.services import movements, receipts, reservations, serials, spots
from inventory.services.movements import Cause, Delta
from oms.catalogue.models import Sku
from oms.core import numbering
from oms.core.actors import Actor
from oms.core.errors import Conflict, Invalid
from oms.core.transactions import joins_transaction

SOURCE = "transfer"


@dataclass(frozen=True, slots=True)
class Journey:
    """From where to where, to be there by a day, and why."""

    origin: StockLocation
    destination: StockLocation
    expected_on: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Pieces of a SKU that are to go, of one lot when it matters which."""

    sku: Sku
    quantity: int
    lot: Lot | None = None


@joins_transaction
def plan(journey: Journey, wanted: Sequence[Wanted], *, actor: Actor, at: datetime) -> Transfer:
    """Set the pieces aside at the origin.

    Raises ``Invalid`` for an empty one or one that goes nowhere, ``NotEnoughStock`` naming what is short.
    """
    _check(journey, wanted)
    number = numbering.next_number("TR")
    levels = _lock_available(journey.origin, wanted, at=at)
    transfer = Transfer.objects.create(
        number=number,
        origin=journey.origin,
        destination=journey.destination,
        note=journey.note[:300],
        expected_on=journey.expected_on,
        planned_at=at,
        planned_by=actor.label,
    )
    held = Reservation.objects.bulk_create(
        Reservation(
            level=levels[each.sku.pk],
            quantity=each.quantity,
            reference=number,
            reserved_at=at,
            changed_at=at,
            changed_by=actor.label,
            counter_location=floor_queries.transit(),
        )
        for each in wanted
    )
    TransferLine.objects.bulk_create(
        TransferLine(
            transfer=transfer, sku=each.sku, reservation=reservation, lot=each.lot, quantity=each.quantity
        )
        for each, reservation in zip(wanted, held, strict=True)
    )
    for each, reservation in zip(wanted, held, strict=True):
        if each.lot is not None:
            keep_lot(reservation, levels[each.sku.pk], each.quantity, each.lot)
    return transfer


@joins_transaction
def keep_lot(reservation: Reservation, level: StockLevel, pieces: int, lot: Lot) -> None:
    """Let pieces of one lot leave with a reservation, and of no other.

    Raises ``NotEnoughStock`` when fewer of it stand there.
    """
    for spot in spots.take(level, pieces, lot=lot):
        row = floor_queries.staged_row(reservation, spot.bin_id, spot.lot_id)
        row.pieces += spot.pieces
        row.save()


@joins_transaction
def send(transfer: Transfer, *, numbers: Mapping[str, Sequence[str]], actor: Actor, at: datetime) -> None:
    """Let what was set aside leave; from then on it is on its way and incoming at the destination.

    ``numbers`` names the numbered pieces by SKU code.
    Raises ``IllegalTransition`` when it has left or was cancelled, ``SerialRequired``, ``SerialRefused``.
    """
    _move_to(transfer, TransferStatus.SENT)
    lines = list(transfer.lines.all())
    reservations.issue({line.reservation_id: line.quantity for line in lines}, actor=actor, at=at)
    queries.lock_levels([line.sku_id for line in lines], transfer.destination_id)
    for line in lines:
        if line.sku.is_serial_tracked:
            gone = StockMovement.objects.filter(reservation=line.reservation, kind=MovementKind.ISSUE.value)
            serials.name_pieces(
                line.sku, list(gone.values_list("pk", flat=True)), numbers.get(line.sku.code, ())
            )
        line.quantity_sent = line.quantity
        line.save(update_fields=["quantity_sent"])
        level = queries.lock_level(line.sku_id, transfer.destination_id)
        receipts.expect(
            level, reference=transfer.number, quantity=line.quantity, expected_on=transfer.expected_on
        )
    transfer.sent_at = at
    transfer.save(update_fields=["sent_at", "status"])


@joins_transaction
def cancel(transfer: Transfer, *, actor: Actor, at: datetime) -> None:
    """Give back what was set aside; what has left cannot be called back.

    Raises ``IllegalTransition``.
    """
    _move_to(transfer, TransferStatus.CANCELLED)
    held = {line.reservation_id: line.reservation.quantity_open for line in transfer.lines.all()}
    reservations.release(held, actor=actor, at=at)
    transfer.closed_at = at
    transfer.save(update_fields=["closed_at", "status"])


@joins_transaction
def check_arrival(transfer: Transfer, arrived: Sequence[Arrived]) -> None:
    """Refuse what was not sent: another SKU, another lot, another numbered piece, or more of it.

    Raises ``ArrivalRefused``, ``Conflict`` when nothing is on its way.
    """
    if transfer.status != TransferStatus.SENT:
        raise Conflict(f"{transfer.number} is {transfer.status}. Nothing of it is on its way.")
    lines = {line.sku.code: line for line in transfer.lines.all()}
    for code in {each.sku for each in arrived}:
        if code not in lines:
            raise ArrivalRefused(f"{code} is not on {transfer.number}. Nothing was counted.")
        _check_line(lines[code], [each for each in arrived if each.sku == code])


@joins_transaction
def count_arrived(transfer: Transfer, arrived: Sequence[Arrived], *, at: datetime) -> None:
    """Count what has arrived on the lines; the transfer ends when nothing is on its way any more."""
    lines = {line.sku.code: line for line in transfer.lines.all()}
    for each in arrived:
        line = lines[each.sku]
        line.quantity_received += each.quantity
        line.save(update_fields=["quantity_received"])
    end_when_all_is_there(transfer, at=at)


@joins_transaction
def lose(transfer: Transfer, reason: AdjustmentReason, *, actor: Actor, at: datetime) -> int:
    """Write off what has not arrived, and end the transfer; the pieces.

    Raises ``Conflict`` when nothing is on its way.
    """
    if transfer.status != TransferStatus.SENT:
        raise Conflict(f"{transfer.number} is {transfer.status}. Nothing of it is on its way.")
    lost = 0
    for line in transfer.lines.all():
        missing = line.quantity_sent - line.quantity_received - line.quantity_lost
        if missing:
            _lose_line(transfer, line, missing, reason, actor=actor, at=at)
            lost += missing
    end_when_all_is_there(transfer, at=at)
    return lost


def end_when_all_is_there(transfer: Transfer, *, at: datetime) -> None:
    """End a transfer of which nothing is on its way."""
    lines = transfer.lines.all()
    if all(line.quantity_sent == line.quantity_received + line.quantity_lost for line in lines):
        _move_to(transfer, TransferStatus.RECEIVED)
        transfer.closed_at = at
        transfer.save(update_fields=["closed_at", "status"])


def _lose_line(
    transfer: Transfer,
    line: TransferLine,
    missing: int,
    reason: AdjustmentReason,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    ways = floor_queries.on_their_way(line)
    gone = [each.code for each in floor_queries.serials_on_their_way(line)]
    level = queries.lock_level(line.sku_id, floor_queries.transit().pk)
    before = level.on_hand
    for lot_id, pieces in sorted(ways.items(), key=lambda way: way[0] or 0):
        number = numbering.next_number("ADJ")
        (movement,) = movements.move(
            level.pk,
            Delta(on_hand=-pieces, quarantined=-pieces, lot_id=lot_id),
            kind=MovementKind.ADJUST,
            cause=Cause(SOURCE, number, transfer.number, reason.pk, f"Lost on {transfer.number}"),
            actor=actor,
            at=at,
        )
        serials.name_pieces(line.sku, [movement.pk], gone[:pieces])
        del gone[:pieces]
        StockAdjustment.objects.create(
            number=number,
            level=level,
            movement=movement,
            on_hand_before=before,
            on_hand_after=before - pieces,
        )
        before -= pieces
    line.quantity_lost, line.loss_reason = line.quantity_lost + missing, reason
    line.save(update_fields=["quantity_lost", "loss_reason"])
    _expect_no_more(transfer, line)


def _expect_no_more(transfer: Transfer, line: TransferLine) -> None:
    level = queries.lock_level(line.sku_id, transfer.destination_id)
    expected = floor_queries.lock_expected(level.pk, transfer.number)
    if expected is not None:
        expected.quantity_expected = expected.quantity_received
        expected.save(update_fields=["quantity_expected"])


def _check_line(line: TransferLine, arrived: Sequence[Arrived]) -> None:
    ways = floor_queries.on_their_way(line)
    lots = dict(Lot.objects.filter(pk__in=[lot for lot in ways if lot]).values_list("code", "pk"))
    codes = {each.code for each in floor_queries.serials_on_their_way(line)}
    for each in arrived:
        if each.lot not in lots and (each.lot or lots):
            known = ", ".join(sorted(lots)) or "none"
            raise ArrivalRefused(
                f"Lot {each.lot or '(none)'} of {each.sku} was not sent; sent were: {known}."
            )
        lot_id = lots.get(each.lot)
        ways[lot_id] -= each.quantity
        if ways[lot_id] < 0:
            left = ways[lot_id] + each.quantity
            raise ArrivalRefused(
                f"Only {left} of {each.sku} are on their way, not {each.quantity}. Put the rest aside."
            )
        for code in each.serials:
            if code not in codes:
                raise ArrivalRefused(f"Serial number {code} of {each.sku} was not sent with this.")


def _check(journey: Journey, wanted: Sequence[Wanted]) -> None:
    if journey.origin.pk == journey.destination.pk:
        message = "A transfer goes to another location."
        raise Invalid(message, problems=(("#/destination", message),))
    if not wanted or any(each.quantity < 1 for each in wanted):
        message = "A transfer moves at least one piece of each line."
        raise Invalid(message, problems=(("#/lines", message),))
    codes = [each.sku.code for each in wanted]
    if len(set(codes)) != len(codes):
        message = "Name each SKU once."
        raise Invalid(message, problems=(("#/lines", message),))
    if any(each.sku.is_bundle for each in wanted):
        message = "A bundle is not kept; transfer its parts."
        raise Invalid(message, problems=(("#/lines", message),))


def _lock_available(
    origin: StockLocation, wanted: Sequence[Wanted], *, at: datetime
) -> dict[int, StockLevel]:
    queries.lock_levels([each.sku.pk for each in wanted], origin.pk)
    levels = {each.sku.pk: queries.lock_level(each.sku.pk, origin.pk) for each in wanted}
    for each in wanted:
        level = levels[each.sku.pk]
        if level.available < each.quantity:
            raise NotEnoughStock(
                f"{level.available} of {each.sku.code} are available at {origin.code}, {each.quantity} are wanted."
            )
        if level.sellable_until and level.sellable_until <= at:
            raise Conflict(f"A lot of {each.sku.code} at {origin.code} has expired. Set it aside first.")
    return levels


def _move_to(transfer: Transfer, status: TransferStatus) -> None:
    TRANSFER_LIFECYCLE.check(TransferStatus(transfer.status), status)
    transfer.status = status.value
