"""Counts beside everybody else: two counters, two approvers, buyers and pickers, each on a connection of their own."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.count_rules import CountTaken, NotInReview
from inventory.models import CountTask, StockMovement
from oms.core.errors import Busy, Refusal
from oms.flows import count_opening, count_posting, counting, cycle_counting
from oms.flows.count_opening import Wanted
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, place, shelf, worker
from tests.flows.test_cycle_counting import count, opened, say
from tests.races.test_attack import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def corrections() -> int:
    """How many movements counts have written."""
    return StockMovement.objects.filter(reason__code="count_correction").count()


def in_review(found: int) -> str:
    number = opened()
    count(number, "mai", MUG=found)
    count(number, "ben", MUG=found)
    return number


def test_two_who_start_one_count_and_one_of_them_has_it():
    shelf(on_hand=5)
    number = opened()
    people = [worker(name) for name in ("mai", "ben", "joe", "amy")]

    errors = at_once(
        *(lambda who=who: cycle_counting.claim(number, user=who, actor=TESTER, at=NOON) for who in people)
    )

    assert [type(error) for error in errors] == [CountTaken] * 3
    assert CountTask.objects.get().first_counter in people


def test_one_scan_sent_by_two_connections_counts_once():
    shelf(on_hand=5)
    number = opened()
    cycle_counting.claim(number, user=worker(), actor=TESTER, at=NOON)
    key = "6f0d1f0e-7f0f-4f5e-9d53-0c7f1a1b2c3d"

    errors = at_once(*[lambda: say(number, figure=False, key=key)] * 6)

    assert errors == []
    assert CountTask.objects.get().lines.get().first_count == 1


def test_two_approvers_post_a_difference_once():
    shelf(on_hand=5)
    number = in_review(3)
    people = [worker(name) for name in ("ruth", "olga", "ida")]

    errors = at_once(
        *(lambda who=who: count_posting.approve(number, user=who, actor=TESTER, at=NOON) for who in people)
    )

    assert [type(error) for error in errors] == [NotInReview] * 2
    assert (corrections(), level().on_hand) == (1, 3)
    assert breaches() == {}


def test_two_who_ask_for_the_same_count_open_one():
    shelf(on_hand=5)
    wanted = Wanted(location="PER", sku="MUG")

    errors = at_once(*[lambda: count_opening.open_because(wanted, cause="Short", at=NOON)] * 5)

    assert errors == []
    assert CountTask.objects.count() == 1


def test_less_than_is_reserved_is_posted_while_buyers_and_receivers_are_at_it():
    shelf(on_hand=10)
    builders.channel("api")
    for _ in range(4):
        place(("MUG", 2))
    number = in_review(4)
    stories = [lambda: place(("MUG", 1)) for _ in range(4)]
    stories += [
        lambda: counting.receive_stock(
            "MUG", location="PER", quantity=1, reference="PO-1", actor=TESTER, at=timezone.now()
        )
        for _ in range(2)
    ]
    ruth = worker("ruth")
    later = NOON + timedelta(minutes=9)

    errors = at_once(lambda: count_posting.approve(number, user=ruth, actor=TESTER, at=later), *stories)

    # Whoever met a locked row too often may have been told to try again; nobody may have broken anything.
    assert all(isinstance(error, Busy | Refusal) for error in errors), errors
    if CountTask.objects.get().status != "posted":
        count_posting.approve(number, user=ruth, actor=TESTER, at=later)
    now = level()
    assert corrections() == 1
    assert now.reserved <= now.on_hand <= 6
    assert breaches() == {}
