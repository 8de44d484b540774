"""The ledger, whole: the other side of every movement, bins and lots underneath the levels, numbered pieces.

Refusals raised here carry SQLSTATE OM001 (not enough stock), OM002 (a guarded row was written directly),
OM003 (a movement does not say what it must: bin, lot or serial numbers; or falls into a closed day) or
OM004 (what is there must not be sold: its lot has expired).
"""

from django.db import migrations

from oms.core.numbering import create_sequence
from oms.core.triggers import append_only, lifecycle_trigger, no_delete

from inventory.rules import COUNT_LIFECYCLE, TRANSFER_LIFECYCLE

NAME_COUNTER = """
create function inventory_place_of(wanted text) returns bigint language sql stable
set search_path = public, pg_temp as $$
  select id from inventory_stocklocation where kind = wanted and not is_active order by id limit 1
$$;
create function inventory_name_counter() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  new.counter_location_id := inventory_place_of(
    case new.kind when 'receive' then 'supply' when 'issue' then 'customer' else 'loss' end);
  return new;
end $$;
create trigger name_counter before insert on inventory_stockmovement for each row
  when (new.on_hand_delta <> 0 and new.counter_location_id is null and new.kind <> 'move')
  execute function inventory_name_counter();
"""

POST_MOVEMENTS = """
create or replace function inventory_post_movements() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  delta record;
  level record;
  is_physical boolean;
begin
  if pg_trigger_depth() < 2 and exists (
      select from moved where kind in ('reserve', 'release', 'issue', 'transfer', 'repair')) then
    raise exception 'Only a reservation reserves, releases or issues stock; transfers and repairs are written for you.'
      using errcode = 'OM002';
  end if;
  -- Levels are updated in id order everywhere, so that two writers cannot wait for each other.
  for delta in
    select level_id, sum(on_hand_delta) as on_hand, sum(reserved_delta) as reserved,
           sum(quarantined_delta) as quarantined, sum(damaged_delta) as damaged,
           coalesce(sum(on_hand_delta) filter (where bin_id is not null or lot_id is not null), 0) as located,
           bool_or(kind = 'reserve') as reserves,
           coalesce(sum(on_hand_delta) filter (where kind = 'move'), 0) as carried_over,
           coalesce(sum(quarantined_delta) filter (where kind = 'move'), 0) as held_over
      from moved group by level_id order by level_id
  loop
    update inventory_stocklevel
       set on_hand = on_hand + delta.on_hand, reserved = reserved + delta.reserved,
           quarantined = quarantined + delta.quarantined, damaged = damaged + delta.damaged,
           located = located + delta.located
     where id = delta.level_id returning available, sellable_until into level;
    if not found then
      raise exception 'There is no stock level %.', delta.level_id using errcode = 'foreign_key_violation';
    end if;
    if delta.carried_over <> 0 or delta.held_over <> 0 then
      raise exception 'What is moved within a level leaves one bin and enters another.' using errcode = 'OM003';
    end if;
    if delta.reserves and level.available < 0 then
      raise exception 'Level % is short of % pieces.', delta.level_id, -level.available using errcode = 'OM001';
    end if;
    if delta.reserves and level.sellable_until <= now() then
      raise exception 'Level % holds a lot that must not be sold any more.', delta.level_id using errcode = 'OM004';
    end if;
  end loop;
  select bool_or(on_hand_delta <> 0 or bin_id is not null or lot_id is not null or kind = 'hold')
    into is_physical from moved;
  if is_physical then
    perform inventory_post_spots(array_agg(id)) from moved
      where on_hand_delta <> 0 or bin_id is not null or lot_id is not null or kind = 'hold';
  end if;
  return null;
end $$;
"""

