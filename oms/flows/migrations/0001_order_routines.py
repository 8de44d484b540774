"""The set-based routines of placing and allocating: one order is a batch of one.

``flows_order_context`` reads everything that a plan needs in one round trip; ``flows_place_orders`` writes what was
planned in another. The running totals of an order line are kept here, where reservations and lines meet.
"""

from django.db import migrations

LINE_TOTALS = """
create function flows_guard_line() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.quantity_allocated <> 0 or new.quantity_shipped <> 0 or new.quantity_cancelled <> 0 then
      raise exception 'A line begins with nothing allocated, shipped or cancelled.' using errcode = 'OM002';
    end if;
    return new;
  end if;
  if (new.quantity_allocated, new.quantity_shipped) is distinct from (old.quantity_allocated, old.quantity_shipped)
     and pg_trigger_depth() < 2 then
    raise exception 'Only reservations change what a line has allocated and shipped.' using errcode = 'OM002';
  end if;
  if (new.order_id, new.sku_id) is distinct from (old.order_id, old.sku_id) then
    raise exception 'A line keeps its order and SKU.' using errcode = 'OM002';
  end if;
  return new;
end $$;
create trigger guard_line before insert or update on orders_orderline
  for each row execute function flows_guard_line();

create function flows_count_allocations() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  update orders_orderline as line set quantity_allocated = line.quantity_allocated + added.quantity
    from (select made.order_line_id, sum(reservation.quantity) as quantity
            from made join inventory_reservation as reservation on reservation.id = made.reservation_id
           group by made.order_line_id) as added
   where line.id = added.order_line_id;
  return null;
end $$;
create trigger count_allocations after insert on routing_allocation
  referencing new table as made for each statement execute function flows_count_allocations();

create function flows_count_reservations() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  update orders_orderline as line
     set quantity_allocated = line.quantity_allocated - moved.released - moved.issued,
         quantity_shipped = line.quantity_shipped + moved.issued
    from (select allocation.order_line_id,
                 sum(now_.quantity_released - was.quantity_released) as released,
                 sum(now_.quantity_issued - was.quantity_issued) as issued
            from changed as now_ join before as was using (id)
            join routing_allocation as allocation on allocation.reservation_id = now_.id
           group by allocation.order_line_id) as moved
   where line.id = moved.order_line_id and (moved.released <> 0 or moved.issued <> 0);
  return null;
end $$;
create trigger count_reservations after update on inventory_reservation
  referencing old table as before new table as changed
  for each statement execute function flows_count_reservations();
"""

ORDER_CONTEXT = """
create function flows_order_context(
  channel_codes text[], externals text[], sku_codes text[], new_orders int, new_lines int, claimant text, claimed_key text)
returns jsonb language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  -- In plpgsql, and not in SQL, because only plpgsql keeps the plans of its statements. Everything is found by key:
  -- a plan that was made while the tables were small must not become a walk along all rows.
  return jsonb_build_object(
    'answered', (select jsonb_build_array(encode(fingerprint, 'hex'), status, encode(body, 'hex'))
        from core_idempotencykey where client = claimant and key = claimed_key),
    'stamp', (select value from routing_routingstamp),
    'channels', (select jsonb_object_agg(code, id) from channels_channel where code = any(channel_codes) and is_active),
    'duplicates', (select jsonb_agg(jsonb_build_array(c.code, o.external_number, o.number))
        from unnest(channel_codes, externals) as asked(code, external)
        join channels_channel c on c.code = asked.code
        join orders_order o on o.channel_id = c.id and o.external_number = asked.external),
    'skus', (select jsonb_agg(jsonb_build_array(id, code, weight_grams, tags, backorder_policy, category))
        from catalogue_sku where code = any(sku_codes) and is_active),
    'levels', (select jsonb_agg(jsonb_build_array(l.id, l.sku_id, l.location_id, l.available) order by l.id)
        from inventory_stocklevel l join catalogue_sku s on s.id = l.sku_id
       where s.code = any(sku_codes) and l.available > 0),
    'order_ids', (select array_agg(nextval('orders_order_id_seq')) from generate_series(1, new_orders)),
    'decision_ids', (select array_agg(nextval('routing_routingdecision_id_seq'))
        from generate_series(1, greatest(new_orders, 1))),
    'line_ids', (select array_agg(nextval('orders_orderline_id_seq')) from generate_series(1, new_lines)));
end $$;
"""

