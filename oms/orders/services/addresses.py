"""Other addresses of accepted orders: wanted, and how that ended."""

from oms.core.transactions import joins_transaction
from oms.orders.models import AddressChange, Order
from oms.orders.readdressings import ADDRESS_LIFECYCLE, AddressState
from oms.orders.requests import Address
from oms.orders.services.orders import Change


@joins_transaction
def want(order: Order, address: Address, *, by: Change) -> AddressChange:
    """Keep where a locked order is to go once its partners accept."""
    return AddressChange.objects.create(
        order=order,
        address=address.as_json(),
        reason_code=by.code,
        reason=by.reason[:200],
        requested_by=by.actor.label,
        requested_at=by.at,
    )


@joins_transaction
def settle(change: AddressChange, state: AddressState, *, by: Change) -> None:
    """Keep how a locked address change ended; ``by`` says why, who and when.

    Raises ``IllegalTransition`` when it has ended before.
    """
    ADDRESS_LIFECYCLE.check(AddressState(change.state), state, what="The address change")
    change.state, change.outcome = state.value, by.reason[:200]
    change.settled_by, change.settled_at = by.actor.label, by.at
    change.save(update_fields=["state", "outcome", "settled_by", "settled_at"])
