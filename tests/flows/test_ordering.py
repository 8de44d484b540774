"""Orders come in, reserve, wait, are held and cancelled."""

import pytest

from inventory.models import StockMovement
from oms.flows import counting, ordering, standing
from oms.orders.models import Order
from oms.orders.rules import DuplicateOrder, OrderBlocked, TooLateToCancel
from oms.routing.models import RoutingDecision
from tests import builders
from tests.builders import NOON, SYDNEY, TESTER, breaches, level, place, rate, request, shelf

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


def test_twelve_in_stock_three_ordered_nine_left_then_ten_are_never_confirmed():
    shelf("MUG", on_hand=12)

    first = place(("MUG", 3))
    assert level("MUG").available == 9

    second = place(("MUG", 10))
    assert first.status == "allocated"
    assert second.status == "backordered"
    assert (second.lines[0].allocated, second.lines[0].waiting) == (9, 1)
    assert (level("MUG").on_hand, level("MUG").reserved, level("MUG").available) == (12, 12, 0)


def test_a_blocked_sku_is_refused_whole_and_nothing_is_written():
    shelf("MUG", on_hand=9)
    builders.sku("MUG").__class__.objects.filter(code="MUG").update(backorder_policy="block")

    with pytest.raises(OrderBlocked, match="9 of 10"):
        place(("MUG", 10))

    assert not Order.objects.exists()
    assert level("MUG").available == 9


def test_the_perth_example_ships_from_perth():
    shelf("MUG", at="PER", on_hand=3)
    shelf("MUG", at="SYD", on_hand=20)
    rate("PER", region="WA", cost_minor=600, days=2)
    rate("SYD", region="WA", cost_minor=1200, days=5)

    placed = place(("MUG", 1))

    assert [work.location for work in placed.work] == ["PER"]
    assert (level("MUG", at="PER").available, level("MUG", at="SYD").available) == (2, 20)
    decision = RoutingDecision.objects.get(pk=placed.decision_id)
    assert (decision.cost_minor, decision.days) == (600, 2)
    assert "6.00" in decision.explanation["why"]


def test_the_same_channel_number_is_refused_and_names_the_order():
    shelf(on_hand=5)
    placed = place(("MUG", 1), number="A-1")

    with pytest.raises(DuplicateOrder, match=placed.number):
        place(("MUG", 1), number="A-1")

    assert level().reserved == 1


def test_two_lines_of_one_sku_are_summed_before_the_check():
    shelf(on_hand=5)

    placed = place(("MUG", 3), ("MUG", 3))

    assert [line.allocated for line in placed.lines] == [3, 2]
    assert level().available == 0


def test_a_cancelled_order_gives_its_stock_back_once():
    shelf(on_hand=5)
    placed = place(("MUG", 3))

    ordering.cancel_order(placed.number, reason="customer", actor=TESTER, at=NOON)

    assert level().available == 5
    assert builders.order(placed).status == "cancelled"
    assert StockMovement.objects.filter(kind="release").count() == 1


def test_a_held_order_keeps_its_stock_and_goes_on_when_released():
    shelf(on_hand=5)
    placed = place(("MUG", 3))

    standing.hold_order(placed.number, reason="address", actor=TESTER, at=NOON)
    assert builders.order(placed).status == "on_hold"
    assert level().reserved == 3

    standing.release_order(placed.number, actor=TESTER, at=NOON)
    assert builders.order(placed).status == "allocated"


def test_stock_that_arrives_serves_the_order_that_waits():
    shelf(on_hand=1)
    placed = place(("MUG", 3))
    counting.receive_stock("MUG", location="PER", quantity=5, reference="PO-1", actor=TESTER, at=NOON)

    served = ordering.serve_backorders(placed.number, actor=TESTER, at=NOON)

    assert served
    assert builders.order(placed).status == "allocated"
    assert level().available == 3


def test_an_order_split_over_two_places_has_work_at_both():
    shelf(at="PER", on_hand=2)
    shelf(at="SYD", on_hand=2)
    rate("PER", region="NSW", cost_minor=900, days=4)
    rate("SYD", region="NSW", cost_minor=600, days=2)

    placed = place(("MUG", 4), to=SYDNEY)

    assert {work.location for work in placed.work} == {"PER", "SYD"}
    assert sum(quantity for work in placed.work for _, quantity in work.lines) == 4


def test_a_batch_refuses_only_the_bad_order():
    shelf(on_hand=5)
    builders.channel()
    good, unknown, twin = request(("MUG", 2)), request(("NOPE", 1)), request(("MUG", 2))

    answers = ordering.place_orders([good, unknown, twin], actor=TESTER, at=NOON)

    assert [getattr(answer, "status", None) for answer in answers] == ["allocated", 422, "allocated"]
    assert level().available == 1


def test_an_order_of_three_lines_takes_at_most_twelve_round_trips(django_assert_max_num_queries):
    for code in ("A", "B", "C"):
        shelf(code, on_hand=5)
    place(("A", 1))

    with django_assert_max_num_queries(10):
        place(("A", 1), ("B", 1), ("C", 1))


def test_an_order_with_a_packed_parcel_cannot_be_cancelled():
    shelf(on_hand=5)
    placed = place(("MUG", 1))
    builders.pack(placed.work[0].number, "MUG")

    with pytest.raises(TooLateToCancel, match=placed.work[0].number):
        ordering.cancel_order(placed.number, reason="late", actor=TESTER, at=NOON)