ALLOCATE = """
create function flows_allocate(batch jsonb) returns void language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  insert into routing_routingdecision
    (id, order_id, attempt, decided_at, version_id, explanation, cost_minor, currency, parcels, days)
  select * from jsonb_to_recordset(batch->'decisions') as d(
    id bigint, order_id bigint, attempt int, decided_at timestamptz, version_id bigint, explanation jsonb,
    cost_minor bigint, currency text, parcels int, days int);

  insert into core_outboxmessage (aggregate, topic, payload, dedupe_key, recorded_at, due_at, request_id)
  select * from jsonb_to_recordset(batch->'messages') as m(
    aggregate text, topic text, payload jsonb, dedupe_key text, recorded_at timestamptz, due_at timestamptz,
    request_id text);

  insert into core_auditentry
    (action, subject_kind, subject_id, actor_kind, actor_id, actor_name, happened_at, request_id, changes, note)
  select * from jsonb_to_recordset(batch->'audit') as a(
    action text, subject_kind text, subject_id text, actor_kind text, actor_id text, actor_name text,
    happened_at timestamptz, request_id text, changes jsonb, note text);

  -- Last, because it locks the levels: who waits for one waits for nothing but the commit.
  with share as materialized (
    select nextval('inventory_reservation_id_seq') as reservation_id,
           nextval('routing_allocation_id_seq') as allocation_id, s.*
      from jsonb_to_recordset(batch->'shares') as s(
        order_id bigint, decision_id bigint, sequence int, line_id bigint, sku_id bigint, level_id bigint,
        quantity int, reference text, at timestamptz, actor text)
  ), held as (
    insert into inventory_reservation
      (id, level_id, quantity, reference, reserved_at, changed_at, changed_by)
    select reservation_id, level_id, quantity, reference, at, at, actor from share order by level_id
  ), allocated as (
    insert into routing_allocation (id, order_line_id, reservation_id, decision_id, quantity)
    select allocation_id, line_id, reservation_id, decision_id, quantity from share
  ), work as (
    insert into fulfilment_fulfilmentorder
      (number, order_id, sequence, location_id, decision_id, carrier, service, expected_cost_minor, status,
       request_status, opened_at, due_at, acknowledge_by)
    select * from jsonb_to_recordset(batch->'work') as w(
      number text, order_id bigint, sequence int, location_id bigint, decision_id bigint, carrier text, service text,
      expected_cost_minor bigint, status text, request_status text, opened_at timestamptz, due_at timestamptz,
      acknowledge_by timestamptz)
    returning id, order_id, sequence
  )
  insert into fulfilment_fulfilmentorderline (fulfilment_order_id, allocation_id, sku_id, quantity)
  select work.id, share.allocation_id, share.sku_id, share.quantity
    from share
    join (select * from work
          union all
          select f.id, f.order_id, f.sequence
            from jsonb_to_recordset(batch->'joined') as j(order_id bigint, sequence int)
            join fulfilment_fulfilmentorder f on (f.order_id, f.sequence) = (j.order_id, j.sequence)) as work
      using (order_id, sequence)
   order by share.line_id;
end $$;
"""

