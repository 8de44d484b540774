"""A level is brought back to its journal by writing down that it is."""

import django.db.models.deletion
from django.db import migrations, models

from oms.core.triggers import append_only


REPAIR = """
create function inventory_repair() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  level inventory_stocklevel;
  journal record;
  held int;
begin
  select * into level from inventory_stocklevel where id = new.level_id for update;
  select coalesce(sum(on_hand_delta), 0) as on_hand, coalesce(sum(reserved_delta), 0) as reserved,
         coalesce(sum(quarantined_delta), 0) as quarantined, coalesce(sum(damaged_delta), 0) as damaged,
         coalesce(sum(on_hand_delta) filter (where bin_id is not null or lot_id is not null), 0) as located
    into journal from inventory_stockmovement where level_id = level.id;
  select coalesce(sum(quantity - quantity_released - quantity_issued), 0) into held
    from inventory_reservation where level_id = level.id;
  new.on_hand_before := level.on_hand;
  new.reserved_before := level.reserved;
  new.quarantined_before := level.quarantined;
  new.located_before := level.located;
  -- First the totals follow the journal, then the journal follows the reservations, by a movement like any other.
  update inventory_stocklevel
     set on_hand = journal.on_hand, reserved = journal.reserved, quarantined = journal.quarantined,
         damaged = journal.damaged, located = journal.located
   where id = level.id;
  delete from inventory_stockcontent where level_id = level.id;
  insert into inventory_stockcontent (level_id, bin_id, lot_id, on_hand, quarantined)
  select level_id, bin_id, lot_id, sum(on_hand_delta), sum(quarantined_delta)
    from inventory_stockmovement
   where level_id = level.id and (bin_id is not null or lot_id is not null)
   group by level_id, bin_id, lot_id having sum(on_hand_delta) <> 0 or sum(quarantined_delta) <> 0;
  if journal.reserved <> held then
    insert into inventory_stockmovement
      (level_id, kind, reserved_delta, moved_at, source, source_key, reference, actor, note)
    values (level.id, 'repair', held - journal.reserved, new.repaired_at, 'repair', new.id::text, '',
            new.repaired_by, new.note);
  end if;
  select * into level from inventory_stocklevel where id = new.level_id;
  new.on_hand_after := level.on_hand;
  new.reserved_after := level.reserved;
  new.quarantined_after := level.quarantined;
  new.located_after := level.located;
  return new;
end $$;
create trigger repair before insert on inventory_stockrepair for each row execute function inventory_repair();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("inventory", "0004_ledger_whole"),
    ]

    operations = [
        migrations.CreateModel(
            name="StockRepair",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("repaired_at", models.DateTimeField()),
                ("repaired_by", models.CharField(max_length=80)),
                ("note", models.CharField(max_length=300)),
                ("on_hand_before", models.IntegerField(db_default=0, default=0)),
                ("on_hand_after", models.IntegerField(db_default=0, default=0)),
                ("reserved_before", models.IntegerField(db_default=0, default=0)),
                ("reserved_after", models.IntegerField(db_default=0, default=0)),
                ("quarantined_before", models.IntegerField(db_default=0, default=0)),
                ("quarantined_after", models.IntegerField(db_default=0, default=0)),
                ("located_before", models.IntegerField(db_default=0, default=0)),
                ("located_after", models.IntegerField(db_default=0, default=0)),
                (
                    "level",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="repairs",
                        to="inventory.stocklevel",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("note", ""), _negated=True), name="a_repair_says_why"
                    )
                ],
            },
        ),
        migrations.RunSQL(REPAIR, "drop function inventory_repair cascade"),
        append_only("inventory_stockrepair"),
    ]
