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


@dataclass(frozen=True, slots=True)
class Delta:
    """What a movement does to a level and to one spot of it, in pieces; ``counter_id`` is the other place."""

    on_hand: int = 0
    quarantined: int = 0
    damaged: int = 0
    bin_id: int | None = None
    lot_id: int | None = None
    counter_id: int | None = None


@joins_transaction
def move(
    level_id: int, *deltas: Delta, kind: MovementKind, cause: Cause, actor: Actor, at: datetime
) -> list[StockMovement]:
    """Write movements of one cause in one statement; the database adds them to the level and what it holds.

    The second and later ones have their number behind the source key. The same cause twice is refused by the database.
    """
    return StockMovement.objects.bulk_create(
        StockMovement(
            level_id=level_id,
            kind=kind.value,
            on_hand_delta=delta.on_hand,
            quarantined_delta=delta.quarantined,
            damaged_delta=delta.damaged,
            bin_id=delta.bin_id,
            lot_id=delta.lot_id,
            counter_location_id=delta.counter_id,
            moved_at=at,
            source=cause.source,
            source_key=cause.source_key if number == 1 else f"{cause.source_key}:{number}",
            reference=cause.reference,
            reason_id=cause.reason_id,
            note=cause.note,
            actor=actor.label,
        )
        for number, delta in enumerate(deltas, start=1)
    )