# What only movements of real pieces pay for; reserving never comes here.
POST_SPOTS = """
create function inventory_post_spots(movement_ids bigint[]) returns void
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  wrong record;
begin
  select s.code as sku, p.code as place, p.is_bin_managed and m.bin_id is null as bin_missing into wrong
    from inventory_stockmovement m
    join inventory_stocklevel l on l.id = m.level_id
    join catalogue_sku s on s.id = l.sku_id
    join inventory_stocklocation p on p.id = l.location_id
   where m.id = any(movement_ids) and m.kind not in ('move', 'repair')
     and (p.is_bin_managed and m.bin_id is null
          or s.is_lot_tracked and m.lot_id is null and p.kind <> 'supplier')
   limit 1;
  if found then
    raise exception '% at %: the movement must name its %.', wrong.sku, wrong.place,
      case when wrong.bin_missing then 'bin' else 'lot' end using errcode = 'OM003';
  end if;
  select s.code as sku, p.code as place into wrong
    from inventory_stockmovement m
    join inventory_stocklevel l on l.id = m.level_id
    join catalogue_sku s on s.id = l.sku_id
    join inventory_stocklocation p on p.id = l.location_id
    left join inventory_bin b on b.id = m.bin_id
    left join inventory_lot t on t.id = m.lot_id
   where m.id = any(movement_ids)
     and (b.location_id <> l.location_id or t.sku_id <> l.sku_id or s.is_bundle
          or m.counter_location_id = l.location_id
          or (m.on_hand_delta <> 0 and m.kind <> 'move'
              and not exists (select from inventory_stocklocation c where c.id = m.counter_location_id)))
   limit 1;
  if found then
    raise exception '% at %: the bin, the lot or the other place is not one of theirs, or it is a bundle.',
      wrong.sku, wrong.place using errcode = 'OM003';
  end if;
  -- A day that is closed stays as it is. Only what is dated back is looked at.
  if exists (
      select from inventory_stockmovement m
        join inventory_stocklevel l on l.id = m.level_id
        join inventory_stockclose c on c.location_id = l.location_id and c.closed_at > m.moved_at
       where m.id = any(movement_ids) and m.moved_at < now() - interval '15 minutes') then
    raise exception 'That day is closed for this location; date the movement after its end.' using errcode = 'OM003';
  end if;
  insert into inventory_stockcontent (level_id, bin_id, lot_id, on_hand)
  select distinct level_id, bin_id, lot_id, 0 from inventory_stockmovement
   where id = any(movement_ids) and (bin_id is not null or lot_id is not null)
   order by level_id, bin_id, lot_id
  on conflict (level_id, bin_id, lot_id) do nothing;
  update inventory_stockcontent as held
     set on_hand = held.on_hand + delta.on_hand, quarantined = held.quarantined + delta.quarantined
    from (select level_id, bin_id, lot_id, sum(on_hand_delta) as on_hand, sum(quarantined_delta) as quarantined
            from inventory_stockmovement
           where id = any(movement_ids) and (bin_id is not null or lot_id is not null)
           group by level_id, bin_id, lot_id) as delta
   where held.level_id = delta.level_id and held.bin_id is not distinct from delta.bin_id
     and held.lot_id is not distinct from delta.lot_id;
  delete from inventory_stockcontent c using inventory_stockmovement m
   where m.id = any(movement_ids) and c.level_id = m.level_id
     and c.bin_id is not distinct from m.bin_id and c.lot_id is not distinct from m.lot_id
     and c.on_hand = 0 and c.quarantined = 0;
  update inventory_stocklevel l
     set sellable_until = (
       select min((t.expires_on + 1 - s.shelf_life_margin_days)::timestamp at time zone p.timezone)
         from inventory_stockcontent c
         join inventory_lot t on t.id = c.lot_id
         join catalogue_sku s on s.id = l.sku_id
         join inventory_stocklocation p on p.id = l.location_id
        where c.level_id = l.id and c.on_hand > c.quarantined)
   where l.id in (select level_id from inventory_stockmovement where id = any(movement_ids) and lot_id is not null);
  -- Between two places that keep stock, what leaves the one enters the other: the twin of the movement.
  insert into inventory_stocklevel (sku_id, location_id)
  select distinct l.sku_id, c.id
    from inventory_stockmovement m
    join inventory_stocklevel l on l.id = m.level_id
    join inventory_stocklocation c on c.id = m.counter_location_id
   where m.id = any(movement_ids) and m.source <> 'twin' and c.kind in ('own', '3pl', 'supplier', 'transit')
  on conflict do nothing;
  insert into inventory_stockmovement
    (level_id, kind, on_hand_delta, quarantined_delta, moved_at, counter_location_id, bin_id, lot_id, source, source_key,
     reference, actor)
  select other.id, 'transfer', -m.on_hand_delta, case c.kind when 'transit' then -m.on_hand_delta else 0 end, m.moved_at,
         l.location_id, null, m.lot_id, 'twin', m.id::text, m.reference, m.actor
    from inventory_stockmovement m
    join inventory_stocklevel l on l.id = m.level_id
    join inventory_stocklocation c on c.id = m.counter_location_id
    join inventory_stocklevel other on other.sku_id = l.sku_id and other.location_id = c.id
   where m.id = any(movement_ids) and m.source <> 'twin' and m.on_hand_delta <> 0
     and c.kind in ('own', '3pl', 'supplier', 'transit')
   order by other.id, m.id;
end $$;
"""

