"""From a request and what was seen to an accepted order."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from oms.channels import queries as channel_queries
from oms.channels.queries import ChannelPolicy, UnknownChannel
from oms.core import money
from oms.core.errors import Refusal
from oms.flows import bundling, gathering, promises, terms
from oms.flows.batches import Batch
from oms.flows.bundling import Asked
from oms.flows.promises import Asking
from oms.flows.snapshots import SeenSku, Snapshot
from oms.flows.supplies import Bound
from oms.orders.agreeing import Agreed
from oms.orders.requests import NewOrder, Placed
from oms.orders.rules import DuplicateOrder, NoRoomToWait, OrderBlocked, PreorderSoldOut, RefusedByRules
from oms.routing import planner
from oms.routing import queries as routing_queries
from oms.routing.network import Network
from oms.routing.plans import Plan
from oms.routing.problem import Destination, OrderFacts, Partial

BLOCK, PREORDER = "block", "preorder"


def place(request: NewOrder, seen: Snapshot, batch: Batch, ids: "Ids") -> Placed:
    """Plan one order on the snapshot and gather its rows; the snapshot then has fewer pieces.

    Raises ``DuplicateOrder``, ``UnknownChannel``, ``UnknownSku``, ``OrderBlocked``, ``NoRoomToWait``,
    ``PreorderSoldOut``, ``RefusedByRules``, and what ``terms.agree`` refuses; then nothing was gathered. What its
    channel has confirmed already is never refused for want of stock: it waits, and is told as oversold.
    """
    known = seen.duplicates.get((request.channel, request.external_number))
    if known is not None:
        raise DuplicateOrder(f"{request.external_number} of {request.channel} is order {known}.", order=known)
    policy = _policy(request, seen)
    request, agreed = terms.agree(request, policy, seen, at=batch.at)
    asked = bundling.asked_by(request, seen)
    facts = _facts(request, agreed, asked, policy, seen, at=batch.at)
    network = _network(facts, seen)
    plan = planner.plan(seen.informed(facts, network, batch.at), stock=seen.stock, network=network)
    against = _against(asked, agreed.backorder_policy or policy.backorder_policy, seen, plan)
    if plan.is_refused:
        against = RefusedByRules(f"{plan.why} {network.book.name} refuses such orders.")
    if against is not None and policy.kind not in terms.CONFIRMED:
        raise against
    bound = _waits(asked, plan, seen)
    waiting = _waiting(asked, plan, bound)
    asking = Asking(
        plan, facts.destination, network, policy, seen.stamp, waiting, deliver_from=request.deliver_from
    )
    promised = promises.promise(asking, at=batch.at)
    order_id, decision_id = ids.next_order()
    line_ids = tuple([ids.next_line() for _ in asked])
    bundles = dict.fromkeys([part.source for part in asked if part.per_bundle])
    bundle_ids = {source: ids.next_line() for source in bundles}
    decided = gathering.Decided(
        request, agreed, asked, policy, plan, order_id, decision_id, line_ids, bundle_ids, promised, bound
    )
    placed = gathering.gather(decided, seen, batch)
    if against is not None:
        _tell_oversold(placed, policy, against, batch)
    terms.note_owed(request, agreed, seen.terms)
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


def _facts(
    request: NewOrder,
    agreed: Agreed,
    asked: Sequence[Asked],
    policy: ChannelPolicy,
    seen: Snapshot,
    *,
    at: datetime,
) -> OrderFacts:
    lines = [seen.skus[part.sku].line(index, part.quantity) for index, part in enumerate(asked)]
    shipping = request.shipping
    return OrderFacts(
        channel=policy.code,
        customer_type=request.customer_type.value,
        destination=Destination(shipping.country, shipping.region.upper(), shipping.postcode.upper()),
        lines=tuple(lines),
        value_minor=_value(request),
        currency=request.currency,
        partial=Partial(agreed.partial_policy or policy.partial_policy),
        buffer=policy.stock_buffer,
        allowed_sites=policy.sites,
        placed_at=at,
        shipping_option=request.shipping_option,
        asked_at=at,
    )


def _network(facts: OrderFacts, seen: Snapshot) -> Network:
    tables = routing_queries.tables_for(facts.channel, facts.customer_type, seen.stamp)
    return tables.network(facts.destination)


def _value(request: NewOrder) -> int:
    value = sum([line.unit_price * line.quantity for line in request.lines], Decimal(0))
    return money.rounded(value, request.currency).amount


def _against(asked: Sequence[Asked], otherwise: str, seen: Snapshot, plan: Plan) -> Refusal | None:
    """Why something of it may not wait for stock; ``otherwise`` is the policy of SKUs that have none of their own."""
    lacks: Counter[str] = Counter()
    for index, missing in plan.shortfall:
        wanted = asked[int(index)]
        sku = seen.skus[wanted.sku]
        lacks[sku.code] += missing
        there = wanted.quantity - missing
        if (sku.backorder_policy or otherwise) == BLOCK:
            return OrderBlocked(
                f"{there} of {wanted.quantity} pieces of {sku.code} are there, and it is not sold on backorder.",
                sku=sku.code,
                available=there,
            )
        room = seen.room_to_wait(sku)
        if room is not None and lacks[sku.code] > room:
            return _no_room(sku, there, room)
    return None


def _tell_oversold(placed: Placed, policy: ChannelPolicy, against: Refusal, batch: Batch) -> None:
    """Somebody else has promised it to the customer already: it waits, and a person hears of it."""
    told = {"number": placed.number, "channel": policy.code, "why": str(against)}
    batch.tell("order.oversold", f"order:{placed.number}", told)


def _no_room(sku: SeenSku, there: int, room: int) -> Refusal:
    may = f"{there} pieces of {sku.code} are there and {room} more may"
    if sku.backorder_policy == PREORDER:
        return PreorderSoldOut(
            f"{may} be preordered: announced deliveries hold no more.", sku=sku.code, available=there + room
        )
    return NoRoomToWait(f"{may} wait for stock: that is its limit.", sku=sku.code, available=there + room)


def _waits(asked: Sequence[Asked], plan: Plan, seen: Snapshot) -> dict[int, tuple[Bound, ...]]:
    """For each piece of the order that waits, by its index: the deliveries that it can count on."""
    return {
        int(index): seen.wait(seen.skus[asked[int(index)].sku], missing) for index, missing in plan.shortfall
    }


def _waiting(
    asked: Sequence[Asked], plan: Plan, bound: Mapping[int, tuple[Bound, ...]]
) -> dict[str, tuple[int, tuple[Bound, ...]]]:
    waiting: dict[str, tuple[int, tuple[Bound, ...]]] = {}
    for index, missing in plan.shortfall:
        sku = asked[int(index)].sku
        pieces, so_far = waiting.get(sku, (0, ()))
        waiting[sku] = (pieces + missing, (*so_far, *bound[int(index)]))
    return waiting
