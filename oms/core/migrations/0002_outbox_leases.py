"""The aggregates that a lease holds back are found without walking along the whole outbox."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(
                condition=models.Q(("state", "leased")), fields=["lease_until"], name="outbox_leases"
            ),
        ),
    ]
