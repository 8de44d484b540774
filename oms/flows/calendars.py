"""The calendars of locations and carriers, kept in the process until the routing stamp moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from zoneinfo import ZoneInfo

from fulfilment import queries as work_queries
from inventory import calendar_queries
from inventory.calendar_queries import Hours
from oms.orders.promising import Calendar, Days

_ANY_WEEKDAY = frozenset({1, 2, 3, 4, 5})
_YEARS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Known:
    """All calendars as they were at one value of the stamp; holidays reach two years beyond ``year``."""

    stamp: int
    year: int
    locations: Mapping[int, Calendar]
    codes: Mapping[int, str]
    services: Mapping[tuple[str, str], tuple[frozenset[int], bool]]
    _transits: dict[tuple[str, str, str, str], Days] = field(default_factory=dict)

    def transit(self, carrier: str, service: str, country: str, region: str) -> Days:
        """The days on which a service moves parcels to a destination; unknown ones rest on weekends and holidays."""
        key = (carrier, service, country, region)
        known = self._transits.get(key)
        if known is None:
            weekdays, rests = self.services.get((carrier, service), (_ANY_WEEKDAY, True))
            free = _holidays(country, region, self.year) if rests else frozenset()
            known = self._transits[key] = Days(weekdays, free)
        return known


_lock = Lock()
_kept: list[Known] = []


def known(stamp: int, today: date) -> Known:
    """The calendars; no query while the stamp and the year stay the same."""
    kept = _kept[0] if _kept else None
    if kept is None or kept.stamp != stamp or kept.year != today.year:
        with _lock:
            kept = _read(stamp, today.year)
            _kept[:] = [kept]
    return kept


def _read(stamp: int, year: int) -> Known:
    hours = calendar_queries.hours()
    return Known(
        stamp,
        year,
        {each.location_id: _calendar(each, year) for each in hours},
        {each.location_id: each.code for each in hours},
        {
            (each.carrier, each.service): (frozenset(each.weekdays), each.rests_on_holidays)
            for each in work_queries.carrier_services()
        },
    )


def _calendar(hours: Hours, year: int) -> Calendar:
    free = _holidays(hours.country, hours.region, year) | hours.closed
    days = Days(hours.weekdays, free, hours.opened)
    return Calendar(
        ZoneInfo(hours.timezone),
        days,
        hours.cut_off,
        hours.hand_over,
        hours.handling_days,
        hours.work_minutes,
    )


def _holidays(country: str, region: str, year: int) -> frozenset[date]:
    years = range(year - 1, year + _YEARS_AHEAD + 1)
    return frozenset().union(*[calendar_queries.public_holidays(country, region, each) for each in years])
