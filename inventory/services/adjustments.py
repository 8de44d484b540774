"""Corrected counts: each has a reason, an actor and one movement."""

from datetime import datetime

from inventory.models import AdjustmentReason, StockAdjustment, StockLevel
from inventory.rules import Adjusted, MovementKind, NotEnoughStock
from inventory.services import movements
from inventory.services.movements import Cause
from oms.core import numbering
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.transactions import joins_transaction


@joins_transaction
def adjust(
    level: StockLevel, *, quantity_delta: int, reason: AdjustmentReason, note: str, actor: Actor, at: datetime
) -> Adjusted:
    """Correct a locked level by so many pieces.

    Raises ``Invalid`` for a change of nothing, ``NotEnoughStock`` when it would take reserved pieces.
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
    number = numbering.next_number("ADJ")
    movement = movements.move(
        level.pk,
        kind=MovementKind.ADJUST,
        on_hand=quantity_delta,
        cause=Cause("adjustment", number, number, reason.pk, note),
        actor=actor,
        at=at,
    )
    after = level.on_hand + quantity_delta
    StockAdjustment.objects.create(
        number=number, level=level, movement=movement, on_hand_before=level.on_hand, on_hand_after=after
    )
    return Adjusted(number, level.on_hand, after, level.available + quantity_delta)
