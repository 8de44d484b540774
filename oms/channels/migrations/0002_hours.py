
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='channel',
            name='cut_off',
            field=models.TimeField(blank=True, help_text="Orders until this hour, by the location's clock, leave the same day; empty: as the location says.", null=True),
        ),
        migrations.AddField(
            model_name='channel',
            name='handling_days',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text="Working days that its orders take beyond the location's own.", validators=[django.core.validators.MaxValueValidator(60)]),
        ),
    ]
