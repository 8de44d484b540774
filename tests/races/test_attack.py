"""Many buyers, few pieces: real commits from many connections, and the control that shows what is at stake."""

import threading

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from fulfilment.rules import NewParcel, ParcelLine
from inventory.models import StockLevel
from oms.flows import attacking, counting, ordering, shipping
from tests import builders
from tests.builders import TESTER, breaches, level, place, shelf
from tests.doors.test_rest_contract import Api, body

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*stories) -> list[Exception]:
    """Run the stories on connections of their own, as nearly at the same instant as threads can; their errors."""
    gate, errors = threading.Barrier(len(stories)), []

    def run(story) -> None:
        try:
            connection.ensure_connection()
            gate.wait(30)
            story()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(story,)) for story in stories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_control_reading_deciding_and_writing_sells_one_piece_twice():
    sold, gate = [], threading.Barrier(2)
    shelf(on_hand=1)

    def buy() -> None:
        seen = StockLevel.objects.get(sku__code="MUG").available
        gate.wait(10)
        if seen >= 1:
            sold.append(1)

    assert at_once(buy, buy) == []
    assert len(sold) == 2


def test_a_hundred_buyers_of_one_piece_and_one_of_them_gets_it():
    shelf(on_hand=1)
    builders.channel("api")

    outcome = attacking.attack("MUG", channel="api", buyers=100, clock=timezone.now)

    assert outcome.errors == []
    assert (outcome.counts["allocated"], outcome.counts["waiting"]) == (1, 99)
    assert breaches() == {}


def test_fifty_pieces_two_hundred_buyers_fifty_are_served():
    shelf(on_hand=50)
    builders.channel("api")

    outcome = attacking.attack("MUG", channel="api", buyers=200, clock=timezone.now)

    assert outcome.errors == []
    assert outcome.counts["allocated"] == 50
    assert (level().reserved, level().available) == (50, 0)
    assert breaches() == {}


def test_orders_that_want_the_same_skus_in_opposite_order_do_not_deadlock():
    for code in ("A", "B", "C"):
        shelf(code, on_hand=100)
    builders.channel("api")
    forth = [("A", 1), ("B", 1), ("C", 1)]

    def buy(lines) -> None:
        for _ in range(10):
            ordering.place_order(builders.request(*lines), actor=TESTER, at=timezone.now())

    errors = at_once(*[lambda lines=lines: buy(lines) for lines in (forth, forth[::-1]) * 4])

    assert errors == []
    assert [level(code).reserved for code in "ABC"] == [80, 80, 80]
    assert breaches() == {}


def test_cancel_races_ship_and_one_of_them_wins():
    shelf(on_hand=5)
    placed = place(("MUG", 2))
    work = placed.work[0].number
    parcel = NewParcel("auspost", "RACE-1", (ParcelLine("MUG", 2),))

    errors = at_once(
        lambda: ordering.cancel_order(placed.number, reason="race", actor=TESTER, at=timezone.now()),
        lambda: shipping.ship_parcels(work, contents=[parcel], actor=TESTER, at=timezone.now()),
    )

    assert len(errors) == 1
    assert (level().on_hand, level().reserved) in {(5, 0), (3, 0)}
    assert breaches() == {}


def test_counts_race_orders_and_nothing_goes_below_zero():
    shelf(on_hand=20)
    builders.channel("api")

    def lose() -> None:
        for _ in range(10):
            counting.adjust_stock(
                "MUG",
                location="PER",
                quantity_delta=-1,
                reason="lost",
                note="",
                actor=TESTER,
                at=timezone.now(),
            )

    def buy() -> None:
        for _ in range(10):
            ordering.place_order(builders.request(("MUG", 1)), actor=TESTER, at=timezone.now())

    errors = at_once(lose, buy, buy)

    assert all(getattr(error, "code", "") == "not-enough-stock" for error in errors)
    assert level().on_hand >= level().reserved
    assert breaches() == {}


def test_the_attack_command_copies_attacks_and_proves(capsys):
    shelf(on_hand=7)
    builders.channel("api")

    call_command("attack", sku="MUG", buyers=20)

    assert "exactly 7 sold, 0 oversold" in capsys.readouterr().out
    assert level().reserved == 0


def test_twins_with_one_key_make_one_order_and_both_get_its_answer():
    shelf(on_hand=5)
    builders.channel("api")
    api, answers = Api("*"), []

    def send() -> None:
        answers.append(api.post("orders", body(("MUG", 1)), key="twin"))

    errors = at_once(*[send] * 6)

    assert errors == []
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert level().reserved == 1
    assert breaches() == {}
