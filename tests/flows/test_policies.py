"""What waits and what is refused: by whom an order comes, whom it is for, and what is changed of it."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from oms.alerts.models import Alert
from oms.catalogue.models import Sku
from oms.core.models import OutboxMessage
from oms.flows import amending, counting, ordering, reactions, watching
from oms.flows.watching import filled_after_all
from oms.orders.amendments import Amendment, Difference
from oms.orders.models import CustomerAccount, CustomerTypePolicy, Order, OrderLine
from oms.orders.rules import CreditLimitExceeded, NoRoomToWait, OrderBlocked, RefusedByRules
from oms.routing.models import Rate
from oms.routing.rules import Action, Condition, Does, Fact, IfNone, Rule, RuleBook, Test
from tests.builders import (
    NOON,
    TESTER,
    breaches,
    channel,
    customer,
    level,
    live_rules,
    place,
    price,
    rate,
    shelf,
    sku,
)

pytestmark = pytest.mark.django_db
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


def order_of(number: str) -> Order:
    return Order.objects.get(number=number)


def more(number: str, pieces: int, code: str = "MUG") -> None:
    wanted = Amendment((Difference(code, pieces, Decimal(10)),))
    amending.amend_order(number, wanted, reason="They rang", **DOING)


def tell(topic: str) -> None:
    """What the relay does with this news."""
    for message in OutboxMessage.objects.filter(topic=topic):
        message.claimed_at = NOON
        for react in reactions.REACTIONS[topic][1:]:
            react(message)


@pytest.mark.parametrize("kind", ["storefront", "marketplace"])
def test_what_a_channel_has_confirmed_is_never_refused_for_want_of_stock(kind):
    channel("market", kind=kind, backorder_policy="block")
    shelf("MUG", on_hand=2)

    placed = place(("MUG", 5), via="market")

    assert (placed.status, placed.lines[0].allocated, placed.lines[0].waiting) == ("backordered", 2, 3)
    tell("order.oversold")
    alert = Alert.objects.get(kind="oversold")
    assert alert.subject_id == placed.number
    assert "not sold on backorder" in alert.message
    assert filled_after_all(at=NOON) == 1
    counting.receive_stock("MUG", location="PER", quantity=3, reference="D", **DOING)
    ordering.serve_waiting("MUG", **DOING)
    assert watching.filled_after_all(at=NOON) == 0
    assert Alert.objects.get(kind="oversold").closed_at == NOON


def test_a_channel_that_asks_us_first_is_refused_as_before():
    channel("api", backorder_policy="block")
    shelf("MUG", on_hand=2)

    with pytest.raises(OrderBlocked):
        place(("MUG", 5))
    assert not OutboxMessage.objects.filter(topic="order.oversold").exists()


def test_a_confirmed_order_waits_beyond_the_limit_of_its_sku_and_others_do_not():
    channel("market", kind="marketplace")
    shelf("MUG", on_hand=2)
    first = place(("MUG", 1)).number
    Sku.objects.filter(code="MUG").update(backorder_limit=1)

    placed = place(("MUG", 4), via="market")

    assert placed.lines[0].waiting == 3
    with pytest.raises(NoRoomToWait):
        place(("MUG", 1))
    ours = Order.objects.get(number=first)
    with pytest.raises(DatabaseError, match="would wait"), transaction.atomic():
        OrderLine.objects.create(
            order=ours,
            position=9,
            sku=sku("MUG"),
            quantity_ordered=1,
            quantity_waiting=1,
            unit_price=Decimal(1),
            total_minor=100,
        )


def test_rules_that_leave_no_site_refuse_only_who_asks_first():
    channel("market", kind="marketplace")
    shelf("MUG", on_hand=5)
    with transaction.atomic():
        rule = Rule(1, (Condition(Fact.VALUE, Test.ABOVE, number=1),), (Action(Does.EXCLUDE),))
        live_rules(RuleBook((rule,), if_none=IfNone.REFUSE))

    with pytest.raises(RefusedByRules):
        place(("MUG", 1))
    assert place(("MUG", 1), via="market").status == "backordered"


@pytest.fixture
def on_terms() -> str:
    """Number of an order of ten mugs, 100.00, of a customer that may owe 150.00."""
    shelf("MUG", on_hand=100)
    price("MUG", "10.00")
    customer("CAFE", credit_limit_minor=15_000, terms_days=14)
    return place(("MUG", 10), customer="CAFE").number


def test_an_edit_that_goes_beyond_the_credit_limit_is_refused_and_changes_nothing(on_terms):
    more(on_terms, 5)
    assert CustomerAccount.objects.get().owed_minor == 15_000

    with pytest.raises(CreditLimitExceeded, match=r"would owe .*160\.00.*; its limit is .*150\.00"):
        more(on_terms, 1)

    assert (order_of(on_terms).total_minor, CustomerAccount.objects.get().owed_minor) == (15_000, 15_000)
    assert level("MUG").reserved == 15
    more(on_terms, -5)
    assert CustomerAccount.objects.get().owed_minor == 10_000


def test_an_edit_that_makes_it_cheaper_is_never_a_matter_of_credit(on_terms):
    CustomerAccount.objects.get().customer.__class__.objects.update(credit_limit_minor=1_000)

    more(on_terms, -2)

    assert order_of(on_terms).total_minor == 8_000


@pytest.mark.parametrize("whose", ["customer", "type"])
def test_pieces_that_are_added_wait_only_where_the_customer_may_wait(on_terms, whose):
    if whose == "customer":
        CustomerAccount.objects.get().customer.__class__.objects.update(backorder_policy="block")
    else:
        CustomerTypePolicy.objects.filter(customer_type="b2b").update(backorder_policy="block")
    sku("CUP")

    with pytest.raises(OrderBlocked, match="CUP"):
        more(on_terms, 1, "CUP")
    assert order_of(on_terms).lines.count() == 1


def test_the_customer_goes_before_its_type_and_the_channel(on_terms):
    channel("api").__class__.objects.update(backorder_policy="block")
    CustomerTypePolicy.objects.filter(customer_type="b2b").update(backorder_policy="block")
    CustomerAccount.objects.get().customer.__class__.objects.update(backorder_policy="backorder")
    sku("CUP")

    more(on_terms, 1, "CUP")

    assert order_of(on_terms).status == "backordered"


def test_pieces_that_join_a_request_change_what_sending_it_is_planned_to_cost():
    sku("MUG", weight_grams=400)
    shelf("MUG", on_hand=2)
    rate("PER", region="WA", cost_minor=600, days=2)
    light = Rate.objects.get()
    light.up_to_grams = 1_000
    light.save()
    Rate.objects.create(rate_card=light.rate_card, zone=light.zone, cost_minor=950, days=2)
    number = place(("MUG", 5)).number
    assert order_of(number).fulfilment_orders.get().expected_cost_minor == 600

    counting.receive_stock("MUG", location="PER", quantity=3, reference="D", **DOING)
    ordering.serve_waiting("MUG", **DOING)

    work = order_of(number).fulfilment_orders.get()
    assert (work.lines.count(), work.expected_cost_minor) == (2, 950)
