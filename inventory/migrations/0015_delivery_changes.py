"""What became of announced deliveries before they came."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

from oms.core.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [("inventory", "0014_bound"), ("core", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="DeliveryChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day_before", models.DateField()),
                ("day_after", models.DateField()),
                ("pieces_before", models.PositiveIntegerField(help_text="Pieces that were still to come.")),
                (
                    "pieces_after",
                    models.PositiveIntegerField(help_text="Pieces still to come; none when it was called off."),
                ),
                ("reason", models.CharField(max_length=200)),
                ("changed_by", models.CharField(max_length=80)),
                ("changed_at", models.DateTimeField()),
                (
                    "expected",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="inventory.expectedreceipt",
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.AddConstraint(
            model_name="deliverychange",
            constraint=models.CheckConstraint(condition=~Q(reason=""), name="a_changed_delivery_says_why"),
        ),
        migrations.AddConstraint(
            model_name="deliverychange",
            constraint=models.CheckConstraint(
                condition=~Q(day_before=F("day_after"), pieces_before=F("pieces_after")),
                name="a_changed_delivery_is_another",
            ),
        ),
        append_only("inventory_deliverychange"),
    ]
