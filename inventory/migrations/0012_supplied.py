"""A supplier's level of which every piece is promised can be shipped piece by piece: bought first, then sold no more."""

from django.db import migrations

RELEASE_AND_ISSUE = """
create or replace function inventory_release_and_issue() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  leaving record;
begin
  insert into inventory_stockmovement
    (level_id, kind, reserved_delta, moved_at, reservation_id, source, source_key, reference, actor)
  select now_.level_id, 'release', was.quantity_released - now_.quantity_released, now_.changed_at, now_.id,
         'reservation', now_.id || ':release:' || now_.quantity_released, now_.reference, now_.changed_by
    from changed as now_ join before as was using (id) where now_.quantity_released > was.quantity_released
   order by 1, 5;
  if not exists (select from changed as now_ join before as was using (id)
                  where now_.quantity_issued > was.quantity_issued) then
    return null;
  end if;
  perform from inventory_stocklevel
    where id in (select level_id from changed) and (located > 0 or reported > 0) order by id for no key update;
  -- What a supplier sends from its own stock is bought in the same instant.
  with sold as (
    select now_.level_id, now_.id, now_.quantity_issued, now_.changed_at, now_.changed_by, now_.reference,
           least(level.reported, greatest(0, sum(now_.quantity_issued - was.quantity_issued)
             over (partition by now_.level_id order by now_.id) - level.on_hand)) as upto,
           now_.quantity_issued - was.quantity_issued as pieces
      from changed as now_ join before as was using (id)
      join inventory_stocklevel level on level.id = now_.level_id
     where now_.quantity_issued > was.quantity_issued and level.reported > 0
  )
  insert into inventory_stockmovement
    (level_id, kind, on_hand_delta, moved_at, source, source_key, reference, actor)
  select level_id, 'receive', least(pieces, upto), changed_at, 'reservation', id || ':supplied:' || quantity_issued,
         reference, changed_by
    from sold where upto > 0 order by level_id, id;
  -- Only now: the pieces stand on the books before they stop being the supplier's, so that what is promised is covered.
  if found then
    update inventory_stocklevel level set reported = reported - bought.pieces
      from (select movement.level_id, sum(movement.on_hand_delta) as pieces
              from changed as now_ join before as was using (id)
              join inventory_stockmovement movement on movement.source = 'reservation'
               and movement.source_key = now_.id || ':supplied:' || now_.quantity_issued
             where now_.quantity_issued > was.quantity_issued
             group by movement.level_id) as bought
     where level.id = bought.level_id;
  end if;
  insert into inventory_stockmovement
    (level_id, kind, on_hand_delta, reserved_delta, moved_at, reservation_id, counter_location_id, source, source_key,
     reference, actor)
  select now_.level_id, 'issue', was.quantity_issued - now_.quantity_issued,
         was.quantity_issued - now_.quantity_issued, now_.changed_at, now_.id, now_.counter_location_id, 'reservation',
         now_.id || ':issue:' || now_.quantity_issued, now_.reference, now_.changed_by
    from changed as now_ join before as was using (id)
    join inventory_stocklevel level on level.id = now_.level_id
   where now_.quantity_issued > was.quantity_issued and level.located = 0
   order by now_.level_id, now_.id;
  -- One by one: what the first reservation takes from a bin, the second does not find there.
  for leaving in
    select now_.*, now_.quantity_issued - was.quantity_issued as pieces
      from changed as now_ join before as was using (id)
      join inventory_stocklevel level on level.id = now_.level_id
     where now_.quantity_issued > was.quantity_issued and level.located > 0
     order by now_.level_id, now_.id
  loop
    insert into inventory_stockmovement
      (level_id, kind, on_hand_delta, reserved_delta, moved_at, reservation_id, counter_location_id, bin_id, lot_id,
       source, source_key, reference, actor)
    select leaving.level_id, 'issue', -took.pieces, -took.pieces, leaving.changed_at, leaving.id,
           leaving.counter_location_id, took.bin_id, took.lot_id, 'reservation',
           leaving.id || ':issue:' || leaving.quantity_issued
             || case row_number() over () when 1 then '' else ':' || row_number() over () end,
           leaving.reference, leaving.changed_by
      from (select t.bin_id, t.lot_id, sum(t.pieces)::int as pieces
              from inventory_take(leaving.level_id, leaving.pieces, leaving.id) as t
             group by t.bin_id, t.lot_id) as took;
  end loop;
  return null;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0011_routing_limits")]

    operations = [migrations.RunSQL(RELEASE_AND_ISSUE, migrations.RunSQL.noop)]
