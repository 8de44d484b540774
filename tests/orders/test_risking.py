"""Whether an order is going to be late: by calendars, the work in front, and what it waits for."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from oms.orders.promising import Calendar, Days
from oms.orders.risking import Leg, Standing, Wait, leaves_by, risk
from oms.orders.rules import RiskCause

PERTH = ZoneInfo("Australia/Perth")
WEEK = frozenset({1, 2, 3, 4, 5})
OPEN = Calendar(PERTH, Days(WEEK))


def perth(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=PERTH)


def leg(**facts) -> Leg:
    return Leg(**{"place": "Perth", "number": "FO-1-1", "calendar": OPEN, "opened_at": perth(24, 9)} | facts)


@pytest.mark.parametrize(
    ("at", "facts", "leaves"),
    [
        (perth(24, 9), {}, 24),
        (perth(24, 15, 1), {}, 25),
        (perth(24, 15, 1), {"is_packed": True, "is_begun": True}, 24),
        (perth(24, 17, 1), {"is_packed": True, "is_begun": True}, 25),
        (perth(27, 16), {}, 30),
        (perth(24, 9), {"in_front": 40, "per_day": 20}, 26),
        (perth(24, 9), {"in_front": 40, "per_day": 20, "is_begun": True}, 24),
        (perth(24, 9), {"in_front": 40}, 24),
        (perth(24, 9), {"calendar": replace(OPEN, handling_days=2)}, 26),
        (perth(24, 9), {"calendar": replace(OPEN, days=Days(WEEK, frozenset({date(2026, 11, 24)})))}, 25),
    ],
)
def test_a_part_leaves_when_it_can_be_done(at, facts, leaves):
    assert leaves_by(leg(**facts), at) == perth(leaves, 17)


def test_what_leaves_in_time_is_no_risk_and_what_is_late_is_none_any_more():
    order = Standing(perth(24, 17), (leg(),))

    assert risk(order, perth(24, 9)) is None
    found = risk(order, perth(24, 16))
    assert found is not None
    assert (found.cause, found.expected_by) == (RiskCause.TIME, perth(25, 17))
    assert "hands over next on Wed 25 Nov 17:00" in found.reason
    assert risk(order, perth(24, 17)) is None


def test_work_in_front_is_named():
    found = risk(Standing(perth(25, 17), (leg(in_front=60, per_day=20),)), perth(24, 9))

    assert found is not None
    assert (found.cause, found.expected_by) == (RiskCause.QUEUE, perth(27, 17))
    assert found.reason == "Perth has 60 orders in front of it and does 20 a day"


@pytest.mark.parametrize(
    ("expected_on", "words", "is_risk"),
    [
        (date(2026, 11, 24), "", False),
        (date(2026, 11, 26), "delivery expected on Thu 26 Nov", True),
        (None, "no delivery is announced", True),
    ],
)
def test_stock_that_comes_too_late_or_never_is_named(expected_on, words, is_risk):
    found = risk(Standing(perth(26, 17), (), (Wait("MUG", 3, expected_on, OPEN),)), perth(24, 9))

    assert (found is not None) is is_risk
    if found is not None:
        assert found.cause is RiskCause.STOCK
        assert found.reason.startswith("Waits for 3 of MUG")
        assert words in found.reason


def test_what_nobody_can_date_is_worse_than_any_date():
    waits = (Wait("MUG", 1, date(2026, 12, 20), OPEN), Wait("CUP", 1))
    found = risk(Standing(perth(26, 17), (), waits), perth(24, 9))

    assert found is not None
    assert "CUP" in found.reason
    assert found.expected_by is None


def test_a_partner_that_does_not_answer_is_a_risk():
    found = risk(
        Standing(perth(30, 17), (leg(unanswered_since=datetime(2026, 11, 23, 17, tzinfo=UTC)),)), perth(24, 9)
    )

    assert found is not None
    assert found.reason == "Perth has not acknowledged FO-1-1, sent 23 Nov 17:00 UTC"
    assert (found.cause, found.expected_by) == (RiskCause.PARTNER, None)


def test_a_hold_is_a_risk_on_the_last_day_or_when_it_would_be_too_late_already():
    held = {"held_for": "Address", "held_since": datetime(2026, 11, 23, 1, tzinfo=UTC)}

    assert risk(Standing(perth(27, 17), (leg(),), **held), perth(24, 9)) is None
    last_day = risk(Standing(perth(25, 8), (leg(),), **held), perth(24, 9))
    assert last_day is not None
    assert (last_day.cause, last_day.reason) == (RiskCause.HELD, "Held since 23 Nov 01:00 UTC: Address")
    too_late = risk(Standing(perth(27, 17), (leg(in_front=99, per_day=10),), **held), perth(24, 9))
    assert too_late is not None
    assert too_late.cause is RiskCause.HELD
