"""Posting movements costs the same per row however many there are, and whatever the session posted before.

A trigger's plan is kept from its first call, and a join of two results of its own is then walked row by row: after an
order of three lines, a thousand orders would compare each level with each other one. And what is allowed calls no
function: when a guard is asked stands in its WHEN.
"""

from django.db import migrations

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
           coalesce(sum(on_hand_delta) filter (where kind = 'move'), 0) <> 0
             or coalesce(sum(quarantined_delta) filter (where kind = 'move'), 0) <> 0 as is_torn
      from moved group by level_id
  ), level as (
    update inventory_stocklevel as l
       set on_hand = l.on_hand + delta.on_hand, reserved = l.reserved + delta.reserved,
           quarantined = l.quarantined + delta.quarantined, damaged = l.damaged + delta.damaged,
           located = l.located + delta.located
      from delta where l.id = delta.level_id
    returning l.id, delta.is_torn, delta.reserves and l.available < 0 as is_short,
              delta.reserves and l.sellable_until <= now() as is_expired
  )
  select (select count(*) from delta) - count(*) as nowhere, min(id) filter (where is_torn) as torn,
         min(id) filter (where is_short) as short, min(id) filter (where is_expired) as expired
    into wrong from level;
  if wrong.nowhere > 0 then
    raise exception 'There is no stock level %.',
      (select min(level_id) from moved where not exists (select from inventory_stocklevel where id = level_id))
      using errcode = 'foreign_key_violation';
  elsif wrong.torn is not null then
    raise exception 'What is moved within a level leaves one bin and enters another.' using errcode = 'OM003';
  elsif wrong.short is not null then
    raise exception 'Level % is short of % pieces.', wrong.short,
      (select -available from inventory_stocklevel where id = wrong.short) using errcode = 'OM001';
  elsif wrong.expired is not null then
    raise exception 'Level % holds a lot that must not be sold any more.', wrong.expired using errcode = 'OM004';
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


GUARDS = """
drop trigger guard_level on inventory_stocklevel;
create trigger guard_level before delete on inventory_stocklevel
  for each row execute function inventory_guard_level();
create trigger guard_new_level before insert on inventory_stocklevel for each row
  when ((new.on_hand, new.reserved, new.quarantined, new.damaged, new.located) is distinct from (0, 0, 0, 0, 0))
  execute function inventory_guard_level();
create trigger guard_moved_level before update on inventory_stocklevel for each row
  when (pg_trigger_depth() < 1 or (new.sku_id, new.location_id) is distinct from (old.sku_id, old.location_id))
  execute function inventory_guard_level();

drop trigger guard_reservation on inventory_reservation;
create trigger guard_reservation before update or delete on inventory_reservation
  for each row execute function inventory_guard_reservation();
create trigger guard_new_reservation before insert on inventory_reservation for each row
  when (new.quantity_released <> 0 or new.quantity_issued <> 0)
  execute function inventory_guard_reservation();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0015_delivery_changes")]

    operations = [
        migrations.RunSQL(POST_MOVEMENTS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
    ]
