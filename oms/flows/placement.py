"""From a request and what was seen to an accepted order."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from oms.channels import queries as channel_queries
from oms.channels.queries import ChannelPolicy, UnknownChannel
from oms.core import money
from oms.flows import bundling, gathering
from oms.flows.batches import Batch
from oms.flows.bundling import Asked
from oms.flows.snapshots import Snapshot
from oms.orders.requests import NewOrder, Placed
from oms.orders.rules import DuplicateOrder, OrderBlocked
from oms.routing import planner
from oms.routing import queries as routing_queries
from oms.routing.plans import Plan
from oms.routing.problem import Destination, Line, OrderFacts, Partial

BLOCK = "block"


def place(request: NewOrder, seen: Snapshot, batch: Batch, ids: "Ids") -> Placed:
    """Plan one order on the snapshot and gather its rows; the snapshot then has fewer pieces.

    Raises ``DuplicateOrder``, ``UnknownChannel``, ``UnknownSku``, ``OrderBlocked``; then nothing was gathered.
    """
    known = seen.duplicates.get((request.channel, request.external_number))
    if known is not None:
        raise DuplicateOrder(f"{request.external_number} of {request.channel} is order {known}.", order=known)
    policy = _policy(request, seen)
    asked = bundling.asked_by(request, seen)
    facts = _facts(request, asked, policy, seen)
    plan = _plan(facts, seen)
    _refuse_blocked(asked, policy, seen, plan)
    order_id, decision_id = ids.next_order()
    line_ids = tuple([ids.next_line() for _ in asked])
    bundles = dict.fromkeys([part.source for part in asked if part.per_bundle])
    bundle_ids = {source: ids.next_line() for source in bundles}
    decided = gathering.Decided(request, asked, policy, plan, order_id, decision_id, line_ids, bundle_ids)
    placed = gathering.gather(decided, seen, batch)
    seen.duplicates[request.channel, request.external_number] = placed.number
    return placed


class Ids:
    """Hands out what the snapshot has drawn, in order."""

    def __init__(self, seen: Snapshot) -> None:
        self._orders: Iterator[tuple[int, int]] = iter(zip(seen.order_ids, seen.decision_ids, strict=True))
        self._lines = iter(seen.line_ids)

    def next_order(self) -> tuple[int, int]:
        """An order's id and that of its decision."""
        return next(self._orders)

    def next_line(self) -> int:
        """A line's id."""
        return next(self._lines)


def _policy(request: NewOrder, seen: Snapshot) -> ChannelPolicy:
    policy = channel_queries.policies(seen.stamp).get(request.channel)
    if policy is None or not policy.is_active:
        message = f"There is no active channel {request.channel}."
        raise UnknownChannel(message, problems=(("#/channel", message),))
    return policy


def _facts(request: NewOrder, asked: Sequence[Asked], policy: ChannelPolicy, seen: Snapshot) -> OrderFacts:
    lines = []
    for index, part in enumerate(asked):
        sku = seen.skus[part.sku]
        lines.append(Line(index, sku.id, sku.code, part.quantity, sku.weight_grams, sku.tags))
    shipping = request.shipping
    return OrderFacts(
        channel=policy.code,
        customer_type=request.customer_type.value,
        destination=Destination(shipping.country, shipping.region.upper(), shipping.postcode.upper()),
        lines=tuple(lines),
        value_minor=_value(request),
        currency=request.currency,
        partial=Partial(policy.partial_policy),
        buffer=policy.stock_buffer,
        allowed_sites=policy.sites,
    )


def _plan(facts: OrderFacts, seen: Snapshot) -> Plan:
    tables = routing_queries.tables_for(facts.channel, facts.customer_type, seen.stamp)
    return planner.plan(facts, stock=seen.stock, network=tables.network(facts.destination))


def _value(request: NewOrder) -> int:
    value = sum([line.unit_price * line.quantity for line in request.lines], Decimal(0))
    return money.rounded(value, request.currency).amount


def _refuse_blocked(asked: Sequence[Asked], policy: ChannelPolicy, seen: Snapshot, plan: Plan) -> None:
    for index, missing in plan.shortfall:
        wanted = asked[int(index)]
        sku = seen.skus[wanted.sku]
        if (sku.backorder_policy or policy.backorder_policy) == BLOCK:
            there = wanted.quantity - missing
            raise OrderBlocked(
                f"{there} of {wanted.quantity} pieces of {sku.code} are there, and it is not sold on backorder.",
                sku=sku.code,
                available=there,
            )
