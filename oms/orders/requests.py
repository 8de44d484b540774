"""An order as a customer asks for it, before anything is decided; plain values."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from oms.orders.rules import CustomerType


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel or an invoice goes."""

    name: str
    line1: str
    city: str
    country: str
    line2: str = ""
    region: str = ""
    postcode: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the address as it is stored and answered."""
        return {
            "name": self.name,
            "line1": self.line1,
            "line2": self.line2,
            "city": self.city,
            "region": self.region,
            "postcode": self.postcode,
            "country": self.country,
        }


NOWHERE = Address("", "", "", "")
"""Where an order goes that names an entry of its customer's address book, until that is looked up."""


@dataclass(frozen=True, slots=True)
class NewLine:
    """Pieces of one SKU at a unit price; with ``by_list`` it is looked up on the lists that apply."""

    sku: str
    quantity: int
    unit_price: Decimal = Decimal(0)
    by_list: bool = False


@dataclass(frozen=True, slots=True)
class NewOrder:
    """All that a door knows of an order that has just come in.

    ``customer`` is the code of a known one, ``ship_to`` the code of an entry in its address book.
    """

    channel: str
    external_number: str
    customer_name: str
    shipping: Address
    currency: str
    lines: tuple[NewLine, ...]
    customer_type: CustomerType = CustomerType.B2C
    customer_email: str = ""
    billing: Address | None = None
    po_number: str = ""
    gift_message: str = ""
    shipping_option: str = ""
    promise_by: datetime | None = None
    notes: str = ""
    customer: str = ""
    ship_to: str = ""
    is_residential: bool | None = None
    deliver_from: date | None = None
    deliver_until: date | None = None
    partial_policy: str = ""
    priority: int | None = None

    @property
    def leaves_open(self) -> bool:
        """Whether something must be looked up of its customer or of price lists."""
        return bool(self.customer) or any(line.by_list for line in self.lines)


class PlacedLine(Struct, frozen=True):
    """What became of one line, in pieces."""

    sku: str
    quantity: int
    allocated: int
    waiting: int
    unit_price: str
    total: str


class PlacedWork(Struct, frozen=True):
    """A fulfilment order that was opened, with (SKU, pieces) lines."""

    number: str
    location: str
    status: str
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """An accepted order and what was decided for it."""

    number: str
    status: str
    decision_id: int
    lines: tuple[PlacedLine, ...]
    work: tuple[PlacedWork, ...] = field(default=())
