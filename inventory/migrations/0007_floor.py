"""What the floor has in hand: pieces taken for one promise leave with it, and arrivals wait to be posted.

A reservation's own staged pieces are taken first, what nobody has in hand next, and what others have in hand last.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from oms.core.triggers import no_delete

TAKE = """
drop function inventory_take(bigint, int);
create function inventory_take(wanted_level bigint, wanted int, for_reservation bigint default null)
returns table (bin_id bigint, lot_id bigint, pieces int)
language plpgsql stable security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  spot record;
  part int;
begin
  -- Staged pieces first, then the first to expire, then as a picker walks; others' staged pieces only at the end.
  for spot in
    with stands as (
      select c.id, c.bin_id, c.lot_id, c.on_hand - c.quarantined as free, b.kind, b.is_pickable, b.path_position,
             t.expires_on
        from inventory_stockcontent c
        left join inventory_bin b on b.id = c.bin_id
        left join inventory_lot t on t.id = c.lot_id
       where c.level_id = wanted_level and c.on_hand > c.quarantined
    ), held as (
      select stands.*,
             least(free, coalesce(sum(s.pieces) filter (where s.reservation_id = for_reservation), 0))::int as mine,
             least(free, coalesce(sum(s.pieces) filter (where s.reservation_id is distinct from for_reservation), 0)
                   )::int as others
        from stands
        left join (inventory_stagedpiece s
                   join inventory_reservation r on r.id = s.reservation_id and r.level_id = wanted_level
                    and (r.id = for_reservation or r.quantity > r.quantity_released + r.quantity_issued))
          on s.bin_id is not distinct from stands.bin_id and s.lot_id is not distinct from stands.lot_id
       group by stands.id, stands.bin_id, stands.lot_id, free, kind, is_pickable, path_position, expires_on
    )
    select held.bin_id, held.lot_id, sum(share)::int as free, min(pass) as pass
      from held
      cross join lateral (values (1, mine), (2, greatest(0, free - mine - others)), (3, least(others, free - mine)))
        as part (pass, share)
     where share > 0
     group by held.id, held.bin_id, held.lot_id, kind, is_pickable, path_position, expires_on, pass
     order by pass, kind is distinct from 'staging', expires_on nulls last, is_pickable desc, path_position, held.id
  loop
    exit when wanted = 0;
    part := least(wanted, spot.free);
    wanted := wanted - part;
    bin_id := spot.bin_id;
    lot_id := spot.lot_id;
    pieces := part;
    return next;
  end loop;
  if wanted > 0 then
    raise exception 'Level % is short of % pieces in its bins.', wanted_level, wanted using errcode = 'OM001';
  end if;
end $$;

create or replace function inventory_release_and_issue() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  leaving record;
begin
  insert into inventory_stockmovement
    (level_id, kind, reserved_delta, moved_at, reservation_id, source, source_key, reference, actor)
  select now_.level_id, 'release', was.quantity_released - now_.quantity_released, now_.changed_at, now_.id,
         'reservation', now_.id || ':release:' || now_.quantity_released, now_.reference, now_.changed_by
    from changed as now_ join before as was using (id) where now_.quantity_released > was.quantity_released
   order by 1, 5;
  if not exists (select from changed as now_ join before as was using (id)
                  where now_.quantity_issued > was.quantity_issued) then
    return null;
  end if;
  perform from inventory_stocklevel
    where id in (select level_id from changed) and (located > 0 or reported > 0) order by id for no key update;
  -- What a supplier sends from its own stock is bought in the same instant.
  with sold as (
    select now_.level_id, now_.id, now_.quantity_issued, now_.changed_at, now_.changed_by, now_.reference,
           least(level.reported, greatest(0, sum(now_.quantity_issued - was.quantity_issued)
             over (partition by now_.level_id order by now_.id) - level.on_hand)) as upto,
           now_.quantity_issued - was.quantity_issued as pieces
      from changed as now_ join before as was using (id)
      join inventory_stocklevel level on level.id = now_.level_id
     where now_.quantity_issued > was.quantity_issued and level.reported > 0
  ), bought as (
    insert into inventory_stockmovement
      (level_id, kind, on_hand_delta, moved_at, source, source_key, reference, actor)
    select level_id, 'receive', least(pieces, upto), changed_at, 'reservation', id || ':supplied:' || quantity_issued,
           reference, changed_by
      from sold where upto > 0 order by level_id, id
    returning level_id, on_hand_delta
  )
  update inventory_stocklevel level set reported = reported - bought.pieces
    from (select level_id, sum(on_hand_delta) as pieces from bought group by level_id) as bought
   where level.id = bought.level_id;
  insert into inventory_stockmovement
    (level_id, kind, on_hand_delta, reserved_delta, moved_at, reservation_id, counter_location_id, source, source_key,
     reference, actor)
  select now_.level_id, 'issue', was.quantity_issued - now_.quantity_issued,
         was.quantity_issued - now_.quantity_issued, now_.changed_at, now_.id, now_.counter_location_id, 'reservation',
         now_.id || ':issue:' || now_.quantity_issued, now_.reference, now_.changed_by
    from changed as now_ join before as was using (id)
    join inventory_stocklevel level on level.id = now_.level_id
   where now_.quantity_issued > was.quantity_issued and level.located = 0
   order by now_.level_id, now_.id;
  -- One by one: what the first reservation takes from a bin, the second does not find there.
  for leaving in
    select now_.*, now_.quantity_issued - was.quantity_issued as pieces
      from changed as now_ join before as was using (id)
      join inventory_stocklevel level on level.id = now_.level_id
     where now_.quantity_issued > was.quantity_issued and level.located > 0
     order by now_.level_id, now_.id
  loop
    insert into inventory_stockmovement
      (level_id, kind, on_hand_delta, reserved_delta, moved_at, reservation_id, counter_location_id, bin_id, lot_id,
       source, source_key, reference, actor)
    select leaving.level_id, 'issue', -took.pieces, -took.pieces, leaving.changed_at, leaving.id,
           leaving.counter_location_id, took.bin_id, took.lot_id, 'reservation',
           leaving.id || ':issue:' || leaving.quantity_issued
             || case row_number() over () when 1 then '' else ':' || row_number() over () end,
           leaving.reference, leaving.changed_by
      from (select t.bin_id, t.lot_id, sum(t.pieces)::int as pieces
              from inventory_take(leaving.level_id, leaving.pieces, leaving.id) as t
             group by t.bin_id, t.lot_id) as took;
  end loop;
  return null;
