"""The one writer of stock: rows that the database adds to the levels."""

from dataclasses import dataclass
from datetime import datetime

from inventory.models import StockMovement
from inventory.rules import MovementKind
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction


@dataclass(frozen=True, slots=True)
class Cause:
    """What made stock move; ``source`` and ``source_key`` together occur once."""

    source: str
    source_key: str
    reference: str = ""
    reason_id: int | None = None
    note: str = ""


@joins_transaction
def move(
    level_id: int,
    *,
    kind: MovementKind,
    on_hand: int = 0,
    quarantined: int = 0,
    cause: Cause,
    actor: Actor,
    at: datetime,
) -> StockMovement:
    """Write one movement of so many pieces; the database adds it to the level.

    The same cause twice is refused by the database.
    """
    return StockMovement.objects.create(
        level_id=level_id,
        kind=kind.value,
        on_hand_delta=on_hand,
        quarantined_delta=quarantined,
        moved_at=at,
        source=cause.source,
        source_key=cause.source_key,
        reference=cause.reference,
        reason_id=cause.reason_id,
        note=cause.note,
        actor=actor.label,
    )
