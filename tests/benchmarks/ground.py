"""The ground that every bench stands on: one database with a shop of 10,000 SKUs, and R1's own tables beside it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.test.utils import setup_databases, teardown_databases

from oms.catalogue.models import Sku
from oms.core.owner import as_owner
from oms.runtime.postgres import APPLICATION
from tests import builders
from tests.builders import NOON

SKUS = 10_000
PIECES = 1_000_000
HOT = "HOT"
SITES = {"PER": 2, "SYD": 5, "MEL": 4}

R1_TABLES = """
create table r1_stock (id bigint primary key, on_hand int not null, reserved int not null default 0,
  check (reserved >= 0 and reserved <= on_hand)) with (fillfactor = 70);
create table r1_order (id bigint generated always as identity primary key, number text not null unique,
  channel_id bigint not null references channels_channel, placed_at timestamptz not null default now());
create table r1_line (id bigint generated always as identity primary key, order_id bigint not null references r1_order,
  stock_id bigint not null references r1_stock, quantity int not null check (quantity > 0));
create index on r1_line (order_id);
create table r1_reservation (id bigint generated always as identity primary key,
  line_id bigint not null references r1_line, stock_id bigint not null references r1_stock, quantity int not null);
create index on r1_reservation (line_id);
insert into r1_stock (id, on_hand) select n, 100000000 from generate_series(0, %s) n;
-- As a shop that has sold before: on empty tables a plan walks along all rows and is kept while they grow.
insert into r1_order (number, channel_id) select 'old-' || n, min(id) from channels_channel, generate_series(1, 5000) n
  group by n;
insert into r1_line (order_id, stock_id, quantity) select id, 0, 1 from r1_order;
insert into r1_reservation (line_id, stock_id, quantity) select id, 0, 1 from r1_line;
"""


@contextmanager
def database() -> Iterator[str]:
    """A migrated and stocked database; its application URL, gone afterwards."""
    with as_owner(connection):
        created = setup_databases(verbosity=0, interactive=False, aliases={"default"})
    try:
        _stock()
        with as_owner(connection), connection.cursor() as cursor:
            cursor.execute(R1_TABLES % SKUS)
            for table in ("r1_stock", "r1_order", "r1_line", "r1_reservation"):
                cursor.execute(f"grant select, insert, update on {table} to {APPLICATION}")
            cursor.execute("analyze")
        yield url()
    finally:
        connection.close()
        with as_owner(connection):
            teardown_databases(created, verbosity=0)


def url() -> str:
    """The application's address of the database."""
    facts = connection.settings_dict
    return f"postgresql://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"


def _stock() -> None:
    """10,000 SKUs with a million pieces at each of three locations, one hot SKU, and rates to everywhere in WA."""
    builders.channel("api")
    builders.reasons()
    for code, days in SITES.items():
        builders.rate(code, region="WA", cost_minor=600 * days, days=days)
    Sku.objects.bulk_create([Sku(code=f"S{n:05d}", name=f"SKU {n}", weight_grams=200) for n in range(SKUS)])
    builders.sku(HOT)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "insert into inventory_stocklevel (sku_id, location_id)"
            " select s.id, l.id from catalogue_sku s, inventory_stocklocation l where l.code = any(%s)",
            [list(SITES)],
        )
        cursor.execute(
            "insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, source, source_key, actor)"
            " select id, 'receive', %s, %s, 'bench', id::text, 'system' from inventory_stocklevel",
            [PIECES, NOON],
        )
