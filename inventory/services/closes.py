"""Closed days: written once, by one statement each run, and signed once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import connection

from inventory import history
from inventory.books import (
    GRACE,
    ONE_DAY,
    AlreadySigned,
    DayNotOver,
    GapUnexplained,
    Period,
    day_of,
    last_day_over,
    periods,
)
from inventory.models import CloseSignature, StockClose, StockLocation
from oms.core.models import User
from oms.core.transactions import joins_transaction

HOLD = "select pg_advisory_xact_lock(hashtext('inventory_stockclose'), %s)"
# One pass along the location's levels, two look-ups each: a level changed behind the ledger's back need not have moved.
COMPARE = """
select level.id, level.on_hand - coalesce(last.closing, 0) - coalesce(since.pieces, 0) as gap
  from inventory_stocklevel level
  left join lateral (select closing from inventory_stockcloseline
                      where level_id = level.id order by closed_at desc limit 1) as last on true
  left join lateral (select sum(on_hand_delta) as pieces from inventory_stockmovement
                      where level_id = level.id and moved_at >= %s) as since on true
 where level.location_id = %s
"""
CLOSE = """
with everywhere as materialized (
  select movement.level_id, width_bucket(movement.moved_at, %(opened)s::timestamptz[]) as number,
         sum(movement.on_hand_delta) filter (where way = 'received') as received,
         sum(movement.on_hand_delta) filter (where way = 'shipped') as shipped,
         sum(movement.on_hand_delta) filter (where way = 'adjusted') as adjusted,
         sum(movement.on_hand_delta) filter (where way = 'returned') as returned,
         sum(movement.on_hand_delta) filter (where way = 'transferred') as transferred,
         sum(movement.on_hand_delta) as net, sum(movement.reserved_delta) as reserved,
         sum(movement.quarantined_delta) as quarantined
    from inventory_stockmovement movement
    left join lateral (select kind from inventory_stocklocation where id = movement.counter_location_id) as other
      on true
    left join lateral (select code from inventory_adjustmentreason where id = movement.reason_id) as why on true
   cross join lateral (select case
      when movement.kind = 'move' then 'within'
      when other.kind in ('own', '3pl', 'supplier', 'transit') then 'transferred'
      when movement.kind = 'issue' or other.kind = 'customer' and movement.on_hand_delta < 0 then 'shipped'
      when other.kind = 'customer' or why.code = 'returned' then 'returned'
      when movement.kind = 'receive' or other.kind = 'supply' then 'received'
      else 'adjusted' end as way) as sorted
   where movement.moved_at >= %(first)s and movement.moved_at < %(last)s
   group by 1, 2
), moved as materialized (
  select everywhere.* from everywhere
    join lateral (select location_id from inventory_stocklevel where id = everywhere.level_id limit 1) as level
      on level.location_id = %(location)s
), touched as (
  select level_id, number, coalesce(received, 0) as received, -coalesce(shipped, 0) as shipped,
         coalesce(adjusted, 0) as adjusted, coalesce(returned, 0) as returned,
         coalesce(transferred, 0) as transferred, net, reserved, quarantined
    from moved
  union all
  select found.level_id, %(days)s, 0, 0, 0, 0, 0, 0, 0, 0 from unnest(%(off)s::bigint[]) as found(level_id)
   where not exists (select from moved where moved.level_id = found.level_id and moved.number = %(days)s)
), before as (
  select level.level_id, last.* from (select distinct level_id from touched) as level
    left join lateral (
      select closing, reserved_closing, quarantined_closing from inventory_stockcloseline
       where level_id = level.level_id order by closed_at desc limit 1) as last on true
), line as (
  select touched.*,
         coalesce(before.closing, 0) + sum(net) over so_far as closing,
         coalesce(before.reserved_closing, 0) + sum(reserved) over so_far as reserved_closing,
         coalesce(before.quarantined_closing, 0) + sum(quarantined) over so_far as quarantined_closing,
         case number when %(days)s then coalesce(found.gap, 0) else 0 end as gap
    from touched join before using (level_id)
    left join unnest(%(off)s::bigint[], %(gaps)s::int[]) as found(level_id, gap) using (level_id)
  window so_far as (partition by level_id order by number)
), total as (
  select number, count(*) as levels, sum(net) as net, sum(abs(gap)) as gap, count(*) filter (where gap <> 0) as off
    from line group by number
), closed as (
  insert into inventory_stockclose (location_id, day, opened_at, closed_at, recorded_at, levels_moved, levels_counted,
                                    pieces_closing, pieces_gap, levels_gap)
  select %(location)s, period.day, period.opened_at, period.closed_at, %(at)s, coalesce(total.levels, 0), %(counted)s,
         %(pieces)s + coalesce(sum(total.net) over (order by period.number), 0), coalesce(total.gap, 0),
         coalesce(total.off, 0)
    from unnest(%(dates)s::date[], %(opened)s::timestamptz[], %(closed)s::timestamptz[]) with ordinality
         as period(day, opened_at, closed_at, number)
    left join total using (number)
   order by period.number
  returning id, opened_at, closed_at
)
insert into inventory_stockcloseline (close_id, level_id, closed_at, opening, received, shipped, adjusted, returned,
                                      transferred, closing, reserved_closing, quarantined_closing, gap)
