"""Stories of how a count comes about: by plan, by hand, or because something was not as it should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from inventory import count_queries
from inventory import queries as stock_queries
from inventory.count_rules import SKUS_PER_TASK
from inventory.models import Bin, CountTask, StockLevel, StockLocation
from inventory.services import count_plans, counts
from inventory.services.counts import Opening
from oms.alerts.services import alerts
from oms.catalogue import queries as sku_queries
from oms.core import audit, money, outbox
from oms.core.actors import SYSTEM, Actor
from oms.core.errors import Invalid
from oms.core.transactions import owns_transaction

COUNTED_PLACES = ("own", "3pl")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks to have counted: a bin, the bins up to another one, or a SKU here or everywhere."""

    location: str = ""
    bin: str = ""
    upto_bin: str = ""
    sku: str = ""
    # The locations where the asker may do this; None means everywhere.
    within: frozenset[str] | None = None


@owns_transaction()
def open_counts(wanted: Wanted, *, cause: str, actor: Actor, at: datetime) -> list[str]:
    """Ask for counts by hand; their numbers.

    Raises ``LocationNotFound``, ``SkuNotFound``, ``Invalid``, ``NothingToCount``.
    """
    opened = _opened(wanted, cause, at=at)
    if not opened:
        raise counts.nothing_opened(wanted.sku or wanted.bin or wanted.location)
    _record(opened, actor=actor, at=at)
    return [task.number for task in opened]


@owns_transaction()
def open_because(wanted: Wanted, *, cause: str, at: datetime) -> list[str]:
    """Ask for a count because something was not as it should be; none where one is under way. Their numbers.

    Raises ``LocationNotFound``, ``SkuNotFound``.
    """
    if wanted.location and stock_queries.location(wanted.location).kind not in COUNTED_PLACES:
        return []
    opened = _opened(wanted, cause, at=at)
    _record(opened, actor=SYSTEM, at=at)
    return [task.number for task in opened]


@owns_transaction()
def open_due(plan_id: int, *, at: datetime) -> list[str]:
    """Open today's counts of a plan, as many as it allows a day; a second run on the same day opens only the rest."""
    plan = count_queries.plans().get(pk=plan_id)
    place = plan.location
    today = _today(place, at)
    if not plan.is_active or (plan.weekdays and today.weekday() not in plan.weekdays):
        return []
    midnight = datetime.combine(today, time.min, ZoneInfo(place.timezone)).astimezone(UTC)
    left = plan.tasks_per_day - count_queries.opened_since(plan, midnight)
    if left <= 0:
        return []
    why = Opening(f"Plan {plan.name}", today, plan)
    if place.is_bin_managed:
        opened = counts.open_bins(count_plans.due_bins(plan, limit=left, at=at), why, at=at)
    else:
        due = count_plans.due_levels(plan, limit=left * SKUS_PER_TASK, at=at)
        opened = counts.open_levels(due, why, at=at)
    _record(opened, actor=SYSTEM, at=at)
    return [task.number for task in opened]


@owns_transaction()
def classify(*, at: datetime) -> int:
    """Class all levels A, B or C anew by the value that left them in 90 days; says how many changed."""
    return count_plans.classify(
        {code: places for code, places in money.CURRENCIES.items() if places != 2}, at=at
    )


@owns_transaction()
def alert_overdue(*, at: datetime) -> int:
    """Alert on counts past the day they were due, once per location; says how many locations."""
    late = count_queries.overdue(at)
    for place in late:
        alerts.open_alert(
            "overdue_count",
            "location",
            str(place["code"]),
            at=at,
            location=str(place["code"]),
            message=f"{place['count']} counts at {place['name']} are overdue, the first since {place['since']}.",
            url=f"/stock/counts/?site={place['code']}",
        )
    return len(late)


def plan_ids() -> list[int]:
    """The plans that the clock looks at."""
    return list(count_queries.plans().filter(is_active=True).values_list("pk", flat=True))


def _opened(wanted: Wanted, cause: str, *, at: datetime) -> list[CountTask]:
    if wanted.sku:
        return _of_sku(wanted, cause, at=at)
    place = _counted_place(wanted.location)
    if not wanted.bin:
        message = "Name a bin or a SKU to be counted."
        raise Invalid(message, problems=(("#/bin", message),))
    why = Opening(cause, _today(place, at))
    if wanted.upto_bin:
        bins = count_queries.bins_between(place.pk, wanted.bin, wanted.upto_bin)
    else:
        bins = [count_queries.bin_at(place.pk, wanted.bin)]
    return _of_bins(place, bins, why, at=at)


def _of_bins(place: StockLocation, bins: Sequence[Bin], why: Opening, *, at: datetime) -> list[CountTask]:
    if place.is_bin_managed:
        return counts.open_bins(bins, why, at=at)
    # Without bins in the books a bin stands for the SKUs that are picked there.
    return counts.open_levels(count_queries.levels_picked_from(bins), why, at=at)


def _of_sku(wanted: Wanted, cause: str, *, at: datetime) -> list[CountTask]:
    sku = sku_queries.sku(wanted.sku)
    if wanted.location:
        place = _counted_place(wanted.location)
        levels = [stock_queries.lock_level(sku.pk, place.pk)]
    else:
        levels = count_queries.levels_of_sku(sku.pk, wanted.within)
    opened = []
    for level in levels:
        why = Opening(cause, _today(level.location, at))
        opened += _of_level(level, wanted, why, at=at)
    return opened


def _of_level(level: StockLevel, wanted: Wanted, why: Opening, *, at: datetime) -> list[CountTask]:
    if not level.location.is_bin_managed:
        return counts.open_levels([level], why, at=at)
    if wanted.bin:
        bins = [count_queries.bin_at(level.location_id, wanted.bin)]
    else:
        bins = count_queries.bins_holding([level.pk]) or ([level.pick_bin] if level.pick_bin else [])
    return counts.open_bins(bins, why, at=at)


def _counted_place(code: str) -> StockLocation:
    place = stock_queries.location(code)
    if place.kind not in COUNTED_PLACES:
        message = f"{place.name} is not a place where we count."
        raise Invalid(message, problems=(("#/location", message),))
    return place


def _today(place: StockLocation, at: datetime) -> date:
    return at.astimezone(ZoneInfo(place.timezone)).date()


def _record(opened: Sequence[CountTask], *, actor: Actor, at: datetime) -> None:
    for task in opened:
        audit.record("count.opened", "count", task.number, actor=actor, at=at, note=task.cause)
        payload = {"number": task.number, "location": task.location.code, "cause": task.cause}
        outbox.record("count.opened", aggregate=f"count:{task.number}", payload=payload, at=at)
