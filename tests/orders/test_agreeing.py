"""Which price and which terms an order gets, decided on plain values."""

from datetime import date
from decimal import Decimal

import pytest

from oms.orders import agreeing
from oms.orders.agreeing import (
    BookedAddress,
    KnownCustomer,
    ListPrice,
    Terms,
    TypePolicy,
)
from oms.orders.requests import NOWHERE, Address, NewLine, NewOrder
from oms.orders.rules import (
    CustomerType,
    NoListPrice,
    PoNumberRequired,
    UnknownAddress,
    UnknownCustomer,
)

DAY = date(2026, 11, 23)
DOCK = Address("Café Nord", "2 Pier Road", "Fremantle", "AU", region="WA", postcode="6160")
CAFE = KnownCustomer(7, "CAFE", CustomerType.B2B, "AUD", name="Café Nord", email="cafe@example.com")
BUSINESS = TypePolicy(price_list="wholesale", terms_days=30, is_residential=False, credit_owner="ines")


def order(**facts) -> NewOrder:
    line = facts.pop("line", NewLine("MUG", 10, Decimal("2.00")))
    plain = {
        "customer_name": "",
        "shipping": NOWHERE,
        "currency": "AUD",
        "lines": (line,),
        "customer": "CAFE",
    }
    return NewOrder(channel="api", external_number="1", **plain | facts)


def prices(*rows: tuple) -> list[ListPrice]:
    return [
        ListPrice(name, "AUD", Decimal(price), *([quantity] if quantity else [1]), *days)
        for name, price, quantity, *days in rows
    ]


@pytest.mark.parametrize(
    ("quantity", "day", "expected"),
    [
        (1, DAY, "20"),
        (11, DAY, "20"),
        (12, DAY, "18"),
        (500, DAY, "15"),
        (1, date(2026, 12, 1), "19"),
        (1, date(2027, 1, 1), "20"),
    ],
)
def test_the_price_is_that_of_the_largest_break_that_counts_on_the_day(quantity, day, expected):
    known = prices(
        ("wholesale", "20", 0),
        ("wholesale", "18", 12),
        ("wholesale", "15", 100),
        ("wholesale", "19", 1, date(2026, 12, 1), date(2026, 12, 31)),
        ("standard", "24", 0),
    )

    found = agreeing.list_price(known, ("wholesale", "standard"), "AUD", quantity, day)

    assert found == Decimal(expected)


def test_the_standard_list_serves_where_the_own_list_is_silent():
    known = [*prices(("standard", "24", 0)), ListPrice("wholesale", "EUR", Decimal(9))]

    assert agreeing.list_price(known, ("wholesale", "standard"), "AUD", 1, DAY) == 24
    assert agreeing.list_price(known, ("wholesale", "standard"), "NZD", 1, DAY) is None


def test_a_line_without_a_price_names_itself_when_no_list_has_one():
    asked = order(line=NewLine("MUG", 1, by_list=True))

    with pytest.raises(NoListPrice) as refused:
        agreeing.settled(asked, CAFE, Terms(), BUSINESS, day=DAY)

    assert refused.value.problems[0][0] == "#/lines/0/unit_price"


def test_the_address_book_fills_in_where_to_and_the_customer_who():
    terms = Terms(addresses={("CAFE", "dock"): BookedAddress(DOCK)}, billing={"CAFE": DOCK})

    settled = agreeing.settled(order(ship_to="dock"), CAFE, terms, BUSINESS, day=DAY)

    assert (settled.shipping, settled.billing) == (DOCK, DOCK)
    assert (settled.customer_name, settled.customer_email) == ("Café Nord", "cafe@example.com")
    assert settled.customer_type is CustomerType.B2B


@pytest.mark.parametrize(
    ("asked", "kind", "pointer"),
    [
        (order(ship_to="attic"), UnknownAddress, "#/ship_to"),
        (order(customer="", ship_to="dock"), UnknownAddress, "#/ship_to"),
        (order(currency="EUR"), UnknownCustomer, "#/currency"),
    ],
)
def test_what_does_not_fit_the_customer_is_pointed_at(asked, kind, pointer):
    customer = CAFE if asked.customer else None

    with pytest.raises(kind) as refused:
        agreeing.settled(asked, customer, Terms(), BUSINESS, day=DAY)

    assert refused.value.problems[0][0] == pointer


def test_the_order_goes_before_its_customer_and_the_customer_before_its_type():
    policy = TypePolicy(priority=6, partial_policy="split", backorder_policy="block", terms_days=30)
    own = KnownCustomer(
        7, "CAFE", CustomerType.B2B, "AUD", priority=3, partial_policy="together", terms_days=14
    )

    by_type = agreeing.agreed(order(), CAFE, Terms(), policy, confirmed=False)
    by_customer = agreeing.agreed(order(), own, Terms(), policy, confirmed=False)
    by_order = agreeing.agreed(order(priority=1, partial_policy="ask"), own, Terms(), policy, confirmed=False)

    assert (by_type.priority, by_type.partial_policy, by_type.terms_days) == (6, "split", 30)
    assert (by_customer.priority, by_customer.partial_policy, by_customer.terms_days) == (3, "together", 14)
    assert (by_order.priority, by_order.partial_policy, by_order.backorder_policy) == (1, "ask", "block")


def test_nobody_has_terms_without_being_known():
    assert agreeing.agreed(order(customer=""), None, Terms(), BUSINESS, confirmed=False).terms_days is None


def test_a_missing_order_number_is_refused_unless_the_channel_has_confirmed():
    policy = TypePolicy(requires_po_number=True)

    with pytest.raises(PoNumberRequired) as refused:
        agreeing.agreed(order(), CAFE, Terms(), policy, confirmed=False)

    assert refused.value.problems[0][0] == "#/po_number"
    (stop,) = agreeing.agreed(order(), CAFE, Terms(), policy, confirmed=True).stops
    assert stop.code == "po-number"
    assert agreeing.agreed(order(po_number="A1"), CAFE, Terms(), policy, confirmed=False).stops == ()


def test_the_order_that_passes_the_limit_is_stopped_and_the_one_that_reaches_it_is_not():
    limited = KnownCustomer(7, "CAFE", CustomerType.B2B, "AUD", credit_limit_minor=5_000, owed_minor=3_000)

    assert agreeing.agreed(order(), limited, Terms(), BUSINESS, confirmed=False).stops == ()
    (stop,) = agreeing.agreed(
        order(line=NewLine("MUG", 1, Decimal("20.01"))), limited, Terms(), BUSINESS, confirmed=False
    ).stops
    assert (stop.code, stop.owner) == ("credit-limit", "ines")
    assert stop.reason == "CAFE would owe 50.01 AUD with this order; its limit is 50.00 AUD."
