"""Bundles are placed as the lines of their components; what the customer ordered is kept beside them."""

from django.db import migrations

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
    'skus', (select jsonb_agg(jsonb_build_array(id, code, weight_grams, tags, backorder_policy, category, is_bundle))
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

  insert into orders_hold (order_id, reason, placed_by, placed_at, released_by)
  select order_id, reason, placed_by, placed_at, '' from jsonb_to_recordset(batch->'holds') as h(
    order_id bigint, reason text, placed_by text, placed_at timestamptz);

  perform flows_allocate(batch);
end $$;
"""

COMPONENTS_ARE_NO_BUNDLES = """
create function flows_guard_component() returns trigger language plpgsql as $$
begin
  if not (select is_bundle from catalogue_sku where id = new.bundle_id)
     or (select is_bundle from catalogue_sku where id = new.component_id) then
    raise exception 'Only a bundle has components, and none of them is a bundle itself.' using errcode = 'OM002';
  end if;
  return new;
end $$;
create trigger guard_component before insert or update on catalogue_bundlecomponent
  for each row execute function flows_guard_component();

create function flows_guard_bundle() returns trigger language plpgsql as $$
begin
  if new.is_bundle and exists (select from inventory_stocklevel where sku_id = new.id and on_hand > 0)
     or new.is_bundle and exists (select from catalogue_bundlecomponent where component_id = new.id)
     or old.is_bundle and exists (select from catalogue_bundlecomponent where bundle_id = new.id) then
    raise exception 'SKU % has stock, is in a bundle, or still has components.', new.code using errcode = 'OM002';
  end if;
  return new;
end $$;
create trigger guard_bundle before update of is_bundle on catalogue_sku for each row
  when (old.is_bundle <> new.is_bundle) execute function flows_guard_bundle();
create function flows_guard_tracking() returns trigger language plpgsql as $$
begin
  if exists (select from inventory_stocklevel where sku_id = new.id and on_hand > 0) then
    raise exception 'SKU % has stock: count it out, switch lots or serial numbers, and count it in with them.', new.code
      using errcode = 'OM002';
  end if;
  return new;
end $$;
create trigger guard_tracking before update of is_lot_tracked, is_serial_tracked on catalogue_sku for each row
  when (old.is_lot_tracked <> new.is_lot_tracked or old.is_serial_tracked <> new.is_serial_tracked)
  execute function flows_guard_tracking();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0004_hot_queue"),
        ("catalogue", "0002_stock_whole"),
        ("orders", "0003_bundle_lines"),
    ]

    operations = [
        migrations.RunSQL(ORDER_CONTEXT, migrations.RunSQL.noop),
        migrations.RunSQL(PLACE_ORDERS, migrations.RunSQL.noop),
        migrations.RunSQL(
            COMPONENTS_ARE_NO_BUNDLES, "drop function flows_guard_component, flows_guard_bundle, flows_guard_tracking cascade"
        ),
    ]
