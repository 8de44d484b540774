"""An accepted order finds stock anew: after a receipt, a rejection or a short pick."""

from collections.abc import Mapping
from datetime import datetime

from fulfilment import queries as work_queries
from oms.channels import queries as channel_queries
from oms.core.actors import Actor
from oms.flows import snapshots
from oms.flows.batches import Batch
from oms.flows.gathering import Sourced, open_work
from oms.flows.snapshots import SeenSku, Snapshot
from oms.orders import queries as order_queries
from oms.orders.models import Order, OrderLine
from oms.orders.services import orders
from oms.routing import planner
from oms.routing import queries as routing_queries
from oms.routing.plans import Plan
from oms.routing.problem import Destination, Line, OrderFacts, Partial


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
        return None
    seen = snapshots.look_again([line.sku.code for line in wanted])
    plan = _plan(order, wanted, missing, seen, without)
    shortfall = {int(line_id): pieces for line_id, pieces in plan.shortfall}
    orders.wait({line.pk: shortfall.get(line.pk, 0) for line in wanted})
    if plan.shares:
        _write(order, plan, seen, why=why, actor=actor, at=at)
    orders.refresh_progress([order.pk])
    return plan


def _plan(
    order: Order, lines: list[OrderLine], missing: Mapping[int, int], seen: Snapshot, without: frozenset[int]
) -> Plan:
    policy = channel_queries.policies(seen.stamp)[order.channel.code]
    tables = routing_queries.tables_for(order.channel.code, order.customer_type, seen.stamp)
    facts = OrderFacts(
        channel=order.channel.code,
        customer_type=order.customer_type,
        destination=Destination(order.ship_country, order.ship_region.upper(), order.ship_postcode.upper()),
        lines=tuple(_line(line, missing[line.pk], seen.skus) for line in lines),
        value_minor=order.total_minor,
        currency=order.currency,
        partial=Partial(policy.partial_policy),
        buffer=policy.stock_buffer,
        allowed_sites=policy.sites,
    )
    stock = {place: pieces for place, pieces in seen.stock.items() if place[0] not in without}
    return planner.plan(facts, stock=stock, network=tables.network(facts.destination))


def _line(line: OrderLine, quantity: int, skus: Mapping[str, SeenSku]) -> Line:
    seen = skus.get(line.sku.code)
    tags = seen.tags if seen else frozenset(line.sku.tags)
    return Line(line.pk, line.sku_id, line.sku.code, quantity, line.sku.weight_grams or 0, tags)


def _write(order: Order, plan: Plan, seen: Snapshot, *, why: str, actor: Actor, at: datetime) -> None:
    batch = Batch(actor=actor, at=at)
    decision_id = seen.decision_ids[0]
    attempt = routing_queries.decisions_of(order.pk) + 1
    batch.decide(plan, order_id=order.pk, decision_id=decision_id, attempt=attempt)
    sourced = Sourced(
        order.pk,
        order.number,
        decision_id,
        {int(share.line): int(share.line) for share in plan.shares},
        order.promise_by,
        order.state == "on_hold",
        work_queries.next_sequence(order.pk),
        work_queries.unanswered(order.pk),
    )
    work = open_work(plan, batch, seen, sourced)
    batch.audit(
        "order.sourced",
        order.number,
        note=f"{why} {plan.why}",
        changes={"work": [each.number for each in work]},
    )
    batch.tell("order.sourced", f"order:{order.number}", {"number": order.number, "why": why})
    batch.allocate()
