"""Stock as it was: at an instant, after a movement, day by day. What it costs never grows with history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Abs

from inventory.models import (
    StockClose,
    StockCloseLine,
    StockContent,
    StockLevel,
    StockLocation,
    StockMovement,
)
from inventory.rules import STOCK_KEEPING
from oms.core.errors import NotFound

LAST_MOVEMENT = 2**63 - 1
# The last closed line of each level, and what has moved since: at most a day of its movements.
AS_OF = """
select coalesce(line.closing, 0) + coalesce(since.on_hand, 0),
       coalesce(line.reserved_closing, 0) + coalesce(since.reserved, 0),
       coalesce(line.quarantined_closing, 0) + coalesce(since.quarantined, 0),
       coalesce(kept.safety_before, level.safety_stock), coalesce(kept.reported_before, level.reported)
  from unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) with ordinality
       as asked(level_id, at, movement_id, number)
  join inventory_stocklevel level on level.id = asked.level_id
  left join lateral (
    select closing, reserved_closing, quarantined_closing, closed_at from inventory_stockcloseline
     where level_id = asked.level_id and closed_at <= asked.at order by closed_at desc limit 1) as line on true
  left join lateral (
    select sum(on_hand_delta) as on_hand, sum(reserved_delta) as reserved, sum(quarantined_delta) as quarantined
      from inventory_stockmovement moved
     where moved.level_id = asked.level_id and moved.moved_at >= coalesce(line.closed_at, '-infinity')
       and moved.moved_at <= asked.at and (moved.moved_at, moved.id) <= (asked.at, asked.movement_id)
  ) as since on true
  left join lateral (
    select safety_before, reported_before from inventory_safetystockchange changed
     where changed.level_id = asked.level_id and changed.changed_at > asked.at
     order by changed.changed_at, changed.id limit 1) as kept on true
 order by asked.number
"""
FIRST_MOVEMENT = """
select min(first.moved_at) from inventory_stocklevel level
 cross join lateral (select moved_at from inventory_stockmovement
                      where level_id = level.id order by moved_at, id limit 1) as first
 where level.location_id = %s
"""
# Writers that began before an instant and are not done; only they could still date a movement before it.
STILL_WRITING = """
select count(*) from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
   and backend_xid is not null and xact_start < %s
