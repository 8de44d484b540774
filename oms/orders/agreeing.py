"""What applies to an order: what it says itself, else its customer, else the customer type; pure.

Where all of them are silent, the channel decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from oms.core import money
from oms.core.errors import Invalid
from oms.orders.requests import Address, NewLine, NewOrder
from oms.orders.rules import (
    NORMAL_PRIORITY,
    CustomerType,
    NoListPrice,
    PoNumberRequired,
    UnknownAddress,
    UnknownCustomer,
)

STANDARD = "standard"
"""The list that has the price of a SKU for everybody."""
CREDIT_LIMIT, PO_NUMBER, ROUTING = "credit-limit", "po-number", "routing"
"""Codes of the reasons for which an order is held when it comes in."""


@dataclass(frozen=True, slots=True)
class TypePolicy:
    """What applies to all customers of a type."""

    price_list: str = ""
    priority: int = NORMAL_PRIORITY
    partial_policy: str = ""
    backorder_policy: str = ""
    terms_days: int | None = None
    requires_po_number: bool = False
    is_residential: bool | None = None
    credit_owner: str = ""


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer as an order sees it; what is empty or None is left to its type."""

    id: int
    code: str
    customer_type: CustomerType
    currency: str
    price_list: str = ""
    priority: int | None = None
    partial_policy: str = ""
    backorder_policy: str = ""
    terms_days: int | None = None
    requires_po_number: bool | None = None
    credit_limit_minor: int | None = None
    is_active: bool = True
    owed_minor: int = 0
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class BookedAddress:
    """An entry of a customer's address book."""

    address: Address
    is_residential: bool | None = None


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What one piece costs on a list, from so many pieces on, on the days from the first to the last."""

    price_list: str
    currency: str
    unit_price: Decimal
    from_quantity: int = 1
    valid_from: date | None = None
    valid_until: date | None = None

    def counts(self, currency: str, quantity: int, day: date) -> bool:
        """Whether so many pieces have this price on a day."""
        return (
            self.currency == currency
            and self.from_quantity <= quantity
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(slots=True)
class Terms:
    """What was seen of the customers, address books and price lists that orders name.

    ``owed`` counts on in a batch: what an order before this one added to what its customer owes.
    """

    customers: Mapping[str, KnownCustomer] = field(default_factory=dict)
    addresses: Mapping[tuple[str, str], BookedAddress] = field(default_factory=dict)
    billing: Mapping[str, Address] = field(default_factory=dict)
    prices: Mapping[str, Sequence[ListPrice]] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an order is held as soon as it has come in, and the user name of who answers for it."""

    code: str
    reason: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The terms of one order; an empty policy is the channel's."""

    customer_id: int | None = None
    priority: int = NORMAL_PRIORITY
    partial_policy: str = ""
    backorder_policy: str = ""
    terms_days: int | None = None
    is_residential: bool | None = None
    stops: tuple[Stop, ...] = ()


def customer_of(request: NewOrder, terms: Terms) -> KnownCustomer | None:
    """The customer that an order names, if it names one.

    Raises ``UnknownCustomer``.
    """
    if not request.customer:
        return None
    known = terms.customers.get(request.customer)
    if known is None:
        raise _pointed(UnknownCustomer, "#/customer/code", f"There is no customer {request.customer}.")
    if not known.is_active:
        message = f"Customer {request.customer} is switched off: no new orders are taken."
        raise _pointed(UnknownCustomer, "#/customer/code", message)
    return known


def settled(
    request: NewOrder, customer: KnownCustomer | None, terms: Terms, policy: TypePolicy, *, day: date
) -> NewOrder:
    """The order with everything said that it left to the customer: who, where to, at which prices.

    Raises ``UnknownAddress``, ``NoListPrice``, ``UnknownCustomer`` when the customer buys in another currency.
    """
    if customer is not None:
        request = _with_customer(request, customer, terms, policy)
    elif request.ship_to:
        message = "Only a known customer has an address book: name it in customer.code."
        raise _pointed(UnknownAddress, "#/ship_to", message)
    if any(line.by_list for line in request.lines):
        lists = lists_of(customer, policy)
        lines = list(request.lines)
        for index, line in enumerate(lines):
            if line.by_list:
                price = list_price(
                    terms.prices.get(line.sku, ()), lists, request.currency, line.quantity, day
                )
                lines[index] = _priced(line, index, price, request.currency, lists)
        request = replace(request, lines=tuple(lines))
    return request


