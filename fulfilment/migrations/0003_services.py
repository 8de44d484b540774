
import django.contrib.postgres.fields
import inventory.models.calendars
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fulfilment', '0002_rules'),
    ]

    operations = [
        migrations.CreateModel(
            name='CarrierService',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('carrier', models.SlugField(help_text="The carrier's code, as on rate cards.", max_length=32)),
                ('service', models.SlugField(help_text="The service's code, as on rate cards.", max_length=32)),
                ('name', models.CharField(help_text='What staff and customers read.', max_length=80)),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), default=inventory.models.calendars.working_week, help_text='Days on which it moves and delivers parcels, 1 for Monday to 7 for Sunday.', size=None)),
                ('rests_on_holidays', models.BooleanField(db_default=True, default=True, help_text='On: not on public holidays of the destination.')),
            ],
            options={
                'ordering': ['carrier', 'service'],
                'constraints': [models.UniqueConstraint(fields=('carrier', 'service'), name='a_carrier_has_a_service_once'), models.CheckConstraint(condition=models.Q(('weekdays__len__gt', 0), ('weekdays__contained_by', [1, 2, 3, 4, 5, 6, 7])), name='a_service_delivers_on_some_day_of_the_week')],
            },
        ),
    ]
