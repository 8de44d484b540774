"""An order moves along its published graph and is never deleted; its numbers begin at SO-10001."""

from django.db import migrations

from oms.core.triggers import frozen_columns, lifecycle_trigger, no_delete
from oms.orders.rules import ORDER_LIFECYCLE


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial"), ("orders", "0001_initial")]

    operations = [
        lifecycle_trigger("orders_order", "state", ORDER_LIFECYCLE),
        no_delete("orders_order"),
        no_delete("orders_orderline"),
        no_delete("orders_hold"),
        frozen_columns(
            "orders_order", ["number", "channel_id", "external_number", "currency", "placed_at", "customer_type"]
        ),
        migrations.RunSQL("alter sequence orders_order_id_seq restart with 10001", migrations.RunSQL.noop),
    ]
