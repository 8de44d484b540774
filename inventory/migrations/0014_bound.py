"""How many pieces of an announced delivery are bound to preorders."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):

    dependencies = [("inventory", "0013_levels_at_once")]

    operations = [
        migrations.AddField(
            model_name="expectedreceipt",
            name="quantity_bound",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddConstraint(
            model_name="expectedreceipt",
            constraint=models.CheckConstraint(
                condition=Q(quantity_bound__lte=F("quantity_expected")),
                name="no_more_is_bound_than_was_announced",
            ),
        ),
    ]
