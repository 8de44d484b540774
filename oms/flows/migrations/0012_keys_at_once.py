"""What every order writes by the row finds its parents by one statement, however many rows there are.

None of these parents is ever deleted (a trigger refuses it), so that it is enough to look when the child is written; the
database's own foreign key would ask for each row by itself, and lock the parent.
"""

from django.db import migrations

from oms.core.triggers import frozen_columns

KEYS = {
    "orders_orderline": {"order_id": "orders_order", "sku_id": "catalogue_sku"},
    "routing_allocation": {
        "order_line_id": "orders_orderline",
        "reservation_id": "inventory_reservation",
        "decision_id": "routing_routingdecision",
    },
    "fulfilment_fulfilmentorder": {
        "order_id": "orders_order",
        "location_id": "inventory_stocklocation",
        "decision_id": "routing_routingdecision",
    },
    "fulfilment_fulfilmentorderline": {
        "fulfilment_order_id": "fulfilment_fulfilmentorder",
        "allocation_id": "routing_allocation",
    },
}
ONE_BY_ONE = {"orders_orderline": "sku_id", "fulfilment_fulfilmentorder": "location_id"}

_HEAD = """returns trigger language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  missing text;
begin"""


def keys(table: str, parents: dict[str, str]) -> str:
    """A trigger that refuses rows whose parents are not there.

    Its name puts it before the triggers that count. Each parent is asked for by itself: a join might be planned as a walk along all parents.
    """
    lacks = {
        column: f"(select id from {parent} where id = made.{column}) is null" for column, parent in parents.items()
    }
    cases = " ".join(f"when {lack} then '{column}'" for column, lack in lacks.items())
    return f"""
create function flows_{table}_has_its_keys() {_HEAD}
  select case {cases} end into missing from made
   where {" or ".join(lacks.values())} limit 1;
  if found then
    raise exception '{table}.%: there is no such row', missing using errcode = 'foreign_key_violation';
  end if;
  return null;
end $$;
create trigger a_row_has_its_keys after insert on {table}
  referencing new table as made for each statement execute function flows_{table}_has_its_keys();
"""


# Rows are looked up one by one here too, for the same reason.
BY_KEY = """
create or replace function flows_count_allocations() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  update orders_orderline as line set quantity_allocated = line.quantity_allocated + added.quantity
    from (select order_line_id,
                 sum((select quantity from inventory_reservation where id = made.reservation_id)) as quantity
            from made group by order_line_id) as added
   where line.id = added.order_line_id;
  return null;
end $$;

create or replace function flows_refuse_stock_for_ended_order() returns trigger language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  if exists (select from made
              where (select state from orders_order
                      where id = (select order_id from orders_orderline where id = made.order_line_id))
                    in ('closed', 'cancelled')) then
    raise exception 'I18: an order that has ended is given no stock' using errcode = 'check_violation';
  end if;
  return null;
end $$;
"""


# What is allowed calls no function.
GUARDS = """
drop trigger guard_line on orders_orderline;
create trigger guard_new_line before insert on orders_orderline for each row
  when (new.quantity_allocated <> 0 or new.quantity_shipped <> 0 or new.quantity_cancelled <> 0)
  execute function flows_guard_line();
create trigger guard_moved_line before update on orders_orderline for each row
  when (pg_trigger_depth() < 1 or (new.order_id, new.sku_id) is distinct from (old.order_id, old.sku_id))
  execute function flows_guard_line();
"""

# Work is written before levels are locked; its lines find it, be it new or one that grows. Deliveries are locked after
# levels, as when one of them is received.
ALLOCATE = """
create or replace function flows_allocate(batch jsonb) returns void
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  insert into routing_routingdecision
    (id, order_id, attempt, decided_at, version_id, explanation, cost_minor, currency, parcels, days)
  select * from jsonb_to_recordset(batch->'decisions') as d(
    id bigint, order_id bigint, attempt int, decided_at timestamptz, version_id bigint, explanation jsonb,
    cost_minor bigint, currency text, parcels int, days int);

  insert into core_outboxmessage (aggregate, topic, payload, dedupe_key, recorded_at, due_at, request_id)
  select aggregate, topic, payload, null, recorded_at, recorded_at, request_id
    from jsonb_to_recordset(batch->'messages') as m(
      aggregate text, topic text, payload jsonb, recorded_at timestamptz, request_id text);

  insert into core_auditentry
    (action, subject_kind, subject_id, actor_kind, actor_id, actor_name, happened_at, request_id, changes, note)
  select * from jsonb_to_recordset(batch->'audit') as a(
    action text, subject_kind text, subject_id text, actor_kind text, actor_id text, actor_name text,
    happened_at timestamptz, request_id text, changes jsonb, note text);

  insert into fulfilment_fulfilmentorder
    (number, order_id, sequence, location_id, decision_id, carrier, service, expected_cost_minor, status,
     request_status, opened_at, due_at, acknowledge_by)
  select * from jsonb_to_recordset(batch->'work') as w(
    number text, order_id bigint, sequence int, location_id bigint, decision_id bigint, carrier text, service text,
    expected_cost_minor bigint, status text, request_status text, opened_at timestamptz, due_at timestamptz,
    acknowledge_by timestamptz);

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
  )
  insert into fulfilment_fulfilmentorderline (fulfilment_order_id, allocation_id, sku_id, quantity)
  select (select id from fulfilment_fulfilmentorder f where (f.order_id, f.sequence) = (share.order_id, share.sequence)),
         allocation_id, sku_id, quantity
    from share order by line_id;
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
  select order_id, customer_name, customer_email, shipping_address, coalesce(billing_address, shipping_address),
         gift_message, notes
    from jsonb_to_recordset(batch->'contacts') as c(
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

  perform flows_allocate(batch);

  -- Levels before deliveries, as when one is received.
  insert into orders_supplyclaim (line_id, expected_id, quantity)
  select * from jsonb_to_recordset(batch->'claims') as c(line_id bigint, expected_id bigint, quantity int);
end $$;
"""


