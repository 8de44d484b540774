"""Who waits for stock, in which order they are served, and what was promised."""

from collections.abc import Iterable

from django.db.models import Sum

from oms.orders.models import OrderLine


def pieces_waiting(sku_ids: Iterable[int]) -> dict[int, int]:
    """Pieces of each of these SKUs that orders wait for."""
    rows = OrderLine.objects.filter(sku__in=list(sku_ids), quantity_waiting__gt=0).values_list("sku")
    return dict(rows.annotate(pieces=Sum("quantity_waiting")).order_by())
