"""The life of an order and of its lines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import F, Max
from django.db.models.functions import Greatest

from oms.catalogue.models import Sku
from oms.core.actors import Actor
from oms.core.money import Money
from oms.core.transactions import joins_transaction
from oms.orders.amendments import Amendment, cancelled_value
from oms.orders.models import CustomerAccount, Hold, Order, OrderChange, OrderContact, OrderLine, Promise
from oms.orders.promising import Promised
from oms.orders.rules import ORDER_LIFECYCLE, CreditLimitExceeded, NoRoomToWait, OrderState, PreorderSoldOut


@dataclass(frozen=True, slots=True)
class NewPieces:
    """Pieces of a SKU that are added to an order."""

    sku: Sku
    pieces: int
    unit_price: Decimal
    total_minor: int


@dataclass(frozen=True, slots=True)
class Change:
    """Why, by whom and when an order is changed; ``code`` is of the managed list of reasons."""

    reason: str
    actor: Actor
    at: datetime
    code: str = ""


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
    revalue(order)


@joins_transaction
def cancel_pieces(pieces: Mapping[int, int]) -> None:
    """Cancel so many pieces of each line (id → pieces) that are neither allocated nor shipped."""
    for line_id, count in sorted(pieces.items()):
        OrderLine.objects.filter(pk=line_id).update(
            quantity_cancelled=F("quantity_cancelled") + count,
            quantity_waiting=Greatest(F("quantity_waiting") - count, 0),
        )


@joins_transaction
def add_line(order: Order, line: NewPieces) -> OrderLine:
    """Add a line to a locked order; its pieces are not planned yet."""
    last = OrderLine.objects.filter(order=order).aggregate(last=Max("position"))["last"] or 0
    return OrderLine.objects.create(
        order=order,
        position=last + 1,
        sku=line.sku,
        quantity_ordered=line.pieces,
        unit_price=line.unit_price,
        total_minor=line.total_minor,
    )


@joins_transaction
def revalue(order: Order) -> int:
    """Let the totals of a locked order follow its lines; the difference in minor units."""
    before = order.total_minor
    lines = list(OrderLine.objects.filter(order=order))
    order.lines_minor = sum(line.total_minor for line in lines)
    order.cancelled_minor = sum(
        cancelled_value(line.total_minor, line.quantity_ordered, line.quantity_cancelled) for line in lines
    )
    order.total_minor = (
        order.lines_minor
        - order.cancelled_minor
        - order.discount_minor
        + order.shipping_minor
        + order.tax_minor
    )
    order.save(update_fields=["lines_minor", "cancelled_minor", "total_minor"])
    return order.total_minor - before


@joins_transaction
def check_credit(order: Order) -> None:
    """Make sure that an order on terms, whose new total was just written, leaves its customer within its limit.

    Writing the total has locked the account until this transaction ends, so nobody takes the same credit beside it.
    Raises ``CreditLimitExceeded``.
    """
    if order.customer_id is None or order.terms_days is None:
        return
    account = CustomerAccount.objects.select_related("customer").get(pk=order.customer_id)
    customer, limit = account.customer, account.customer.credit_limit_minor
    if limit is None or account.owed_minor <= limit:
        return
    would, may = Money(account.owed_minor, customer.currency), Money(limit, customer.currency)
    raise CreditLimitExceeded(
        f"{customer.code} would owe {would} with this change; its limit is {may}.",
        would_owe=would.as_text(),
        credit_limit=may.as_text(),
    )


@joins_transaction
def change_facts(order: Order, amendment: Amendment) -> list[str]:
    """Change what an amendment says of a locked order beside its lines; the names of what is new."""
    changed = [name for name, value in amendment.facts.items() if getattr(order, name) != value]
    for name in changed:
        setattr(order, name, amendment.facts[name])
    if amendment.address is not None:
        order.ship_country = amendment.address.country
        order.ship_region = amendment.address.region
        order.ship_postcode = amendment.address.postcode
    order.save(update_fields=[*changed, "ship_country", "ship_region", "ship_postcode"])
    contact = OrderContact.objects.get(order=order)
    words = [name for name, value in amendment.words.items() if getattr(contact, name) != value]
    for name in words:
        setattr(contact, name, amendment.words[name])
    if amendment.address is not None and contact.shipping_address != amendment.address.as_json():
        contact.shipping_address = amendment.address.as_json()
        words.append("shipping_address")
    contact.save(update_fields=[*words] or ["notes"])
    return changed + words


@joins_transaction
def note_change(
    order: Order, *, pieces: Mapping[str, int], facts: Sequence[str], value_delta: int, by: Change
) -> int:
    """Keep what was changed of a locked order; the number of changes so far."""
    sequence = changes_of(order.pk) + 1
    OrderChange.objects.create(
        order=order,
        sequence=sequence,
        pieces=dict(pieces),
        facts=list(facts),
        value_delta_minor=value_delta,
        reason=by.reason[:200],
        changed_by=by.actor.label,
        changed_at=by.at,
    )
    return sequence


def changes_of(order_id: int) -> int:
    """How often an order has been changed."""
    return OrderChange.objects.filter(order_id=order_id).aggregate(last=Max("sequence"))["last"] or 0


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


@joins_transaction
def correct_mail(order: Order, address: str) -> None:
    """Keep another mail address of whoever placed an order."""
    OrderContact.objects.filter(order=order, erased_at__isnull=True).update(customer_email=address)
    order.contact.customer_email = address


def _move(order: Order, state: OrderState) -> None:
    ORDER_LIFECYCLE.check(OrderState(order.state), state, what=order.number)
    order.state = state.value
    order.save(update_fields=["state"])


@joins_transaction
def check_room_to_wait(sku: Sku) -> None:
    """Make sure that no more pieces of a SKU wait for stock than may, until this transaction ends.

    Raises ``NoRoomToWait``, ``PreorderSoldOut`` where only what was announced may be waited for.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('room to wait'), %s)", [sku.pk])
        cursor.execute("select orders_room_to_wait(%s)", [sku.pk])
        (room,) = cursor.fetchone()
    if room is None or room >= 0:
        return
    if sku.backorder_policy == "preorder":
        raise PreorderSoldOut(
            f"{-room} pieces of {sku.code} more would be preordered than announced deliveries hold.",
            sku=sku.code,
        )
    raise NoRoomToWait(f"{-room} pieces of {sku.code} more would wait for stock than may.", sku=sku.code)
