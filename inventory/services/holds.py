"""Pieces that are there and must not be sold: set aside to be looked at or as damaged, and given back."""

from datetime import datetime

from django.db.models import F

from inventory.models import Lot, StagedPiece, StockContent, StockLevel, StockMovement
from inventory.rules import MovementKind, NotEnoughStock
from inventory.services import movements
from inventory.services.adjustments import ANYWHERE, Where
from inventory.services.movements import Cause, Delta
from oms.core import numbering
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction

SOURCE = "hold"


@joins_transaction
def set_aside(
    level: StockLevel,
    pieces: int,
    *,
    is_damaged: bool,
    note: str,
    where: Where = ANYWHERE,
    actor: Actor,
    at: datetime,
) -> str:
    """Take pieces of a locked level off sale where they stand, and return the number of that.

    Raises ``NotEnoughStock`` when fewer are free there.
    """
    number = numbering.next_number("MV")
    deltas = [
        _hold(part, is_damaged, content)
        for part, content in _parts(level, pieces, where, "on_hand", "quarantined")
    ]
    _write(level, deltas, number, note, actor=actor, at=at)
    return number


@joins_transaction
def give_back(
    level: StockLevel,
    pieces: int,
    *,
    is_damaged: bool,
    note: str,
    where: Where = ANYWHERE,
    actor: Actor,
    at: datetime,
) -> str:
    """Put pieces of a locked level that were set aside on sale again, and return the number of that.

    Raises ``NotEnoughStock`` when fewer are set aside so.
    """
    there = level.damaged if is_damaged else level.quarantined - level.damaged
    if pieces > there:
        raise NotEnoughStock(f"{there} pieces of {level.sku.code} are set aside so, not {pieces}.")
    number = numbering.next_number("MV")
    deltas = [
        _hold(-part, is_damaged, content) for part, content in _parts(level, pieces, where, "quarantined", "")
    ]
    _write(level, deltas, number, note, actor=actor, at=at)
    return number


@joins_transaction
def set_lot_aside(level: StockLevel, lot: Lot, *, note: str, actor: Actor, at: datetime) -> int:
    """Take all pieces of a lot at a locked level off sale, those in somebody's hand too; says how many."""
    contents = StockContent.objects.filter(level=level, lot=lot, on_hand__gt=F("quarantined")).order_by("pk")
    deltas = [_hold(content.on_hand - content.quarantined, False, content) for content in contents]
    StagedPiece.objects.filter(reservation__level=level, lot=lot).delete()
    if deltas:
        _write(level, deltas, numbering.next_number("MV"), note, actor=actor, at=at)
    return sum(delta.quarantined for delta in deltas)


def _parts(
    level: StockLevel, pieces: int, where: Where, have: str, less: str
) -> list[tuple[int, StockContent | None]]:
    """Which contents so many pieces stand in; None where the level is kept as one heap."""
    if level.located == 0:
        return [(pieces, None)]
    contents = StockContent.objects.filter(level=level)
    if where.bin is not None:
        contents = contents.filter(bin=where.bin)
    if where.lot is not None:
        contents = contents.filter(lot=where.lot)
    parts, left = [], pieces
    for content in contents.order_by("lot__expires_on", "bin__path_position", "pk"):
        part = min(left, getattr(content, have) - (getattr(content, less) if less else 0))
        if part > 0:
            parts.append((part, content))
            left -= part
    if left:
        raise NotEnoughStock(f"{pieces - left} of {pieces} pieces of {level.sku.code} stand there so.")
    return list(parts)


def _hold(pieces: int, is_damaged: bool, content: StockContent | None) -> Delta:
    return Delta(
        quarantined=pieces,
        damaged=pieces if is_damaged else 0,
        bin_id=content.bin_id if content else None,
        lot_id=content.lot_id if content else None,
    )


def _write(
    level: StockLevel, deltas: list[Delta], number: str, note: str, *, actor: Actor, at: datetime
) -> list[StockMovement]:
    cause = Cause(SOURCE, number, number, note=note[:300])
    return movements.move(level.pk, *deltas, kind=MovementKind.HOLD, cause=cause, actor=actor, at=at)
