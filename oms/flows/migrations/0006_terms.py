"""An order is placed with what was agreed for it: customer, priority, terms, delivery window and promise."""

from django.db import migrations

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

  insert into orders_promise (order_id, sequence, promised_by, cause, basis, made_at)
  select * from jsonb_to_recordset(batch->'promises') as p(
    order_id bigint, sequence int, promised_by timestamptz, cause text, basis jsonb, made_at timestamptz);

  perform flows_allocate(batch);
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("flows", "0005_bundles"), ("orders", "0004_terms")]

    operations = [migrations.RunSQL(PLACE_ORDERS, migrations.RunSQL.noop)]
