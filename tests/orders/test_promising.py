"""By when an order leaves and arrives, counted in working days."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from oms.orders.promising import Calendar, Days, Leg, NeverOpen, Terms, promise, step

PERTH = ZoneInfo("Australia/Perth")
WEEK = frozenset({1, 2, 3, 4, 5})
CHRISTMAS = frozenset({date(2026, 12, 25), date(2026, 12, 28)})
OPEN = Calendar(PERTH, Days(WEEK))


def leg(calendar=OPEN, days=2, transit=Days(WEEK), ready_on=None):  # noqa: B008  # a frozen value
    return Leg("PER", calendar, "auspost", "standard", days, transit, ready_on)


def perth(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=PERTH)


@pytest.mark.parametrize(
    ("accepted", "leaves", "arrives"),
    [
        (perth(24, 9), 24, 26),
        (perth(24, 14), 24, 26),
        (perth(24, 14, 1), 25, 27),
        (perth(27, 15), 30, 2),
        (perth(28, 9), 30, 2),
    ],
)
def test_the_cut_off_and_the_weekend_decide_the_day(accepted, leaves, arrives):
    found = step(leg(), accepted, Terms())

    assert found.hand_over == perth(leaves, 17)
    assert found.arrives_on is not None
    assert found.arrives_on.day == arrives


def test_the_clock_is_that_of_the_location():
    found = step(leg(), datetime(2026, 11, 24, 6, 30, tzinfo=UTC), Terms())  # 14:30 in Perth

    assert found.hand_over == perth(25, 17)


def test_a_channel_closes_earlier_and_takes_days_of_its_own():
    found = step(leg(), perth(24, 13), Terms(cut_off=time(12), handling_days=1))

    assert found.hand_over == perth(26, 17)


def test_holidays_stop_the_warehouse_and_the_carrier_each_by_its_own_list():
    closed = Calendar(PERTH, Days(WEEK, free=CHRISTMAS, extra=frozenset({date(2026, 12, 26)})))
    eve = datetime(2026, 12, 24, 15, tzinfo=PERTH)

    saturday = step(leg(closed, days=1, transit=Days(WEEK, free=CHRISTMAS)), eve, Terms())

    assert saturday.hand_over.date() == date(2026, 12, 26)
    assert saturday.arrives_on == date(2026, 12, 29)


def test_what_is_still_to_come_leaves_the_working_day_after_it_arrived():
    found = step(leg(ready_on=date(2026, 11, 27)), perth(24, 9), Terms())

    assert found.hand_over == perth(30, 17)


def test_an_order_is_promised_by_its_last_parcel_and_not_at_all_while_one_has_no_date():
    both = promise([leg(days=1), leg(days=4)], perth(24, 9), Terms())
    unknown = promise([leg()], perth(24, 9), Terms(), undated=["MUG"])

    assert (both.by, both.arrives_on) == (perth(24, 17), date(2026, 11, 30))
    assert (unknown.by, unknown.arrives_on) == (None, None)


def test_a_calendar_without_a_day_is_said_and_not_searched_for_ever():
    with pytest.raises(NeverOpen):
        step(leg(Calendar(PERTH, Days(frozenset()))), perth(24, 9), Terms())


def test_nothing_arrives_before_its_delivery_window():
    wanted = Terms(deliver_from=date(2026, 12, 3))

    waits = step(leg(), perth(24, 9), wanted)

    assert (waits.hand_over.date(), waits.arrives_on) == (date(2026, 12, 1), date(2026, 12, 3))
    assert step(leg(), perth(30, 9), Terms(deliver_from=date(2026, 12, 2))).hand_over == perth(30, 17)


def test_a_window_that_begins_on_a_free_day_is_met_on_the_next_on_which_anybody_delivers():
    found = step(leg(days=1), perth(24, 9), Terms(deliver_from=date(2026, 11, 28)))

    assert (found.hand_over.date(), found.arrives_on) == (date(2026, 11, 27), date(2026, 11, 30))


def test_a_parcel_of_unknown_pace_leaves_when_its_window_begins():
    found = step(leg(days=None), perth(24, 9), Terms(deliver_from=date(2026, 12, 5)))

    assert (found.hand_over.date(), found.arrives_on) == (date(2026, 12, 7), None)


def test_a_window_in_the_far_future_is_no_promise():
    with pytest.raises(NeverOpen):
        step(leg(), perth(24, 9), Terms(deliver_from=date.max))
