"""From a request and what was seen to the rows of one accepted order."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count

from oms.channels import queries as channel_queries
from oms.channels.queries import ChannelPolicy, UnknownChannel
from oms.core import money
from oms.flows.batches import Batch
from oms.flows.snapshots import Snapshot
from oms.orders.requests import NewOrder, Placed, PlacedLine, PlacedWork
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
    facts = _facts(request, policy, seen)
    plan = _plan(facts, seen)
    _refuse_blocked(request, policy, seen, plan)
    order_id, decision_id = ids.next_order()
    placed = _gather(request, policy, seen, batch, plan, order_id, decision_id, ids)
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


def _facts(request: NewOrder, policy: ChannelPolicy, seen: Snapshot) -> OrderFacts:
    lines, value = [], Decimal(0)
    for index, line in enumerate(request.lines):
        sku = seen.sku(line.sku, f"#/lines/{index}/sku")
        lines.append(Line(index, sku.id, sku.code, line.quantity, sku.weight_grams, sku.tags))
        value += line.unit_price * line.quantity
    shipping = request.shipping
    return OrderFacts(
        channel=policy.code,
        customer_type=request.customer_type.value,
        destination=Destination(shipping.country, shipping.region.upper(), shipping.postcode.upper()),
        lines=tuple(lines),
        value_minor=money.rounded(value, request.currency).amount,
        currency=request.currency,
        partial=Partial(policy.partial_policy),
        buffer=policy.stock_buffer,
        allowed_sites=policy.sites,
    )


def _plan(facts: OrderFacts, seen: Snapshot) -> Plan:
    tables = routing_queries.tables_for(facts.channel, facts.customer_type, seen.stamp)
    return planner.plan(facts, stock=seen.stock, network=tables.network(facts.destination))


def _refuse_blocked(request: NewOrder, policy: ChannelPolicy, seen: Snapshot, plan: Plan) -> None:
    for index, missing in plan.shortfall:
        sku = seen.skus[request.lines[int(index)].sku]
        if (sku.backorder_policy or policy.backorder_policy) == BLOCK:
            there = request.lines[int(index)].quantity - missing
            raise OrderBlocked(
                f"{there} of {request.lines[int(index)].quantity} pieces of {sku.code} are there, and it is not"
                " sold on backorder.",
                sku=sku.code, available=there,
            )


def _gather(
    request: NewOrder, policy: ChannelPolicy, seen: Snapshot, batch: Batch, plan: Plan, order_id: int,
    decision_id: int, ids: Ids,
) -> Placed:
    number = f"SO-{order_id}"
    line_ids = [ids.next_line() for _ in request.lines]
    missing = {int(index): pieces for index, pieces in plan.shortfall}
    on_hold = bool(plan.holds)
    progress = "backordered" if missing else "allocated"
    total = _gather_lines(request, seen, batch, order_id, line_ids, missing)
    batch.add(
        "orders", id=order_id, number=number, channel_id=policy.id, external_number=request.external_number,
        customer_type=request.customer_type.value, ship_country=request.shipping.country,
        ship_region=request.shipping.region, ship_postcode=request.shipping.postcode, currency=request.currency,
        lines_minor=total, total_minor=total, state="on_hold" if on_hold else "open", progress=progress,
        po_number=request.po_number, shipping_option=request.shipping_option, placed_at=batch.at,
        promise_by=request.promise_by,
    )
    batch.add(
        "contacts", order_id=order_id, customer_name=request.customer_name, customer_email=request.customer_email,
        shipping_address=request.shipping.as_json(),
        billing_address=(request.billing or request.shipping).as_json(), gift_message=request.gift_message,
        notes=request.notes,
    )
    for reason in plan.holds[:1]:
        batch.add("holds", order_id=order_id, reason="; ".join(plan.holds), placed_by=batch.actor.label,
                  placed_at=batch.at)
        batch.audit("order.held", number, note=reason)
    batch.decide(plan, order_id=order_id, decision_id=decision_id)
    work = open_work(plan, batch, seen, Sourced(order_id, number, decision_id, dict(enumerate(line_ids)), request.promise_by, on_hold))
    allocated = _allocated(plan)
    batch.audit(
        "order.placed", number,
        changes={"channel": policy.code, "external_number": request.external_number, "lines": len(request.lines)},
        note=plan.why,
    )
    batch.tell("order.placed", f"order:{number}",
               {"number": number, "channel": policy.code, "external_number": request.external_number})
    return Placed(
        number=number,
        status="on_hold" if on_hold else progress,
        decision_id=decision_id,
        lines=tuple(
            PlacedLine(
                line.sku, line.quantity, allocated[index], missing.get(index, 0), f"{line.unit_price:f}",
                money.total(line.unit_price, line.quantity, request.currency).as_text(),
            )
            for index, line in enumerate(request.lines)
        ),
        work=work,
    )


def _gather_lines(
    request: NewOrder, seen: Snapshot, batch: Batch, order_id: int, line_ids: list[int], missing: dict[int, int]
) -> int:
    total = 0
    for index, line in enumerate(request.lines):
        amount = money.total(line.unit_price, line.quantity, request.currency).amount
        total += amount
        batch.add(
            "lines", id=line_ids[index], order_id=order_id, position=index + 1, sku_id=seen.skus[line.sku].id,
            quantity_ordered=line.quantity, quantity_waiting=missing.get(index, 0),
            unit_price=str(line.unit_price), total_minor=amount,
        )
    return total


@dataclass(frozen=True, slots=True)
class Sourced:
    """The order that work is opened for; ``line_ids`` maps the plan's line keys, ``first`` is the sequence to begin with.

    ``waiting`` has the sequence of a request that its location (id) has not answered yet; that one grows.
    """

    order_id: int
    number: str
    decision_id: int
    line_ids: Mapping[int, int]
    due_at: datetime | None
    on_hold: bool
    first: int = 1
    waiting: Mapping[int, int] = field(default_factory=dict)


def open_work(plan: Plan, batch: Batch, seen: Snapshot, sourced: Sourced) -> tuple[PlacedWork, ...]:
    """Gather a fulfilment order per parcel and a share per reservation."""
    status = "on_hold" if sourced.on_hold else "open"
    sequences, work = {}, []
    fresh = count(sourced.first)
    for parcel in plan.parcels:
        if parcel.site_id in sourced.waiting:
            sequences[parcel.site_id] = sourced.waiting[parcel.site_id]
            batch.extend_work(parcel, order_id=sourced.order_id, sequence=sourced.waiting[parcel.site_id])
            continue
        sequences[parcel.site_id] = sequence = next(fresh)
        number = f"FO-{sourced.order_id}-{sequence}"
        batch.open_work(
            parcel, number=number, sequence=sequence, order_id=sourced.order_id, decision_id=sourced.decision_id,
            status=status, due_at=sourced.due_at,
        )
        work.append(PlacedWork(number, parcel.site, status, parcel.lines))
    for share in plan.shares:
        batch.add(
            "shares", order_id=sourced.order_id, decision_id=sourced.decision_id,
            sequence=sequences[share.site_id], line_id=sourced.line_ids[int(share.line)], sku_id=share.sku_id,
            level_id=seen.take(share.site_id, share.sku_id, share.quantity), quantity=share.quantity,
            reference=sourced.number, at=batch.at, actor=batch.actor.label,
        )
    return tuple(work)


def _allocated(plan: Plan) -> defaultdict[int, int]:
    pieces: defaultdict[int, int] = defaultdict(int)
    for share in plan.shares:
        pieces[int(share.line)] += share.quantity
    return pieces
