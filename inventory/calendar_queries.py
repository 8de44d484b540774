"""When locations work, ready to be counted with; and what is on its way to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

import holidays
from django.db.models import F, QuerySet

from inventory.models import ExpectedReceipt, StockLocation
from inventory.models.calendars import WorkCalendar, working_week
from inventory.rules import SHIPPING


@dataclass(frozen=True, slots=True)
class Supply:
    """Pieces of a SKU that were announced for a location and have not come, and how many are bound to preorders."""

    id: int
    sku_id: int
    location_id: int
    expected_on: date
    pieces: int
    bound: int = 0

    @property
    def free(self) -> int:
        """Pieces that nothing is bound to."""
        return max(0, self.pieces - self.bound)


@dataclass(frozen=True, slots=True)
class Hours:
    """The working days and hours of a location; ``timezone`` is a name such as Australia/Perth."""

    location_id: int
    code: str
    timezone: str
    weekdays: frozenset[int]
    cut_off: time
    hand_over: time
    handling_days: int
    work_minutes: int
    country: str
    region: str
    closed: frozenset[date]
    opened: frozenset[date]


def hours() -> list[Hours]:
    """When each shipping location works; without a calendar of its own Monday to Friday, with its state's holidays."""
    found = []
    for place in _shipping().select_related("calendar").prefetch_related("special_days"):
        own = getattr(place, "calendar", None) or WorkCalendar(
            weekdays=working_week(),
            cut_off=time(14),
            hand_over=time(17),
            holiday_country=place.country,
            holiday_region=place.region,
        )
        special = list(place.special_days.all())
        found.append(
            Hours(
                place.pk,
                place.code,
                place.timezone,
                frozenset(own.weekdays),
                own.cut_off,
                own.hand_over,
                own.handling_days,
                own.work_minutes,
                own.holiday_country,
                own.holiday_region,
                frozenset(each.day for each in special if not each.is_open),
                frozenset(each.day for each in special if each.is_open),
            )
        )
    return found


def supplies(sku_ids: Iterable[int]) -> list[Supply]:
    """What is still to come of these SKUs at places that ship, first what comes first."""
    rows = (
        ExpectedReceipt.objects.filter(
            level__sku__in=list(sku_ids),
            level__location__is_active=True,
            level__location__kind__in=SHIPPING,
            quantity_received__lt=F("quantity_expected"),
        )
        .order_by("expected_on", "pk")
        .values_list(
            "pk",
            "level__sku_id",
            "level__location_id",
            "expected_on",
            F("quantity_expected") - F("quantity_received"),
            "quantity_bound",
        )
    )
    return [Supply(*row) for row in rows]


@lru_cache(maxsize=512)
def public_holidays(country: str, region: str, year: int) -> frozenset[date]:
    """The public holidays of a country's year, with those of a region that has its own."""
    known = holidays.list_supported_countries()
    if country not in known:
        return frozenset()
    part = region.upper() if region.upper() in known[country] else None
    return frozenset(holidays.country_holidays(country, subdiv=part, years=[year]))


def _shipping() -> QuerySet[StockLocation]:
    return StockLocation.objects.filter(kind__in=SHIPPING)