TAKE_FROM_SPOTS = """
create function inventory_take(wanted_level bigint, wanted int)
returns table (bin_id bigint, lot_id bigint, pieces int)
language plpgsql stable security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  spot record;
  part int;
begin
  -- Staged pieces first, then the first to expire, then as a picker walks.
  for spot in
    select c.bin_id, c.lot_id, c.on_hand - c.quarantined as free
      from inventory_stockcontent c
      left join inventory_bin b on b.id = c.bin_id
      left join inventory_lot t on t.id = c.lot_id
     where c.level_id = wanted_level and c.on_hand > c.quarantined
     order by b.kind is distinct from 'staging', t.expires_on nulls last, b.is_pickable desc, b.path_position, c.id
  loop
    exit when wanted = 0;
    part := least(wanted, spot.free);
    wanted := wanted - part;
    bin_id := spot.bin_id;
    lot_id := spot.lot_id;
    pieces := part;
    return next;
  end loop;
  if wanted > 0 then
    raise exception 'Level % is short of % pieces in its bins.', wanted_level, wanted using errcode = 'OM001';
  end if;
end $$;

create or replace function inventory_release_and_issue() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
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
  ), bought as (
    insert into inventory_stockmovement
      (level_id, kind, on_hand_delta, moved_at, source, source_key, reference, actor)
    select level_id, 'receive', least(pieces, upto), changed_at, 'reservation', id || ':supplied:' || quantity_issued,
           reference, changed_by
      from sold where upto > 0 order by level_id, id
    returning level_id, on_hand_delta
  )
  update inventory_stocklevel level set reported = reported - bought.pieces
    from (select level_id, sum(on_hand_delta) as pieces from bought group by level_id) as bought
   where level.id = bought.level_id;
  insert into inventory_stockmovement
    (level_id, kind, on_hand_delta, reserved_delta, moved_at, reservation_id, counter_location_id, bin_id, lot_id,
     source, source_key, reference, actor)
  select now_.level_id, 'issue', -spot.pieces, -spot.pieces, now_.changed_at, now_.id, now_.counter_location_id,
         spot.bin_id, spot.lot_id, 'reservation',
         now_.id || ':issue:' || now_.quantity_issued || case spot.number when 1 then '' else ':' || spot.number end,
         now_.reference, now_.changed_by
    from changed as now_ join before as was using (id)
    join inventory_stocklevel level on level.id = now_.level_id
    cross join lateral (
      select null::bigint as bin_id, null::bigint as lot_id, now_.quantity_issued - was.quantity_issued as pieces,
             1 as number
       where level.located = 0
      union all
      select took.bin_id, took.lot_id, took.pieces, (row_number() over ())::int
        from inventory_take(level.id, (
          select sum(n.quantity_issued - w.quantity_issued)::int from changed n join before w using (id)
           where n.level_id = level.id and n.id = now_.id)) as took
       where level.located > 0
    ) as spot
   where now_.quantity_issued > was.quantity_issued
   order by now_.level_id, now_.id, spot.number;
  return null;
end $$;
"""

GUARDS = """
create function inventory_note_safety() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into inventory_safetystockchange (level_id, changed_at, safety_before, reported_before)
  values (old.id, now(), old.safety_stock, old.reported);
  return null;
end $$;
create trigger note_safety after update on inventory_stocklevel for each row
  when (old.safety_stock <> new.safety_stock or old.reported <> new.reported)
  execute function inventory_note_safety();

create or replace function inventory_guard_level() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'A stock level is never deleted.' using errcode = 'OM002';
  end if;
  if tg_op = 'INSERT' then
    if (new.on_hand, new.reserved, new.quarantined, new.damaged, new.located) is distinct from (0, 0, 0, 0, 0) then
      raise exception 'A stock level begins at zero; movements fill it.' using errcode = 'OM002';
    end if;
    return new;
  end if;
  if pg_trigger_depth() < 2
     and (new.on_hand, new.reserved, new.quarantined, new.damaged, new.located, new.sellable_until) is distinct from
         (old.on_hand, old.reserved, old.quarantined, old.damaged, old.located, old.sellable_until) then
    raise exception 'Only movements change a stock level.' using errcode = 'OM002';
  end if;
  if (new.sku_id, new.location_id) is distinct from (old.sku_id, old.location_id) then
    raise exception 'A stock level keeps its SKU and location.' using errcode = 'OM002';
  end if;
  return new;
end $$;

create function inventory_guard_content() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() < 2 then
    raise exception 'Only movements change what a bin holds.' using errcode = 'OM002';
  end if;
  return coalesce(new, old);
end $$;
create trigger guard_content before insert or update or delete on inventory_stockcontent
  for each row execute function inventory_guard_content();
create trigger no_truncate before truncate on inventory_stockcontent
  for each statement execute function inventory_no_truncate();
alter table inventory_stockcontent set (fillfactor = 70);
"""

