"""Questions about orders."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import Now

from oms.channels.models import Channel
from oms.orders.models import Hold, Order, OrderContact, OrderLine, Promise
from oms.orders.partials import PARTIAL
from oms.orders.rules import OrderNotFound


def orders() -> QuerySet[Order]:
    """All orders with channel, customer and contact, newest first."""
    return Order.objects.select_related("channel", "customer", "contact").order_by("-placed_at", "-id")


def order(number: str) -> Order:
    """The order with this number.

    Raises ``OrderNotFound``.
    """
    found = orders().filter(number=number).first()
    if found is None:
        raise OrderNotFound(f"There is no order {number}.")
    return found


def with_ids(order_ids: Iterable[int]) -> QuerySet[Order]:
    """These orders alone, without what stands beside them."""
    return Order.objects.filter(pk__in=list(order_ids))


def sku_codes(line_ids: Iterable[int]) -> dict[int, str]:
    """The SKU of each of these lines, by line id."""
    return dict(OrderLine.objects.filter(pk__in=list(line_ids)).values_list("pk", "sku__code"))


def matching(text: str) -> Q:
    """A filter for orders by their number, the channel's number, the customer's name or mail."""
    wanted = text.strip()
    return (
        Q(number__iexact=wanted)
        | Q(number__iexact=f"SO-{wanted}")
        | Q(external_number__iexact=wanted)
        | Q(contact__customer_email__iexact=wanted)
        | Q(contact__customer_name__icontains=wanted)
    )


def lock_order(number: str) -> Order:
    """The order with this number, locked until the transaction ends.

    Raises ``OrderNotFound``.
    """
    found = (
        Order.objects.select_for_update(of=("self",), no_key=True)
        .select_related("channel")
        .filter(number=number)
        .first()
    )
    if found is None:
        raise OrderNotFound(f"There is no order {number}.")
    return found


def lines_of(order_ids: Iterable[int]) -> QuerySet[OrderLine]:
    """Lines of these orders with their SKU and the bundle they are part of, in order."""
    return (
        OrderLine.objects.filter(order_id__in=list(order_ids))
        .select_related("sku", "bundle_line__sku")
        .order_by("order", "position")
    )


def active_hold(order_id: int) -> Hold | None:
    """What holds an order now, if anything."""
    return Hold.objects.filter(order_id=order_id, released_at__isnull=True).first()


def database_now() -> Now:
    """The instant as the database sees it: late is late by one clock."""
    return Now()


def late(at: datetime) -> Q:
    """A filter for orders that should have left by now."""
    return Q(state__in=["open", "on_hold"], promise_by__lt=at)


def needing_action(at: datetime) -> Q:
    """A filter for orders that do not move until a person acts: held, late, or without any stock."""
    return Q(state="on_hold") | late(at) | Q(state="open", progress="backordered")


def waiting_for_stock() -> Q:
    """A filter for open orders of which some pieces wait for stock."""
    lines = OrderLine.objects.filter(quantity_waiting__gt=0).values("order")
    return Q(state__in=["open", "on_hold"], pk__in=lines)


def still_waiting(numbers: Iterable[str]) -> list[str]:
    """Those of these orders of which pieces wait for stock."""
    found = Order.objects.filter(waiting_for_stock(), number__in=list(numbers))
    return list(found.values_list("number", flat=True))


def holding_sku(text: str) -> Q:
    """A filter for orders with a line of this SKU."""
    return Q(pk__in=OrderLine.objects.filter(sku__code__iexact=text.strip()).values("order"))


def sums(order_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Lines and pieces of these orders, by order id."""
    rows = (
        OrderLine.objects.filter(order_id__in=list(order_ids))
        .values("order_id")
        .annotate(lines=Count("pk"), pieces=Sum("quantity_ordered"))
    )
    return {row["order_id"]: row for row in rows}