select closed.id, line.level_id, closed.closed_at, line.closing - line.net, line.received, line.shipped, line.adjusted,
       line.returned, line.transferred, line.closing, line.reserved_closing, line.quarantined_closing, line.gap
  from line join closed on closed.opened_at = (%(opened)s::timestamptz[])[line.number]
 order by line.number, line.level_id
"""


@joins_transaction
def hold(place: StockLocation) -> None:
    """Let nobody else close this location, nor date a movement back, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [place.pk])


@joins_transaction
def due(place: StockLocation, *, through: date | None, at: datetime) -> list[Period]:
    """The days of a held location that are over and not closed, oldest first, at most through that day.

    Raises ``DayNotOver`` while something that could belong to them is still being written.
    """
    over = last_day_over(at, place.timezone)
    last = over if through is None else min(through, over)
    closed = history.last_close(place.pk)
    if closed is not None:
        days = periods(closed.day + ONE_DAY, last, zone=place.timezone, opened_at=closed.closed_at)
    else:
        began = history.first_movement_at(place.pk)
        days = periods(day_of(began, place.timezone) if began else last, last, zone=place.timezone)
    found = list(days)
    if found and history.still_writing(found[-1].closed_at + GRACE):
        raise DayNotOver(
            f"Something is still being written that may belong to {found[-1].day}; try again soon."
        )
    return found


@joins_transaction
def compare(place: StockLocation, *, since: datetime) -> tuple[dict[int, int], int]:
    """By how much levels differ from their last closing and what has moved since; and how many were looked at."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"with compared as materialized ({COMPARE})"
            " select id, gap, 0 from compared where gap <> 0 union all select 0, 0, count(*) from compared",
            [since, place.pk],
        )
        rows = cursor.fetchall()
    return {pk: gap for pk, gap, _ in rows if pk}, rows[-1][2]


@joins_transaction
def close(
    place: StockLocation, days: Sequence[Period], *, gaps: Mapping[int, int], counted: int, at: datetime
) -> list[StockClose]:
    """Close these days of a held location; gaps are booked on the last of them, the day they were found."""
    before = history.last_close(place.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            CLOSE,
            {
                "location": place.pk,
                "dates": [each.day for each in days],
                "opened": [each.opened_at for each in days],
                "closed": [each.closed_at for each in days],
                "first": days[0].opened_at,
                "last": days[-1].closed_at,
                "days": len(days),
                "off": list(gaps),
                "gaps": list(gaps.values()),
                "counted": counted,
                "pieces": before.pieces_closing if before else 0,
                "at": at,
            },
        )
    return list(StockClose.objects.filter(location=place, day__gte=days[0].day).order_by("day"))


@joins_transaction
def sign(closed: StockClose, *, by: User, note: str, at: datetime) -> CloseSignature:
    """Have a person stand for a closed day.

    Raises ``AlreadySigned``; ``GapUnexplained`` when figures differ and no note says why.
    """
    if CloseSignature.objects.filter(close=closed).exists():
        raise AlreadySigned(f"{closed.day} of {closed.location.code} is signed already.")
    if closed.levels_gap and not note.strip():
        message = "Figures of this day differ: say what was found."
        raise GapUnexplained(message, problems=(("#/note", message),))
    return CloseSignature.objects.create(close=closed, signed_by=by, signed_at=at, note=note.strip())