def agreed(
    request: NewOrder, customer: KnownCustomer | None, terms: Terms, policy: TypePolicy, *, confirmed: bool
) -> Agreed:
    """The terms of a settled order; one that its channel has ``confirmed`` already is held and never refused.

    Raises ``PoNumberRequired``.
    """
    stops = []
    needs_po = policy.requires_po_number
    if customer is not None and customer.requires_po_number is not None:
        needs_po = customer.requires_po_number
    if needs_po and not request.po_number:
        message = "Their own order number is missing."
        if not confirmed:
            raise _pointed(PoNumberRequired, "#/po_number", message)
        stops.append(Stop(PO_NUMBER, message))
    residential = request.is_residential
    if residential is None and request.ship_to:
        residential = terms.addresses[request.customer, request.ship_to].is_residential
    if customer is None:
        return Agreed(
            priority=request.priority or policy.priority,
            partial_policy=request.partial_policy or policy.partial_policy,
            backorder_policy=policy.backorder_policy,
            is_residential=policy.is_residential if residential is None else residential,
            stops=tuple(stops),
        )
    days = policy.terms_days if customer.terms_days is None else customer.terms_days
    if days is not None and (stop := _above_limit(request, customer, terms, policy)):
        stops.append(stop)
    return Agreed(
        customer.id,
        request.priority or customer.priority or policy.priority,
        request.partial_policy or customer.partial_policy or policy.partial_policy,
        customer.backorder_policy or policy.backorder_policy,
        days,
        policy.is_residential if residential is None else residential,
        tuple(stops),
    )


def value_of(request: NewOrder) -> int:
    """What the lines of a settled order come to, in minor units."""
    return sum(
        [money.total(line.unit_price, line.quantity, request.currency).amount for line in request.lines]
    )


def list_price(
    prices: Sequence[ListPrice], lists: Iterable[str], currency: str, quantity: int, day: date
) -> Decimal | None:
    """The price of the first list that has one: that of the largest break, of those the one that began last."""
    for name in lists:
        known = [each for each in prices if each.price_list == name and each.counts(currency, quantity, day)]
        if known:
            return max(known, key=lambda each: (each.from_quantity, each.valid_from or date.min)).unit_price
    return None


def lists_of(customer: KnownCustomer | None, policy: TypePolicy) -> tuple[str, ...]:
    """The price lists that apply, the one that goes before first."""
    own = customer.price_list if customer else ""
    return tuple([name for name in (own or policy.price_list, STANDARD) if name])


def _with_customer(request: NewOrder, customer: KnownCustomer, terms: Terms, policy: TypePolicy) -> NewOrder:
    has_terms = customer.terms_days is not None or policy.terms_days is not None
    if has_terms and request.currency != customer.currency:
        message = f"Customer {customer.code} has terms in {customer.currency}."
        raise _pointed(UnknownCustomer, "#/currency", message)
    shipping = request.shipping
    if request.ship_to:
        booked = terms.addresses.get((customer.code, request.ship_to))
        if booked is None:
            message = f"The address book of {customer.code} has no {request.ship_to}."
            raise _pointed(UnknownAddress, "#/ship_to", message)
        shipping = booked.address
    return replace(
        request,
        customer_type=customer.customer_type,
        customer_name=request.customer_name or customer.name or customer.code,
        customer_email=request.customer_email or customer.email,
        shipping=shipping,
        billing=request.billing or terms.billing.get(customer.code),
    )


def _priced(line: NewLine, index: int, price: Decimal | None, currency: str, lists: Sequence[str]) -> NewLine:
    if price is None:
        message = f"{line.sku} has no price in {currency} on the list {' or '.join(lists)}: say one."
        raise _pointed(NoListPrice, f"#/lines/{index}/unit_price", message)
    return replace(line, unit_price=price, by_list=False)


def _above_limit(request: NewOrder, customer: KnownCustomer, terms: Terms, policy: TypePolicy) -> Stop | None:
    limit = customer.credit_limit_minor
    owes = terms.owed.get(customer.code, customer.owed_minor) + value_of(request)
    if limit is None or owes <= limit:
        return None
    would, may = money.Money(owes, customer.currency), money.Money(limit, customer.currency)
    reason = f"{customer.code} would owe {would} with this order; its limit is {may}."
    return Stop(CREDIT_LIMIT, reason, policy.credit_owner)


def _pointed(kind: type[Invalid], pointer: str, message: str) -> Invalid:
    return kind(message, problems=((pointer, message),))
