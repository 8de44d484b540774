"""The chain of the audit survives a restore into a database that counts its transactions from lower numbers."""

import django.db.models.functions.datetime
from django.db import migrations, models

from oms.core import triggers


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_token_lookup'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEra',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('after_seq', models.BigIntegerField()),
                ('began_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        triggers.append_only("core_auditera"),
    ]
