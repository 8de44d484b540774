"""The words of an order, what may follow what, and its arithmetic; pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from oms.core.errors import Conflict, Forbidden, Invalid, NotFound
from oms.core.lifecycles import Lifecycle


class CustomerType(StrEnum):
    """Who buys: a person or a business."""

    B2C = "b2c"
    B2B = "b2b"


FIRST_PRIORITY, NORMAL_PRIORITY, LAST_PRIORITY = 1, 5, 9
"""Who is served first when stock is scarce: the lower number."""
PARTIAL_POLICIES = ("split", "together", "ask")
"""What happens when not all of an order can leave at once; as the planner and the channels call it."""
BACKORDER_POLICIES = ("backorder", "block")
"""What customer types and channels decide for SKUs that have no policy of their own."""


class ServedBy(StrEnum):
    """What makes one waiting order go before another."""

    PRIORITY = "priority"
    PROMISE = "promise"
    AGE = "age"


SERVED_BY = tuple(each.value for each in ServedBy)


class OrderState(StrEnum):
    """Where an order stands in its life; stored, and moved only along ``ORDER_LIFECYCLE``."""

    OPEN = "open"
    ON_HOLD = "on_hold"
    CLOSED = "closed"
    CANCELLED = "cancelled"


ORDER_LIFECYCLE = Lifecycle(
    {
        OrderState.OPEN: frozenset({OrderState.ON_HOLD, OrderState.CLOSED, OrderState.CANCELLED}),
        OrderState.ON_HOLD: frozenset({OrderState.OPEN, OrderState.CANCELLED}),
        OrderState.CLOSED: frozenset(),
        OrderState.CANCELLED: frozenset(),
    }
)


class OrderProgress(StrEnum):
    """How far the goods are; always computed from lines and fulfilment orders."""

    BACKORDERED = "backordered"
    ALLOCATED = "allocated"
    PICKING = "picking"
    PICKED = "picked"
    PACKED = "packed"
    PARTLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"


class RiskCause(StrEnum):
    """What is most likely to make an order late."""

    HELD = "held"
    STOCK = "stock"
    PARTNER = "partner"
    QUEUE = "queue"
    TIME = "time"
    WINDOW = "window"


class ChangeKind(StrEnum):
    """What a reason of the managed list is for."""

    CANCEL = "cancel"
    HOLD = "hold"
    EDIT = "edit"


class Releasable(StrEnum):
    """Who may release an order that is held for a reason."""

    ANYBODY = "anybody"
    OWNER = "owner"
    MANAGER = "manager"


def may_release(who: Releasable, *, is_owner: bool, is_manager: bool) -> bool:
    """Whether somebody may release a hold of such a reason; managers always may."""
    return who is Releasable.ANYBODY or is_manager or (who is Releasable.OWNER and is_owner)


class JobDeed(StrEnum):
    """What a background job does to each of its orders."""

    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    ASSIGN = "assign"


class DeedState(StrEnum):
    """What became of one order of a job."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class DuplicateOrder(Conflict):
    """The channel's number has been accepted before."""

    code = "duplicate-order"


class OrderNotFound(NotFound):
    """No order has this number."""

    code = "order-not-found"


class OrderBlocked(Conflict):
    """A SKU or its channel is set to refuse what stock cannot serve."""

    code = "not-enough-stock"


class CustomerNotFound(NotFound):
    """No customer has this code."""

    code = "customer-not-found"


class AddressNotFound(NotFound):
    """The address book has no such entry."""

    code = "address-not-found"


class DuplicateCustomer(Conflict):
    """The code names another customer."""

    code = "duplicate-customer"


class CustomerErased(Conflict):
    """The customer was erased: nothing is written about it any more."""

    code = "customer-erased"


class UnknownCustomer(Invalid):
    """No customer that may buy has this code."""

    code = "unknown-customer"


class UnknownAddress(Invalid):
    """The customer's address book has no such entry."""

    code = "unknown-address"


class NoListPrice(Invalid):
    """A line comes without a price, and no list that applies has one."""

    code = "no-list-price"


class PoNumberRequired(Invalid):
    """Orders of this customer carry the customer's own order number."""

    code = "po-number-required"


class RefusedByRules(Conflict):
    """The routing rules leave no site for the order, and want such orders refused."""

    code = "refused-by-rules"


class NoRoomToWait(Conflict):
    """So many pieces of the SKU wait for stock already that no more may."""

    code = "backorder-limit-reached"


class PreorderSoldOut(Conflict):
    """All pieces of the announced deliveries have been preordered."""

    code = "preorder-sold-out"


class CreditLimitExceeded(Conflict):
    """The customer would owe more than its limit with this change."""

    code = "credit-limit-exceeded"


class UnknownReason(Invalid):
    """The managed list has no such reason."""

    code = "unknown-reason"


class NotYoursToRelease(Forbidden):
    """The hold belongs to somebody else."""

    code = "not-yours-to-release"


class TooLateToCancel(Conflict):
    """Part of the order has left or is in a parcel."""

    code = "too-late-to-cancel"


@dataclass(frozen=True, slots=True)
class LineTotals:
    """The quantities of one line, in pieces."""

    ordered: int
    allocated: int
    waiting: int
    shipped: int
    cancelled: int

    @property
    def still_wanted(self) -> int:
        """Pieces that are neither shipped nor cancelled."""
        return self.ordered - self.shipped - self.cancelled


class Part(Protocol):
    """Pieces of one component of an ordered bundle."""

    quantity_per_bundle: int | None
    quantity_allocated: int
    quantity_shipped: int
    quantity_cancelled: int


@dataclass(frozen=True, slots=True)
class Bundles:
    """How many whole bundles are set aside, gone and cancelled."""

    allocated: int
    shipped: int
    cancelled: int


def whole_bundles(parts: Sequence[Part]) -> Bundles:
    """Count a bundle as far as all of its components are: shipped when all have, set aside when the rest is.

    A bundle of which any component is cancelled for good can never be whole.
    """

    def whole(pieces: Callable[[Part], int]) -> int:
        return min(pieces(part) // (part.quantity_per_bundle or 1) for part in parts)

    shipped = whole(lambda part: part.quantity_shipped)
    ahead = whole(lambda part: part.quantity_shipped + part.quantity_allocated)
    lost = max(-(-part.quantity_cancelled // (part.quantity_per_bundle or 1)) for part in parts)
    return Bundles(ahead - shipped, shipped, lost)
