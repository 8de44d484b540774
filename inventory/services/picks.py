"""Pieces that a picker takes for one promise: out of their bin into staging, and back."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from inventory import floor_queries
from inventory.models import Lot, Reservation, StockContent, StockLevel, StockMovement
from inventory.rules import LotRefused, MovementKind, NotEnoughStock, local_day
from inventory.services import bins, spots
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction


@dataclass(frozen=True, slots=True)
class Wish:
    """The bin and the lot that the picker has before them; empty where they have read none."""

    bin: str = ""
    lot: str = ""


ANY = Wish()


@joins_transaction
def stage(
    held: Reservation,
    level: StockLevel,
    pieces: int,
    wish: Wish = ANY,
    *,
    key: UUID,
    actor: Actor,
    at: datetime,
) -> None:
    """Take pieces for a reservation from the bin and lot before the picker, else the first to expire, into staging.

    Raises ``LotRefused`` when the lot must not be sold or does not stand there, ``NotEnoughStock``.
    """
    left, rows = pieces, []
    target = spots.staging_bin(level.location_id)
    for content, free in choices(level, wish, at=at):
        part = min(left, free)
        left -= part
        rows += [_row(content, -part, content.bin_id), _row(content, part, target.pk)]
        staged = floor_queries.staged_row(held, target.pk, content.lot_id)
        staged.pieces += part
        staged.save()
        if not left:
            break
    if left:
        raise NotEnoughStock(f"{pieces - left} of {pieces} stand there. Take fewer, or scan another bin.")
    bins.write(rows, key=f"pick:{key}", actor=actor, at=at)


@joins_transaction
def unstage(held: Reservation, *, key: UUID, actor: Actor, at: datetime) -> None:
    """Put back into their bins what one scan has taken; nothing when it has moved on meanwhile."""
    rows = floor_queries.carried(f"pick:{key}")
    back = []
    for row in (row for row in rows if row.on_hand_delta > 0):
        staged = floor_queries.staged_row(held, row.bin_id, row.lot_id)
        if staged.pieces < row.on_hand_delta:
            return
        staged.pieces -= row.on_hand_delta
        if staged.pieces:
            staged.save()
        else:
            staged.delete()
    for row in rows:
        row.on_hand_delta = -row.on_hand_delta
        back.append(row)
    bins.write(back, key=f"unpick:{key}", actor=actor, at=at)


def choices(level: StockLevel, wish: Wish, *, at: datetime) -> list[tuple[StockContent, int]]:
    """Where pieces of a level may be taken, best first, with how many nobody has in hand.

    Raises ``LotRefused`` when the lot that was read must not be sold or does not stand there.
    """
    today = local_day(level.location.timezone, at)
    rows = floor_queries.pickable(level.pk, today=today)
    if wish.lot:
        _check_lot(level, wish.lot, rows, today=today)
        rows = [row for row in rows if row.lot and row.lot.code == wish.lot]
    if wish.bin:
        rows = [row for row in rows if row.bin and row.bin.code == wish.bin]
    held = floor_queries.staged_in(rows)
    free = [(row, row.on_hand - row.quarantined - held[row.pk]) for row in rows]
    return [(row, pieces) for row, pieces in free if pieces > 0]


def _check_lot(level: StockLevel, code: str, rows: list[StockContent], *, today: date) -> None:
    lot = Lot.objects.filter(sku_id=level.sku_id, code=code).first()
    name = f"Lot {code} of {level.sku.code}"
    if lot is None:
        raise LotRefused(f"{name} is not known here. Put it aside; nothing was counted.")
    if lot.recalled_at:
        raise LotRefused(f"{name} was recalled: {lot.recall_reason}. Put it aside; nothing was counted.")
    if lot.expires_on and lot.expires_on < today:
        raise LotRefused(f"{name} expired on {lot.expires_on:%d %b %Y}. Put it aside; nothing was counted.")
    if not any(row.lot_id == lot.pk for row in rows):
        raise LotRefused(f"{name} is not to be picked here. Put it back; nothing was counted.")


def _row(content: StockContent, pieces: int, bin_id: int | None) -> StockMovement:
    return StockMovement(
        level_id=content.level_id,
        kind=MovementKind.MOVE.value,
        on_hand_delta=pieces,
        bin_id=bin_id,
        lot_id=content.lot_id,
    )