end $$;
"""

TRIM = """
create function inventory_trim_staged() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  if not exists (select from inventory_stagedpiece s join changed c on c.id = s.reservation_id) then
    return null;
  end if;
  with counted as (
    select s.id, s.pieces,
           sum(s.pieces) over (partition by s.reservation_id
             order by t.expires_on nulls last, b.path_position, s.id) as upto,
           sum(s.pieces) over (partition by s.reservation_id)
             - (c.quantity - c.quantity_released - c.quantity_issued) as excess
      from inventory_stagedpiece s
      join changed c on c.id = s.reservation_id
      left join inventory_bin b on b.id = s.bin_id
      left join inventory_lot t on t.id = s.lot_id
  )
  update inventory_stagedpiece s
     set pieces = s.pieces - least(s.pieces, greatest(0, excess - (upto - counted.pieces)))
    from counted where counted.id = s.id and excess > upto - counted.pieces;
  delete from inventory_stagedpiece s using changed c where c.id = s.reservation_id and s.pieces = 0;
  return null;
end $$;
create trigger trim_staged after update on inventory_reservation
  referencing new table as changed for each statement execute function inventory_trim_staged();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0002_stock_whole"),
        ("inventory", "0006_books"),
    ]

    operations = [
        migrations.AddField(
            model_name="stocklocation",
            name="adjustment_limit",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Above this value a correction needs a second person; empty: the house's own limit.",
                max_digits=19,
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="ArrivalScan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(unique=True)),
                ("reference", models.CharField(help_text="The document it came with.", max_length=40)),
                ("quantity", models.IntegerField()),
                ("lot_code", models.CharField(blank=True, db_default="", default="", max_length=40)),
                ("expires_on", models.DateField(blank=True, null=True)),
                ("serial", models.CharField(blank=True, db_default="", default="", max_length=64)),
                ("is_damaged", models.BooleanField(db_default=False, default=False)),
                ("is_typed", models.BooleanField(db_default=False, default=False)),
                ("scanned_by", models.CharField(max_length=80)),
                ("scanned_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("receipt", models.CharField(blank=True, db_default="", default="", max_length=20)),
                (
                    "location",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.stocklocation",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.sku",
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="inventory.arrivalscan",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("receipt", "")),
                        fields=["location", "reference", "id"],
                        name="arrivals_to_post",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quantity", 0), _negated=True), name="an_arrival_counts_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        name="an_arrival_names_its_document",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StagedPiece",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("pieces", models.PositiveIntegerField()),
                (
                    "bin",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staged",
                        to="inventory.bin",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.lot",
                    ),
                ),
                (
                    "reservation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staged",
                        to="inventory.reservation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reservation", "bin", "lot"),
                        name="one_staged_row_per_reservation_bin_and_lot",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.RunSQL(TAKE, migrations.RunSQL.noop),
        migrations.RunSQL(TRIM, "drop function inventory_trim_staged cascade"),
        no_delete("inventory_arrivalscan"),
    ]
