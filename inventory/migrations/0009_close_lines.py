"""A line of the books is written from the ledger, whose levels are never deleted: its key is not checked again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inventory", "0008_counts")]

    operations = [
        migrations.AlterField(
            model_name="stockcloseline",
            name="level",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="inventory.stocklevel",
            ),
        ),
    ]
