"""Businesses that buy from the demo shop on terms: prices, address books, invoices, and one above its limit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from fulfilment.rules import NewParcel, ParcelLine
from inventory import queries as stock_queries
from oms.catalogue.models import Price, Sku
from oms.channels.models import Channel
from oms.core.actors import SYSTEM
from oms.flows import customers, invoicing, ordering, shipping
from oms.flows.customers import NewCustomer
from oms.flows.demo.catalogue import Article
from oms.orders.requests import NOWHERE, NewLine, NewOrder, Placed

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Business:
    """Who buys, on which terms, and where its parcels go."""

    code: str
    name: str
    terms_days: int
    limit_minor: int | None
    towns: tuple[tuple[str, str, str, str], ...]


BUSINESSES = (
    Business(
        "CAFE-NORD",
        "Café Nord",
        14,
        500_000,
        (("dock", "2 Pier Road", "Fremantle", "6160"), ("bar", "31 Hay Street", "Perth", "6000")),
    ),
    Business("HOTEL-SWAN", "Hotel Swan", 30, None, (("goods", "1 Riverside Drive", "Perth", "6000"),)),
    Business("GALLERY", "Gallery on the Green", 0, 20_000, (("shop", "9 High Street", "Fremantle", "6160"),)),
)


def trade(sold: list[Article], *, now: datetime, say: Callable[[str], None]) -> None:
    """Make the businesses, and let them order, be billed, pay, and pass a limit."""
    with transaction.atomic():
        Channel.objects.get_or_create(code="desk", defaults={"name": "Desk", "kind": "desk"})
        _lists(sold)
    for business in BUSINESSES:
        _know(business, at=now - timedelta(days=20))
    there = stock_queries.stocked("PER", at_least=8)
    wanted = [article for article in sold if article.code in there]
    for number, business in enumerate(BUSINESSES):
        paid = _buy(business, wanted[number * 4 : number * 4 + 2], 1, at=now - timedelta(hours=40))
        _ship(paid, f"BUS-{number}", at=now - timedelta(hours=36))
        _buy(business, wanted[number * 4 + 2 : number * 4 + 4], 2, at=now - timedelta(hours=3 - number))
    invoicing.settle("INV-1001", reference="Bank transfer 4471", actor=SYSTEM, at=now - timedelta(hours=1))
    # The gallery pays at once or not at all: its invoice is overdue, and one more order passes its limit.
    _buy(BUSINESSES[2], wanted[20:21], 8, at=now - timedelta(minutes=30))
    # The hotel has too little to choose from: somebody asks it whether a part may come first.
    _buy(BUSINESSES[1], wanted[22:24], 60, at=now - timedelta(minutes=20), partial_policy="ask")
    invoicing.watch_overdue(today=now.date(), at=now)
    say(f"{len(BUSINESSES)} businesses buy on terms")


def _lists(sold: list[Article]) -> None:
    skus = {sku.code: sku for sku in Sku.objects.filter(code__in=[article.code for article in sold])}
    Price.objects.bulk_create(
        Price(sku=skus[article.code], price_list=name, unit_price=price, from_quantity=pieces)
        for article in sold
        for name, price, pieces in (
            ("standard", article.price, 1),
            ("wholesale", (article.price * Decimal("0.80")).quantize(CENT), 1),
            ("wholesale", (article.price * Decimal("0.72")).quantize(CENT), 12),
        )
    )


def _know(business: Business, *, at: datetime) -> None:
    who = {"name": business.name, "email": f"orders@{business.code.lower()}.example"}
    facts = {"terms_days": business.terms_days, "credit_limit_minor": business.limit_minor}
    customers.create_customer(NewCustomer(business.code, "b2b", "AUD", who, facts), actor=SYSTEM, at=at)
    for place, (code, line1, city, postcode) in enumerate(business.towns):
        values = {
            **{"name": business.name, "line1": line1, "city": city, "region": "WA", "postcode": postcode},
            **{"country": "AU", "label": code.capitalize(), "is_billing": place == 0},
        }
        customers.book_address(business.code, code, values=values, actor=SYSTEM, at=at)


def _buy(
    business: Business, articles: list[Article], pieces: int, *, at: datetime, partial_policy: str = ""
) -> Placed:
    number = f"{business.code}-{at:%m%d%H%M}"
    lines = tuple(NewLine(article.code, pieces, by_list=True) for article in articles)
    wanted = NewOrder(
        "desk",
        number,
        "",
        NOWHERE,
        "AUD",
        lines,
        customer=business.code,
        ship_to=business.towns[0][0],
        po_number=f"PO-{at:%d%H%M}",
        partial_policy=partial_policy,
    )
    return ordering.place_order(wanted, actor=SYSTEM, at=at)


def _ship(placed: Placed, tracking: str, *, at: datetime) -> None:
    for position, work in enumerate(placed.work):
        if work.status != "on_hold":
            lines = tuple(ParcelLine(sku, pieces) for sku, pieces in work.lines)
            parcel = NewParcel("auspost", f"{tracking}-{position}", lines)
            shipping.ship_parcels(work.number, contents=[parcel], actor=SYSTEM, at=at)
