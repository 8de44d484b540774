"""How an accepted order is to be changed, and what its cancelled pieces were worth; plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from oms.core.errors import Conflict
from oms.orders.requests import Address


class OrderChanged(Conflict):
    """Somebody else has changed the order since it was read."""

    code = "order-changed"


class TooLateToChange(Conflict):
    """What is asked for has left or is in a parcel."""

    code = "too-late-to-change"


class LineNotFound(Conflict):
    """The order has no open line of this SKU."""

    code = "order-line-not-found"


class PriceNeeded(Conflict):
    """A SKU that the order does not have yet needs a price."""

    code = "price-needed"


@dataclass(frozen=True, slots=True)
class Difference:
    """So many pieces (or bundles) more or fewer of a SKU; more of a new one needs a unit price."""

    sku: str
    pieces: int
    unit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """Everything that one edit changes; ``version`` is the number of edits that the editor has seen.

    ``facts`` are columns of the order, ``words`` those of its contact.
    """

    differences: tuple[Difference, ...] = ()
    address: Address | None = None
    facts: Mapping[str, int | str | date | None] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    version: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return not (self.differences or self.address or self.facts or self.words)


def cancelled_value(total_minor: int, ordered: int, cancelled: int) -> int:
    """What so many cancelled pieces of a line were worth, in minor units, half a unit rounded up.

    Computed from all of them at once, so that cancelling piece by piece comes to the same.
    """
    return (2 * total_minor * cancelled + ordered) // (2 * ordered)
