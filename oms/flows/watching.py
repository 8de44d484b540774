"""Stories of lateness: what should have happened by now and did not."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from fulfilment import address_queries, cancellation_queries
from fulfilment import queries as work_queries
from fulfilment.models import AddressRequest, CancellationRequest
from oms.alerts import queries as alert_queries
from oms.alerts.models import Severity
from oms.alerts.services import alerts
from oms.core import audit
from oms.core.actors import SYSTEM
from oms.core.transactions import owns_transaction
from oms.orders import job_queries, partial_queries
from oms.orders import queries as order_queries

MOST_AT_ONCE = 500
# A customer who is promised a call hears within a day.
DECIDE_WITHIN = timedelta(hours=24)


@owns_transaction()
def overdue_requests(*, at: datetime) -> int:
    """Alert on partners' requests past their time to answer; says how many."""
    overdue = work_queries.unanswered_by(at)[:MOST_AT_ONCE]
    for work in overdue:
        alerts.open_alert(
            "overdue_acknowledgement",
            "fulfilment_order",
            work.number,
            at=at,
            location=work.location.code,
            message=f"{work.location.name} has not answered {work.number} since {work.opened_at:%d %b %H:%M} UTC.",
            url=f"/orders/{work.order.number}",
        )
    return len(overdue)


@owns_transaction()
def overdue_cancellations(*, at: datetime) -> int:
    """Alert on cancellations that partners have not answered in time, and close the others' alerts; says how many."""
    overdue = list(cancellation_queries.overdue(at)[:MOST_AT_ONCE])
    for request in overdue:
        what = f"it cancels pieces of {request.fulfilment_order.number}"
        _alert_unanswered("overdue_cancellation", request, what, asked_by=request.requested_by, at=at)
    return _close_answered("overdue_cancellation", overdue, at=at)


@owns_transaction()
def overdue_addresses(*, at: datetime) -> int:
    """Alert on addresses that partners have not answered in time, and close the others' alerts; says how many."""
    overdue = list(address_queries.overdue(at)[:MOST_AT_ONCE])
    for request in overdue:
        what = f"it sends {request.fulfilment_order.number} to another address"
        _alert_unanswered("overdue_address", request, what, asked_by=request.change.requested_by, at=at)
    return _close_answered("overdue_address", overdue, at=at)


def _alert_unanswered(
    kind: str, request: CancellationRequest | AddressRequest, what: str, *, asked_by: str, at: datetime
) -> None:
    work = request.fulfilment_order
    alert = alerts.open_alert(
        kind,
        "fulfilment_order",
        work.number,
        at=at,
        location=work.location.code,
        message=f"{work.location.name} has not said whether {what},"
        f" asked {request.requested_at:%d %b %H:%M} UTC. Ring them.",
        url=f"/orders/{work.order.number}",
    )
    owner = job_queries.person(asked_by)
    if owner is not None and alert.owner_id is None:
        alerts.assign(alert, owner=owner)


def _close_answered(
    kind: str, overdue: Sequence[CancellationRequest] | Sequence[AddressRequest], *, at: datetime
) -> int:
    still = {request.fulfilment_order.number for request in overdue}
    close_settled(kind, still, note="It was answered.", at=at)
    return len(overdue)


@owns_transaction()
def undecided(*, at: datetime) -> int:
    """Alert on orders that nobody has decided about in time, and close the others' alerts; says how many."""
    waiting = list(partial_queries.to_decide().filter(asked_at__lt=at - DECIDE_WITHIN)[:MOST_AT_ONCE])
    for question in waiting:
        number = question.order.number
        alerts.open_alert(
            "partial_undecided",
            "order",
            number,
            at=at,
            message=f"{number} has waited for a decision since {question.asked_at:%d %b %H:%M} UTC. {question.reason}",
            url=f"/orders/{number}",
        )
    still = {question.order.number for question in waiting}
    close_settled("partial_undecided", still, note="It was decided.", at=at)
    return len(waiting)


@owns_transaction()
def oversold(number: str, why: str, *, at: datetime) -> None:
    """Alert on an order that was accepted although nothing can fill it, because its channel had confirmed it."""
    alerts.open_alert(
        "oversold",
        "order",
        number,
        at=at,
        message=f"{number} was confirmed by its channel and cannot be filled. {why}",
        url=f"/orders/{number}",
    )


@owns_transaction()
def filled_after_all(*, at: datetime) -> int:
    """Close the alerts of oversold orders that wait for nothing any more; says how many still wait."""
    numbers = [alert.subject_id for alert in alert_queries.lock_open("oversold")]
    still = set(order_queries.still_waiting(numbers))
    close_settled("oversold", still, note="It waits for nothing any more.", at=at)
    return len(still)


@owns_transaction()
def late_orders(*, at: datetime) -> int:
    """Alert on open orders past their promise, and close the alerts of those that are not any more; says how many."""
    past = order_queries.past_promise(at)
    late = list(past[:MOST_AT_ONCE])
    places = work_queries.places_of([order.pk for order in late])
    for order in late:
        sites = {work.location.code for work in places.get(order.pk, [])}
        alerts.open_alert(
            "late_order",
            "order",
            order.number,
            at=at,
            # Two sites share the delay: then it is everybody's.
            location=sites.pop() if len(sites) == 1 else "",
            message=f"{order.number} was promised by {order.promise_by:%d %b %H:%M} UTC and has not left.",
            url=f"/orders/{order.number}",
        )
    still = past.values_list("number", flat=True)
    close_settled("late_order", still, note="It is late no more.", at=at)
    return len(late)


def close_settled(kind: str, present: Iterable[str], *, note: str, at: datetime) -> None:
    """Close the open alerts of a kind whose things are not among those that are present."""
    still = set(present)
    for alert in alert_queries.lock_open(kind):
        if alert.subject_id not in still:
            alerts.close(alert, note=note, actor=SYSTEM, at=at)
            audit.record("alert.closed", "alert", alert.pk, actor=SYSTEM, at=at, note=alert.note)


@owns_transaction()
def broken_audit(findings: Sequence[str], *, at: datetime) -> None:
    """Alert that the audit's chain does not agree with its entries."""
    alerts.open_alert(
        "broken_audit", "audit", "chain", at=at, severity=Severity.STOP, message="; ".join(findings)[:300]
    )
