"""Many orders at once: written by and by while the next are planned, and all of them or none."""

import threading

import pytest
from django.db import connection

from oms.flows import ordering, placement
from oms.orders.models import Order
from oms.orders.rules import DuplicateOrder
from oms.routing.models import Allocation
from tests.builders import NOON, TESTER, breaches, channel, level, rate, request, shelf

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 2 * ordering.WRITTEN_AT_ONCE + 20


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture(autouse=True)
def shop():
    channel("api")
    shelf("MUG", at="PER", on_hand=60)
    shelf("MUG", at="SYD", on_hand=40)
    shelf("POT", at="SYD", on_hand=500)
    rate("PER", region="WA", cost_minor=600, days=2)
    rate("SYD", region="WA", cost_minor=1200, days=5)


def place(requests):
    return ordering.place_orders(requests, actor=TESTER, at=NOON)


def test_each_is_planned_on_what_those_before_it_left():
    answers = place([request(("POT", 1), ("MUG", 1)) for _ in range(MANY)])

    assert Order.objects.count() == MANY
    assert sum(answer.lines[1].allocated for answer in answers) == 100
    assert [answer.status for answer in answers[:100]] == ["allocated"] * 100
    assert {answer.status for answer in answers[100:]} == {"backordered"}
    assert level("MUG", at="PER").available == level("MUG", at="SYD").available == 0
    assert level("POT", at="SYD").reserved == MANY


def test_a_refusal_in_the_middle_takes_nothing_with_it():
    requests = [request(("MUG", 1)) for _ in range(MANY)]
    bad = ordering.WRITTEN_AT_ONCE + 3
    requests[bad] = request(("NOPE", 1))

    answers = place(requests)

    assert getattr(answers[bad], "code", None) == "unknown-sku"
    assert Order.objects.count() == MANY - 1
    assert sum(Allocation.objects.values_list("quantity", flat=True)) == 100


def test_a_number_that_somebody_takes_meanwhile_is_seen_the_second_time(monkeypatch):
    requests = [request(("POT", 1)) for _ in range(MANY)]
    taken = requests[5]
    as_planned, tries = placement.place, []

    def steal() -> None:
        ordering.place_order(taken, actor=TESTER, at=NOON)
        connection.close()

    def planned(asked, *others):
        if asked is requests[0]:
            tries.append(asked)
            if len(tries) == 1:
                thief = threading.Thread(target=steal)
                thief.start()
                thief.join()
        return as_planned(asked, *others)

    monkeypatch.setattr(ordering.placement, "place", planned)

    answers = place(requests)

    assert len(tries) == 2
    assert isinstance(answers[5], DuplicateOrder)
    assert Order.objects.count() == MANY
    assert level("POT", at="SYD").reserved == MANY


def test_stock_that_goes_meanwhile_is_not_sold_twice(monkeypatch):
    requests = [request(("MUG", 1)) for _ in range(MANY)]
    as_planned, tries = placement.place, []

    def buy() -> None:
        ordering.place_order(request(("MUG", 60)), actor=TESTER, at=NOON)
        connection.close()

    def planned(asked, *others):
        if asked is requests[-1]:
            tries.append(asked)
            if len(tries) == 1:
                other = threading.Thread(target=buy)
                other.start()
                other.join()
        return as_planned(asked, *others)

    monkeypatch.setattr(ordering.placement, "place", planned)

    answers = place(requests)

    assert len(tries) == 2
    assert sum(answer.lines[0].allocated for answer in answers) == 40
    assert level("MUG", at="PER").available == level("MUG", at="SYD").available == 0


def test_when_one_breaks_none_is_written(monkeypatch):
    requests = [request(("MUG", 1)) for _ in range(MANY)]
    as_planned = placement.place

    def planned(asked, *others):
        if asked is requests[-1]:
            raise ArithmeticError
        return as_planned(asked, *others)

    monkeypatch.setattr(ordering.placement, "place", planned)

    with pytest.raises(ArithmeticError):
        place(requests)

    assert not Order.objects.exists()
    assert level("MUG", at="PER").reserved == 0
