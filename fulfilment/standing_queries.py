"""Questions about work that stands: nobody may begin with it yet."""

from django.db.models import Exists, OuterRef, Q

from fulfilment.models import FulfilmentOrder
from oms.orders.models import OrderLine

MOST_LET_GO = 500


def standing_without_reason() -> list[str]:
    """Numbers of the open orders whose work stands although nothing holds them and they need not leave whole (I46)."""
    lines = OrderLine.objects.filter(order=OuterRef("order"))
    lacks = lines.filter(Q(quantity_waiting__gt=0) | Q(quantity_unplanned__gt=0))
    whole = Q(order__partial_policy="together") | Q(
        order__partial_policy="", order__channel__partial_policy="together"
    )
    kept = whole & Exists(lacks) & ~Exists(lines.filter(quantity_shipped__gt=0))
    rows = FulfilmentOrder.objects.filter(~kept, status="on_hold", order__state="open")
    return list(rows.order_by("order_id").values_list("order__number", flat=True).distinct()[:MOST_LET_GO])
