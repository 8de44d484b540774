"""Too little for everybody: who is served first, and what a manager may decide."""

from datetime import date, timedelta

import pytest

from oms.core.models import AuditEntry
from oms.flows import counting, ordering, scarcity
from oms.flows.scarcity import NothingToGive
from oms.orders import scarcity_queries
from oms.orders.models import Order, ServingPolicy
from tests import builders
from tests.builders import NOON, TESTER, breaches, place, shelf

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture
def waiting() -> list[str]:
    """Three orders that each wait for one mug, in the order in which they came."""
    shelf("MUG", on_hand=1)
    place(("MUG", 1))
    return [place(("MUG", 1)).number for _ in range(3)]


def arrive(pieces: int) -> list[str]:
    counting.receive_stock("MUG", location="PER", quantity=pieces, reference="D", actor=TESTER, at=LATER)
    before = set(served())
    ordering.serve_waiting("MUG", actor=TESTER, at=LATER)
    return [number for number in served() if number not in before]


def served() -> list[str]:
    return list(Order.objects.filter(progress="allocated").order_by("id").values_list("number", flat=True))


def test_of_equal_orders_the_oldest_is_served_first(waiting):
    assert arrive(1) == waiting[:1]


def test_priority_goes_before_age(waiting):
    Order.objects.filter(number=waiting[2]).update(priority=1)

    assert arrive(2) == [waiting[0], waiting[2]]


def test_the_policy_says_what_counts_first(waiting):
    Order.objects.filter(number=waiting[2]).update(priority=1)
    Order.objects.filter(number=waiting[1]).update(promise_by=NOON)
    ServingPolicy.objects.create(pk=1, criteria=["promise", "priority"])

    assert arrive(1) == [waiting[1]]


def test_what_a_manager_decided_goes_before_everything(waiting):
    Order.objects.filter(number=waiting[1]).update(priority=1)
    scarcity.decide_turn(
        waiting[2], sku="MUG", is_first=True, note="Wedding on Friday", actor=TESTER, at=NOON
    )
    scarcity.decide_turn(waiting[1], sku="MUG", is_first=False, note="Not in a hurry", actor=TESTER, at=NOON)

    assert arrive(2) == [waiting[0], waiting[2]]
    assert AuditEntry.objects.filter(action="order.turn_decided").count() == 2


def test_a_decision_can_be_taken_back(waiting):
    scarcity.decide_turn(waiting[2], sku="MUG", is_first=True, note="Wedding", actor=TESTER, at=NOON)
    scarcity.forget_turn(waiting[2], sku="MUG", actor=TESTER, at=NOON)

    assert arrive(1) == waiting[:1]


def test_a_preorder_is_served_before_others_when_its_delivery_comes():
    shelf("MUG", on_hand=1)
    place(("MUG", 1))
    early = place(("MUG", 1)).number
    builders.sku("MUG").__class__.objects.filter(code="MUG").update(backorder_policy="preorder")
    for pieces, day in ((1, date(2026, 11, 30)), (1, date(2026, 12, 1))):
        counting.expect_stock(
            "MUG", location="PER", quantity=pieces, reference=f"{day}", expected_on=day, actor=TESTER, at=NOON
        )
    preorder = place(("MUG", 1)).number

    counting.receive_stock("MUG", location="PER", quantity=1, reference="2026-12-01", actor=TESTER, at=LATER)
    ordering.serve_waiting("MUG", actor=TESTER, at=LATER)

    assert Order.objects.get(number=preorder).progress == "allocated"
    assert Order.objects.get(number=early).progress == "backordered"


def test_untouched_pieces_are_given_to_another_order(waiting):
    holder = Order.objects.get(progress="allocated").number

    assert scarcity.give("MUG", giver=holder, taker=waiting[1], note="Wedding", actor=TESTER, at=LATER) == 1

    assert served() == [waiting[1]]
    assert Order.objects.get(number=holder).progress == "backordered"
    assert builders.level("MUG").reserved == 1


def test_nothing_is_given_that_is_picked_or_not_wanted(waiting):
    with pytest.raises(NothingToGive):
        scarcity.give("MUG", giver=waiting[0], taker=waiting[1], note="Wedding", actor=TESTER, at=LATER)

    assert scarcity_queries.scarce()[0].waiting == 3
