"""A line's totals change several times in its life: its new state fits beside the old one, and no index is told."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0010_windows")]

    operations = [
        migrations.RunSQL(
            "alter table orders_orderline set (fillfactor = 50)", "alter table orders_orderline reset (fillfactor)"
        ),
    ]
