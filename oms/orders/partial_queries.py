"""Orders that cannot leave whole: what waits for a decision, and what was decided."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from oms.orders.models import Order, OrderLine, PartialQuestion, ServingPolicy


def open_question(order_id: int) -> PartialQuestion | None:
    """The question that an order waits with, if it does."""
    return PartialQuestion.objects.filter(order_id=order_id, decision="").first()


def lock_open(order_id: int) -> PartialQuestion | None:
    """The open question of a locked order, locked too, or None."""
    return (
        PartialQuestion.objects.select_for_update(no_key=True).filter(order_id=order_id, decision="").first()
    )


def last_decided(order_id: int) -> PartialQuestion | None:
    """What was decided for an order last."""
    return PartialQuestion.objects.filter(order_id=order_id).exclude(decision="").first()


def to_decide() -> QuerySet[PartialQuestion]:
    """Every open question, with its order, channel and contact, the longest first."""
    return (
        PartialQuestion.objects.filter(decision="")
        .select_related("order__channel", "order__contact")
        .order_by("asked_at", "id")
    )


def deciding() -> Q:
    """A filter for orders that wait for a decision."""
    return Q(state="on_hold", pk__in=PartialQuestion.objects.filter(decision="").values("order"))


def servable() -> Q:
    """A filter for lines of orders that stock is given to: open ones, and those that only wait for a decision."""
    asked = PartialQuestion.objects.filter(decision="").values("order")
    return Q(order__state="open") | Q(order__state="on_hold", order__in=asked)


def questions_of(order_ids: Iterable[int]) -> dict[int, list[PartialQuestion]]:
    """Every question of these orders, by order id, the newest first."""
    found: dict[int, list[PartialQuestion]] = {}
    for question in PartialQuestion.objects.filter(order_id__in=list(order_ids)).order_by("-id"):
        found.setdefault(question.order_id, []).append(question)
    return found


def kept_too_long(at: datetime) -> QuerySet[Order]:
    """Open orders that keep pieces for longer than they may because they are to leave whole, the longest first."""
    policy = ServingPolicy.objects.first() or ServingPolicy()
    since = at - timedelta(days=policy.together_days)
    waits = OrderLine.objects.filter(order=OuterRef("pk"), quantity_waiting__gt=0)
    keeps = OrderLine.objects.filter(order=OuterRef("pk"), quantity_allocated__gt=0)
    gone = OrderLine.objects.filter(order=OuterRef("pk"), quantity_shipped__gt=0)
    decided = PartialQuestion.objects.filter(order=OuterRef("pk"), decided_at__gt=since)
    whole = Q(partial_policy="together") | Q(partial_policy="", channel__partial_policy="together")
    orders = Order.objects.filter(whole, state="open", progress="backordered", placed_at__lt=since)
    orders = orders.filter(Exists(waits), Exists(keeps), ~Exists(gone), ~Exists(decided))
    return orders.order_by("placed_at", "id")
