"""Questions about orders that are foreseen to be late."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from oms.orders.models import Hold, LateRisk, Order, OrderLine, Promise

HORIZON = timedelta(days=7)
"""So far ahead promises are looked at; what is later has time to be mended by itself."""


def promised_soon(at: datetime) -> QuerySet[Order]:
    """Open orders whose promise comes within the horizon and has not passed, the nearest first."""
    return Order.objects.filter(
        state__in=("open", "on_hold"), promise_by__gt=at, promise_by__lte=at + HORIZON
    ).order_by("promise_by", "id")


def promised_outside_their_window() -> QuerySet[Promise]:
    """The last promises of open orders that arrive after the last day of the delivery window, with their orders."""
    later = Promise.objects.filter(order_id=OuterRef("order_id"), sequence__gt=OuterRef("sequence"))
    of_open = Promise.objects.filter(order__state__in=("open", "on_hold"), order__deliver_until__isnull=False)
    late = of_open.filter(~Exists(later), arrives_on__gt=F("order__deliver_until"))
    return late.select_related("order").order_by("order__deliver_until", "order_id")


def waiting_lines(order_ids: Iterable[int]) -> list[OrderLine]:
    """Lines of these orders of which pieces wait for stock."""
    lines = OrderLine.objects.filter(order_id__in=list(order_ids), quantity_waiting__gt=0)
    return list(lines.select_related("sku"))


def holds_on(order_ids: Iterable[int]) -> dict[int, Hold]:
    """What holds these orders now, by order id."""
    holds = Hold.objects.filter(order_id__in=list(order_ids), released_at__isnull=True)
    return {hold.order_id: hold for hold in holds}


def at_risk() -> Q:
    """A filter for orders that are foreseen to miss their promise."""
    return Q(late_risk__isnull=False, state__in=["open", "on_hold"])


def risks_of(order_ids: Iterable[int]) -> dict[int, LateRisk]:
    """What is foreseen of these orders, by order id."""
    return {risk.order_id: risk for risk in LateRisk.objects.filter(order_id__in=list(order_ids))}
