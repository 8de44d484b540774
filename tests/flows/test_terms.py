"""Orders are placed on what was agreed: prices, address book, terms, credit, and their own routing."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from oms.core.actors import Actor
from oms.flows import ordering, standing
from oms.orders.models import CustomerAccount, CustomerAddress, CustomerTypePolicy, Hold, Order
from oms.orders.requests import NOWHERE, NewLine, NewOrder
from oms.orders.rules import NoListPrice, OrderBlocked, PoNumberRequired, UnknownCustomer
from oms.routing.rules import Action, Does, Rule, RuleBook, Sites
from oms.routing.services import rule_sets
from tests.builders import NOON, TESTER, breaches, channel, customer, place, price, request, shelf

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture
def cafe():
    shelf("MUG", on_hand=100)
    channel("api")
    made = customer("CAFE", credit_limit_minor=10_000)
    CustomerAddress.objects.create(
        customer=made, code="dock", name="Café Nord", line1="2 Pier Road", city="Fremantle",
        region="WA", postcode="6160", country="AU", is_billing=True,
    )  # fmt: skip
    return made


def buy(*lines: tuple[str, int], number: str = "N-1", **facts):
    wanted = NewOrder(
        **{"channel": "api", "external_number": number, "customer_name": "", "shipping": NOWHERE}
        | {"currency": "AUD", "lines": tuple(NewLine(sku, pieces, by_list=True) for sku, pieces in lines)}
        | {"customer": "CAFE", "ship_to": "dock"}
        | facts
    )
    return ordering.place_order(wanted, actor=TESTER, at=NOON)


def account() -> CustomerAccount:
    return CustomerAccount.objects.get(customer__code="CAFE")


def test_everything_that_is_agreed_stands_on_the_order(cafe):
    price("MUG", "20.00", "wholesale")
    price("MUG", "18.005", "wholesale", from_quantity=3)

    placed = buy(("MUG", 3), deliver_from=date(2026, 12, 1), deliver_until=date(2026, 12, 3))

    order = Order.objects.select_related("contact").get(number=placed.number)
    assert (order.customer_id, order.customer_type, order.terms_days) == (cafe.pk, "b2b", 30)
    assert (order.is_residential, order.deliver_from, order.deliver_until) == (
        False,
        date(2026, 12, 1),
        date(2026, 12, 3),
    )
    assert (placed.lines[0].unit_price, order.total_minor) == ("18.0050", 5_402)
    assert order.contact.customer_name == "Café Nord"
    assert order.contact.shipping_address["line1"] == order.contact.billing_address["line1"] == "2 Pier Road"
    assert order.ship_postcode == "6160"


def test_what_is_asked_for_in_one_round_trip_is_placed_in_another(cafe, django_assert_num_queries):
    price("MUG", "20.00", "wholesale")
    buy(("MUG", 1), number="warm")

    with django_assert_num_queries(2):
        buy(("MUG", 1))


def test_the_type_decides_what_the_sku_leaves_open_and_the_channel_comes_last(cafe):
    price("MUG", "0.50")
    CustomerTypePolicy.objects.filter(customer_type="b2b").update(backorder_policy="block")

    with pytest.raises(OrderBlocked):
        buy(("MUG", 101))
    cafe.backorder_policy = "backorder"
    cafe.save(update_fields=["backorder_policy"])
    assert buy(("MUG", 101)).status == "backordered"
    assert place(("MUG", 1)).status == "backordered"


def test_ship_complete_waits_where_the_channel_would_split(cafe):
    price("MUG", "1.00")
    shelf("CUP", on_hand=1)
    price("CUP", "1.00")

    together = buy(("MUG", 1), ("CUP", 1), partial_policy="together")
    waits = buy(("MUG", 1), ("CUP", 2), number="N-2", partial_policy="together")
    split = buy(("MUG", 1), ("CUP", 2), number="N-3")

    assert [work.status for work in together.work] == ["open"]
    assert [line.allocated for line in waits.lines] == [1, 0]
    assert [work.status for work in waits.work] == ["on_hold"]
    assert [work.status for work in split.work] == ["open"]


def test_a_customer_that_nobody_knows_is_refused(cafe):
    with pytest.raises(UnknownCustomer):
        buy(("MUG", 1), customer="NOBODY")
    cafe.is_active = False
    cafe.save(update_fields=["is_active"])
    with pytest.raises(UnknownCustomer, match="switched off"):
        buy(("MUG", 1))
    assert not Order.objects.exists()


def test_a_batch_refuses_only_what_has_no_price(cafe):
    price("MUG", "2.00")
    shelf("CUP", on_hand=1)
    asked = request(("MUG", 1))
    unpriced = replace(request(), lines=(NewLine("MUG", 1, by_list=True),))
    missing = replace(request(), lines=(NewLine("CUP", 1, by_list=True),))

    good, by_list, refused = ordering.place_orders([asked, unpriced, missing], actor=TESTER, at=NOON)

    assert by_list.lines[0].unit_price == "2.0000"
    assert good.status == "allocated"
    assert isinstance(refused, NoListPrice)


def test_an_order_without_their_number_is_refused_or_held_where_the_shop_has_confirmed(cafe):
    price("MUG", "1.00")
    CustomerTypePolicy.objects.filter(customer_type="b2b").update(requires_po_number=True)
    channel("shop", kind="storefront")

    with pytest.raises(PoNumberRequired):
        buy(("MUG", 1))

    placed = buy(("MUG", 1), channel="shop")
    assert placed.status == "on_hold"
    assert Hold.objects.get().code == "po-number"
    assert buy(("MUG", 1), number="N-2", po_number="PO-77").status == "allocated"


def test_above_the_limit_an_order_is_held_for_the_accountant_and_not_refused(cafe, django_user_model):
    ines = django_user_model.objects.create_user("ines")
    ines.grants.create(role="accountant")
    # Grants do not move the stamp; whoever sets a policy up does.
    CustomerTypePolicy.objects.filter(customer_type="b2b").update(priority=4)
    price("MUG", "40.00")

    assert [buy(("MUG", 1), number=f"N-{n}").status for n in range(3)] == [
        "allocated",
        "allocated",
        "on_hold",
    ]

    held = Hold.objects.get()
    assert (held.code, held.owner) == ("credit-limit", "ines")
    assert "120.00 AUD" in held.reason
    standing.release_order(held.order.number, actor=Actor("user", str(ines.pk), "ines"), at=NOON)
    assert Order.objects.filter(state="open").count() == 3
    assert account().unbilled_minor == 12_000


def test_what_is_owed_follows_the_order(cafe):
    price("MUG", "40.00")
    placed = buy(("MUG", 2))
    assert account().unbilled_minor == 8_000

    ordering.cancel_order(placed.number, reason="Asked", actor=TESTER, at=NOON)

    assert account().unbilled_minor == 0
    assert buy(("MUG", 2), number="N-2").status == "allocated"


def test_a_batch_sees_what_its_own_orders_add(cafe):
    price("MUG", "40.00")
    asked = [
        replace(request(number=f"B-{n}"), customer="CAFE", lines=(NewLine("MUG", 1, by_list=True),))
        for n in range(4)
    ]

    statuses = [placed.status for placed in ordering.place_orders(asked, actor=TESTER, at=NOON)]

    assert statuses == ["allocated", "allocated", "on_hold", "on_hold"]


def test_orders_without_terms_owe_nothing(cafe):
    CustomerTypePolicy.objects.filter(customer_type="b2b").update(terms_days=None)
    price("MUG", "400.00")

    assert buy(("MUG", 1)).status == "allocated"
    assert account().owed_minor == 0


def test_nobody_writes_what_is_owed_or_invoiced(cafe):
    placed = place(("MUG", 1))
    for statement in (
        "update orders_customeraccount set unbilled_minor = 0",
        "delete from orders_customeraccount",
        f"update orders_order set invoiced_minor = 5 where number = '{placed.number}'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_businesses_are_routed_by_their_own_rules(cafe):
    shelf("MUG", at="SYD", on_hand=100)
    price("MUG", "1.00")
    for customer_type, site in (("", "PER"), ("b2b", "SYD")):
        only = Rule(1, (), (Action(Does.REQUIRE, Sites(codes=(site,))),))
        with transaction.atomic():
            draft = rule_sets.create(site, customer_type=customer_type, by=None, at=NOON)
            rule_sets.rewrite(draft.pk, RuleBook(rules=(only,)), by=None, at=NOON)
            rule_sets.publish_first(draft.pk, at=NOON)

    business, person = buy(("MUG", 1)), place(("MUG", 1))

    assert [work.location for work in (*business.work, *person.work)] == ["SYD", "PER"]


def test_money_is_exact(cafe):
    price("MUG", "0.3333")

    placed = buy(("MUG", 10))

    assert Decimal(placed.lines[0].total) == Decimal("3.33")
