"""Whether an order is going to miss its promise: by calendars, work in front of it, and what it waits for; pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from oms.orders.promising import Calendar
from oms.orders.rules import RiskCause

HELD_NEAR = timedelta(days=1)
"""An order that is still held so shortly before its promise is at risk, even if it could just be done in time."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One site's part that has not left; ``in_front`` orders are due there before it, ``per_day`` are done there."""

    place: str
    number: str
    calendar: Calendar
    opened_at: datetime
    is_begun: bool = False
    is_packed: bool = False
    in_front: int = 0
    per_day: int | None = None
    unanswered_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Pieces of a SKU that nothing can serve yet, and when they are expected at which calendar's location."""

    sku: str
    pieces: int
    expected_on: date | None = None
    calendar: Calendar | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands between an order and its promise."""

    promise_by: datetime
    legs: tuple[Leg, ...] = ()
    waits: tuple[Wait, ...] = ()
    held_for: str = ""
    held_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """Why a promise is going to be missed, and by when the order leaves instead, if anybody knows."""

    cause: RiskCause
    reason: str
    expected_by: datetime | None


def risk(order: Standing, at: datetime) -> Risk | None:
    """What is most likely to make an order late; None when nothing is, or when it is late already.

    Raises ``NeverOpen``.
    """
    if order.promise_by <= at:
        return None
    found = [
        *(_of_wait(wait, at) for wait in order.waits),
        *(_of_leg(leg, at) for leg in order.legs),
    ]
    missed = [each for each in found if each.expected_by is None or each.expected_by > order.promise_by]
    if order.held_since is not None and (missed or order.promise_by - at < HELD_NEAR):
        expected = max((each.expected_by for each in found if each.expected_by), default=None)
        since = f"{order.held_since:%d %b %H:%M} UTC"
        return Risk(RiskCause.HELD, f"Held since {since}: {order.held_for}"[:200], expected)
    # What nobody can date is worse than any date.
    return max(missed, key=lambda each: (each.expected_by is None, each.expected_by or at), default=None)


def leaves_by(leg: Leg, at: datetime) -> datetime:
    """When a part is handed over at the earliest.

    Raises ``NeverOpen``.
    """
    calendar = leg.calendar
    here, days = at.astimezone(calendar.zone), calendar.days
    needed = timedelta(0) if leg.is_packed else timedelta(minutes=calendar.work_minutes)
    closes = datetime.combine(here.date(), calendar.hand_over, calendar.zone)
    first = here.date() if here + needed <= closes else here.date() + timedelta(days=1)
    day = days.from_day(first)
    if not leg.is_begun:
        opened = days.from_day(leg.opened_at.astimezone(calendar.zone).date())
        day = max(day, days.after(opened, calendar.handling_days))
        day = days.after(day, leg.in_front // leg.per_day if leg.per_day else 0)
    return datetime.combine(day, calendar.hand_over, calendar.zone)


def _of_leg(leg: Leg, at: datetime) -> Risk:
    expected = leaves_by(leg, at)
    if leg.unanswered_since is not None:
        since = f"{leg.unanswered_since:%d %b %H:%M} UTC"
        reason = f"{leg.place} has not acknowledged {leg.number}, sent {since}"
        return Risk(RiskCause.PARTNER, reason, None)
    if not leg.is_begun and leg.per_day and leg.in_front >= leg.per_day:
        reason = f"{leg.place} has {leg.in_front} orders in front of it and does {leg.per_day} a day"
        return Risk(RiskCause.QUEUE, reason, expected)
    reason = f"{leg.place} hands over next on {expected:%a %d %b %H:%M}"
    return Risk(RiskCause.TIME, reason, expected)


def _of_wait(wait: Wait, at: datetime) -> Risk:
    what = f"Waits for {wait.pieces} of {wait.sku}"
    if wait.expected_on is None or wait.calendar is None:
        return Risk(RiskCause.STOCK, f"{what}: no delivery is announced", None)
    if wait.expected_on < at.astimezone(wait.calendar.zone).date():
        overdue = f"{what}: the delivery of {wait.expected_on:%a %d %b} has not come"
        return Risk(RiskCause.STOCK, overdue, None)
    # What arrives during a day is on its shelf by the next.
    day = wait.calendar.days.from_day(wait.expected_on + timedelta(days=1))
    expected = datetime.combine(day, wait.calendar.hand_over, wait.calendar.zone)
    return Risk(RiskCause.STOCK, f"{what}: delivery expected on {wait.expected_on:%a %d %b}", expected)
