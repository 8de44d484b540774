"""Placing checks its keys by key, and hot SKUs say how their queues stand.

Django's foreign keys are checked at the commit, outside the routine that says how to look things up: a session that first
placed orders while the tables were small went on walking along all their rows. ``flows_place`` has them checked where the
rows are written, most of them before a level is locked.
"""

from django.db import migrations

PLACE = """
create function flows_place(batch jsonb) returns void language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  set constraints all immediate;
  perform flows_place_orders(batch);
  set constraints all deferred;
end $$;
"""

# Unlogged: a figure a second is not worth a flush, and a crash ends the queues that it speaks of.
HOT_SKUS = """
create unlogged table flows_hotsku (
  sku text not null,
  process text not null,
  hot_since timestamptz not null,
  seen_at timestamptz not null,
  cooled_at timestamptz,
  batches bigint not null,
  orders bigint not null,
  largest int not null,
  orders_per_second real not null,
  orders_per_batch real not null,
  wait_ms real not null,
  primary key (sku, process)
);
"""


class Migration(migrations.Migration):
    dependencies = [("flows", "0003_sellable_levels")]

    operations = [
        migrations.RunSQL(PLACE, "drop function flows_place"),
        migrations.RunSQL(HOT_SKUS, "drop table flows_hotsku"),
    ]
