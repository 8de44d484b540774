"""Counts, scan by scan: each with its key, kept for ever; a posted count is never rewritten."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from oms.core.triggers import append_only

GUARD = """
create function inventory_guard_count_line() returns trigger language plpgsql
set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'A line of a count is never deleted.' using errcode = 'OM002';
  end if;
  if tg_op = 'UPDATE' and (new.task_id, new.level_id, new.lot_id) is distinct from
                          (old.task_id, old.level_id, old.lot_id) then
    raise exception 'A line of a count keeps what it is about.' using errcode = 'OM002';
  end if;
  if exists (select from inventory_counttask where id = new.task_id and status in ('posted', 'cancelled')) then
    raise exception 'This count is closed.' using errcode = 'OM002';
  end if;
  return new;
end $$;
create trigger guard_count_line before insert or update or delete on inventory_countline
  for each row execute function inventory_guard_count_line();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0007_floor"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="counttask",
            name="posted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="countplan",
            name="tolerance_value_minor",
            field=models.PositiveBigIntegerField(
                default=0,
                help_text="And it is worth no more than this, in minor units of the SKU's currency; 0 means any value.",
            ),
        ),
        migrations.AlterField(
            model_name="countline",
            name="task",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="inventory.counttask"
            ),
        ),
        migrations.AddIndex(
            model_name="counttask",
            index=models.Index(
                condition=models.Q(("posted_at__isnull", False)),
                fields=["location", "-posted_at"],
                name="counts_posted",
            ),
        ),
        migrations.AddConstraint(
            model_name="counttask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["open", "counting", "recount", "review"])),
                fields=("bin",),
                name="a_bin_is_counted_by_one_task_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="counttask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("posted_at__isnull", False), ("status", "posted")),
                    models.Q(("posted_at__isnull", True), models.Q(("status", "posted"), _negated=True)),
                    _connector="OR",
                ),
                name="a_posted_count_says_when",
            ),
        ),
        migrations.CreateModel(
            name="CountScan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(unique=True)),
                ("is_second", models.BooleanField(db_default=False, default=False)),
                ("code", models.CharField(max_length=128)),
                ("quantity", models.IntegerField(help_text="Pieces by which the count changed.")),
                ("is_typed", models.BooleanField(db_default=False, default=False)),
                ("scanned_at", models.DateTimeField()),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scans",
                        to="inventory.countline",
                    ),
                ),
                (
                    "scanned_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="inventory.countscan",
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
        append_only("inventory_countscan"),
        migrations.RunSQL(GUARD, "drop function inventory_guard_count_line cascade"),
    ]
