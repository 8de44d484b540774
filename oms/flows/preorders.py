"""A delivery that comes in is first of all for the orders that are bound to it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from oms.core.actors import Actor
from oms.flows import sourcing
from oms.orders import scarcity_queries
from oms.orders.models import Order

# What a delivery holds for more orders than these is dealt by the relay, as for all who wait.
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Bound:
    """Orders that a delivery is for, locked before its pieces come, by number."""

    orders: dict[str, Order]
    skus: tuple[str, ...]

    def serve(self, *, actor: Actor, at: datetime) -> None:
        """Give them their pieces in the transaction that brings them, in their turn: nobody comes between."""
        if not self.orders:
            return
        for sku in self.skus:
            for number in scarcity_queries.waiting_for(sku):
                if number in self.orders:
                    sourcing.source_again(self.orders[number], actor=actor, at=at, why="Its delivery came.")


def lock_bound(skus: Collection[str], *, location: str, reference: str) -> Bound:
    """The orders that are bound to this delivery; orders are locked before levels everywhere."""
    found = scarcity_queries.lock_bound(skus, location=location, reference=reference, most=MOST_AT_ONCE)
    return Bound({order.number: order for order in found}, tuple(sorted(skus)))
