"""What was changed of orders."""

from django.db.models import Max, QuerySet

from oms.orders.models import OrderChange


def changes(order_id: int) -> QuerySet[OrderChange]:
    """The edits of an order, newest first."""
    return OrderChange.objects.filter(order_id=order_id).order_by("-sequence")


def versions(order_ids: list[int]) -> dict[int, int]:
    """How often each of these orders has been edited; those that never were are absent."""
    rows = OrderChange.objects.filter(order_id__in=order_ids).values_list("order_id")
    return dict(rows.annotate(last=Max("sequence")).order_by())
