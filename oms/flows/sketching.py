"""What would become of an order, by the very steps that place it; nothing is written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oms.core.actors import Actor
from oms.flows import placement, snapshots
from oms.flows.batches import Batch
from oms.flows.placement import Ids
from oms.orders.requests import NewOrder, Placed


@dataclass(frozen=True, slots=True)
class Tried:
    """An order as it would be accepted now: lines with prices and pieces, work, terms, and why it would be held."""

    placed: Placed
    total_minor: int
    terms_days: int | None
    promise_by: datetime | None
    stops: tuple[str, ...]
    explanation: dict[str, Any]


def try_order(request: NewOrder, *, actor: Actor, at: datetime) -> Tried:
    """Say what placing this order would come to at this instant.

    Raises what ``ordering.place_order`` would.
    """
    seen = snapshots.look([request])
    batch = Batch(actor=actor, at=at)
    placed = placement.place(request, seen, batch, Ids(seen))
    (order,), (decision,) = batch.rows["orders"], batch.rows["decisions"]
    return Tried(
        placed,
        order["total_minor"],
        order["terms_days"],
        order["promise_by"],
        tuple(hold["reason"] for hold in batch.rows["holds"]),
        decision["explanation"],
    )
