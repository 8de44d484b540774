"""Stories of second thoughts: orders that nobody has begun to pick are planned anew together.

An assignment is provisional until its work is released (Xu, Allgor & Graves 2009, see ``oms.replanning.exchange``):
what was the cheapest plan when each order came is often not the cheapest for all of them an hour later.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine
from fulfilment.services import fulfilment_orders
from fulfilment.services.fulfilment_orders import Way
from inventory import queries as stock_queries
from inventory.rules import LevelsMoved
from inventory.services import reservations
from oms.alerts import queries as alert_queries
from oms.alerts.models import Severity
from oms.alerts.services import alerts
from oms.channels import queries as channel_queries
from oms.core import audit
from oms.core.actors import SYSTEM, Actor
from oms.core.errors import Busy
from oms.core.transactions import owns_transaction
from oms.flows import promises, snapshots, sourcing
from oms.flows.batches import Batch
from oms.flows.gathering import Sourced, open_work
from oms.flows.promises import Asking
from oms.flows.snapshots import Snapshot
from oms.orders import queries as order_queries
from oms.orders.models import Order
from oms.orders.promising import Promised
from oms.orders.services import orders
from oms.replanning import exchange, queries
from oms.replanning.exchange import Exchange, Held, Side
from oms.replanning.models import ReplanningPolicy, ReplanningRun
from oms.replanning.services import runs
from oms.replanning.services.runs import Pace, Served
from oms.routing import queries as routing_queries
from oms.routing import words
from oms.routing.plans import Plan


@dataclass(frozen=True, slots=True)
class _Known:
    """An order that may move, with what its promise is measured by."""

    order: Order
    held: Held
    stamp: int

    def promised(self, plan: Plan, *, at: datetime) -> Promised:
        """What could be promised for it under a plan."""
        policy = channel_queries.policies(self.stamp)[self.order.channel.code]
        held, first = self.held, self.order.deliver_from
        asking = Asking(plan, held.facts.destination, held.network, policy, self.stamp, deliver_from=first)
        return promises.promise(asking, at=at)

    def is_kept(self, plan: Plan, *, at: datetime) -> bool:
        """Whether its promise stands; without one it may not take longer than now."""
        if self.order.promise_by is None:
            return plan.days <= self.held.plan.days
        promised = self.promised(plan, at=at)
        return promised.by is not None and promised.by <= self.order.promise_by


@owns_transaction()
def set_pace(pace: Pace, *, actor: Actor, at: datetime) -> ReplanningPolicy:
    """Say whether and how often unreleased orders are planned anew.

    Raises ``BadPace``.
    """
    before = str(queries.policy())
    policy = runs.set_pace(pace)
    changes = {"pace": [before, str(policy)], "left_alone_minutes": pace.left_alone_minutes}
    audit.record("replanning.set", "replanning", "policy", actor=actor, at=at, changes=changes)
    return policy


def run_when_due(*, at: datetime) -> ReplanningRun | None:
    """One pass, when re-planning is on and the last pass is long enough ago."""
    policy = queries.policy()
    if not policy.is_on or queries.ran_after(at - timedelta(minutes=policy.every_minutes)):
        return None
    return run(actor=SYSTEM, at=at)


def run(*, actor: Actor, at: datetime) -> ReplanningRun:
    """Look at all unreleased orders together and carry out every exchange that saves something.

    Each exchange is a transaction of its own. One that somebody was faster than is left out and counted.
    """
    known = _known(at)
    split = sum(len(each.held.plan.parcels) > 1 for each in known.values())
    codes = sorted({line.sku for each in known.values() for line in each.held.facts.lines})
    free = dict(snapshots.look_again(codes).stock)
    held = [each.held for each in known.values()]
    found = exchange.improve(held, free, lambda one, plan: known[one.key].is_kept(plan, at=at))
    opened = _begin(len(known), split, actor=actor, at=at)
    overtaken = sum(
        not _made(number, each, known, opened, actor=actor, at=at)
        for number, each in enumerate(found, start=1)
    )
    return _finish(opened, overtaken, actor=actor, at=at)


@owns_transaction()
def tell_failure(error: str, *, at: datetime) -> None:
    """Alert that a pass came to no end; the next one that does closes the alert."""
    alerts.open_alert(
        "replanning_failed",
        "replanning",
        "pass",
        at=at,
        severity=Severity.LOOK,
        message=f"Re-planning stopped: {error}. Orders stay where they are; switch it off if that goes on.",
        url="/replanning/",
    )


def _known(at: datetime) -> dict[int, _Known]:
    policy = queries.policy()
    found = queries.unreleased(due_after=at + timedelta(minutes=policy.left_alone_minutes))
    lines = queries.open_lines([order.pk for order in found])
    codes = sorted({line.allocation.order_line.sku.code for each in lines.values() for line in each})
    seen = snapshots.look_again(codes)
    return {order.pk: _standing(order, lines[order.pk], seen, at=at) for order in found if order.pk in lines}


def _standing(order: Order, lines: Sequence[FulfilmentOrderLine], seen: Snapshot, *, at: datetime) -> _Known:
    wanted: Counter[int] = Counter()
    for line in lines:
        wanted[line.allocation.order_line_id] += _asked(line)
    by_id = {line.allocation.order_line_id: line.allocation.order_line for line in lines}
    policy = channel_queries.policies(seen.stamp)[order.channel.code]
    asked = [sourcing.line_of(by_id[pk], count, seen.skus) for pk, count in sorted(wanted.items())]
    facts = sourcing.facts_of(order, asked, policy, at=at)
    network = routing_queries.tables_for(facts.channel, facts.customer_type, seen.stamp).network(
        facts.destination
    )
    # Its pieces are promised already: the buffer was left when they were.
    facts = replace(seen.informed(facts, network, at), buffer=0)
    return _Known(order, Held(order.pk, facts, network, dict(_claims(lines))), seen.stamp)


def _claims(lines: Iterable[FulfilmentOrderLine]) -> Counter[tuple[int, int]]:
    claims: Counter[tuple[int, int]] = Counter()
    for line in lines:
        claims[line.fulfilment_order.location_id, line.sku_id] += _asked(line)
    return claims


def _asked(line: FulfilmentOrderLine) -> int:
    return line.quantity - line.quantity_cancelled


@owns_transaction()
def _begin(seen: int, split: int, *, actor: Actor, at: datetime) -> ReplanningRun:
    currency = routing_queries.shop_currency()
    return runs.begin(orders=seen, split=split, currency=currency, by=actor.label, at=at)


@owns_transaction()
def _finish(opened: ReplanningRun, overtaken: int, *, actor: Actor, at: datetime) -> ReplanningRun:
    for alert in alert_queries.lock_open("replanning_failed"):
        alerts.close(alert, note="A pass came to its end.", actor=SYSTEM, at=at)
    finished = runs.finish(opened, overtaken=overtaken, at=at)
    if finished.exchanges:
        changes = {
            "exchanges": finished.exchanges,
            "saved_parcels": finished.saved_parcels,
            "saved_minor": finished.saved_minor,
        }
        audit.record("replanning.ran", "replanning", str(opened.pk), actor=actor, at=at, changes=changes)
    return finished


def _made(
    number: int,
    found: Exchange,
    known: Mapping[int, _Known],
    opened: ReplanningRun,
    *,
    actor: Actor,
    at: datetime,
) -> bool:
    """Whether the exchange was carried out; not when the world has moved since it was found."""
    try:
        return _carry_out(number, found, known, opened, actor=actor, at=at)
    except (LevelsMoved, Busy):
        return False


@dataclass(slots=True)
class _Locked:
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


@owns_transaction(retry_on=LevelsMoved, attempts=3)
def _carry_out(
    number: int,
    found: Exchange,
    known: Mapping[int, _Known],
    opened: ReplanningRun,
    *,
    actor: Actor,
    at: datetime,
) -> bool:
    """Release and reserve in one commit: orders first, then work, then levels, each in the order of its ids."""
    locked = [_lock(known[side.key].order.number, side) for side in found.sides]
    if not all(each.is_as_seen for each in locked):
        return False
    stock_queries.lock_places(
        place for side in found.sides for place in (*side.claims, *exchange.claims_of(side.after))
    )
    added = {each.order.pk: _give_back(each, actor=actor, at=at) for each in locked}
    for each in locked:
        others = [other.order.number for other in locked if other is not each]
        _take(each, added[each.order.pk], others, known[each.order.pk], actor=actor, at=at)
    served = [Served(each.order, each.side.before, each.side.after) for each in locked]
    runs.keep(opened, number, served, at=at)
    return True


def _lock(number: str, side: Side) -> _Locked:
    order = order_queries.lock_order(number)
    works = work_queries.lock_live_work(order.pk)
    lines = work_queries.lines_with_allocations(work.pk for work in works)
    return _Locked(order, side, works, [line for line in lines if _asked(line)])


def _give_back(each: _Locked, *, actor: Actor, at: datetime) -> Counter[tuple[int, int]]:
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


def _take(
    each: _Locked,
    added: Counter[tuple[int, int]],
    others: Sequence[str],
    known: _Known,
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
    why = _why(each.side, others)
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
            shares.append(replace(share, quantity=count))
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
            parcels.append(replace(parcel, lines=tuple(sorted(lines.items()))))
    return replace(plan, shares=tuple(shares), parcels=tuple(parcels))


def _reroute(each: _Locked, plan: Plan, hand_overs: Mapping[int, datetime]) -> None:
    """Let the work that stays go as the new plan says: it may be heavier, or lighter, now."""
    parcels = {parcel.site_id: parcel for parcel in plan.parcels}
    for work in each.works:
        parcel = parcels.get(work.location_id)
        if work.status != "cancelled" and parcel is not None:
            way = Way(parcel.carrier, parcel.service, parcel.cost_minor, hand_overs.get(parcel.site_id))
            fulfilment_orders.reroute(work, way)


def _why(side: Side, others: Sequence[str]) -> str:
    """Such as ``Planned anew with SO-12: 2 parcels become 1, 15.00 AUD becomes 9.00.``"""
    company = f" with {words.listed(tuple(others))}" if others else ""
    parcels, before = len(side.after.parcels), len(side.before.parcels)
    change = f"{words.counted(before, 'parcel')} become {parcels}" if parcels != before else "from elsewhere"
    currency = side.after.currency
    was, now = (words.amount(plan.cost_minor, currency) for plan in (side.before, side.after))
    return f"Planned anew{company}: {change}, {was} becomes {now} {currency}."