# Columns, and not rows, of what there is much of: the database makes them of arrays, and JSON says no name twice.
ORDER_CONTEXT = """
drop function flows_order_context;
create function flows_order_context(
  channel_codes text[], externals text[], sku_codes text[], new_orders int, new_lines int, claimant text, claimed_key text)
returns json language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  -- In plpgsql, and not in SQL, because only plpgsql keeps the plans of its statements. Everything is found by key:
  -- a plan that was made while the tables were small must not become a walk along all rows.
  return json_build_object(
    'answered', (select json_build_array(encode(fingerprint, 'hex'), status, encode(body, 'hex'))
        from core_idempotencykey where client = claimant and key = claimed_key),
    'stamp', (select value from routing_routingstamp),
    'duplicates', (select json_agg(json_build_array(c.code, o.external_number, o.number))
        from unnest(channel_codes, externals) as asked(code, external)
        join channels_channel c on c.code = asked.code
        join orders_order o on o.channel_id = c.id and o.external_number = asked.external),
    'skus', (select json_build_array(array_agg(id), array_agg(code), array_agg(coalesce(weight_grams, 0)),
          json_agg(tags), array_agg(backorder_policy), array_agg(category), array_agg(is_bundle),
          array_agg(case when backorder_limit is not null or backorder_policy = 'preorder'
                         then orders_room_to_wait(id) end),
          array_agg(hazard), array_agg(coalesce(greatest(length_mm, width_mm, height_mm), 0)),
          array_agg(coalesce(length_mm::bigint * width_mm * height_mm / 1000, 0)))
        from catalogue_sku where code = any(sku_codes) and is_active),
    'levels', (select json_build_array(
          array_agg(l.id), array_agg(l.sku_id), array_agg(l.location_id), array_agg(l.available))
        from inventory_stocklevel l join catalogue_sku s on s.id = l.sku_id
       where s.code = any(sku_codes) and l.available > 0
         and (l.sellable_until is null or l.sellable_until > now())),
    'order_ids', (select array_agg(nextval('orders_order_id_seq')) from generate_series(1, new_orders)),
    'decision_ids', (select array_agg(nextval('routing_routingdecision_id_seq'))
        from generate_series(1, greatest(new_orders, 1))),
    'line_ids', (select array_agg(nextval('orders_orderline_id_seq')) from generate_series(1, new_lines)));
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0011_confirmed"),
        ("orders", "0015_keys_at_once"),
        ("routing", "0007_keys_at_once"),
        ("fulfilment", "0005_keys_at_once"),
    ]

    operations = [
        *(
            migrations.RunSQL(f"drop function flows_{table}_has_its_{column} cascade", migrations.RunSQL.noop)
            for table, column in ONE_BY_ONE.items()
        ),
        *(
            migrations.RunSQL(
                keys(table, parents),
                f"drop function flows_{table}_has_its_keys cascade",
            )
            for table, parents in KEYS.items()
        ),
        migrations.RunSQL(BY_KEY, migrations.RunSQL.noop),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
        migrations.RunSQL(ALLOCATE, migrations.RunSQL.noop),
        migrations.RunSQL(PLACE_ORDERS, migrations.RunSQL.noop),
        migrations.RunSQL(ORDER_CONTEXT, migrations.RunSQL.noop),
        # The other two refuse it already.
        *(
            frozen_columns(table, KEYS[table])
            for table in ("fulfilment_fulfilmentorder", "fulfilment_fulfilmentorderline")
        ),
    ]
