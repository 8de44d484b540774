"""What an order that names a customer or leaves out a price is placed with, seen in the same round trip as its stock."""

from django.db import migrations

TERMS_CONTEXT = """
create function flows_terms_context(customer_codes text[], ship_to text[], sku_codes text[])
returns jsonb language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  return jsonb_build_object(
    'customers', (select jsonb_agg(jsonb_build_object(
          'id', c.id, 'code', c.code, 'customer_type', c.customer_type, 'currency', c.currency,
          'price_list', c.price_list, 'priority', c.priority, 'partial_policy', c.partial_policy,
          'backorder_policy', c.backorder_policy, 'terms_days', c.terms_days,
          'requires_po_number', c.requires_po_number, 'credit_limit_minor', c.credit_limit_minor,
          'is_active', c.is_active, 'owed_minor', a.unbilled_minor + a.unpaid_minor, 'name', coalesce(p.name, ''),
          'email', coalesce(p.email, '')))
        from orders_customer c join orders_customeraccount a on a.customer_id = c.id
        left join orders_customercontact p on p.customer_id = c.id
       where c.code = any(customer_codes)),
    'addresses', (select jsonb_agg(jsonb_build_object(
          'customer', c.code, 'code', d.code, 'is_billing', d.is_billing, 'is_residential', d.is_residential,
          'name', d.name, 'line1', d.line1, 'line2', d.line2, 'city', d.city, 'region', d.region,
          'postcode', d.postcode, 'country', d.country))
        from orders_customer c join orders_customeraddress d on d.customer_id = c.id
       where c.code = any(customer_codes) and (d.code = any(ship_to) or d.is_billing)),
    'prices', (select jsonb_agg(jsonb_build_object(
          'sku', s.code, 'price', jsonb_build_object(
            'price_list', p.price_list, 'currency', p.currency, 'unit_price', p.unit_price::text,
            'from_quantity', p.from_quantity, 'valid_from', p.valid_from, 'valid_until', p.valid_until)))
        from catalogue_sku s join catalogue_price p on p.sku_id = s.id
       where s.code = any(sku_codes)));
end $$;
"""

MOVES = """
create trigger moves_the_routing_stamp after insert or update or delete or truncate on orders_customertypepolicy
  for each statement execute function routing_move_stamp();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0008_sizes"),
        ("catalogue", "0005_price_breaks"),
        ("orders", "0008_customers"),
        ("routing", "0002_triggers"),
    ]

    operations = [
        migrations.RunSQL(TERMS_CONTEXT, "drop function flows_terms_context"),
        migrations.RunSQL(MOVES, "drop trigger moves_the_routing_stamp on orders_customertypepolicy"),
    ]
