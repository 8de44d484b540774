"""Two grounds for the books of stock in a database of their own: years of movements, written past all triggers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from oms.core.owner import as_owner

LOCATIONS = 10
DAYS = 400
# What moves on the day that is still open, the same in both grounds: so many levels of each location, twice each.
OPEN_LEVELS = 500
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
START = TODAY - timedelta(days=DAYS)
TABLES = "stockcloseline, stockclose, stockmovement, stocklevel, reservation, stocklocation"
# Coprime to the numbers of levels, so that it leads to each of them before it comes back.
STRIDE = 7_368_787

PLACES = """
insert into catalogue_sku (code, name) select 'B' || to_char(n, 'FM000000'), 'Article ' || n
  from generate_series(0, %(skus)s - 1) n;
insert into inventory_stocklocation (id, code, name, timezone, is_active, latitude, longitude, line1, city, region,
                                     postcode, country)
select n + 100, 'L' || n, 'Site ' || n, 'UTC', true, null, null, '', '', '', '', 'AU'
  from generate_series(0, %(locations)s - 1) n;
insert into inventory_stocklocation (id, code, name, timezone, kind, is_active, line1, city, region, postcode, country)
values (99, 'supply', 'Supply', 'UTC', 'supply', false, '', '', '', '', 'AU');
"""
# Pairs of movements of one level: two receipts, or a reservation and its release.
MOVEMENTS = """
insert into inventory_stockmovement (level_id, kind, on_hand_delta, reserved_delta, moved_at, recorded_at,
                                     counter_location_id, source, source_key, reference, actor)
select 1 + (n / 2 * %(stride)s) %% %(levels)s, (array['receive', 'receive', 'reserve', 'release'])[1 + n %% 4],
       (array[3, 3, 0, 0])[1 + n %% 4], (array[0, 0, 1, -1])[1 + n %% 4],
       %(start)s::timestamptz + n * (%(closed_days)s * interval '1 day' / %(movements)s), now(),
       case when n %% 4 < 2 then 99 end, 'bench', n::text, 'SO-' || n / 20, 'system'
  from generate_series(0, %(movements)s::bigint - 1) n;
insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, recorded_at, counter_location_id, source,
                                     source_key, reference, actor)
select 1 + place + %(locations)s * (part * (%(skus)s / %(open)s)), 'receive', 2,
       %(open_day)s::timestamptz + (part * 2 + twice) * interval '1 minute', now(), 99, 'bench',
       'open' || place || '-' || part || '-' || twice, 'R', 'system'
  from generate_series(0, %(open)s - 1) part, generate_series(0, 1) twice, generate_series(0, %(locations)s - 1) place;
"""
LEVELS = """
insert into inventory_stocklevel (id, sku_id, location_id, on_hand, reserved)
select n, (select min(id) from catalogue_sku where code like 'B%%') + (n - 1) / %(locations)s,
       100 + (n - 1) %% %(locations)s, coalesce(total.on_hand, 0), coalesce(total.reserved, 0)
  from generate_series(1, %(levels)s) n
  left join (select level_id, sum(on_hand_delta) as on_hand, sum(reserved_delta) as reserved
               from inventory_stockmovement group by 1) as total on total.level_id = n
 order by n;
"""
CLOSES = """
insert into inventory_stockclose (location_id, day, opened_at, closed_at, recorded_at, levels_moved, levels_counted,
                                  pieces_closing, pieces_gap, levels_gap)
select 100 + place, (day at time zone 'UTC')::date, day, day + interval '1 day', day + interval '1 day', 0, 0, 0, 0, 0
  from generate_series(%(start)s::timestamptz, %(open_day)s::timestamptz - interval '1 day', interval '1 day') day,
       generate_series(0, %(locations)s - 1) place;
insert into inventory_stockcloseline (close_id, level_id, closed_at, opening, received, closing, reserved_closing,
                                      quarantined_closing)
select closed.id, moved.level_id, closed.closed_at, moved.so_far - moved.pieces, moved.pieces, moved.so_far,
       moved.reserved, 0
  from (select level_id, date_trunc('day', moved_at, 'UTC') as day, sum(on_hand_delta) as pieces,
               sum(sum(on_hand_delta)) over sofar as so_far, sum(sum(reserved_delta)) over sofar as reserved
          from inventory_stockmovement where moved_at < %(open_day)s group by 1, 2
        window sofar as (partition by level_id order by date_trunc('day', moved_at, 'UTC'))) as moved
  join inventory_stockclose closed
    on closed.opened_at = moved.day and closed.location_id = 100 + (moved.level_id - 1) %% %(locations)s
 order by closed.closed_at, moved.level_id;
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a ground is."""

    skus: int
    movements: int

    @property
    def levels(self) -> int:
        """One for each SKU at each location."""
        return self.skus * LOCATIONS


@contextmanager
def own_database() -> Iterator[None]:
    """A migrated database beside the others, gone afterwards."""
    outer = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = f"{outer}_books"
    try:
        with as_owner(connection):
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        yield
    finally:
        connection.close()
        with as_owner(connection):
            connection.creation.destroy_test_db(outer, verbosity=0)
        connection.settings_dict["NAME"] = outer


def fill(size: Size) -> None:
    """Empty the database and write a ground: all days closed but the last."""
    facts = {
        "skus": size.skus,
        "levels": size.levels,
        "movements": size.movements,
        "locations": LOCATIONS,
        "open": OPEN_LEVELS,
        "stride": STRIDE,
        "start": START,
        "open_day": TODAY - timedelta(days=1),
        "closed_days": DAYS - 1,
    }
    with as_owner(connection), connection.cursor() as cursor:
        cursor.execute(
            "set session_replication_role = replica; set work_mem = '256MB'; set synchronous_commit = off"
        )
        cursor.execute("set maintenance_work_mem = '512MB'")
        cursor.execute(f"truncate inventory_{TABLES.replace(', ', ', inventory_')}, catalogue_sku cascade")
        later = [
            *_take_down(cursor, "inventory_stockmovement"),
            *_take_down(cursor, "inventory_stockcloseline"),
        ]
        for statements in (PLACES, MOVEMENTS, LEVELS, CLOSES):
            for statement in filter(str.strip, statements.split(";")):
                cursor.execute(statement, facts)
        for statement in later:
            cursor.execute(statement)
        cursor.execute("set session_replication_role = origin")
    with as_owner(connection), connection.cursor() as cursor:
        cursor.execute("vacuum (analyze)")


def _take_down(cursor, table: str) -> list[str]:
    """Take a table's indexes down for the filling; the statements that put them up again."""
    cursor.execute(
        "select conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'u' and conrelid = %s::regclass",
        [table],
    )
    unique = cursor.fetchall()
    for name, _ in unique:
        cursor.execute(f"alter table {table} drop constraint {name}")
    cursor.execute(
        "select c.relname, pg_get_indexdef(c.oid) from pg_index i join pg_class c on c.oid = i.indexrelid"
        " where i.indrelid = %s::regclass and not i.indisprimary",
        [table],
    )
    plain = cursor.fetchall()
    for name, _ in plain:
        cursor.execute(f"drop index {name}")
    return [f"alter table {table} add constraint {name} {what}" for name, what in unique] + [
        what for _, what in plain
    ]
