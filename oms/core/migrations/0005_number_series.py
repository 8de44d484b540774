"""Series of numbers that have no gap."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_audit_eras'),
    ]

    operations = [
        migrations.CreateModel(
            name='NumberSeries',
            fields=[
                ('prefix', models.CharField(max_length=8, primary_key=True, serialize=False)),
                ('last', models.BigIntegerField()),
            ],
            options={
                'verbose_name_plural': 'number series',
            },
        ),
    ]
