"""Walls across tables: what a line, its reservations, its parcels and its order say is the same at every commit.

All of them are asked when a document moves on, none when an order is placed.
"""

from django.db import migrations

# An order that has ended holds nothing: neither when it ends, nor by a later allocation (I18).
ENDED_HOLDS_NOTHING = """
create function flows_ended_order_holds_nothing() returns trigger language plpgsql as $$
begin
  if exists (select from orders_order o join orders_orderline l on l.order_id = o.id
              where o.id = new.id and o.state in ('closed', 'cancelled') and l.quantity_allocated > 0) then
    raise exception 'I18: order % has ended and still holds stock', new.number using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger ended_order_holds_nothing after update on orders_order
  deferrable initially deferred for each row
  when (old.state <> new.state and new.state in ('closed', 'cancelled'))
  execute function flows_ended_order_holds_nothing();

create function flows_refuse_stock_for_ended_order() returns trigger language plpgsql as $$
begin
  if exists (select from made join orders_orderline l on l.id = made.order_line_id
               join orders_order o on o.id = l.order_id where o.state in ('closed', 'cancelled')) then
    raise exception 'I18: an order that has ended is given no stock' using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger refuse_stock_for_ended_order after insert on routing_allocation
  referencing new table as made for each statement execute function flows_refuse_stock_for_ended_order();
"""

# What a work line says is gone or cancelled is what its parcels and its reservation say (I14, I15).
LINES_AGREE = """
create function flows_work_line_breach(wanted bigint) returns text language sql stable as $$
  select case
           when l.quantity_shipped <> r.quantity_issued or l.quantity_cancelled <> r.quantity_released
             then 'its reservation says otherwise'
           when l.quantity_shipped <> coalesce(p.gone, 0) then 'its parcels say otherwise'
           when l.quantity_packed < coalesce(p.boxed, 0) then 'its parcels hold more than was packed'
         end
    from fulfilment_fulfilmentorderline l
    join routing_allocation a on a.id = l.allocation_id
    join inventory_reservation r on r.id = a.reservation_id
    left join lateral (
      select sum(c.quantity) filter (where b.shipment_id is not null) as gone,
             sum(c.quantity) filter (where b.voided_at is null) as boxed
        from fulfilment_parcelline c join fulfilment_parcel b on b.id = c.parcel_id
       where c.work_line_id = l.id) p on true
   where l.id = wanted
$$;

create function flows_work_line_agrees() returns trigger language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  line bigint;
  breach text;
begin
  for line in
    select new.id where tg_table_name = 'fulfilment_fulfilmentorderline'
    union all
    select l.id from fulfilment_fulfilmentorderline l join routing_allocation a on a.id = l.allocation_id
     where tg_table_name = 'inventory_reservation' and a.reservation_id = new.id
    union all
    select c.work_line_id from fulfilment_parcelline c
     where tg_table_name = 'fulfilment_parcel' and c.parcel_id = new.id
  loop
    breach := flows_work_line_breach(line);
    if breach is not null then
      raise exception 'I15: work line %: %', line, breach using errcode = 'check_violation';
    end if;
  end loop;
  return null;
end $$;
create constraint trigger work_line_agrees after update on fulfilment_fulfilmentorderline
  deferrable initially deferred for each row
  when ((old.quantity_shipped, old.quantity_cancelled, old.quantity_packed)
        is distinct from (new.quantity_shipped, new.quantity_cancelled, new.quantity_packed))
  execute function flows_work_line_agrees();
create constraint trigger work_line_agrees after update on inventory_reservation
  deferrable initially deferred for each row
  when ((old.quantity_released, old.quantity_issued) is distinct from (new.quantity_released, new.quantity_issued))
  execute function flows_work_line_agrees();
create constraint trigger work_line_agrees after update on fulfilment_parcel
  deferrable initially deferred for each row
  when (old.shipment_id is distinct from new.shipment_id or old.voided_at is distinct from new.voided_at)
  execute function flows_work_line_agrees();

create function flows_parcel_line_fits() returns trigger language plpgsql as $$
begin
  if flows_work_line_breach(new.work_line_id) is not null then
    raise exception 'I15: work line %: %', new.work_line_id, flows_work_line_breach(new.work_line_id)
      using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger parcel_line_fits after insert on fulfilment_parcelline
  deferrable initially deferred for each row execute function flows_parcel_line_fits();
"""