SERIALS = """
create function inventory_move_serials() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  wrong text;
begin
  update inventory_serialnumber n
     set status = case when m.on_hand_delta > 0 then 'in_stock'
                       when c.kind = 'transit' then 'in_transit'
                       when c.kind = 'loss' then 'lost' else 'issued' end,
         level_id = case when m.on_hand_delta > 0 then m.level_id
                         when c.kind = 'transit' then other.id end,
         changed_at = m.moved_at
    from made
    join inventory_stockmovement m on m.id = made.movement_id
    join inventory_stocklevel l on l.id = m.level_id
    join inventory_stocklocation c on c.id = m.counter_location_id
    left join inventory_stocklevel other on other.sku_id = l.sku_id and other.location_id = c.id
   where n.id = made.serial_id and n.sku_id = l.sku_id and m.on_hand_delta <> 0
     and (m.on_hand_delta > 0 and n.level_id is distinct from m.level_id
          or m.on_hand_delta < 0 and n.level_id = m.level_id);
  select n.code into wrong
    from made join inventory_serialnumber n on n.id = made.serial_id
    join inventory_stockmovement m on m.id = made.movement_id
   where (m.on_hand_delta > 0) <> coalesce(n.level_id = m.level_id, false) or n.changed_at <> m.moved_at
   limit 1;
  if wrong is not null then
    raise exception 'Serial number % is not where the movement takes it from.', wrong using errcode = 'OM003';
  end if;
  return null;
end $$;
create trigger move_serials after insert on inventory_serialmovement
  referencing new table as made for each statement execute function inventory_move_serials();

create function inventory_guard_serial() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.level_id is not null or new.status not in ('issued', 'lost') then
      raise exception 'A serial number begins outside; a movement brings it in.' using errcode = 'OM002';
    end if;
    return new;
  end if;
  if tg_op = 'UPDATE' and pg_trigger_depth() > 1 and (new.sku_id, new.code) = (old.sku_id, old.code) then
    return new;
  end if;
  raise exception 'Only movements change where a serial number is.' using errcode = 'OM002';
end $$;
create trigger guard_serial before insert or update or delete on inventory_serialnumber
  for each row execute function inventory_guard_serial();

create function inventory_check_serials() returns trigger language plpgsql
security definer set search_path = public, pg_temp as $$
begin
  if new.source <> 'twin' and exists (
      select from inventory_stocklevel l join catalogue_sku s on s.id = l.sku_id
        join inventory_stocklocation p on p.id = l.location_id
       where l.id = new.level_id and s.is_serial_tracked and p.kind <> 'supplier')
     and (select count(*) from inventory_serialmovement where movement_id = new.id) <> abs(new.on_hand_delta) then
    raise exception 'Every piece of this SKU has a serial number: name % of them.', abs(new.on_hand_delta)
      using errcode = 'OM003';
  end if;
  return null;
end $$;
create constraint trigger check_serials after insert on inventory_stockmovement
  deferrable initially deferred for each row when (new.on_hand_delta <> 0 and new.kind <> 'move')
  execute function inventory_check_serials();
"""

UNDO = """
drop function inventory_place_of, inventory_name_counter, inventory_post_spots, inventory_take, inventory_note_safety,
  inventory_guard_content, inventory_move_serials, inventory_guard_serial, inventory_check_serials cascade;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("catalogue", "0002_stock_whole"),
        ("inventory", "0003_stock_whole"),
    ]

    operations = [
        migrations.RunSQL(NAME_COUNTER, migrations.RunSQL.noop),
        migrations.RunSQL(POST_SPOTS, migrations.RunSQL.noop),
        migrations.RunSQL(POST_MOVEMENTS, migrations.RunSQL.noop),
        migrations.RunSQL(TAKE_FROM_SPOTS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
        migrations.RunSQL(SERIALS, UNDO),
        append_only("inventory_serialmovement"),
        append_only("inventory_safetystockchange"),
        append_only("inventory_stockclose"),
        append_only("inventory_stockcloseline"),
        append_only("inventory_closesignature"),
        append_only("inventory_stockreport"),
        append_only("inventory_stockreportline"),
        no_delete("inventory_transfer"),
        no_delete("inventory_counttask"),
        lifecycle_trigger("inventory_transfer", "status", TRANSFER_LIFECYCLE),
        lifecycle_trigger("inventory_counttask", "status", COUNT_LIFECYCLE),
        create_sequence("TR"),
        create_sequence("CC"),
        create_sequence("MV"),
    ]
