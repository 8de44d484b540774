"""What was agreed with a customer, on its way into an order: prices, address book, terms and credit."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from django.db import connection

from oms.channels.queries import ChannelPolicy
from oms.core import seller
from oms.orders import agreeing, customer_queries
from oms.orders.agreeing import Agreed, BookedAddress, KnownCustomer, ListPrice, Terms
from oms.orders.requests import Address, NewOrder

if TYPE_CHECKING:
    from oms.flows.snapshots import Snapshot

# What these channels send has been promised to the customer by somebody else.
CONFIRMED = frozenset({"storefront", "marketplace"})


class OpenTerms(NamedTuple):
    """What must be looked up for some orders: customers, entries of their address books, SKUs without a price."""

    customers: list[str]
    addresses: list[str]
    skus: list[str]


class _Booked(msgspec.Struct):
    customer: str
    code: str
    is_billing: bool
    is_residential: bool | None
    name: str
    line1: str
    line2: str
    city: str
    region: str
    postcode: str
    country: str

    @property
    def address(self) -> Address:
        return Address(self.name, self.line1, self.city, self.country, self.line2, self.region, self.postcode)


class _Priced(msgspec.Struct):
    sku: str
    price: ListPrice


class _Seen(msgspec.Struct):
    customers: list[KnownCustomer] | None
    addresses: list[_Booked] | None
    prices: list[_Priced] | None


_decoder = msgspec.json.Decoder(_Seen)


def asked_by(requests: Iterable[NewOrder]) -> OpenTerms | None:
    """What these orders leave open; None when they say everything themselves."""
    some = [request for request in requests if request.leaves_open]
    if not some:
        return None
    return OpenTerms(
        sorted({request.customer for request in some if request.customer}),
        sorted({request.ship_to for request in some if request.ship_to}),
        sorted({line.sku for request in some for line in request.lines if line.by_list}),
    )


def seen(text: str) -> Terms:
    """What ``flows_terms_context`` answered."""
    read = _decoder.decode(text)
    prices: dict[str, list[ListPrice]] = {}
    for each in read.prices or ():
        prices.setdefault(each.sku, []).append(each.price)
    booked = read.addresses or []
    return Terms(
        {each.code: each for each in read.customers or ()},
        {(each.customer, each.code): BookedAddress(each.address, each.is_residential) for each in booked},
        {each.customer: each.address for each in booked if each.is_billing},
        prices,
    )


def look(request: NewOrder) -> Terms:
    """See what one order leaves open, without the stock behind it."""
    wanted = asked_by([request])
    if wanted is None:
        return Terms()
    with connection.cursor() as cursor:
        cursor.execute("select flows_terms_context(%s, %s, %s)::text", list(wanted))
        (text,) = cursor.fetchone()
    return seen(text)


def agree(
    request: NewOrder, channel: ChannelPolicy, seen: "Snapshot", *, at: datetime
) -> tuple[NewOrder, Agreed]:
    """The order with everything said that it left open, and the terms on which it is taken.

    Raises ``UnknownCustomer``, ``UnknownSku``, ``UnknownAddress``, ``NoListPrice``, ``PoNumberRequired``.
    """
    terms = seen.terms
    customer = agreeing.customer_of(request, terms)
    kind = customer.customer_type if customer else request.customer_type
    policy = customer_queries.type_policies(seen.stamp)[kind]
    if request.leaves_open or request.ship_to:
        for index, line in enumerate(request.lines):
            seen.sku(line.sku, f"#/lines/{index}/sku")
        request = agreeing.settled(request, customer, terms, policy, day=seller.day(at))
    return request, agreeing.agreed(request, customer, terms, policy, confirmed=channel.kind in CONFIRMED)


def note_owed(request: NewOrder, agreed: Agreed, terms: Terms) -> None:
    """Let later orders of the same batch know what an accepted one adds to what its customer owes."""
    if agreed.terms_days is not None:
        before = terms.owed.get(request.customer, terms.customers[request.customer].owed_minor)
        terms.owed[request.customer] = before + agreeing.value_of(request)
