"""The calendar of the books: a location's days begin and end at its own midnights. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from oms.core.errors import Conflict, Invalid

# What was dated just before midnight is still being written just after it.
GRACE = timedelta(minutes=15)
ONE_DAY = timedelta(days=1)


class DayNotOver(Conflict):
    """The day is not over, or something of it is still being written."""

    code = "day-not-over"


class DayOutOfOrder(Conflict):
    """Days are closed one after the other, none is left out."""

    code = "day-out-of-order"


class AlreadySigned(Conflict):
    """Somebody has signed this day."""

    code = "already-signed"


class GapUnexplained(Invalid):
    """A day with gaps is signed with a note that explains them."""

    code = "gap-unexplained"


@dataclass(frozen=True, slots=True)
class Period:
    """One day of a location, from its midnight up to the next."""

    day: date
    opened_at: datetime
    closed_at: datetime


class NotAnInstant(Invalid):
    """An instant of the past is written by ISO 8601 with its zone, such as 2026-11-20T16:00:00Z."""

    code = "not-an-instant"


def instant(text: str, *, not_after: datetime) -> datetime:
    """Read an instant of the past.

    Raises ``NotAnInstant`` for other words, a missing zone or the future.
    """
    try:
        # An unescaped plus of an address arrives as a space.
        found = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
    except ValueError:
        raise NotAnInstant() from None
    if found.tzinfo is None:
        raise NotAnInstant("Say the zone too, such as 2026-11-20T16:00:00Z or +08:00.")
    if found > not_after:
        raise NotAnInstant("That is in the future; stock is known up to now.")
    return found.astimezone(UTC)


def midnight(day: date, zone: str) -> datetime:
    """The instant at which a day begins by this clock, also where a change of the clock skips or repeats it."""
    return datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day_of(at: datetime, zone: str) -> date:
    """The day an instant falls into by this clock."""
    return at.astimezone(ZoneInfo(zone)).date()


def last_day_over(at: datetime, zone: str) -> date:
    """The last day that may be closed at this instant."""
    return day_of(at - GRACE, zone) - ONE_DAY


def periods(first: date, last: date, *, zone: str, opened_at: datetime | None = None) -> Iterator[Period]:
    """The days from first to last; the first opens where the books were closed, should the clock have changed since."""
    day, opens = first, opened_at or midnight(first, zone)
    while day <= last:
        closes = midnight(day + ONE_DAY, zone)
        yield Period(day, opens, closes)
        day, opens = day + ONE_DAY, closes
