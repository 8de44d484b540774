"""What a shipped piece is billed at, and what an invoice is refused for; pure."""

from datetime import date, datetime
from enum import StrEnum

from oms.core.errors import Conflict, NotFound
from oms.orders.amendments import cancelled_value


class InvoiceState(StrEnum):
    """Whether an invoice is paid, and if not, whether it should be."""

    OPEN = "open"
    OVERDUE = "overdue"
    SETTLED = "settled"


class InvoiceNotFound(NotFound):
    """No invoice has this number."""

    code = "invoice-not-found"


class AlreadySettled(Conflict):
    """The invoice was marked as paid before."""

    code = "invoice-settled"


def state(due_on: date, settled_at: datetime | None, today: date) -> InvoiceState:
    """Open, overdue or settled, on a day of the seller."""
    if settled_at is not None:
        return InvoiceState.SETTLED
    return InvoiceState.OVERDUE if due_on < today else InvoiceState.OPEN


def billed(total_minor: int, ordered: int, shipped_before: int, shipped_now: int) -> int:
    """What pieces of a line that leave now are billed at, in minor units.

    However a line is cut into shipments, and whatever of it is cancelled, its invoices come to its total less what was
    cancelled: each is the difference between two values of all that has left, so that no cent is lost or billed twice.
    """

    def value(shipped: int) -> int:
        return total_minor - cancelled_value(total_minor, ordered, ordered - shipped)

    return value(shipped_before + shipped_now) - value(shipped_before)
