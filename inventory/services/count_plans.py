"""How much a level matters, and what a plan finds due: each by one statement."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection

from inventory.count_rules import ABC_WINDOW_DAYS
from inventory.models import Bin, CountPlan, StockLevel
from oms.core.errors import Invalid
from oms.core.transactions import joins_transaction

_CLASSIFY = """
with issued as (
  select level_id, -sum(on_hand_delta) as pieces from inventory_stockmovement
   where kind = 'issue' and moved_at >= %(since)s group by level_id
), worth as (
  select l.id, l.location_id,
         coalesce(i.pieces, 0) * coalesce(s.unit_cost, 0) * power(10, coalesce(x.places, 2)) as value
    from inventory_stocklevel l
    join catalogue_sku s on s.id = l.sku_id
    left join issued i on i.level_id = l.id
    left join unnest(%(currencies)s::text[], %(places)s::int[]) as x (currency, places) on x.currency = s.currency
), ranked as (
  select id, value, sum(value) over (partition by location_id) as total,
         sum(value) over (partition by location_id order by value desc, id) - value as before
    from worth
)
insert into inventory_countclass as known (level_id, abc, issued_value_minor)
select id, case when value = 0 then 'C' when before < 0.80 * total then 'A'
                when before < 0.95 * total then 'B' else 'C' end, round(value)::bigint
  from ranked order by id
on conflict (level_id) do update set abc = excluded.abc, issued_value_minor = excluded.issued_value_minor
 where (known.abc, known.issued_value_minor) is distinct from (excluded.abc, excluded.issued_value_minor)
"""
_AGE = "case {abc} when 'A' then %(a)s when 'B' then %(b)s else %(c)s end * interval '1 day'"
_LIVE = "('open', 'counting', 'recount', 'review')"
_DUE_LEVELS = f"""
select l.id from inventory_stocklevel l
  left join inventory_countclass k on k.level_id = l.id
 where l.location_id = %(location)s and l.on_hand > 0
   and coalesce(k.last_counted_at, '-infinity') <= %(at)s - {_AGE.format(abc="k.abc")}
   and not exists (select from inventory_countline x join inventory_counttask t on t.id = x.task_id
                    where x.level_id = l.id and t.status in {_LIVE})
 order by coalesce(k.abc, 'C'), k.last_counted_at nulls first, l.id limit %(limit)s
"""
_DUE_BINS = f"""
select b.id from inventory_bin b
  join lateral (select min(coalesce(k.abc, 'C')) as abc from inventory_stockcontent h
                  left join inventory_countclass k on k.level_id = h.level_id where h.bin_id = b.id) as held
    on held.abc is not null
  left join lateral (select max(t.posted_at) as at from inventory_counttask t where t.bin_id = b.id) as last on true
 where b.location_id = %(location)s and b.kind in ('storage', 'inspection')
   and coalesce(last.at, '-infinity') <= %(at)s - {_AGE.format(abc="held.abc")}
   and not exists (select from inventory_counttask t where t.bin_id = b.id and t.status in {_LIVE})
 order by held.abc, last.at nulls first, b.path_position, b.id limit %(limit)s
"""


@joins_transaction
def save(plan: CountPlan) -> None:
    """Write a plan.

    Raises ``Invalid`` when the site has another one of this name.
    """
    if CountPlan.objects.filter(location=plan.location_id, name=plan.name).exclude(pk=plan.pk).exists():
        raise Invalid(f"{plan.location.name} has a plan {plan.name} already.")
    plan.save()


@joins_transaction
def classify(exponents: Mapping[str, int], *, at: datetime) -> int:
    """Class every level anew by the value that left it lately; says how many changed.

    Per location the first 80 % of the value are A, the next 15 % B, the rest C. ``exponents`` names the currencies
    whose minor unit is not a hundredth.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _CLASSIFY,
            {
                "since": at - timedelta(days=ABC_WINDOW_DAYS),
                "currencies": list(exponents),
                "places": list(exponents.values()),
            },
        )
        return int(cursor.rowcount)


@joins_transaction
def due_levels(plan: CountPlan, *, limit: int, at: datetime) -> list[StockLevel]:
    """Levels that a plan's age makes due: class A first, the longest uncounted before the others."""
    ids = _due(_DUE_LEVELS, plan, limit, at)
    found = StockLevel.objects.in_bulk(ids)
    return [found[each] for each in ids]


@joins_transaction
def due_bins(plan: CountPlan, *, limit: int, at: datetime) -> list[Bin]:
    """Bins that a plan's age makes due: those with class A first, the longest uncounted before the others."""
    ids = _due(_DUE_BINS, plan, limit, at)
    found = Bin.objects.in_bulk(ids)
    return [found[each] for each in ids]


def _due(statement: str, plan: CountPlan, limit: int, at: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "location": plan.location_id,
                "at": at,
                "limit": limit,
                "a": plan.days_a,
                "b": plan.days_b,
                "c": plan.days_c,
            },
        )
        return [row[0] for row in cursor.fetchall()]