# A partner is asked for no more than its work still has (I16).
ASKED_IS_THERE = """
create function flows_asked_is_there() returns trigger language plpgsql as $$
begin
  if exists (select from fulfilment_cancellationline c
               join fulfilment_cancellationrequest q on q.id = c.request_id and q.state = 'requested'
               join fulfilment_fulfilmentorderline l on l.id = c.work_line_id
              where c.work_line_id = new.work_line_id
                and (c.quantity > l.quantity - l.quantity_shipped
                     or l.fulfilment_order_id <> q.fulfilment_order_id)) then
    raise exception 'I16: more is asked of work line % than it has', new.work_line_id using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger asked_is_there after insert on fulfilment_cancellationline
  deferrable initially deferred for each row execute function flows_asked_is_there();
"""

# An order's progress is what its lines say; it is shipped exactly when it is closed (I19).
PROGRESS_AGREES = """
create function flows_progress_agrees() returns trigger language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  the_order bigint := case tg_table_name when 'orders_order' then (to_jsonb(new) ->> 'id')::bigint
                        else (to_jsonb(new) ->> 'order_id')::bigint end;
begin
  if exists (
    select from orders_order o join lateral (
        select sum(quantity_shipped) as shipped, sum(quantity_ordered - quantity_cancelled) as wanted,
               sum(quantity_waiting + quantity_unplanned) as missing
          from orders_orderline where order_id = o.id) l on true
     where o.id = the_order and o.state <> 'cancelled'
       and ((o.progress = 'shipped') <> (l.shipped > 0 and l.shipped = l.wanted)
            or (o.progress = 'shipped') <> (o.state = 'closed')
            or (o.progress = 'backordered') <> (l.shipped = 0 and l.missing > 0))) then
    raise exception 'I19: the progress of order % is not what its lines say', the_order using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger progress_agrees after update on orders_order
  deferrable initially deferred for each row
  when (old.progress <> new.progress or old.state <> new.state) execute function flows_progress_agrees();
create constraint trigger progress_agrees after update on orders_orderline
  deferrable initially deferred for each row
  when ((old.quantity_waiting, old.quantity_shipped, old.quantity_cancelled)
        is distinct from (new.quantity_waiting, new.quantity_shipped, new.quantity_cancelled))
  execute function flows_progress_agrees();
"""

# Only the routine writes decisions and allocations: nobody points one at another order's decision by hand (I20).
ONLY_THE_ROUTINE_ALLOCATES = """
alter function flows_allocate(jsonb) security definer set search_path = public, pg_temp;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0009_terms_context"),
        ("fulfilment", "0004_cancellations"),
        ("orders", "0007_reasons"),
        ("routing", "0002_triggers"),
        ("inventory", "0002_ledger"),
    ]

    operations = [
        migrations.RunSQL(
            ENDED_HOLDS_NOTHING,
            "drop function flows_ended_order_holds_nothing, flows_refuse_stock_for_ended_order cascade",
        ),
        migrations.RunSQL(
            LINES_AGREE,
            "drop function flows_work_line_agrees, flows_parcel_line_fits cascade;"
            "drop function flows_work_line_breach cascade",
        ),
        migrations.RunSQL(ASKED_IS_THERE, "drop function flows_asked_is_there cascade"),
        migrations.RunSQL(PROGRESS_AGREES, "drop function flows_progress_agrees cascade"),
        migrations.RunSQL(
            ONLY_THE_ROUTINE_ALLOCATES,
            "alter function flows_allocate(jsonb) security invoker reset search_path",
        ),
    ]
