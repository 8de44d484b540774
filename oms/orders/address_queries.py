"""Questions about other addresses that orders are to go to."""

from oms.orders.models import AddressChange
from oms.orders.readdressings import AddressState


def lock_open(order_id: int) -> AddressChange | None:
    """The address change of a locked order that has not ended, locked too, or None."""
    rows = AddressChange.objects.select_for_update(no_key=True)
    return rows.filter(order_id=order_id, state=AddressState.REQUESTED.value).first()


def open_change(order_id: int) -> AddressChange | None:
    """The address change of an order that has not ended, or None."""
    return AddressChange.objects.filter(order_id=order_id, state=AddressState.REQUESTED.value).first()
