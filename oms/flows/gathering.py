"""From what was decided for an order to the rows that are written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from fulfilment.rules import WorkStatus
from oms.channels.queries import ChannelPolicy
from oms.core import money
from oms.flows import promises
from oms.flows.batches import Batch, NewWork
from oms.flows.bundling import Asked, whole_bundles
from oms.flows.snapshots import Snapshot
from oms.flows.supplies import Bound
from oms.orders.agreeing import ROUTING, Agreed, Stop
from oms.orders.partials import PARTIAL
from oms.orders.promising import Promised
from oms.orders.requests import NewOrder, Placed, PlacedLine, PlacedWork
from oms.orders.rules import OrderProgress, OrderState
from oms.routing.plans import ASK_FIRST, Plan
from oms.routing.problem import Partial


@dataclass(frozen=True, slots=True)
class Decided:
    """A request, what was decided for it, and the ids of what will be written."""

    request: NewOrder
    agreed: Agreed
    asked: tuple[Asked, ...]
    policy: ChannelPolicy
    plan: Plan
    order_id: int
    decision_id: int
    line_ids: tuple[int, ...]
    bundle_ids: Mapping[int, int]
    promised: Promised
    bound: Mapping[int, tuple[Bound, ...]]

    @property
    def promise_by(self) -> datetime | None:
        """What the customer was told by whoever took the order, else what was computed."""
        return self.request.promise_by or self.promised.by

    @property
    def hand_overs(self) -> dict[int, datetime]:
        """When each location hands its parcel over."""
        steps = zip(self.plan.parcels, self.promised.steps, strict=False)
        return {parcel.site_id: self.request.promise_by or step.hand_over for parcel, step in steps}

    @property
    def number(self) -> str:
        """The order's number."""
        return f"SO-{self.order_id}"

    @property
    def missing(self) -> dict[int, int]:
        """Pieces that nothing can serve, by the index of what was asked."""
        return {int(index): pieces for index, pieces in self.plan.shortfall}

    @property
    def progress(self) -> str:
        """How far the goods are, before anybody has touched them."""
        return OrderProgress.BACKORDERED if self.plan.shortfall else OrderProgress.ALLOCATED

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Why a person must look first: what was agreed, then what rules or the channel want."""
        holds = [Stop(PARTIAL if reason == ASK_FIRST else ROUTING, reason) for reason in self.plan.holds]
        return (*self.agreed.stops, *holds)

    @property
    def on_hold(self) -> bool:
        """Whether a person must look first."""
        return bool(self.agreed.stops or self.plan.holds)

    @property
    def stands(self) -> bool:
        """Whether its work may not begin yet: a person must look first, or all of it is to leave together."""
        policy = self.agreed.partial_policy or self.policy.partial_policy
        return self.on_hold or bool(policy == Partial.TOGETHER and self.plan.shortfall)


def gather(decided: Decided, seen: Snapshot, batch: Batch) -> Placed:
    """Gather every row of an order that was decided; the answer to its door."""
    request, plan = decided.request, decided.plan
    totals = [money.total(line.unit_price, line.quantity, request.currency) for line in request.lines]
    _gather_order(decided, batch, sum(total.amount for total in totals))
    _gather_contact(decided, batch)
    _gather_promise(decided, seen, batch)
    for source, bundle_id in decided.bundle_ids.items():
        line = request.lines[source]
        batch.add(
            "bundles",
            id=bundle_id,
            order_id=decided.order_id,
            position=source + 1,
            sku_id=seen.skus[line.sku].id,
            quantity_ordered=line.quantity,
            unit_price=str(line.unit_price),
            total_minor=totals[source].amount,
        )
    missing = decided.missing
    for index, part in enumerate(decided.asked):
        batch.add(
            "lines",
            id=decided.line_ids[index],
            order_id=decided.order_id,
            position=index + 1,
            sku_id=seen.skus[part.sku].id,
            quantity_ordered=part.quantity,
            quantity_waiting=missing.get(index, 0),
            unit_price=str(part.unit_price),
            total_minor=part.total_minor,
            **_of_bundle(part, decided.bundle_ids),
        )
    _gather_news(decided, batch)
    lines = dict(enumerate(decided.line_ids))
    order = Sourced(
        decided.order_id, decided.number, decided.decision_id, lines, decided.hand_overs, decided.stands
    )
    return _answer(decided, open_work(plan, batch, seen, order), [total.as_text() for total in totals])


def _of_bundle(part: Asked, bundle_ids: Mapping[int, int]) -> dict[str, int]:
    if part.per_bundle is None:
        return {}
    return {"bundle_line_id": bundle_ids[part.source], "quantity_per_bundle": part.per_bundle}


def _answer(decided: Decided, work: tuple[PlacedWork, ...], totals: Sequence[str]) -> Placed:
    allocated = _allocated(decided.plan)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for index, part in enumerate(decided.asked):
        groups[part.source].append(index)
    placed = []
    for source, line in enumerate(decided.request.lines):
        parts = [decided.asked[index] for index in groups[source]]
        served = whole_bundles(parts, allocated, groups[source][0])
        placed.append(
            PlacedLine(
                line.sku,
                line.quantity,
                served,
                line.quantity - served,
                f"{line.unit_price:f}",
                totals[source],
            )
        )
    return Placed(
        number=decided.number,
        status=OrderState.ON_HOLD if decided.on_hold else decided.progress,
        decision_id=decided.decision_id,
        lines=tuple(placed),
        work=work,
    )


def _gather_order(decided: Decided, batch: Batch, total: int) -> None:
    request, agreed = decided.request, decided.agreed
    batch.add(
        "orders",
        id=decided.order_id,
        number=decided.number,
        channel_id=decided.policy.id,
        external_number=request.external_number,
        customer_type=request.customer_type.value,
        customer_id=agreed.customer_id,
        priority=agreed.priority,
        partial_policy=agreed.partial_policy,
        is_residential=agreed.is_residential,
        terms_days=agreed.terms_days,
        deliver_from=request.deliver_from,
        deliver_until=request.deliver_until,
        ship_country=request.shipping.country,
        ship_region=request.shipping.region,
        ship_postcode=request.shipping.postcode,
        currency=request.currency,
        lines_minor=total,
        total_minor=total,
        state=OrderState.ON_HOLD if decided.on_hold else OrderState.OPEN,
        progress=decided.progress,
        po_number=request.po_number,
        shipping_option=request.shipping_option,
        placed_at=batch.at,
        first_promise_by=decided.promise_by,
        promise_by=decided.promise_by,
    )


def _gather_contact(decided: Decided, batch: Batch) -> None:
    request = decided.request
    batch.add(
        "contacts",
        order_id=decided.order_id,
        customer_name=request.customer_name,
        customer_email=request.customer_email,
        shipping_address=request.shipping.as_json(),
        billing_address=request.billing.as_json() if request.billing else None,
        gift_message=request.gift_message,
        notes=request.notes,
    )


def _gather_promise(decided: Decided, seen: Snapshot, batch: Batch) -> None:
    if decided.promise_by is not None:
        arrives_on = decided.promised.arrives_on
        batch.add(
            "promises",
            order_id=decided.order_id,
            sequence=1,
            promised_by=decided.promise_by,
            arrives_on=arrives_on.isoformat() if arrives_on else None,
            cause="Given with the order." if decided.request.promise_by else "Computed when it was placed.",
            basis=promises.basis(decided.promised),
            made_at=batch.at,
        )
    for index, deliveries in decided.bound.items():
        if seen.skus[decided.asked[index].sku].is_preorder:
            for each in deliveries:
                batch.add(
                    "claims",
                    line_id=decided.line_ids[index],
                    expected_id=each.supply.id,
                    quantity=each.pieces,
                )


def _gather_news(decided: Decided, batch: Batch) -> None:
    request, plan, number = decided.request, decided.plan, decided.number
    if decided.on_hold:
        stops = decided.stops
        reason = "; ".join([stop.reason for stop in stops])[:200]
        batch.add(
            "holds",
            order_id=decided.order_id,
            code=stops[0].code,
            reason=reason,
            owner=stops[0].owner,
            placed_by=batch.actor.label,
            placed_at=batch.at,
        )
        batch.audit("order.held", number, note=reason)
    batch.decide(plan, order_id=decided.order_id, decision_id=decided.decision_id)
    source = {"channel": decided.policy.code, "external_number": request.external_number}
    batch.audit("order.placed", number, changes=source | {"lines": len(request.lines)}, note=plan.why)
    batch.tell("order.placed", f"order:{number}", {"number": number} | source)


@dataclass(frozen=True, slots=True)
class Sourced:
    """The order that work is opened for; ``line_ids`` maps the plan's line keys, ``first`` is the first sequence.

    ``hand_overs`` says when each location (id) is to hand its parcel over.

    ``waiting`` has the sequence of a request that its location (id) has not answered yet; that one grows.
    """

    order_id: int
    number: str
    decision_id: int
    line_ids: Mapping[int, int]
    hand_overs: Mapping[int, datetime]
    stands: bool
    first: int = 1
    waiting: Mapping[int, int] = field(default_factory=dict)


def open_work(plan: Plan, batch: Batch, seen: Snapshot, sourced: Sourced) -> tuple[PlacedWork, ...]:
    """Gather a fulfilment order per parcel and a share per reservation."""
    status = WorkStatus.ON_HOLD if sourced.stands else WorkStatus.OPEN
    sequences, work = {}, []
    fresh = count(sourced.first)
    for parcel in plan.parcels:
        if parcel.site_id in sourced.waiting:
            sequences[parcel.site_id] = sourced.waiting[parcel.site_id]
            batch.extend_work(parcel, order_id=sourced.order_id, sequence=sequences[parcel.site_id])
            continue
        sequences[parcel.site_id] = next(fresh)
        if seen.given is not None:
            seen.given[parcel.site_id] += 1
        due_at = sourced.hand_overs.get(parcel.site_id)
        opened = NewWork(sourced.order_id, sequences[parcel.site_id], sourced.decision_id, status, due_at)
        batch.open_work(parcel, opened)
        work.append(PlacedWork(opened.number, parcel.site, status, parcel.lines))
    for share in plan.shares:
        batch.add(
            "shares",
            order_id=sourced.order_id,
            decision_id=sourced.decision_id,
            sequence=sequences[share.site_id],
            line_id=sourced.line_ids[int(share.line)],
            sku_id=share.sku_id,
            level_id=seen.take(share.site_id, share.sku_id, share.quantity),
            quantity=share.quantity,
            reference=sourced.number,
            at=batch.at,
            actor=batch.actor.label,
        )
    return tuple(work)


def _allocated(plan: Plan) -> defaultdict[int, int]:
    pieces: defaultdict[int, int] = defaultdict(int)
    for share in plan.shares:
        pieces[int(share.line)] += share.quantity
    return pieces
