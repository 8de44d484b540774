"""By when an order leaves and arrives, from calendars alone; pure.

Working days are counted, not hours: an order accepted after the cut-off, or on a free day, begins on the next working
day of its location. Transit days are those of the carrier's service, on the days on which it moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_FURTHEST = 3_660
"""Days that are looked ahead for a working day; ten years."""


class NeverOpen(ValueError):
    """A calendar without a working day within ten years, or a delivery window that begins later than that."""


@dataclass(frozen=True, slots=True)
class Days:
    """Which days count: weekdays (1 is Monday), less those that are free, and those that are open all the same."""

    weekdays: frozenset[int]
    free: frozenset[date] = frozenset()
    extra: frozenset[date] = frozenset()

    def counts(self, day: date) -> bool:
        """Whether there is work on this day."""
        return day in self.extra or (day.isoweekday() in self.weekdays and day not in self.free)

    def from_day(self, day: date) -> date:
        """This day, or the next that counts."""
        for _ in range(_FURTHEST):
            if self.counts(day):
                return day
            day += _DAY
        raise NeverOpen

    def after(self, day: date, days: int) -> date:
        """The day that so many counting days later is."""
        for _ in range(days):
            day = self.from_day(day + _DAY)
        return day


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a location works, by its own clock."""

    zone: ZoneInfo
    days: Days
    cut_off: time = time(14)
    hand_over: time = time(17)
    handling_days: int = 0
    work_minutes: int = 120


@dataclass(frozen=True, slots=True)
class Terms:
    """What a channel adds: an earlier or later cut-off, and working days of its own; and a customer: not before."""

    cut_off: time | None = None
    handling_days: int = 0
    deliver_from: date | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """One parcel: where it leaves and how many days it travels; ``ready_on`` is when its stock arrives there."""

    location: str
    calendar: Calendar
    carrier: str
    service: str
    days: int | None
    transit: Days
    ready_on: date | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """When a parcel is handed over and when it arrives; without a rate nobody knows how long it travels."""

    leg: Leg
    hand_over: datetime
    arrives_on: date | None

    def as_dict(self) -> dict[str, object]:
        """The step as it is kept with a promise."""
        return {
            "location": self.leg.location,
            "carrier": self.leg.carrier,
            "service": self.leg.service,
            "days": self.leg.days,
            "ready_on": self.leg.ready_on.isoformat() if self.leg.ready_on else None,
            "hand_over": self.hand_over.isoformat(),
            "arrives_on": self.arrives_on.isoformat() if self.arrives_on else None,
        }


@dataclass(frozen=True, slots=True)
class Promised:
    """When all of an order is handed over and has arrived, and how each parcel gets there.

    ``undated`` names the SKUs that wait for stock of which nobody knows when it comes; then there is no promise.
    """

    steps: tuple[Step, ...] = ()
    undated: tuple[str, ...] = ()

    @property
    def by(self) -> datetime | None:
        """The last hand-over."""
        if self.undated or not self.steps:
            return None
        return max(step.hand_over for step in self.steps)

    @property
    def arrives_on(self) -> date | None:
        """The last arrival; None when one of them is unknown."""
        days = [step.arrives_on for step in self.steps]
        return None if self.by is None or None in days else max(day for day in days if day)


def step(leg: Leg, accepted_at: datetime, terms: Terms) -> Step:
    """When one parcel is handed over and arrives.

    Raises ``NeverOpen``.
    """
    calendar = leg.calendar
    here = accepted_at.astimezone(calendar.zone)
    day = here.date()
    if leg.ready_on is not None and leg.ready_on > day:
        # What arrives during a day is on its shelf by the next.
        day = leg.ready_on + _DAY
    elif here.time() > (terms.cut_off or calendar.cut_off):
        day += _DAY
    leaves = calendar.days.after(calendar.days.from_day(day), calendar.handling_days + terms.handling_days)
    if terms.deliver_from is not None:
        leaves = _leaving_for(leg, leaves, terms.deliver_from)
    arrives = None if leg.days is None else _arrival(leg, leaves)
    return Step(leg, datetime.combine(leaves, calendar.hand_over, calendar.zone), arrives)


def _arrival(leg: Leg, leaves: date) -> date:
    """When a parcel is there; one of which nobody knows how long it travels might be there at once."""
    return leg.transit.after(leaves, leg.days or 0)


def _leaving_for(leg: Leg, leaves: date, first: date) -> date:
    """The first working day on which a parcel may leave that must not arrive before ``first``."""
    if (first - leaves).days > _FURTHEST:
        raise NeverOpen
    while _arrival(leg, leaves) < first:
        leaves = leg.calendar.days.after(leaves, 1)
    return leaves


def promise(
    legs: Sequence[Leg], accepted_at: datetime, terms: Terms, undated: Sequence[str] = ()
) -> Promised:
    """When the whole of an order leaves and arrives.

    Raises ``NeverOpen``.
    """
    return Promised(tuple(step(leg, accepted_at, terms) for leg in legs), tuple(undated))
