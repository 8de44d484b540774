"""Rules ask for the hazard class and the size of what is ordered: seen when it is placed."""

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
    'skus', (select jsonb_agg(jsonb_build_array(id, code, weight_grams, tags, backorder_policy, category, is_bundle,
          case when backorder_limit is not null or backorder_policy = 'preorder' then orders_room_to_wait(id) end,
          hazard, greatest(length_mm, width_mm, height_mm), length_mm::bigint * width_mm * height_mm / 1000))
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


class Migration(migrations.Migration):
    dependencies = [("flows", "0007_waiting"), ("catalogue", "0004_sizes")]

    operations = [migrations.RunSQL(ORDER_CONTEXT, migrations.RunSQL.noop)]
