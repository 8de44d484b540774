"""An accepted order as the planner sees it, and what can be promised for the planner's answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from oms.channels import queries as channel_queries
from oms.channels.queries import ChannelPolicy
from oms.flows import promises
from oms.flows.promises import Asking
from oms.flows.snapshots import SeenSku, Snapshot
from oms.flows.supplies import Bound
from oms.orders.models import Order, OrderLine
from oms.orders.promising import Promised
from oms.routing import queries as routing_queries
from oms.routing.network import Network
from oms.routing.plans import Plan
from oms.routing.problem import Destination, Line, OrderFacts, Partial


@dataclass(frozen=True, slots=True)
class Problem:
    """Pieces of an accepted order that the planner is to find stock for, under the rules and rates of its channel."""

    order: Order
    facts: OrderFacts
    network: Network
    policy: ChannelPolicy
    stamp: int

    def promised(
        self, plan: Plan, waiting: Mapping[str, tuple[int, tuple[Bound, ...]]] | None = None, *, at: datetime
    ) -> Promised:
        """What can be promised for the order under a plan, with the pieces that wait and what they count on, by SKU."""
        where, first = self.facts.destination, self.order.deliver_from
        asking = Asking(plan, where, self.network, self.policy, self.stamp, waiting or {}, deliver_from=first)
        return promises.promise(asking, at=at)


def problem_of(
    order: Order,
    pieces: Iterable[tuple[OrderLine, int]],
    seen: Snapshot,
    *,
    are_promised: bool = False,
    at: datetime,
) -> Problem:
    """So many pieces of each of these lines, as they stand before the planner now.

    For those that ``are_promised`` the channel's buffer was left when they were.
    """
    policy = channel_queries.policies(seen.stamp)[order.channel.code]
    lines = tuple(_line(line, count, seen.skus) for line, count in pieces)
    facts = _facts(order, lines, policy, at=at)
    tables = routing_queries.tables_for(facts.channel, facts.customer_type, seen.stamp)
    network = tables.network(facts.destination)
    facts = seen.informed(facts, network, at)
    if are_promised:
        facts = replace(facts, buffer=0)
    return Problem(order, facts, network, policy, seen.stamp)


def _facts(order: Order, lines: tuple[Line, ...], policy: ChannelPolicy, *, at: datetime) -> OrderFacts:
    return OrderFacts(
        channel=order.channel.code,
        customer_type=order.customer_type,
        destination=Destination(order.ship_country, order.ship_region.upper(), order.ship_postcode.upper()),
        lines=lines,
        value_minor=order.total_minor,
        currency=order.currency,
        placed_at=order.placed_at,
        partial=Partial(order.partial_policy or policy.partial_policy),
        buffer=policy.stock_buffer,
        allowed_sites=policy.sites,
        shipping_option=order.shipping_option,
        asked_at=at,
    )


def _line(line: OrderLine, quantity: int, skus: Mapping[str, SeenSku]) -> Line:
    seen = skus.get(line.sku.code)
    if seen is None:
        # Not sold any more, and still owed.
        tags = frozenset(line.sku.tags)
        return Line(line.pk, line.sku_id, line.sku.code, quantity, line.sku.weight_grams or 0, tags)
    return seen.line(line.pk, quantity)
