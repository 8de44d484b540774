"""How much of a SKU may still wait for stock, and by when an order leaves: seen when it is placed, kept with it."""

from django.db import migrations

ROOM = """
create function orders_room_to_wait(wanted bigint) returns int language sql stable as $$
  -- Pieces that may still be ordered beyond stock: up to the SKU's limit, a preorder up to what was announced.
  select least(s.backorder_limit,
               case when s.backorder_policy = 'preorder' then coalesce((
                 select sum(e.quantity_expected - e.quantity_received)
                   from inventory_expectedreceipt e join inventory_stocklevel l on l.id = e.level_id
                  where l.sku_id = s.id), 0) end)
         - coalesce((select sum(quantity_waiting) from orders_orderline
                      where sku_id = s.id and quantity_waiting > 0), 0)
    from catalogue_sku s where s.id = wanted and (s.backorder_limit is not null or s.backorder_policy = 'preorder')
$$;

create function orders_guard_room_to_wait() returns trigger language plpgsql as $$
begin
  if exists (select from catalogue_sku where id = new.sku_id
              and (backorder_limit is not null or backorder_policy = 'preorder')) then
    -- One at a time per SKU, or two orders would both take the last place.
    perform pg_advisory_xact_lock(hashtext('room to wait'), new.sku_id::int);
    if orders_room_to_wait(new.sku_id) < 0 then
      raise exception 'More pieces of SKU % would wait for stock than may.', new.sku_id using errcode = 'OM001';
    end if;
  end if;
  return null;
end $$;
create trigger guard_room_to_wait after insert on orders_orderline
  for each row when (new.quantity_waiting > 0) execute function orders_guard_room_to_wait();
"""

READ_BEFORE_A_PROMISE = ("inventory_workcalendar", "inventory_specialday", "fulfilment_carrierservice")
MOVES = "".join(
    f"""
    create trigger moves_the_routing_stamp after insert or update or delete or truncate on {table}
      for each statement execute function routing_move_stamp();
    """
    for table in READ_BEFORE_A_PROMISE
)

ORDER_CONTEXT = """
create or replace function flows_order_context(
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
    'skus', (select jsonb_agg(jsonb_build_array(id, code, weight_grams, tags, backorder_policy, category, is_bundle,
          case when backorder_limit is not null or backorder_policy = 'preorder' then orders_room_to_wait(id) end))
        from catalogue_sku where code = any(sku_codes) and is_active),
    'levels', (select jsonb_agg(jsonb_build_array(l.id, l.sku_id, l.location_id, l.available) order by l.id)
        from inventory_stocklevel l join catalogue_sku s on s.id = l.sku_id
       where s.code = any(sku_codes) and l.available > 0
         and (l.sellable_until is null or l.sellable_until > now())),
    'order_ids', (select array_agg(nextval('orders_order_id_seq')) from generate_series(1, new_orders)),
    'decision_ids', (select array_agg(nextval('routing_routingdecision_id_seq'))
        from generate_series(1, greatest(new_orders, 1))),
    'line_ids', (select array_agg(nextval('orders_orderline_id_seq')) from generate_series(1, new_lines)));
end $$;
"""

PLACE_ORDERS = """
create or replace function flows_place_orders(batch jsonb) returns void language plpgsql as $$
begin
  -- A twin with the same key waits here until the first one has committed, and then reads its answer.
  insert into core_idempotencykey (client, key, fingerprint, status, body)
  select client, key, decode(fingerprint, 'hex'), status, decode(body, 'hex')
    from jsonb_to_recordset(batch->'keys') as k(client text, key text, fingerprint text, status int, body text);

  insert into orders_order
    (id, number, channel_id, external_number, customer_type, customer_id, priority, partial_policy, is_residential,
     terms_days, deliver_from, deliver_until, ship_country, ship_region, ship_postcode, currency, lines_minor,
     total_minor, state, progress, po_number, shipping_option, placed_at, first_promise_by, promise_by)
  select * from jsonb_to_recordset(batch->'orders') as o(
    id bigint, number text, channel_id bigint, external_number text, customer_type text, customer_id bigint,
    priority int, partial_policy text, is_residential boolean, terms_days int, deliver_from date, deliver_until date,
    ship_country text, ship_region text, ship_postcode text, currency text, lines_minor bigint, total_minor bigint,
    state text, progress text, po_number text, shipping_option text, placed_at timestamptz,
    first_promise_by timestamptz, promise_by timestamptz);

  insert into orders_ordercontact
    (order_id, customer_name, customer_email, shipping_address, billing_address, gift_message, notes)
  select * from jsonb_to_recordset(batch->'contacts') as c(
    order_id bigint, customer_name text, customer_email text, shipping_address jsonb, billing_address jsonb,
    gift_message text, notes text);

  insert into orders_bundleline (id, order_id, position, sku_id, quantity_ordered, unit_price, total_minor)
  select * from jsonb_to_recordset(batch->'bundles') as b(
    id bigint, order_id bigint, position int, sku_id bigint, quantity_ordered int, unit_price numeric,
    total_minor bigint);

  insert into orders_orderline
    (id, order_id, position, sku_id, quantity_ordered, quantity_waiting, unit_price, total_minor, bundle_line_id,
     quantity_per_bundle)
  select * from jsonb_to_recordset(batch->'lines') as l(
    id bigint, order_id bigint, position int, sku_id bigint, quantity_ordered int, quantity_waiting int,
    unit_price numeric, total_minor bigint, bundle_line_id bigint, quantity_per_bundle int);

  insert into orders_hold (order_id, code, reason, owner, placed_by, placed_at, released_by)
  select order_id, code, reason, owner, placed_by, placed_at, '' from jsonb_to_recordset(batch->'holds') as h(
    order_id bigint, code text, reason text, owner text, placed_by text, placed_at timestamptz);

  insert into orders_promise (order_id, sequence, promised_by, arrives_on, cause, basis, made_at)
  select * from jsonb_to_recordset(batch->'promises') as p(
    order_id bigint, sequence int, promised_by timestamptz, arrives_on date, cause text, basis jsonb,
    made_at timestamptz);

  insert into orders_supplyclaim (line_id, expected_id, quantity)
  select * from jsonb_to_recordset(batch->'claims') as c(line_id bigint, expected_id bigint, quantity int);

  perform flows_allocate(batch);
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0006_terms"),
        ("orders", "0005_scarcity"),
        ("fulfilment", "0003_services"),
        ("routing", "0002_triggers"),
    ]

    operations = [
        migrations.RunSQL(ROOM, "drop function orders_guard_room_to_wait cascade; drop function orders_room_to_wait cascade"),
        migrations.RunSQL(MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(ORDER_CONTEXT, migrations.RunSQL.noop),
        migrations.RunSQL(PLACE_ORDERS, migrations.RunSQL.noop),
    ]