PLACE_ORDERS = """
create function flows_place_orders(batch jsonb) returns void language plpgsql as $$
begin
  -- A twin with the same key waits here until the first one has committed, and then reads its answer.
  insert into core_idempotencykey (client, key, fingerprint, status, body)
  select client, key, decode(fingerprint, 'hex'), status, decode(body, 'hex')
    from jsonb_to_recordset(batch->'keys') as k(client text, key text, fingerprint text, status int, body text);

  insert into orders_order
    (id, number, channel_id, external_number, customer_type, ship_country, ship_region, ship_postcode, currency,
     lines_minor, total_minor, state, progress, po_number, shipping_option, placed_at, promise_by)
  select * from jsonb_to_recordset(batch->'orders') as o(
    id bigint, number text, channel_id bigint, external_number text, customer_type text, ship_country text,
    ship_region text, ship_postcode text, currency text, lines_minor bigint, total_minor bigint, state text,
    progress text, po_number text, shipping_option text, placed_at timestamptz, promise_by timestamptz);

  insert into orders_ordercontact
    (order_id, customer_name, customer_email, shipping_address, billing_address, gift_message, notes)
  select * from jsonb_to_recordset(batch->'contacts') as c(
    order_id bigint, customer_name text, customer_email text, shipping_address jsonb, billing_address jsonb,
    gift_message text, notes text);

  insert into orders_orderline
    (id, order_id, position, sku_id, quantity_ordered, quantity_waiting, unit_price, total_minor)
  select * from jsonb_to_recordset(batch->'lines') as l(
    id bigint, order_id bigint, position int, sku_id bigint, quantity_ordered int, quantity_waiting int,
    unit_price numeric, total_minor bigint);

  insert into orders_hold (order_id, reason, placed_by, placed_at, released_by)
  select order_id, reason, placed_by, placed_at, '' from jsonb_to_recordset(batch->'holds') as h(
    order_id bigint, reason text, placed_by text, placed_at timestamptz);

  perform flows_allocate(batch);
end $$;
"""

PROGRESS = """
create function flows_refresh_progress(order_ids bigint[]) returns void language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  update orders_order as o
     set progress = new.progress,
         state = case when new.progress = 'shipped' and o.state = 'open' then 'closed' else o.state end
    from (
      select line.order_id,
        case
          when sum(shipped) > 0 and sum(shipped) = sum(wanted) then 'shipped'
          when sum(shipped) > 0 then 'partially_shipped'
          when sum(missing) > 0 then 'backordered'
          when min(work.behind) = 3 then 'packed'
          when min(work.behind) = 2 then 'picked'
          when max(work.ahead) > 0 then 'picking'
          else 'allocated'
        end as progress
      from (
        select order_id, sum(quantity_shipped) as shipped, sum(quantity_ordered - quantity_cancelled) as wanted,
               sum(quantity_waiting + quantity_unplanned) as missing
          from orders_orderline where order_id = any(order_ids) group by order_id
      ) as line
      left join lateral (
        select min(step) as behind, max(step) as ahead
          from (select case status when 'packed' then 3 when 'picked' then 2 when 'picking' then 1 else 0 end as step
                  from fulfilment_fulfilmentorder f
                 where f.order_id = line.order_id and f.status not in ('cancelled', 'shipped')) as steps
      ) as work on true
      group by line.order_id
    ) as new
   where o.id = new.order_id and o.state <> 'cancelled'
     and (o.progress <> new.progress or (new.progress = 'shipped' and o.state = 'open'));
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("inventory", "0002_ledger"),
        ("orders", "0002_rules"),
        ("routing", "0002_triggers"),
        ("fulfilment", "0002_rules"),
    ]

    operations = [
        migrations.RunSQL(
            LINE_TOTALS,
            "drop function flows_guard_line, flows_count_allocations, flows_count_reservations cascade",
        ),
        migrations.RunSQL(ORDER_CONTEXT, "drop function flows_order_context"),
        migrations.RunSQL(ALLOCATE, "drop function flows_allocate"),
        migrations.RunSQL(PLACE_ORDERS, "drop function flows_place_orders"),
        migrations.RunSQL(PROGRESS, "drop function flows_refresh_progress"),
    ]
