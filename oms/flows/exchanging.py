"""An order that nobody has begun to pick changes what it holds for what a better plan takes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import structs

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine
from fulfilment.services import fulfilment_orders
from fulfilment.services.fulfilment_orders import Way
from inventory import queries as stock_queries
from inventory.rules import LevelsMoved
from inventory.services import reservations
from oms.core.actors import Actor
from oms.flows import snapshots
from oms.flows.batches import Batch
from oms.flows.gathering import Sourced, open_work
from oms.flows.order_facts import Problem, problem_of
from oms.flows.snapshots import Snapshot
from oms.orders import queries as order_queries
from oms.orders.models import Order
from oms.orders.promising import Promised
from oms.orders.services import orders
from oms.replanning import exchange, queries
from oms.replanning.exchange import Held, Side
from oms.routing import queries as routing_queries
from oms.routing import words
from oms.routing.plans import Plan


@dataclass(frozen=True, slots=True)
class Known:
    """An order that may move, with what its promise is measured by."""

    held: Held
    problem: Problem

    @property
    def order(self) -> Order:
        """The order itself."""
        return self.problem.order

    def promised(self, plan: Plan, *, at: datetime) -> Promised:
        """What could be promised for it under a plan."""
        return self.problem.promised(plan, at=at)

    def is_kept(self, plan: Plan, *, at: datetime) -> bool:
        """Whether its promise stands; without one it may not take longer than now."""
        if self.order.promise_by is None:
            return plan.days <= self.held.plan.days
        promised = self.promised(plan, at=at)
        return promised.by is not None and promised.by <= self.order.promise_by

    def is_no_later(self, plan: Plan, *, at: datetime) -> bool:
        """Whether its promise stands, or what is late already gets no later."""
        if self.is_kept(plan, at=at):
            return True
        then, now = self.promised(plan, at=at).by, self.promised(self.held.plan, at=at).by
        return then is not None and now is not None and then <= now


def standing_of(order: Order, lines: Sequence[FulfilmentOrderLine], seen: Snapshot, *, at: datetime) -> Known:
    """An order as it is served now, and what it may be compared with."""
    wanted: Counter[int] = Counter()
    for line in lines:
        wanted[line.allocation.order_line_id] += _asked(line)
    by_id = {line.allocation.order_line_id: line.allocation.order_line for line in lines}
    asked = [(by_id[pk], count) for pk, count in sorted(wanted.items())]
    problem = problem_of(order, asked, seen, are_promised=True, at=at)
    return Known(Held(order.pk, problem.facts, problem.network, dict(_claims(lines))), problem)


def _claims(lines: Iterable[FulfilmentOrderLine]) -> Counter[tuple[int, int]]:
    claims: Counter[tuple[int, int]] = Counter()
    for line in lines:
        claims[line.fulfilment_order.location_id, line.sku_id] += _asked(line)
    return claims


def _asked(line: FulfilmentOrderLine) -> int:
    return line.quantity - line.quantity_cancelled


@dataclass(slots=True)
class Locked:
    """An order of an exchange with its work, locked."""

    order: Order
    side: Side
    works: list[FulfilmentOrder]
    lines: list[FulfilmentOrderLine]

    @property
    def is_as_seen(self) -> bool:
        """Whether nobody has touched, changed or ended it since."""
        by_work: defaultdict[int, list[FulfilmentOrderLine]] = defaultdict(list)
        for line in self.lines:
            by_work[line.fulfilment_order_id].append(line)
        if self.order.state != "open" or self.order.progress != "allocated":
            return False
        untouched = all(queries.is_untouched(work, by_work[work.pk]) for work in self.works)
        return untouched and self.held == Counter(self.side.claims)

    @property
    def held(self) -> Counter[tuple[int, int]]:
        """Pieces by (location id, SKU id)."""
        places = {work.pk: work.location_id for work in self.works}
        held: Counter[tuple[int, int]] = Counter()
        for line in self.lines:
            held[places[line.fulfilment_order_id], line.sku_id] += _asked(line)
        return held


def plan_whole(
    order: Order, works: Sequence[FulfilmentOrder], *, why: str, actor: Actor, at: datetime
) -> bool:
    """Serve a locked order that is complete by the best plan of today, as if it came now; whether that is another one.

    What it holds is exchanged when that costs less, or takes fewer parcels for the same, and makes nothing later. Work
    that somebody began with, or that a partner has answered, stays as it is, and the order with it.
    Raises ``LevelsMoved`` when stock was taken meanwhile.
    """
    lines = queries.open_lines([order.pk]).get(order.pk, [])
    if not lines or not all(queries.is_standing(work, lines) for work in works):
        return False
    seen = snapshots.look_again(sorted({line.allocation.order_line.sku.code for line in lines}))
    known = standing_of(order, lines, seen, at=at)
    side = exchange.alone(known.held, dict(seen.stock), lambda one, plan: known.is_no_later(plan, at=at))
    if side is None:
        return False
    stock_queries.lock_places((*side.claims, *exchange.claims_of(side.after)))
    each = Locked(order, side, list(works), lines)
    added = give_back(each, actor=actor, at=at)
    take(each, added, known, f"{why} {why_moved(side)}", actor=actor, at=at)
    return True


def lock(number: str, side: Side) -> Locked:
    """Lock one order of an exchange with its work.

    Raises ``OrderNotFound``.
    """
    order = order_queries.lock_order(number)
    works = work_queries.lock_live_work(order.pk)
    lines = work_queries.lines_with_allocations(work.pk for work in works)
    return Locked(order, side, works, [line for line in lines if _asked(line)])


def give_back(each: Locked, *, actor: Actor, at: datetime) -> Counter[tuple[int, int]]:
    """Release what the new plan takes from elsewhere; what it takes anew, by (order line id, location id)."""
    wanted: Counter[tuple[int, int]] = Counter()
    for share in each.side.after.shares:
        wanted[int(share.line), share.site_id] += share.quantity
    places = {work.pk: work.location_id for work in each.works}
    pieces: dict[int, int] = {}
    freed: Counter[int] = Counter()
    for line in each.lines:
        key = (line.allocation.order_line_id, places[line.fulfilment_order_id])
        stays = min(wanted[key], _asked(line))
        wanted[key] -= stays
        if stays < _asked(line):
            pieces[line.pk] = _asked(line) - stays
            freed[line.allocation.reservation_id] += pieces[line.pk]
    reservations.release(freed, actor=actor, at=at)
    fulfilment_orders.cancel_pieces(pieces)
    for work in each.works:
        fulfilment_orders.settle_status(work, work_queries.lines_to_work(work))
    return +wanted


def take(
    each: Locked,
    added: Counter[tuple[int, int]],
    known: Known,
    why: str,
    others: Sequence[str] = (),
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Reserve what the new plan takes anew, open or grow its work, and say why."""
    order, plan = each.order, each.side.after
    seen = snapshots.look_again([line.sku for line in known.held.facts.lines])
    steps = zip(plan.parcels, known.promised(plan, at=at).steps, strict=False)
    hand_overs = {parcel.site_id: step.hand_over for parcel, step in steps}
    batch = Batch(actor=actor, at=at)
    decided = replace(plan, why=f"{why} {plan.why}")
    attempt = routing_queries.decisions_of(order.pk) + 1
    batch.decide(decided, order_id=order.pk, decision_id=seen.decision_ids[0], attempt=attempt)
    sourced = Sourced(
        order.pk,
        order.number,
        seen.decision_ids[0],
        {int(share.line): int(share.line) for share in plan.shares},
        hand_overs,
        False,
        work_queries.next_sequence(order.pk),
        work_queries.unanswered(order.pk),
    )
    opened = open_work(_part(plan, added, seen), batch, seen, sourced)
    ended = sorted(work.number for work in each.works if work.status == "cancelled")
    changes = {"work": [work.number for work in opened], "ended": ended, "with": list(others)}
    batch.audit("order.replanned", order.number, note=why, changes=changes)
    batch.tell(
        "order.replanned", f"order:{order.number}", {"number": order.number, "why": why, "ended": ended}
    )
    batch.allocate()
    _reroute(each, plan, hand_overs)
    orders.refresh_progress([order.pk])


