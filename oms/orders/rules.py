"""The words of an order, what may follow what, and its arithmetic; pure."""

from dataclasses import dataclass
from enum import StrEnum

from oms.core.errors import Conflict, NotFound
from oms.core.lifecycles import Lifecycle


class CustomerType(StrEnum):
    """Who buys: a person or a business."""

    B2C = "b2c"
    B2B = "b2b"


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


class DuplicateOrder(Conflict):
    """The channel's number has been accepted before."""

    code = "duplicate-order"


class OrderNotFound(NotFound):
    """No order has this number."""

    code = "order-not-found"


class OrderBlocked(Conflict):
    """A SKU or its channel is set to refuse what stock cannot serve."""

    code = "not-enough-stock"


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
