"""Stories of what is going to be late: seen while it can still be mended, and forgotten when it was."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder
from fulfilment.rules import RequestStatus, WorkStatus
from oms.alerts.services import alerts
from oms.core.transactions import owns_transaction
from oms.flows import calendars, watching
from oms.flows.calendars import Known
from oms.flows.supplies import Bound, Supplies
from oms.orders import job_queries, risk_queries, risking
from oms.orders.models import Order, OrderLine, Promise
from oms.orders.promising import NeverOpen
from oms.orders.risking import Leg, Risk, Standing, Wait
from oms.orders.rules import RiskCause
from oms.orders.services import risks
from oms.routing import queries as routing_queries

MOST_AT_ONCE = 2_000
_ALERT = "late_risk"
_BEGUN = frozenset({WorkStatus.PICKING, WorkStatus.PICKED, WorkStatus.PACKED})


@owns_transaction()
def late_risks(*, at: datetime) -> int:
    """Find the orders that are going to miss their promise or their delivery window; says how many.

    Alerts on them, and closes the alerts of what is mended.
    """
    orders = list(risk_queries.promised_soon(at)[:MOST_AT_ONCE])
    outside = risk_queries.promised_outside_their_window()[:MOST_AT_ONCE]
    found = {promise.order_id: _outside(promise) for promise in outside} | _found(orders, at)
    risks.keep(found, at=at)
    seen = (*(promise.order for promise in outside), *orders)
    at_risk = {order.pk: order for order in seen if order.pk in found}
    for order in at_risk.values():
        _alert(order, found[order.pk], at)
    still = {order.number for order in at_risk.values()}
    watching.close_settled(_ALERT, still, note="It is not at risk any more.", at=at)
    return len(found)


def look_at(order_ids: Collection[int], *, at: datetime) -> None:
    """Find which of these orders are going to be late, now that what they wait for is another."""
    orders = list(risk_queries.promised_soon(at).filter(pk__in=order_ids))
    outside = risk_queries.promised_outside_their_window().filter(order__in=order_ids)
    found = {promise.order_id: _outside(promise) for promise in outside} | _found(orders, at)
    risks.keep(found, among=order_ids, at=at)
    seen = (*(promise.order for promise in outside), *orders)
    for order in {order.pk: order for order in seen if order.pk in found}.values():
        _alert(order, found[order.pk], at)


def _outside(promise: Promise) -> Risk:
    wanted = promise.order.deliver_until
    reason = f"It arrives on {promise.arrives_on:%a %d %b}, and is wanted by {wanted:%a %d %b}"
    return Risk(RiskCause.WINDOW, reason, None)


def _found(orders: list[Order], at: datetime) -> dict[int, Risk]:
    ids = [order.pk for order in orders]
    known = calendars.known(routing_queries.stamp() or 0, at.date())
    work, waits, holds = work_queries.places_of(ids), _waits(ids, known), risk_queries.holds_on(ids)
    fronts = work_queries.orders_in_front([each.pk for several in work.values() for each in several])
    found = {}
    for order in orders:
        held = holds.get(order.pk)
        assert order.promise_by is not None  # only promised ones were asked for
        standing = Standing(
            order.promise_by,
            tuple(
                leg
                for each in work.get(order.pk, ())
                if (leg := _leg(each, fronts.get(each.pk, 0), known, at))
            ),
            tuple(waits.get(order.pk, ())),
            held.reason if held else "",
            held.placed_at if held else None,
        )
        try:
            risk = risking.risk(standing, at)
        except NeverOpen:
            risk = Risk(RiskCause.TIME, "One of its sites has no working day.", None)
        if risk is not None:
            found[order.pk] = risk
    return found


def _leg(work: FulfilmentOrder, in_front: int, known: Known, at: datetime) -> Leg | None:
    calendar = known.locations.get(work.location_id)
    if calendar is None or work.status == WorkStatus.SHIPPED:
        return None
    asked = work.request_status in (RequestStatus.QUEUED, RequestStatus.SENT) and work.location.kind != "own"
    overdue = asked and work.acknowledge_by is not None and work.acknowledge_by < at
    return Leg(
        work.location.name,
        work.number,
        calendar,
        work.opened_at,
        is_begun=work.status in _BEGUN,
        is_packed=work.status == WorkStatus.PACKED,
        in_front=in_front,
        per_day=work.location.orders_per_day,
        unanswered_since=work.opened_at if overdue else None,
    )


def _waits(order_ids: list[int], known: Known) -> dict[int, list[Wait]]:
    lines = risk_queries.waiting_lines(order_ids)
    awaited = Supplies({line.sku_id for line in lines}).awaited_by(lines)
    found: defaultdict[int, list[Wait]] = defaultdict(list)
    for line in lines:
        found[line.order_id].append(_wait(line, awaited[line.pk], known))
    return found


def _wait(line: OrderLine, bound: tuple[Bound, ...], known: Known) -> Wait:
    if sum(each.pieces for each in bound) < line.quantity_waiting:
        return Wait(line.sku.code, line.quantity_waiting)
    last = max((each.supply for each in bound), key=lambda supply: supply.expected_on)
    return Wait(line.sku.code, line.quantity_waiting, last.expected_on, known.locations.get(last.location_id))


def _alert(order: Order, risk: Risk, at: datetime) -> None:
    alert = alerts.open_alert(
        _ALERT,
        "order",
        order.number,
        at=at,
        message=f"{order.number} is going to miss its {_missed(order, risk)}. {risk.reason}.",
        url=f"/orders/{order.number}",
    )
    if alert.owner_id is None and (owner := job_queries.owner_of(order.pk)) is not None:
        alerts.assign(alert, owner=owner)


def _missed(order: Order, risk: Risk) -> str:
    if risk.cause == RiskCause.WINDOW:
        return "delivery window"
    return f"promise of {order.promise_by:%d %b %H:%M} UTC"
