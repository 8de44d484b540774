"""A delivery that comes in is first of all for the orders that are bound to it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from inventory import delivery_queries
from oms.core.actors import Actor
from oms.flows import binding, deliveries, sourcing
from oms.flows.binding import Loose
from oms.orders import scarcity_queries
from oms.orders.models import Order
from oms.orders.rules import OrderState
from oms.orders.services import claims

# What a delivery holds for more orders than these is dealt by the relay, as for all who wait.
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Bound:
    """Orders that a delivery is for, locked before its pieces come, by number."""

    orders: dict[str, Order]
    skus: tuple[str, ...]
    location: str
    reference: str

    def serve(self, *, actor: Actor, at: datetime) -> None:
        """Give them their pieces in the transaction that brings them, in their turn: nobody comes between."""
        if not self.orders:
            return
        for sku in self.skus:
            for number in scarcity_queries.waiting_for(sku):
                if number in self.orders:
                    sourcing.source_again(self.orders[number], actor=actor, at=at, why="Its delivery came.")
        self._bind_the_rest(at=at)

    def _bind_the_rest(self, *, at: datetime) -> None:
        """All of the delivery is here, and somebody got less than was bound: what is missing counts on another one."""
        spent = delivery_queries.spent(self.reference, self.location)
        if not spent:
            return
        unserved = {order.pk: order for order in self.orders.values() if order.state == OrderState.OPEN}
        loose = Loose(unserved, frozenset(spent), dict(spent.values()))
        taken = claims.loosen(spent, (), of_orders=unserved)
        dealt = binding.deal(taken, loose.skus)
        deliveries.settle(loose, dealt, why=f"{self.reference} brought less for it than it was to.", at=at)


def lock_bound(skus: Collection[str], *, location: str, reference: str) -> Bound:
    """The orders that are bound to this delivery; orders are locked before levels everywhere."""
    found = scarcity_queries.lock_bound(skus, location=location, reference=reference, most=MOST_AT_ONCE)
    return Bound({order.number: order for order in found}, tuple(sorted(skus)), location, reference)
