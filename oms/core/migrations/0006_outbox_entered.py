"""When news entered the outbox, by the clock of the database: it is late from then on, whatever past it tells of."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("core", "0005_number_series")]

    operations = [
        migrations.AddField("outboxmessage", "entered_at", models.DateTimeField(db_default=Now())),
    ]
