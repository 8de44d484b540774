"""Corrected counts: each has a reason, an actor and one movement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.models import AdjustmentReason, Bin, Lot, StockAdjustment, StockLevel
from inventory.rules import Adjusted, MovementKind, NotEnoughStock
from inventory.services import movements, spots
from inventory.services.movements import Cause, Delta
from oms.core import numbering
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.transactions import joins_transaction


@dataclass(frozen=True, slots=True)
class Where:
    """The bin and the lot that somebody named; none of them means wherever it fits."""

    bin: Bin | None = None
    lot: Lot | None = None


ANYWHERE = Where()


@joins_transaction
def adjust(
    level: StockLevel,
    *,
    quantity_delta: int,
    reason: AdjustmentReason,
    note: str,
    actor: Actor,
    at: datetime,
    where: Where = ANYWHERE,
) -> Adjusted:
    """Correct a locked level by so many pieces, in a bin or of a lot where these are kept; one document per spot.

    Raises ``Invalid`` for a change of nothing, ``LotRequired``, ``NotEnoughStock`` when it would take reserved pieces.
    """
    if quantity_delta == 0:
        message = "An adjustment changes the count by at least one piece."
        raise Invalid(message, problems=(("#/quantity_delta", message),))
    free = level.on_hand - level.reserved - level.quarantined
    if quantity_delta + free < 0:
        raise NotEnoughStock(
            f"{free} of {level.on_hand} pieces are free; {level.reserved} are reserved for orders."
            " Release an order first or take fewer."
        )
    if quantity_delta > 0:
        found = spots.put(level, quantity_delta, bin=where.bin, lot=where.lot)
        deltas = [Delta(on_hand=found.pieces, bin_id=found.bin_id, lot_id=found.lot_id)]
    else:
        taken = spots.take(level, -quantity_delta, bin=where.bin, lot=where.lot)
        deltas = [Delta(on_hand=-spot.pieces, bin_id=spot.bin_id, lot_id=spot.lot_id) for spot in taken]
    numbers = _write(level, deltas, reason, note, actor=actor, at=at)
    return Adjusted(
        numbers[0], level.on_hand, level.on_hand + quantity_delta, level.available + quantity_delta
    )


def _write(
    level: StockLevel,
    deltas: Sequence[Delta],
    reason: AdjustmentReason,
    note: str,
    *,
    actor: Actor,
    at: datetime,
) -> list[str]:
    numbers, before = numbering.next_numbers("ADJ", len(deltas)), level.on_hand
    for number, delta in zip(numbers, deltas, strict=True):
        (movement,) = movements.move(
            level.pk,
            delta,
            kind=MovementKind.ADJUST,
            cause=Cause("adjustment", number, number, reason.pk, note),
            actor=actor,
            at=at,
        )
        after = before + delta.on_hand
        StockAdjustment.objects.create(
            number=number, level=level, movement=movement, on_hand_before=before, on_hand_after=after
        )
        before = after
    return numbers