def with_external_number(text: str) -> QuerySet[Order]:
    """Orders whose number here or at their channel is exactly this."""
    wanted = text.strip().lstrip("#")
    return orders().filter(
        Q(number__iexact=wanted) | Q(number__iexact=f"SO-{wanted}") | Q(external_number__iexact=wanted)
    )


def holds_of(order_id: int) -> QuerySet[Hold]:
    """Every hold an order ever had, newest first."""
    return Hold.objects.filter(order_id=order_id).order_by("-placed_at")


def contact_of(order_id: int) -> OrderContact:
    """The personal data of an order."""
    return OrderContact.objects.get(order_id=order_id)


def promises_of(order_id: int) -> QuerySet[Promise]:
    """Every promise of an order, the one that holds now on top."""
    return Promise.objects.filter(order_id=order_id).order_by("-sequence")


def orders_of_customer(email: str) -> int:
    """How many orders came from this mail address."""
    return OrderContact.objects.filter(customer_email__iexact=email).count() if email else 0


def channels_in_use() -> list[tuple[str, str]]:
    """Codes and names of the channels that orders come from."""
    return list(Channel.objects.order_by("name").values_list("code", "name"))


def channels_for_staff() -> list[tuple[str, str]]:
    """Codes and names of the channels that staff may take an order down for, their own desk first."""
    rows = Channel.objects.filter(is_active=True)
    found = sorted(
        rows, key=lambda channel: (channel.kind not in ("desk", "wholesale"), channel.kind, channel.name)
    )
    return [(channel.code, channel.name) for channel in found]


def number_of(channel: str, external_number: str) -> str:
    """The number of the order that a channel knows under its own.

    Raises ``OrderNotFound``.
    """
    rows = Order.objects.filter(channel__code=channel, external_number=external_number)
    found = rows.values_list("number", flat=True).first()
    if found is None:
        raise OrderNotFound(f"There is no order {external_number} of {channel}.")
    return found


def past_promise(at: datetime) -> QuerySet[Order]:
    """Orders that should have left by now and have not, the latest first."""
    return Order.objects.filter(promise_by__lt=at, state__in=("open", "on_hold")).order_by("promise_by", "id")


def held_for(reason: str) -> Q:
    """A filter for orders that are on hold for exactly this reason."""
    holds = Hold.objects.filter(released_at__isnull=True, reason=reason).values("order")
    return Q(state="on_hold", pk__in=holds)


def hold_reasons(shown: QuerySet[Order]) -> list[dict[str, object]]:
    """Why these orders are held: reason, orders, their value per currency's minor units, and since when."""
    held = Hold.objects.filter(released_at__isnull=True, order__in=shown.filter(state="on_hold"))
    return list(
        held.values("reason", "order__currency")
        .annotate(orders=Count("pk"), value=Sum("order__total_minor"), since=Min("placed_at"))
        .order_by("since")
    )


def stopped(shown: QuerySet[Order], narrow: Q) -> list[dict[str, object]]:
    """How many of these orders a filter lets through, their value per currency, and the oldest."""
    return list(
        shown.filter(narrow)
        .order_by()
        .values("currency")
        .annotate(orders=Count("pk"), value=Sum("total_minor"), since=Min("placed_at"))
    )


def due_first(shown: QuerySet[Order], *, limit: int) -> list[Order]:
    """The open orders whose promise comes first."""
    due = shown.filter(state__in=["open", "on_hold"], promise_by__isnull=False)
    return list(due.order_by("promise_by", "id")[:limit])


def ending_in(digits: str) -> QuerySet[Order]:
    """The newest orders whose number ends in these digits: what people read out over the telephone."""
    return orders().filter(number__endswith=digits).order_by("-id")


def held_before(at: datetime) -> QuerySet[Order]:
    """Orders that have been on hold since before an instant and wait for no decision, oldest first."""
    holds = Hold.objects.filter(released_at__isnull=True, placed_at__lt=at).exclude(code=PARTIAL)
    return Order.objects.filter(state="on_hold", pk__in=holds.values("order")).order_by("placed_at", "id")
