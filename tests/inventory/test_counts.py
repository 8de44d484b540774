"""What a count means, and what plain SQL may not do to one."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from inventory.count_rules import Off, Tolerance, Verdict, after_first, after_second, shelf_shares
from inventory.models import Bin, CountTask
from tests.builders import NOON, location, shelf
from tests.flows.test_cycle_counting import count, opened

FORBIDDEN = {
    "a count is not deleted": "delete from inventory_counttask",
    "a line is not deleted": "delete from inventory_countline",
    "a posted line is not rewritten": "update inventory_countline set first_count = 99",
    "a posted count gains no line": """
        insert into inventory_countline (task_id, level_id, lot_id, is_found)
        select task_id, level_id, null, true from inventory_countline
    """,
    "a scan is not changed": "update inventory_countscan set quantity = 99",
    "a scan is not deleted": "delete from inventory_countscan",
    "a posted count is not opened again": "update inventory_counttask set status = 'open', posted_at = null",
    "a count is not posted without an hour": "update inventory_counttask set posted_at = null",
    "a plan counts after a day at the earliest": """
        insert into inventory_countplan (location_id, name, days_a, days_b, days_c, tasks_per_day,
          tolerance_pieces, tolerance_value_minor, weekdays)
        select id, 'x', 0, 1, 1, 1, 0, 0, '{}' from inventory_stocklocation limit 1
    """,
}


@pytest.fixture
def posted(db) -> None:
    shelf(on_hand=5)
    assert count(opened(), MUG=5).status == "posted"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_application_is_refused(posted, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_a_bin_has_one_open_count():
    place = location("PER", is_bin_managed=True)
    spot = Bin.objects.create(location=place, code="A-1")
    facts = {"location": place, "bin": spot, "due_on": NOON.date(), "opened_at": NOON}
    CountTask.objects.create(number="CC-1", **facts)
    with pytest.raises(DatabaseError), transaction.atomic():
        CountTask.objects.create(number="CC-2", **facts)
    CountTask.objects.filter(number="CC-1").update(status="cancelled")
    CountTask.objects.create(number="CC-3", **facts | {"opened_at": NOON + timedelta(days=1)})


@pytest.mark.parametrize(
    ("off", "tolerance", "is_covered"),
    [
        (Off(0), Tolerance(), True),
        (Off(1), Tolerance(), False),
        (Off(-2, -100), Tolerance(2), True),
        (Off(-3, -100), Tolerance(2), False),
        (Off(2, 100), Tolerance(2, 100), True),
        (Off(2, 101), Tolerance(2, 100), False),
        (Off(1, None), Tolerance(2, 100), False),
        (Off(1, None), Tolerance(2), True),
        (Off(1, 1, must_be_named=True), Tolerance(2), False),
        (Off(0, 0, must_be_named=True), Tolerance(), True),
    ],
)
def test_a_tolerance_covers_pieces_and_value(off, tolerance, is_covered):
    assert tolerance.covers(off) is is_covered


def test_one_line_too_far_off_asks_for_everybody_again():
    near, far = Off(1, 1), Off(9, 9)
    assert after_first([near, near], Tolerance(1)) is Verdict.POST
    assert after_first([near, far], Tolerance(1)) is Verdict.RECOUNT
    assert after_second([near], Tolerance(1)) is Verdict.POST
    assert after_second([far], Tolerance(1)) is Verdict.REVIEW


@given(st.lists(st.integers(0, 50)), st.integers(0, 500))
def test_what_is_in_hands_is_taken_from_the_shelf_once(held, away):
    left = shelf_shares(held, away)
    assert sum(left) == max(0, sum(held) - away)
    assert all(0 <= after <= before for after, before in zip(left, held, strict=True))
    # The first to expire goes first: behind a lot that still has pieces nothing was taken.
    first = next((n for n, pieces in enumerate(left) if pieces), len(left))
    assert left[first + 1 :] == held[first + 1 :]
