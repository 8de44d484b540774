"""The ledger: movements keep the levels, reservations write their movements, nothing else may.

Refusals raised here carry SQLSTATE OM001 (not enough stock) or OM002 (a guarded row was written directly).
"""

from django.db import migrations

from oms.core.numbering import create_sequence
from oms.core.triggers import append_only

POST_MOVEMENTS = """
create function inventory_post_movements() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  delta record;
  left_over int;
begin
  if pg_trigger_depth() < 2 then
    if exists (select from moved where kind in ('reserve', 'release', 'issue')) then
      raise exception 'Only a reservation reserves, releases or issues stock.' using errcode = 'OM002';
    end if;
  end if;
  -- Levels are updated in id order everywhere, so that two writers cannot wait for each other.
  for delta in
    select level_id, sum(on_hand_delta) as on_hand, sum(reserved_delta) as reserved,
           sum(quarantined_delta) as quarantined, bool_or(kind = 'reserve') as reserves
      from moved group by level_id order by level_id
  loop
    update inventory_stocklevel
       set on_hand = on_hand + delta.on_hand, reserved = reserved + delta.reserved,
           quarantined = quarantined + delta.quarantined
     where id = delta.level_id returning available into left_over;
    if not found then
      raise exception 'There is no stock level %.', delta.level_id using errcode = 'foreign_key_violation';
    end if;
    if delta.reserves and left_over < 0 then
      raise exception 'Level % is short of % pieces.', delta.level_id, -left_over using errcode = 'OM001';
    end if;
  end loop;
  return null;
end $$;
create trigger post_movements after insert on inventory_stockmovement
  referencing new table as moved for each statement execute function inventory_post_movements();
"""

GUARD_LEVELS = """
create function inventory_guard_level() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'A stock level is never deleted.' using errcode = 'OM002';
  end if;
  if tg_op = 'INSERT' then
    if (new.on_hand, new.reserved, new.quarantined) is distinct from (0, 0, 0) then
      raise exception 'A stock level begins at zero; movements fill it.' using errcode = 'OM002';
    end if;
    return new;
  end if;
  if (new.on_hand, new.reserved, new.quarantined) is distinct from (old.on_hand, old.reserved, old.quarantined)
     and pg_trigger_depth() < 2 then
    raise exception 'Only movements change a stock level.' using errcode = 'OM002';
  end if;
  if (new.sku_id, new.location_id) is distinct from (old.sku_id, old.location_id) then
    raise exception 'A stock level keeps its SKU and location.' using errcode = 'OM002';
  end if;
  return new;
end $$;
create trigger guard_level before insert or update or delete on inventory_stocklevel
  for each row execute function inventory_guard_level();
alter table inventory_stocklevel set (fillfactor = 70);
"""

RESERVATIONS_MOVE_STOCK = """
create function inventory_guard_reservation() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'A reservation is released, never deleted.' using errcode = 'OM002';
  end if;
  if tg_op = 'INSERT' then
    if new.quantity_released <> 0 or new.quantity_issued <> 0 then
      raise exception 'A reservation begins whole.' using errcode = 'OM002';
    end if;
    return new;
  end if;
  if (new.level_id, new.quantity, new.reference, new.reserved_at)
       is distinct from (old.level_id, old.quantity, old.reference, old.reserved_at)
     or new.quantity_released < old.quantity_released or new.quantity_issued < old.quantity_issued then
    raise exception 'A reservation only moves forward.' using errcode = 'OM002';
  end if;
  return new;
end $$;
create trigger guard_reservation before insert or update or delete on inventory_reservation
  for each row execute function inventory_guard_reservation();

create function inventory_reserve() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  insert into inventory_stockmovement
    (level_id, kind, reserved_delta, moved_at, reservation_id, source, source_key, reference, actor)
  select level_id, 'reserve', quantity, reserved_at, id, 'reservation', id || ':reserve', reference, changed_by
    from made order by level_id, id;
  return null;
end $$;
create trigger reserve after insert on inventory_reservation
  referencing new table as made for each statement execute function inventory_reserve();

create function inventory_release_and_issue() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  insert into inventory_stockmovement
    (level_id, kind, on_hand_delta, reserved_delta, moved_at, reservation_id, source, source_key, reference, actor)
  select * from (
    select now_.level_id, 'issue', was.quantity_issued - now_.quantity_issued,
           was.quantity_issued - now_.quantity_issued, now_.changed_at, now_.id, 'reservation',
           now_.id || ':issue:' || now_.quantity_issued, now_.reference, now_.changed_by
      from changed as now_ join before as was using (id) where now_.quantity_issued > was.quantity_issued
    union all
    select now_.level_id, 'release', 0, was.quantity_released - now_.quantity_released, now_.changed_at, now_.id,
           'reservation', now_.id || ':release:' || now_.quantity_released, now_.reference, now_.changed_by
      from changed as now_ join before as was using (id) where now_.quantity_released > was.quantity_released
  ) as moves order by 1, 6;
  return null;
end $$;
create trigger release_and_issue after update on inventory_reservation
  referencing old table as before new table as changed
  for each statement execute function inventory_release_and_issue();

create function inventory_no_truncate() returns trigger language plpgsql as $$
begin
  raise exception '% is never emptied.', tg_table_name using errcode = 'OM002';
end $$;
create trigger no_truncate before truncate on inventory_stocklevel
  for each statement execute function inventory_no_truncate();
create trigger no_truncate before truncate on inventory_reservation
  for each statement execute function inventory_no_truncate();

create function inventory_location_code_stays() returns trigger language plpgsql as $$
begin
  if new.code <> old.code then
    raise exception 'A location keeps its code.' using errcode = 'OM002';
  end if;
  return new;
end $$;
create trigger location_code_stays before update of code on inventory_stocklocation
  for each row execute function inventory_location_code_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial"), ("inventory", "0001_initial")]

    operations = [
        migrations.RunSQL(POST_MOVEMENTS, "drop function inventory_post_movements cascade"),
        migrations.RunSQL(GUARD_LEVELS, "drop function inventory_guard_level cascade"),
        migrations.RunSQL(
            RESERVATIONS_MOVE_STOCK,
            "drop function inventory_guard_reservation, inventory_reserve, inventory_release_and_issue,"
            " inventory_no_truncate, inventory_location_code_stays cascade",
        ),
        append_only("inventory_stockmovement"),
        append_only("inventory_stockadjustment"),
        create_sequence("ADJ"),
        create_sequence("RC"),
    ]
