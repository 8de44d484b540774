"""What becomes of another address that partners are asked for; pure."""

from enum import StrEnum

from oms.core.errors import Conflict
from oms.core.lifecycles import Lifecycle


class AddressState(StrEnum):
    """How far a new address of an order is: wanted, or how that ended."""

    REQUESTED = "requested"
    APPLIED = "applied"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"


ENDS = frozenset({AddressState.APPLIED, AddressState.REFUSED, AddressState.WITHDRAWN, AddressState.OVERTAKEN})
ADDRESS_LIFECYCLE = Lifecycle({AddressState.REQUESTED: ENDS, **{end: frozenset() for end in ENDS}})


class AddressPending(Conflict):
    """Partners were asked for another address and have not all answered."""

    code = "address-change-pending"


class NoAddressAsked(Conflict):
    """Nobody has asked for another address, or that was answered or withdrawn before."""

    code = "no-open-address-change"
