"""The life of an order and of its lines."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import F, Max

from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.transactions import joins_transaction
from oms.orders.models import Hold, Order, OrderLine, Promise
from oms.orders.promising import Promised
from oms.orders.rules import ORDER_LIFECYCLE, OrderState


@joins_transaction
def hold(order: Order, *, reason: str, actor: Actor, at: datetime) -> None:
    """Stop a locked order for a reason.

    Raises ``IllegalTransition`` when it is not open, ``Invalid`` without a reason.
    """
    if not reason.strip():
        message = "Say why the order is held."
        raise Invalid(message, problems=(("#/reason", message),))
    _move(order, OrderState.ON_HOLD)
    Hold.objects.create(order=order, reason=reason.strip()[:200], placed_by=actor.label, placed_at=at)


@joins_transaction
def release(order: Order, *, actor: Actor, at: datetime) -> None:
    """Let a held order go on.

    Raises ``IllegalTransition`` when it is not on hold.
    """
    _move(order, OrderState.OPEN)
    Hold.objects.filter(order=order, released_at__isnull=True).update(released_by=actor.label, released_at=at)


@joins_transaction
def cancel(order: Order, *, actor: Actor, at: datetime) -> None:
    """End a locked order whose stock has been released; every piece that has not shipped is cancelled.

    Raises ``IllegalTransition`` when it has ended before.
    """
    _move(order, OrderState.CANCELLED)
    Hold.objects.filter(order=order, released_at__isnull=True).update(released_by=actor.label, released_at=at)
    OrderLine.objects.filter(order=order).update(
        quantity_cancelled=F("quantity_ordered") - F("quantity_shipped"), quantity_waiting=0
    )


@joins_transaction
def wait(pieces: Mapping[int, int]) -> None:
    """Set how many pieces of each line (id → pieces) wait for stock."""
    for line_id, waiting in sorted(pieces.items()):
        OrderLine.objects.filter(pk=line_id).exclude(quantity_waiting=waiting).update(
            quantity_waiting=waiting
        )


@joins_transaction
def promise(
    order: Order, promised: Promised, *, cause: str, basis: Mapping[str, object], at: datetime
) -> None:
    """Keep a further promise of a locked order; the first one stays what the customer was told first."""
    assert promised.by is not None  # callers promise nothing for what has no date
    last = Promise.objects.filter(order=order).aggregate(last=Max("sequence"))["last"] or 0
    Promise.objects.create(
        order=order,
        sequence=last + 1,
        promised_by=promised.by,
        arrives_on=promised.arrives_on,
        cause=cause[:200],
        basis=dict(basis),
        made_at=at,
    )
    order.promise_by = promised.by
    order.first_promise_by = order.first_promise_by or promised.by
    order.save(update_fields=["promise_by", "first_promise_by"])


@joins_transaction
def refresh_progress(order_ids: Iterable[int]) -> None:
    """Recompute how far these orders are from their lines and fulfilment orders; shipped ones close."""
    with connection.cursor() as cursor:
        cursor.execute("select flows_refresh_progress(%s)", [sorted(order_ids)])


def _move(order: Order, state: OrderState) -> None:
    ORDER_LIFECYCLE.check(OrderState(order.state), state)
    order.state = state.value
    order.save(update_fields=["state"])
