"""Levels are moved by one statement however many there are, and keep no index that another one covers."""

import django.db.models.deletion
from django.db import migrations, models

POST_MOVEMENTS = """
create or replace function inventory_post_movements() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  wrong record;
  is_physical boolean;
begin
  if pg_trigger_depth() < 2 and exists (
      select from moved where kind in ('reserve', 'release', 'issue', 'transfer', 'repair')) then
    raise exception 'Only a reservation reserves, releases or issues stock; transfers and repairs are written for you.'
      using errcode = 'OM002';
  end if;
  -- Levels are locked in id order everywhere, so that two writers cannot wait for each other.
  perform from inventory_stocklevel where id in (select level_id from moved) order by id for no key update;
  with delta as (
    select level_id, sum(on_hand_delta) as on_hand, sum(reserved_delta) as reserved,
           sum(quarantined_delta) as quarantined, sum(damaged_delta) as damaged,
           coalesce(sum(on_hand_delta) filter (where bin_id is not null or lot_id is not null), 0) as located,
           bool_or(kind = 'reserve') as reserves,
           coalesce(sum(on_hand_delta) filter (where kind = 'move'), 0) as carried_over,
           coalesce(sum(quarantined_delta) filter (where kind = 'move'), 0) as held_over
      from moved group by level_id
  ), level as (
    update inventory_stocklevel as l
       set on_hand = l.on_hand + delta.on_hand, reserved = l.reserved + delta.reserved,
           quarantined = l.quarantined + delta.quarantined, damaged = l.damaged + delta.damaged,
           located = l.located + delta.located
      from delta where l.id = delta.level_id
    returning l.id, l.available, l.sellable_until
  )
  select delta.level_id, level.id is null as is_nowhere,
         delta.carried_over <> 0 or delta.held_over <> 0 as is_torn, level.available
    into wrong
    from delta left join level on level.id = delta.level_id
   where level.id is null or delta.carried_over <> 0 or delta.held_over <> 0
      or delta.reserves and (level.available < 0 or level.sellable_until <= now())
   order by delta.level_id limit 1;
  if found then
    if wrong.is_nowhere then
      raise exception 'There is no stock level %.', wrong.level_id using errcode = 'foreign_key_violation';
    elsif wrong.is_torn then
      raise exception 'What is moved within a level leaves one bin and enters another.' using errcode = 'OM003';
    elsif wrong.available < 0 then
      raise exception 'Level % is short of % pieces.', wrong.level_id, -wrong.available using errcode = 'OM001';
    end if;
    raise exception 'Level % holds a lot that must not be sold any more.', wrong.level_id using errcode = 'OM004';
  end if;
  select bool_or(on_hand_delta <> 0 or bin_id is not null or lot_id is not null or kind = 'hold')
    into is_physical from moved;
  if is_physical then
    perform inventory_post_spots(array_agg(id)) from moved
      where on_hand_delta <> 0 or bin_id is not null or lot_id is not null or kind = 'hold';
  end if;
  return null;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0012_supplied"), ("catalogue", "0005_price_breaks")]

    operations = [
        migrations.RunSQL(POST_MOVEMENTS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="countline",
            name="task",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="inventory.counttask"),
        ),
        migrations.AlterField(
            model_name="serialmovement",
            name="serial",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="moves", to="inventory.serialnumber"),
        ),
        migrations.AlterField(
            model_name="stagedpiece",
            name="reservation",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="staged", to="inventory.reservation"),
        ),
        migrations.AlterField(
            model_name="stocklevel",
            name="location",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="levels", to="inventory.stocklocation"),
        ),
        migrations.AlterField(
            model_name="stocklevel",
            name="sku",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="levels", to="catalogue.sku"),
        ),
        migrations.AlterField(
            model_name="stockreportline",
            name="report",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="inventory.stockreport"),
        ),
    ]
