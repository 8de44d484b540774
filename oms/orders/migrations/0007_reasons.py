"""Reasons to hold, change and cancel as a managed list, and one deed on many orders as a job."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from oms.core.triggers import no_delete

REASONS = """
insert into orders_orderreason (kind, code, name, customer_sees, released_by) values
  ('hold', 'address', 'Address to be checked', true, 'anybody'),
  ('hold', 'payment', 'Payment to be checked', false, 'manager'),
  ('hold', 'fraud', 'Fraud suspected', false, 'manager'),
  ('hold', 'customer-asked', 'Customer asked to wait', true, 'owner'),
  ('hold', 'stock', 'Stock to be counted', false, 'anybody'),
  ('cancel', 'customer-asked', 'Customer asked', true, 'anybody'),
  ('cancel', 'no-stock', 'Not to be had any more', true, 'anybody'),
  ('cancel', 'fraud', 'Fraud', false, 'anybody'),
  ('cancel', 'duplicate', 'Ordered twice', true, 'anybody'),
  ('edit', 'customer-asked', 'Customer asked', true, 'anybody'),
  ('edit', 'mistake', 'Taken down wrongly', false, 'anybody')
"""


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0006_changes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderJob',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('deed', models.CharField(choices=[('hold', 'Hold'), ('release', 'Release'), ('cancel', 'Cancel'), ('assign', 'Assign')], max_length=8)),
                ('reason_code', models.CharField(blank=True, db_default='', default='', max_length=32)),
                ('note', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('owner', models.CharField(blank=True, db_default='', default='', max_length=150)),
                ('asked_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-asked_at'],
            },
        ),
        migrations.CreateModel(
            name='OrderJobItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('number', models.CharField(max_length=20)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('refused', 'Refused')], db_default='waiting', default='waiting', max_length=8)),
                ('said', models.CharField(blank=True, db_default='', default='', max_length=300)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='orders.orderjob')),
            ],
            options={
                'ordering': ['job', 'position'],
            },
        ),
        migrations.CreateModel(
            name='OrderReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('cancel', 'Cancel'), ('hold', 'Hold'), ('edit', 'Edit')], help_text='What it is a reason for.', max_length=8)),
                ('code', models.SlugField(help_text='Named in files and over REST.', max_length=32)),
                ('name', models.CharField(help_text='What staff pick from.', max_length=80)),
                ('customer_sees', models.BooleanField(db_default=False, default=False, help_text='On: customers may be told this reason.')),
                ('released_by', models.CharField(choices=[('anybody', 'Anybody'), ('owner', 'Owner'), ('manager', 'Manager')], db_default='anybody', default='anybody', help_text='Of a hold: who may let the order go on.', max_length=8)),
                ('is_active', models.BooleanField(db_default=True, default=True, help_text='Off: kept for history only.')),
            ],
            options={
                'ordering': ['kind', 'name'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'code'), name='a_reason_is_listed_once_per_kind'), models.CheckConstraint(condition=models.Q(('kind__in', ['cancel', 'hold', 'edit'])), name='a_reason_is_for_something_known'), models.CheckConstraint(condition=models.Q(('released_by__in', ['anybody', 'owner', 'manager'])), name='a_hold_is_released_by_somebody_known')],
            },
        ),
        migrations.AddIndex(
            model_name='orderjob',
            index=models.Index(condition=models.Q(('finished_at__isnull', True)), fields=['asked_at'], name='order_jobs_to_do'),
        ),
        migrations.AddIndex(
            model_name='orderjob',
            index=models.Index(fields=['-asked_at', 'id'], name='order_jobs_newest_first'),
        ),
        migrations.AddConstraint(
            model_name='orderjob',
            constraint=models.CheckConstraint(condition=models.Q(('deed__in', ['hold', 'release', 'cancel', 'assign'])), name='a_job_does_something_known'),
        ),
        migrations.AddConstraint(
            model_name='orderjobitem',
            constraint=models.UniqueConstraint(fields=('job', 'position'), name='one_order_per_position_of_a_job'),
        ),
        migrations.AddConstraint(
            model_name='orderjobitem',
            constraint=models.UniqueConstraint(fields=('job', 'number'), name='a_job_names_an_order_once'),
        ),
        migrations.AddConstraint(
            model_name='orderjobitem',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'done', 'refused'])), name='a_deed_state_is_known'),
        ),
        no_delete("orders_orderreason"),
        migrations.RunSQL(REASONS, migrations.RunSQL.noop),
    ]
