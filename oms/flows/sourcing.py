"""An accepted order finds stock anew: after a receipt, a rejection or a short pick."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fulfilment import queries as work_queries
from fulfilment.services import fulfilment_orders
from oms.core import outbox
from oms.core.actors import Actor
from oms.flows import binding, keeping, promises, snapshots
from oms.flows.batches import Batch
from oms.flows.gathering import Sourced, open_work
from oms.flows.order_facts import problem_of
from oms.flows.snapshots import Snapshot
from oms.orders import queries as order_queries
from oms.orders.models import Order, OrderLine
from oms.orders.promising import Promised
from oms.orders.services import orders
from oms.routing import planner
from oms.routing import queries as routing_queries
from oms.routing.network import Network
from oms.routing.plans import Plan


def source_again(
    order: Order, *, actor: Actor, at: datetime, why: str, without: frozenset[int] = frozenset()
) -> Plan | None:
    """Plan what a locked order still misses, reserve it and open the work; the rest waits.

    ``without`` names location ids that are out of the question. Returns None when nothing is missing.
    Raises ``LevelsMoved`` when stock was taken meanwhile.
    """
    lines = list(order_queries.lines_of([order.pk]))
    missing = {line.pk: line.quantity_waiting + line.quantity_unplanned for line in lines}
    wanted = [line for line in lines if missing[line.pk]]
    if not wanted:
        keeping.settle(order, actor=actor, at=at)
        return None
    seen = snapshots.look_again([line.sku.code for line in wanted])
    problem = problem_of(order, [(line, missing[line.pk]) for line in wanted], seen, at=at)
    stock = {place: pieces for place, pieces in seen.stock.items() if place[0] not in without}
    plan = planner.plan(problem.facts, stock=stock, network=problem.network)
    shortfall = {int(line_id): pieces for line_id, pieces in plan.shortfall}
    orders.wait({line.pk: shortfall.get(line.pk, 0) for line in wanted})
    waiting = binding.bind_waiting(_lacking(wanted, shortfall), seen)
    promised = problem.promised(plan, waiting, at=at)
    tell_later(order, promised, why=why, at=at)
    if plan.shares:
        steps = zip(plan.parcels, promised.steps, strict=False)
        hand_overs = {parcel.site_id: step.hand_over for parcel, step in steps}
        joined = _write(order, plan, seen, hand_overs, Cause(why, actor, at))
        _cost_joined(order, plan, joined, problem.network)
    orders.refresh_progress([order.pk])
    keeping.settle(order, actor=actor, at=at)
    return plan


def promise_again(order: Order, *, at: datetime, why: str) -> None:
    """Renew the promise of a locked order after what it waits for has changed; nothing is reserved.

    Raises ``LevelsMoved`` when somebody else was bound meanwhile.
    """
    lines = [line for line in order_queries.lines_of([order.pk]) if line.quantity_waiting]
    if not lines:
        return
    seen = snapshots.look_again([line.sku.code for line in lines])
    problem = problem_of(order, [(line, line.quantity_waiting) for line in lines], seen, at=at)
    plan = planner.plan(problem.facts, stock={}, network=problem.network)
    tell_later(order, problem.promised(plan, binding.bind_waiting(lines, seen), at=at), why=why, at=at)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why, by whom and when an order is sourced anew."""

    why: str
    actor: Actor
    at: datetime


def _lacking(wanted: list[OrderLine], shortfall: Mapping[int, int]) -> list[OrderLine]:
    """The lines that wait from now on, with the pieces that were just written."""
    for line in wanted:
        line.quantity_waiting = shortfall.get(line.pk, 0)
    return [line for line in wanted if line.quantity_waiting]


def tell_later(order: Order, promised: Promised, *, why: str, at: datetime) -> None:
    """Tell a later promise when the present one cannot be kept any more; an earlier hand-over is no news."""
    if promised.by is None or (order.promise_by is not None and promised.by <= order.promise_by):
        return
    before = order.promise_by
    orders.promise(order, promised, cause=why, basis=promises.basis(promised), at=at)
    outbox.record(
        "order.promise_moved" if before else "order.promised",
        aggregate=f"order:{order.number}",
        payload={
            "number": order.number,
            "from": before.isoformat() if before else None,
            "to": promised.by.isoformat(),
            "arrives_on": promised.arrives_on.isoformat() if promised.arrives_on else None,
            "why": why,
        },
        at=at,
    )


def _write(
    order: Order, plan: Plan, seen: Snapshot, hand_overs: Mapping[int, datetime], cause: Cause
) -> Mapping[int, int]:
    """Write the plan; location id → sequence of the requests that its pieces may have joined."""
    batch = Batch(actor=cause.actor, at=cause.at)
    decision_id = seen.decision_ids[0]
    attempt = routing_queries.decisions_of(order.pk) + 1
    batch.decide(plan, order_id=order.pk, decision_id=decision_id, attempt=attempt)
    sourced = Sourced(
        order.pk,
        order.number,
        decision_id,
        {int(share.line): int(share.line) for share in plan.shares},
        hand_overs,
        order.state == "on_hold",
        work_queries.next_sequence(order.pk),
        work_queries.unanswered(order.pk),
    )
    work = open_work(plan, batch, seen, sourced)
    batch.audit(
        "order.sourced",
        order.number,
        note=f"{cause.why} {plan.why}",
        changes={"work": [each.number for each in work]},
    )
    batch.tell("order.sourced", f"order:{order.number}", {"number": order.number, "why": cause.why})
    batch.allocate()
    return sourced.waiting


def _cost_joined(order: Order, plan: Plan, joined: Mapping[int, int], network: Network) -> None:
    """Plan anew what sending a request costs that has grown: one parcel of all its pieces, by the same service."""
    grown = {parcel.site_id: parcel for parcel in plan.parcels if parcel.site_id in joined}
    if not grown:
        return
    for work in work_queries.lock_live_work(order.pk):
        parcel = grown.get(work.location_id)
        if parcel is None or joined[work.location_id] != work.sequence:
            continue
        grams = sum(
            (line.quantity - line.quantity_cancelled) * (line.sku.weight_grams or 0)
            for line in work_queries.lines_to_work(work)
        )
        cost = network.cost_of(work.location_id, work.carrier, work.service, grams)
        if cost is None and parcel.priced:
            # Too heavy for one parcel, or sent by a service that is gone: then it is one parcel more.
            cost = (work.expected_cost_minor or 0) + parcel.cost_minor
        fulfilment_orders.cost(work, cost)
