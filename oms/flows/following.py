"""Confirmed work follows its order to another address: it stays where it is and goes by another way."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder
from fulfilment.services import fulfilment_orders
from fulfilment.services.fulfilment_orders import Way
from oms.channels import queries as channel_queries
from oms.flows import order_facts, promises, snapshots, sourcing
from oms.flows.promises import Asking
from oms.orders.models import Order
from oms.orders.promising import Promised, Step
from oms.routing import planner
from oms.routing import queries as routing_queries


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
    policy = channel_queries.policies(seen.stamp)[order.channel.code]
    asked = [
        order_facts.line_of(by_id[pk], count, seen.skus) for pk, count in sorted(wanted.items()) if count
    ]
    facts = order_facts.facts_of(order, asked, policy, at=at)
    network = routing_queries.tables_for(facts.channel, facts.customer_type, seen.stamp).network(
        facts.destination
    )
    # Its pieces are promised already: the buffer was left when they were.
    facts = replace(seen.informed(facts, network, at), buffer=0)
    plan = planner.plan(facts, stock=dict(+stock), network=network)
    if plan.shortfall or len(plan.parcels) != 1:
        fulfilment_orders.cost(work, None)
        return ()
    (parcel,) = plan.parcels
    asking = Asking(plan, facts.destination, network, policy, seen.stamp, deliver_from=order.deliver_from)
    steps = promises.promise(asking, at=at).steps
    hand_over = steps[0].hand_over if steps else None
    cost = parcel.cost_minor if parcel.priced else None
    fulfilment_orders.reroute(work, Way(parcel.carrier, parcel.service, cost, hand_over))
    return steps
