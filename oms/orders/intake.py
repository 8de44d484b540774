"""The body of ``POST /api/v1/orders``: typed structs that name the field when something is wrong with it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from oms.core.errors import Invalid
from oms.core.money import CURRENCIES
from oms.orders.requests import Address, NewLine, NewOrder
from oms.orders.rules import CustomerType

MAX_UNIT_PRICE = Decimal(10) ** 12
PRICE_DECIMALS = 4

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Optional = Annotated[str, msgspec.Meta(max_length=200)]
Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]


class AddressBody(msgspec.Struct, frozen=True):
    """An address in a request."""

    name: Line
    line1: Line
    city: Line
    country: Country
    line2: Optional = ""
    region: Annotated[str, msgspec.Meta(max_length=40)] = ""
    postcode: Annotated[str, msgspec.Meta(max_length=16)] = ""

    def to_address(self) -> Address:
        """Return the same address as a plain value."""
        return Address(
            self.name,
            self.line1,
            self.city,
            self.country,
            self.line2,
            self.region.strip(),
            self.postcode.strip(),
        )


class CustomerBody(msgspec.Struct, frozen=True):
    """Who buys."""

    name: Line
    type: CustomerType = CustomerType.B2C
    email: Annotated[str, msgspec.Meta(max_length=254, pattern=r"^$|^[^@\s]+@[^@\s]+$")] = ""


class LineBody(msgspec.Struct, frozen=True):
    """One line of an order."""

    sku: Word
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    unit_price: Decimal


class OrderBody(msgspec.Struct, frozen=True):
    """An order over REST."""

    channel: Word
    external_number: Word
    customer: CustomerBody
    shipping_address: AddressBody
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    lines: Annotated[list[LineBody], msgspec.Meta(min_length=1, max_length=500)]
    billing_address: AddressBody | None = None
    po_number: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    gift_message: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    shipping_option: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    promise_by: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    notes: Annotated[str, msgspec.Meta(max_length=2000)] | None = None

    def to_request(self) -> NewOrder:
        """Return the order as a plain value.

        Raises ``Invalid`` when the currency is unknown or a price is negative, huge or finer than four decimals.
        """
        if self.currency not in CURRENCIES:
            message = f"{self.currency} is not an ISO 4217 currency."
            raise Invalid(message, problems=(("#/currency", message),))
        return NewOrder(
            channel=self.channel,
            external_number=self.external_number,
            customer_name=self.customer.name,
            customer_type=self.customer.type,
            customer_email=self.customer.email,
            shipping=self.shipping_address.to_address(),
            billing=self.billing_address.to_address() if self.billing_address else None,
            currency=self.currency,
            lines=tuple(_checked(line, index) for index, line in enumerate(self.lines)),
            po_number=self.po_number or "",
            gift_message=self.gift_message or "",
            shipping_option=self.shipping_option or "",
            promise_by=self.promise_by,
            notes=self.notes or "",
        )


def _checked(line: LineBody, index: int) -> NewLine:
    price = line.unit_price
    exponent = price.as_tuple().exponent
    if not isinstance(exponent, int) or not 0 <= price < MAX_UNIT_PRICE or exponent < -PRICE_DECIMALS:
        message = "A unit price is a decimal from 0 with at most four places."
        raise Invalid(message, problems=((f"#/lines/{index}/unit_price", message),))
    return NewLine(line.sku, line.quantity, price)
