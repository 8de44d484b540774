"""Which orders a person may open: those that their own sites serve."""

from typing import Any

from django.http import Http404

from fulfilment import queries as work_queries
from oms.orders import queries
from oms.orders.models import Order


def order_within_reach(user: Any, number: str, permission: str) -> Order:
    """The order with this number, if the person has this right where it is served.

    Raises ``Http404``.
    """
    found = queries.orders().filter(number=number).first()
    codes = user.locations_for(permission)
    if found is None:
        raise Http404("There is no such order.")
    if codes is not None and not work_queries.order_ids_at(codes).filter(order=found).exists():
        raise Http404("There is no such order.")
    return found