"""


class CloseNotFound(NotFound):
    """That day is not closed for this location."""

    code = "close-not-found"


PACE_DAYS = 28
# Both look-ups go by (level, closed_at), so that a level costs at most a month of its lines.
PACES = """
select v.location_id, v.sku_id, 1000 * sold.pieces / least(%(days)s, greatest(1, floor(
           extract(epoch from %(at)s - first.closed_at) / 86400 + 1)))
  from inventory_stocklevel v
  join lateral (select l.closed_at from inventory_stockcloseline l
                 where l.level_id = v.id order by l.closed_at limit 1) first on true
  join lateral (select sum(l.shipped) as pieces from inventory_stockcloseline l
                 where l.level_id = v.id and l.closed_at <= %(at)s
                   and l.closed_at > %(at)s - make_interval(days => %(days)s)) sold on true
 where v.sku_id = any(%(skus)s) and sold.pieces > 0
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A level as it stood, in pieces."""

    on_hand: int
    reserved: int
    quarantined: int
    safety_stock: int
    reported: int

    @property
    def available(self) -> int:
        """What could have been promised then."""
        return self.on_hand + self.reported - self.reserved - self.quarantined - self.safety_stock


@dataclass(frozen=True, slots=True)
class Point:
    """A level at an instant; with a movement, just after that one and before later ones of the same instant."""

    level_id: int
    at: datetime
    movement_id: int = LAST_MOVEMENT


def levels_alone() -> QuerySet[StockLevel]:
    """All levels with their SKU and location, without what is on its way."""
    return StockLevel.objects.select_related("sku", "location")


def standings(points: Sequence[Point]) -> list[Standing]:
    """How each level stood at its point, in the order given."""
    if not points:
        return []
    levels, instants = [point.level_id for point in points], [point.at for point in points]
    movements = [point.movement_id for point in points]
    with connection.cursor() as cursor:
        cursor.execute(AS_OF, [levels, instants, movements])
        return [Standing(*map(int, row)) for row in cursor.fetchall()]


def as_of(level_ids: Sequence[int], at: datetime) -> dict[int, Standing]:
    """How these levels stood at an instant, by level id."""
    return dict(zip(level_ids, standings([Point(pk, at) for pk in level_ids]), strict=True))


def balance_after(level_ids: Iterable[int], *, at: datetime, movement_id: int) -> Standing:
    """What these levels held together just after one movement of theirs."""
    found = standings([Point(pk, at, movement_id) for pk in level_ids])
    names = ("on_hand", "reserved", "quarantined", "safety_stock", "reported")
    return Standing(*(sum(getattr(each, name) for each in found) for name in names))


def run_down(rows: Sequence[StockMovement], level_ids: Iterable[int]) -> list[Standing]:
    """What these levels held together after each of these movements, which follow one another, newest first."""
    if not rows:
        return []
    after = balance_after(level_ids, at=rows[0].moved_at, movement_id=rows[0].pk)
    found = []
    for row in rows:
        found.append(after)
        after = replace(
            after,
            on_hand=after.on_hand - row.on_hand_delta,
            reserved=after.reserved - row.reserved_delta,
            quarantined=after.quarantined - row.quarantined_delta,
        )
    return found


def day_ends(level_ids: Sequence[int], *, since: datetime) -> dict[date, int]:
    """Pieces on hand of these levels together at the end of each day closed after that instant, oldest first."""
    held = {pk: standing.on_hand for pk, standing in as_of(level_ids, since).items()}
    lines = StockCloseLine.objects.filter(level_id__in=level_ids, closed_at__gt=since)
    by_day: dict[date, dict[int, int]] = {}
    for day, level_id, closing in lines.values_list("close__day", "level_id", "closing"):
        by_day.setdefault(day, {})[level_id] = closing
    found: dict[date, int] = {}
    for number in range((max(by_day) - min(by_day)).days + 1 if by_day else 0):
        day = min(by_day) + timedelta(days=number)
        held |= by_day.get(day, {})
        found[day] = sum(held.values())
    return found


def paces(sku_ids: Iterable[int], *, at: datetime) -> dict[tuple[int, int], int]:
    """How fast each location sells: thousandths of a piece that left it on an average day, by (location, SKU) id.

    Over the closed days of the last four weeks, or since the level's first closed day where that is less long ago.
    """
    with connection.cursor() as cursor:
        cursor.execute(PACES, {"skus": list(sku_ids), "at": at, "days": PACE_DAYS})
        return {(location_id, sku_id): int(pace) for location_id, sku_id, pace in cursor.fetchall()}


def contents_in_quarantine(level_ids: Iterable[int]) -> QuerySet[StockContent]:
    """Where in these levels quarantined pieces stand, by bin and lot."""
    held = StockContent.objects.filter(level_id__in=list(level_ids), quarantined__gt=0)
    return held.select_related("level__location", "bin", "lot").order_by("level_id", "id")


def places_with_books() -> QuerySet[StockLocation]:
    """The locations whose days are closed."""
    return StockLocation.objects.filter(kind__in=STOCK_KEEPING)


def closes() -> QuerySet[StockClose]:
    """All closed days, newest first, with who signed."""
    return StockClose.objects.select_related("location", "signature__signed_by").order_by("-closed_at", "-id")


def close_of(location_code: str, day: date | str) -> StockClose:
    """One closed day; it may be written as 2026-11-22.

    Raises ``CloseNotFound``.
    """
    asked = parse_day(day) if isinstance(day, str) else day
    found = closes().filter(location__code=location_code, day=asked).first() if asked else None
    if found is None:
        raise CloseNotFound(f"{day} is not closed for {location_code}.")
    return found


def parse_day(text: str) -> date | None:
    """Read a day such as 2026-11-22; None for other words."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def last_close(location_id: int) -> StockClose | None:
    """The newest closed day of a location."""
    return StockClose.objects.filter(location_id=location_id).order_by("-day").first()


def lines_of(close: StockClose) -> QuerySet[StockCloseLine]:
    """What a closed day says, level by level."""
    return StockCloseLine.objects.filter(close=close).select_related("level__sku").order_by("level_id")


def largest_gaps(close: StockClose, *, most: int) -> list[StockCloseLine]:
    """The levels that differed most from the books of a day."""
    return list(lines_of(close).exclude(gap=0).order_by(Abs(F("gap")).desc(), "level_id")[:most])


def sums_of(lines: QuerySet[StockCloseLine]) -> dict[str, Any]:
    """The columns of these lines added up; gaps of both signs count."""
    names = ("opening", "received", "shipped", "adjusted", "returned", "transferred", "closing")
    sums = lines.order_by().aggregate(**{name: Sum(name) for name in names}, gap=Sum(Abs(F("gap"))))
    return {name: value or 0 for name, value in sums.items()}


def gap_by_day(closed: QuerySet[StockClose]) -> dict[date, Any]:
    """Pieces that differ, in per cent of all pieces, by day over the locations of these closes."""
    rows = closed.order_by().values("day").annotate(off=Sum("pieces_gap"), held=Sum("pieces_closing"))
    return {row["day"]: 100 * row["off"] / max(row["held"], 1) for row in rows}


def with_gap() -> Q:
    """A filter for closed days on which figures did not agree."""
    return Q(levels_gap__gt=0)


def first_movement_at(location_id: int) -> datetime | None:
    """When the first piece moved at a location; one look-up for each of its levels."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST_MOVEMENT, [location_id])
        return cursor.fetchone()[0]


def still_writing(before: datetime) -> int:
    """How many transactions that began before an instant have written and are not done."""
    with connection.cursor() as cursor:
        cursor.execute(STILL_WRITING, [before])
        return int(cursor.fetchone()[0])
