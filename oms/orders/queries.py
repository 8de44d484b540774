"""Questions about orders."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from oms.orders.models import Hold, Order, OrderLine
from oms.orders.rules import OrderNotFound


def orders() -> QuerySet[Order]:
    """All orders with channel and contact, newest first."""
    return Order.objects.select_related("channel", "contact").order_by("-placed_at", "-id")


def order(number: str) -> Order:
    """The order with this number.

    Raises ``OrderNotFound``.
    """
    found = orders().filter(number=number).first()
    if found is None:
        raise OrderNotFound(f"There is no order {number}.")
    return found


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
    """Lines of these orders with their SKU, in order."""
    return OrderLine.objects.filter(order_id__in=list(order_ids)).select_related("sku").order_by("order", "position")


def waiting_for(sku_code: str) -> list[str]:
    """Numbers of open orders that wait for a SKU, those placed first at the head."""
    return list(
        Order.objects.filter(state="open", lines__sku__code=sku_code, lines__quantity_waiting__gt=0)
        .order_by("placed_at", "id")
        .values_list("number", flat=True)
        .distinct()
    )


def active_hold(order_id: int) -> Hold | None:
    """What holds an order now, if anything."""
    return Hold.objects.filter(order_id=order_id, released_at__isnull=True).first()


def database_now() -> Now:
    """The instant as the database sees it: late is late by one clock."""
    return Now()
