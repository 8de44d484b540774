"""Cycle counts: blind, counted again by somebody else, posted as differences, never twice."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from fulfilment.rules import ScanKind
from inventory import count_queries
from inventory.count_rules import (
    AnotherPersonCounts,
    BooksChanged,
    CountClosed,
    CounterDecides,
    CountsDisagree,
    NotAskedFor,
    NotCounted,
    NothingToCount,
)
from inventory.models import CountClass, CountLine, CountPlan, CountTask, StockAdjustment
from inventory.services.counts import NewScan
from oms.alerts.models import Alert
from oms.core.errors import NotFound
from oms.core.models import Grant
from oms.flows import count_opening, count_posting, counting, cycle_counting, shipping
from oms.flows.count_opening import Wanted
from oms.flows.cycle_counting import Read
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, order, place, shelf, worker

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(minutes=5)


def minutes(count: float):
    return NOON + timedelta(minutes=count)


def opened(sku: str = "MUG", **facts) -> str:
    """A count of one SKU at Perth."""
    wanted = Wanted(location="PER", sku=sku, **facts)
    (number,) = count_opening.open_counts(wanted, cause="Asked", actor=TESTER, at=NOON)
    return number


def say(number, code="MUG", pieces=1, *, who="mai", at=LATER, figure=True, key=None):
    """Type a figure for a SKU, or scan it."""
    read = Read(NewScan(key or uuid4(), code, pieces, figure, figure), (code,))
    return cycle_counting.scan(number, read=read, user=worker(who), actor=TESTER, at=at)


def count(number, who="mai", at=LATER, **figures) -> CountTask:
    """Claim, type the figures and finish."""
    cycle_counting.claim(number, user=worker(who), actor=TESTER, at=NOON)
    for code, pieces in figures.items():
        say(number, code, pieces, who=who, at=at)
    return cycle_counting.finish(number, user=worker(who), actor=TESTER, at=at)


def approve(number, who="ruth", at=LATER) -> CountTask:
    return count_posting.approve(number, user=worker(who), note="", actor=TESTER, at=at)


def test_a_count_that_agrees_is_posted_and_moves_nothing():
    shelf(on_hand=5)

    done = count(opened(), MUG=5)

    assert done.status == "posted"
    assert level().on_hand == 5
    assert StockAdjustment.objects.count() == 1  # the shelf's own
    assert CountClass.objects.get(level=level()).last_counted_at == LATER


def test_a_difference_is_counted_again_and_two_that_agree_wait_for_a_third():
    shelf(on_hand=5)
    number = opened()

    assert count(number, "mai", MUG=3).status == "recount"
    with pytest.raises(AnotherPersonCounts):
        count(number, "mai", MUG=3)
    assert count(number, "ben", MUG=3).status == "review"
    for counter in ("mai", "ben"):
        with pytest.raises(CounterDecides):
            approve(number, counter)
    assert level().on_hand == 5

    assert approve(number).status == "posted"
    assert level().on_hand == 3
    line = CountLine.objects.get()
    assert (line.movement.kind, line.movement.reason.code) == ("adjust", "count_correction")
    assert line.movement.adjustment.on_hand_after == 3
    assert breaches() == {}


def test_a_second_count_that_agrees_with_the_books_stands():
    shelf(on_hand=5)
    number = opened()
    count(number, "mai", MUG=3)

    assert count(number, "ben", MUG=5).status == "posted"
    assert level().on_hand == 5


def test_two_counts_that_disagree_need_a_third():
    shelf(on_hand=5)
    number = opened()
    count(number, "mai", MUG=3)
    count(number, "ben", MUG=4)

    with pytest.raises(CountsDisagree):
        approve(number)
    cycle_counting.count_again(number, user=worker("ruth"), actor=TESTER, at=LATER)
    for counter in ("mai", "ben"):
        with pytest.raises(AnotherPersonCounts):
            cycle_counting.claim(number, user=worker(counter), actor=TESTER, at=LATER)
    assert count(number, "joe", MUG=4).status == "review"
    with pytest.raises(CounterDecides):
        approve(number, "mai")

    approve(number)
    assert level().on_hand == 4


def test_the_database_refuses_the_first_counter_as_second_and_a_counter_as_judge():
    shelf(on_hand=5)
    number = opened()
    count(number, "mai", MUG=3)
    task = CountTask.objects.get(number=number)
    for column in ("second_counter_id", "decided_by_id"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"update inventory_counttask set {column} = %s where id = %s", [worker("mai").pk, task.pk]
            )


def test_a_small_difference_is_posted_without_a_second_count():
    held = shelf(on_hand=5)
    builders.sku("MUG").__class__.objects.update(unit_cost="2.00")
    CountPlan.objects.create(
        location=held.location, name="All", tolerance_pieces=1, tolerance_value_minor=250
    )
    number = opened()

    assert count(number, MUG=4).status == "posted"
    assert level().on_hand == 4
    assert CountLine.objects.get().movement.on_hand_delta == -1


def test_a_small_number_of_dear_pieces_is_counted_again():
    held = shelf(on_hand=5)
    builders.sku("MUG").__class__.objects.update(unit_cost="9.00")
    CountPlan.objects.create(
        location=held.location, name="All", tolerance_pieces=1, tolerance_value_minor=250
    )

    assert count(opened(), MUG=4).status == "recount"


def test_what_moves_between_the_count_and_its_posting_is_kept():
    shelf(on_hand=10)
    number = opened()
    count(number, "mai", at=minutes(5), MUG=8)
    counting.adjust_stock(
        "MUG", location="PER", quantity_delta=-3, reason="damaged", note="", actor=TESTER, at=minutes(7)
    )
    counting.receive_stock("MUG", location="PER", quantity=4, reference="PO-1", actor=TESTER, at=minutes(9))
    assert count(number, "ben", at=minutes(12), MUG=9).status == "review"
    line = CountLine.objects.get()
    assert (line.first_expected, line.second_expected) == (10, 11)

    approve(number, at=minutes(20))
    assert level().on_hand == 9
    assert breaches() == {}


def test_a_scan_sent_late_is_compared_with_the_books_of_its_own_instant():
    shelf(on_hand=10)
    number = opened()
    cycle_counting.claim(number, user=worker(), actor=TESTER, at=NOON)
    counting.receive_stock("MUG", location="PER", quantity=4, reference="PO-1", actor=TESTER, at=minutes(9))
    read = Read(NewScan(uuid4(), "MUG", 10, True, True), ("MUG",), seen_at=minutes(5))
    cycle_counting.scan(number, read=read, user=worker(), actor=TESTER, at=minutes(15))

    done = cycle_counting.finish(number, user=worker(), actor=TESTER, at=minutes(15))

    assert done.status == "posted"
    assert level().on_hand == 14


def test_pieces_in_a_pickers_hands_are_not_missed_on_the_shelf():
    shelf(on_hand=10)
    number = place(("MUG", 3)).work[0].number
    builders.scan(number, "MUG", ScanKind.PICK, 2)

    assert count(opened(), MUG=8).status == "posted"
    assert level().on_hand == 10
    assert CountLine.objects.get().first_expected == 8

    builders.scan(number, "MUG", ScanKind.PICK)
    builders.scan(number, "MUG", ScanKind.PACK, 3)
    assert count(opened(), MUG=7).status == "posted"


def test_shipped_pieces_are_neither_on_the_books_nor_in_hands():
    shelf(on_hand=10)
    number = place(("MUG", 3)).work[0].number
    builders.pack(number, "MUG", 3)
    shipping.ship(number, actor=TESTER, at=NOON)

    assert count(opened(), MUG=7).status == "posted"


def test_less_than_is_reserved_lets_the_newest_promise_go_and_says_so():
    shelf(on_hand=5)
    first, second = place(("MUG", 3)), place(("MUG", 2))
    number = opened()
    count(number, "mai", MUG=4)
    count(number, "ben", MUG=4)

    approve(number)

    assert (level().on_hand, level().reserved) == (4, 4)
    assert order(first).lines.get().quantity_allocated == 3
    assert order(second).lines.get().quantity_waiting == 1
    assert Alert.objects.get(kind="displaced_order").subject_id == second.number
    assert breaches() == {}


def test_packed_pieces_are_never_taken_back_and_the_counter_reads_nothing_of_it():
    held = shelf(on_hand=3)
    CountPlan.objects.create(location=held.location, name="All", tolerance_pieces=5)
    number = place(("MUG", 3)).work[0].number
    task = opened()
    builders.scan(number, "MUG", ScanKind.PICK, 2)
    builders.scan(number, "MUG", ScanKind.PACK, 2)
    cycle_counting.claim(task, user=worker(), actor=TESTER, at=NOON)
    say(task, pieces=0)

    assert cycle_counting.finish(task, user=worker(), actor=TESTER, at=LATER).status == "posted"
    assert (level().on_hand, level().reserved) == (2, 2)
    assert breaches() == {}


def test_one_key_counts_once_and_undo_takes_it_back_once():
    shelf(on_hand=5)
    number = opened()
    cycle_counting.claim(number, user=worker(), actor=TESTER, at=NOON)
    key = uuid4()
    assert not say(number, figure=False, key=key).is_repeat
    assert say(number, figure=False, key=key).is_repeat
    say(number, figure=False)
    assert CountLine.objects.get().first_count == 2
    for repeat in (False, True):
        taken = cycle_counting.undo(key, new_key=uuid4(), user=worker(), at=LATER)
        assert taken.is_repeat is repeat
    assert CountLine.objects.get().first_count == 1


def test_what_is_not_counted_keeps_the_count_open_and_what_is_not_asked_is_refused():
    shelf("MUG", on_hand=5)
    shelf("CUP", on_hand=5)
    number = opened()
    cycle_counting.claim(number, user=worker(), actor=TESTER, at=NOON)
    with pytest.raises(NotCounted, match="MUG"):
        cycle_counting.finish(number, user=worker(), actor=TESTER, at=LATER)
    with pytest.raises(NotAskedFor):
        say(number, "CUP")
    with pytest.raises(NotFound):
        say(number, "4711")
    with pytest.raises(NothingToCount):
        opened()


def test_put_back_begins_at_nothing():
    shelf(on_hand=5)
    number = opened()
    cycle_counting.claim(number, user=worker(), actor=TESTER, at=NOON)
    say(number, pieces=2)
    cycle_counting.put_back(number, actor=TESTER, at=LATER)

    assert CountLine.objects.get().first_count is None
    assert count(number, "ben", MUG=5).status == "posted"
    with pytest.raises(CountClosed):
        say(number, who="ben")


def test_an_entry_dated_back_before_the_count_asks_for_another_one():
    shelf(on_hand=5)
    number = opened()
    count(number, "mai", MUG=3)
    count(number, "ben", MUG=3)
    counting.adjust_stock(
        "MUG", location="PER", quantity_delta=-2, reason="lost", note="", actor=TESTER, at=minutes(1)
    )

    with pytest.raises(BooksChanged):
        approve(number)
    assert level().on_hand == 3


def test_above_the_limit_two_approvers_give_their_word(settings):
    settings.COUNT_APPROVAL_MINOR = 1_000
    shelf(on_hand=5)
    builders.sku("MUG").__class__.objects.update(unit_cost="9.00")
    for name in ("ruth", "olga"):
        Grant.objects.create(user=worker(name), role="manager")
    number = opened()
    count(number, "mai", MUG=3)
    count(number, "ben", MUG=3)

    assert approve(number, "ruth").status == "review"
    with pytest.raises(Exception, match="own request"):
        approve(number, "ruth")
    assert approve(number, "olga").status == "posted"
    assert level().on_hand == 3


def test_a_rejected_count_changes_nothing():
    shelf(on_hand=5)
    number = opened()
    count(number, "mai", MUG=3)
    count(number, "ben", MUG=3)

    cycle_counting.reject(number, user=worker("ruth"), note="Wrong shelf", actor=TESTER, at=LATER)

    assert level().on_hand == 5
    assert count_queries.task(number).status == "cancelled"
    assert opened() != number
