"""The body of ``POST /api/v1/orders``: typed structs that name the field when something is wrong with it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from oms.core.errors import Invalid
from oms.core.money import CURRENCIES
from oms.core.shapes import NEEDED
from oms.orders.requests import NOWHERE, Address, NewLine, NewOrder
from oms.orders.rules import FIRST_PRIORITY, LAST_PRIORITY, CustomerType

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
    """Who buys; a known customer is named by its code, and is then of the type that it is."""

    name: Optional = ""
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None
    type: CustomerType = CustomerType.B2C
    email: Annotated[str, msgspec.Meta(max_length=254, pattern=r"^$|^[^@\s]+@[^@\s]+$")] = ""


class LineBody(msgspec.Struct, frozen=True):
    """One line of an order; without a price it has that of the lists which apply."""

    sku: Word
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    unit_price: Decimal | None = None


class OrderBody(msgspec.Struct, frozen=True):
    """An order over REST; ``ship_to`` names an entry of the customer's address book instead of an address."""

    channel: Word
    external_number: Word
    customer: CustomerBody
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    lines: Annotated[list[LineBody], msgspec.Meta(min_length=1, max_length=500)]
    shipping_address: AddressBody | None = None
    ship_to: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None
    billing_address: AddressBody | None = None
    po_number: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    gift_message: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    shipping_option: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    promise_by: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    notes: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    residential: bool | None = None
    deliver_from: date | None = None
    deliver_until: date | None = None
    partial_policy: Literal["split", "together", "ask"] | None = None
    ship_complete: bool = False
    priority: Annotated[int, msgspec.Meta(ge=FIRST_PRIORITY, le=LAST_PRIORITY)] | None = None

    def to_request(self) -> NewOrder:
        """Return the order as a plain value.

        Raises ``Invalid`` when the currency is unknown, a price is negative, huge or finer than four decimals, or
        what stands in for each other (name and code, address and ship_to) is both or neither there.
        """
        if wrong := self._objection():
            raise Invalid(wrong[1], problems=(wrong,))
        return NewOrder(
            channel=self.channel,
            external_number=self.external_number,
            customer_name=self.customer.name,
            customer_type=self.customer.type,
            customer_email=self.customer.email,
            shipping=self.shipping_address.to_address() if self.shipping_address else NOWHERE,
            billing=self.billing_address.to_address() if self.billing_address else None,
            currency=self.currency,
            lines=tuple(_checked(line, index) for index, line in enumerate(self.lines)),
            po_number=self.po_number or "",
            gift_message=self.gift_message or "",
            shipping_option=self.shipping_option or "",
            promise_by=self.promise_by,
            notes=self.notes or "",
            customer=self.customer.code or "",
            ship_to=self.ship_to or "",
            is_residential=self.residential,
            deliver_from=self.deliver_from,
            deliver_until=self.deliver_until,
            partial_policy="together" if self.ship_complete else self.partial_policy or "",
            priority=self.priority,
        )

    def _objection(self) -> tuple[str, str] | None:
        """Where and why the parts of the order do not fit each other, if they do not."""
        here, there, first, last = self.shipping_address, self.ship_to, self.deliver_from, self.deliver_until
        ends_early = first is not None and last is not None and last < first
        objections = (
            (self.currency not in CURRENCIES, "currency", f"{self.currency} is not an ISO 4217 currency."),
            (not self.customer.name and self.customer.code is None, "customer/name", NEEDED),
            (here is None and there is None, "shipping_address", NEEDED),
            (None not in (here, there), "ship_to", "Send an address or the code of one, not both."),
            (
                self.ship_complete and self.partial_policy not in (None, "together"),
                "partial_policy",
                "ship_complete asks for together.",
            ),
            (ends_early, "deliver_until", "The delivery window ends before it begins."),
        )
        return next(((f"#/{where}", why) for wrong, where, why in objections if wrong), None)


def _checked(line: LineBody, index: int) -> NewLine:
    price = line.unit_price
    if price is None:
        return NewLine(line.sku, line.quantity, by_list=True)
    exponent = price.as_tuple().exponent
    if not isinstance(exponent, int) or not 0 <= price < MAX_UNIT_PRICE or exponent < -PRICE_DECIMALS:
        message = "A unit price is a decimal from 0 with at most four places."
        raise Invalid(message, problems=((f"#/lines/{index}/unit_price", message),))
    return NewLine(line.sku, line.quantity, price)
