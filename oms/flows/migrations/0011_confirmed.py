"""What a web shop or a marketplace has confirmed waits for stock even where there is no room left to wait."""

from django.db import migrations

GUARD = """
create or replace function orders_guard_room_to_wait() returns trigger language plpgsql as $$
begin
  if exists (select from catalogue_sku where id = new.sku_id
              and (backorder_limit is not null or backorder_policy = 'preorder')) then
    -- One at a time per SKU, or two orders would both take the last place.
    perform pg_advisory_xact_lock(hashtext('room to wait'), new.sku_id::int);
    if orders_room_to_wait(new.sku_id) < 0
       and not exists (select from orders_order o join channels_channel c on c.id = o.channel_id
                        where o.id = new.order_id and c.kind in ('storefront', 'marketplace')) then
      raise exception 'More pieces of SKU % would wait for stock than may.', new.sku_id using errcode = 'OM001';
    end if;
  end if;
  return null;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("flows", "0010_walls"), ("channels", "0003_desk")]

    operations = [migrations.RunSQL(GUARD, migrations.RunSQL.noop)]