def _part(plan: Plan, added: Counter[tuple[int, int]], seen: Snapshot) -> Plan:
    """The part of a plan that is taken anew.

    Raises ``LevelsMoved`` when it is not there any more.
    """
    left = Counter(added)
    shares = []
    for share in plan.shares:
        count = min(share.quantity, left[int(share.line), share.site_id])
        if count:
            left[int(share.line), share.site_id] -= count
            shares.append(structs.replace(share, quantity=count))
    needed: Counter[tuple[int, int]] = Counter()
    for share in shares:
        needed[share.site_id, share.sku_id] += share.quantity
    if any(seen.stock.get(place, 0) < count for place, count in needed.items()):
        raise LevelsMoved("Stock moved while orders were planned anew.")
    parcels = []
    for parcel in plan.parcels:
        lines: Counter[str] = Counter()
        for share in shares:
            if share.site_id == parcel.site_id:
                lines[share.sku] += share.quantity
        if lines:
            parcels.append(structs.replace(parcel, lines=tuple(sorted(lines.items()))))
    return replace(plan, shares=tuple(shares), parcels=tuple(parcels))


def _reroute(each: Locked, plan: Plan, hand_overs: Mapping[int, datetime]) -> None:
    """Let the work that stays go as the new plan says: it may be heavier, or lighter, now."""
    parcels = {parcel.site_id: parcel for parcel in plan.parcels}
    for work in each.works:
        parcel = parcels.get(work.location_id)
        if work.status != "cancelled" and parcel is not None:
            way = Way(parcel.carrier, parcel.service, parcel.cost_minor, hand_overs.get(parcel.site_id))
            fulfilment_orders.reroute(work, way)


def why_moved(side: Side, others: Sequence[str] = ()) -> str:
    """Say what an exchange did, such as ``Planned anew with SO-12: 2 parcels become 1, 15.00 AUD becomes 9.00.``"""
    company = f" with {words.listed(tuple(others))}" if others else ""
    parcels, before = len(side.after.parcels), len(side.before.parcels)
    change = f"{words.counted(before, 'parcel')} become {parcels}" if parcels != before else "from elsewhere"
    currency = side.after.currency
    was, now = (words.amount(plan.cost_minor, currency) for plan in (side.before, side.after))
    return f"Planned anew{company}: {change}, {was} becomes {now} {currency}."
