
import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('orders', '0007_reasons'),
    ]

    operations = [
        migrations.CreateModel(
            name='Replay',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('begins_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('scenario', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=8)),
                ('orders', models.PositiveIntegerField(default=0)),
                ('orders_done', models.PositiveIntegerField(default=0)),
                ('summary', models.JSONField(default=dict)),
                ('failure', models.CharField(blank=True, default='', max_length=400)),
                ('currency', models.CharField(default='AUD', max_length=3)),
                ('asked_by', models.CharField(max_length=160)),
                ('asked_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('fence', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['-asked_at', '-id'],
                'indexes': [models.Index(fields=['-asked_at', '-id'], name='replays_newest_first')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'done', 'failed'])), name='a_replay_state_is_known'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('begins_at'))), name='a_replay_ends_after_it_begins')],
            },
        ),
        migrations.CreateModel(
            name='ReplayedOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('placed_at', models.DateTimeField()),
                ('is_changed', models.BooleanField()),
                ('sites_before', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('sites_after', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('cost_before_minor', models.BigIntegerField()),
                ('cost_after_minor', models.BigIntegerField()),
                ('days_before', models.PositiveSmallIntegerField()),
                ('days_after', models.PositiveSmallIntegerField()),
                ('unfilled_before', models.PositiveIntegerField()),
                ('unfilled_after', models.PositiveIntegerField()),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orders.order')),
                ('replay', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='results', to='replays.replay')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['replay', 'is_changed', 'id'], name='results_of_a_replay')],
            },
        ),
    ]
