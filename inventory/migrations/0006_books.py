"""The books of stock: how many levels a close compared, a short way to what is quarantined, and a wall behind closed days.

A movement that is dated back takes the location's lock of the books shared, the close takes it alone: either the
close sees the movement, or the movement sees the close and is refused (OM003).
"""

from django.db import migrations, models

CLOSED_DAYS_STAY = """
create function inventory_refuse_closed_day() returns trigger language plpgsql
security definer set search_path = public, pg_temp as $$
declare
  place bigint;
begin
  select location_id into place from inventory_stocklevel where id = new.level_id;
  if place is null then
    return new;
  end if;
  perform pg_advisory_xact_lock_shared(hashtext('inventory_stockclose'), place::int);
  if exists (select from inventory_stockclose where location_id = place and closed_at > new.moved_at) then
    raise exception 'That day is closed for this location; date the movement after its end.' using errcode = 'OM003';
  end if;
  return new;
end $$;
create trigger closed_days_stay before insert on inventory_stockmovement for each row
  when (new.moved_at < clock_timestamp() - interval '15 minutes')
  execute function inventory_refuse_closed_day();
"""
OPEN_AGAIN = "drop function inventory_refuse_closed_day cascade"


class Migration(migrations.Migration):
    dependencies = [("inventory", "0005_repairs")]

    operations = [
        migrations.AddField(
            model_name="stockclose",
            name="levels_counted",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="stockmovement",
            index=models.Index(
                condition=models.Q(("quarantined_delta", 0), _negated=True),
                fields=["level", "-moved_at", "-id"],
                name="movements_of_quarantine",
            ),
        ),
        migrations.RunSQL(CLOSED_DAYS_STAY, OPEN_AGAIN),
    ]
