"""Confirmed work follows its order to another address: it stays where it is and goes by another way."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder
from fulfilment.services import fulfilment_orders
from fulfilment.services.fulfilment_orders import Way
from oms.flows import snapshots, sourcing
from oms.flows.order_facts import problem_of
from oms.orders.models import Order
from oms.orders.promising import Promised, Step
from oms.routing import planner


def follow(order: Order, works: Iterable[FulfilmentOrder], *, why: str, at: datetime) -> None:
    """Let work of a locked order whose destination has changed go there from where it is.

    Service, cost and hand-over are those that the live rules and rates give it there now; a later promise is told.
    Where no rule or rate leads there the partner's word counts, and nobody knows what it costs.
    """
    steps: list[Step] = []
    for work in works:
        steps += _follow(order, work, at=at)
    if steps:
        sourcing.tell_later(order, Promised(tuple(steps)), why=why, at=at)


def _follow(order: Order, work: FulfilmentOrder, *, at: datetime) -> tuple[Step, ...]:
    lines = work_queries.lines_to_work(work)
    wanted: Counter[int] = Counter()
    stock: Counter[tuple[int, int]] = Counter()
    for line in lines:
        left = line.quantity - line.quantity_cancelled
        wanted[line.allocation.order_line_id] += left
        stock[work.location_id, line.sku_id] += left
    by_id = {line.allocation.order_line_id: line.allocation.order_line for line in lines}
    seen = snapshots.look_again(sorted({line.sku.code for line in lines}))
    asked = [(by_id[pk], count) for pk, count in sorted(wanted.items()) if count]
    problem = problem_of(order, asked, seen, are_promised=True, at=at)
    plan = planner.plan(problem.facts, stock=dict(+stock), network=problem.network)
    if plan.shortfall or len(plan.parcels) != 1:
        fulfilment_orders.cost(work, None)
        return ()
    (parcel,) = plan.parcels
    steps = problem.promised(plan, at=at).steps
    hand_over = steps[0].hand_over if steps else None
    cost = parcel.cost_minor if parcel.priced else None
    fulfilment_orders.reroute(work, Way(parcel.carrier, parcel.service, cost, hand_over))
    return steps
