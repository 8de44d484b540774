
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import inventory.models.calendars
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0009_close_lines'),
    ]

    operations = [
        migrations.CreateModel(
            name='SpecialDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(help_text='By its own calendar.')),
                ('is_open', models.BooleanField(db_default=False, default=False, help_text='Off: closed. On: open.')),
                ('note', models.CharField(blank=True, default='', help_text='Why, such as stocktake.', max_length=80)),
                ('location', models.ForeignKey(help_text='Where.', on_delete=django.db.models.deletion.CASCADE, related_name='special_days', to='inventory.stocklocation')),
            ],
            options={
                'ordering': ['location', 'day'],
                'constraints': [models.UniqueConstraint(fields=('location', 'day'), name='a_day_is_special_once_per_location')],
            },
        ),
        migrations.CreateModel(
            name='WorkCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(choices=[(1, 'Mon'), (2, 'Tue'), (3, 'Wed'), (4, 'Thu'), (5, 'Fri'), (6, 'Sat'), (7, 'Sun')]), default=inventory.models.calendars.working_week, help_text='Days on which parcels leave, 1 for Monday to 7 for Sunday.', size=None)),
                ('cut_off', models.TimeField(default='14:00', help_text='Orders until this hour leave on the same working day.')),
                ('hand_over', models.TimeField(default='17:00', help_text='When the carrier takes the parcels.')),
                ('handling_days', models.PositiveSmallIntegerField(default=0, help_text='Working days that picking and packing take beyond the first.', validators=[django.core.validators.MaxValueValidator(60)])),
                ('work_minutes', models.PositiveSmallIntegerField(default=120, help_text='Minutes from the first pick to a packed parcel; less than that before hand-over is a risk.', validators=[django.core.validators.MinValueValidator(1)])),
                ('holiday_country', models.CharField(blank=True, default='', help_text='Whose public holidays are free; empty for none.', max_length=2)),
                ('holiday_region', models.CharField(blank=True, default='', help_text='State or province of the holidays, such as WA.', max_length=8)),
                ('location', models.OneToOneField(help_text='Whose days.', on_delete=django.db.models.deletion.CASCADE, related_name='calendar', to='inventory.stocklocation')),
            ],
            options={
                'ordering': ['location'],
                'constraints': [models.CheckConstraint(condition=models.Q(('weekdays__len__gt', 0), ('weekdays__contained_by', [1, 2, 3, 4, 5, 6, 7])), name='a_location_works_on_some_day_of_the_week'), models.CheckConstraint(condition=models.Q(('hand_over__gte', models.F('cut_off'))), name='the_carrier_calls_after_the_cut_off')],
            },
        ),
    ]
