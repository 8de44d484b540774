"""What partners are asked to leave out, what they said to it, and that neither is rewritten."""

import django.db.models.deletion
from django.db import migrations, models

from fulfilment.rules import ASK_LIFECYCLE
from oms.core.triggers import append_only, frozen_columns, lifecycle_trigger, no_delete


class Migration(migrations.Migration):

    dependencies = [
        ('fulfilment', '0003_services'),
    ]

    operations = [
        migrations.CreateModel(
            name='CancellationRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('requested', 'Requested'), ('accepted', 'Accepted'), ('refused', 'Refused')], db_default='requested', default='requested', max_length=9)),
                ('reason_code', models.CharField(blank=True, db_default='', default='', max_length=32)),
                ('reason', models.CharField(max_length=200)),
                ('requested_by', models.CharField(max_length=80)),
                ('requested_at', models.DateTimeField()),
                ('answer_by', models.DateTimeField()),
                ('answered_by', models.CharField(blank=True, db_default='', default='', max_length=80)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('answer', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('fulfilment_order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cancellations', to='fulfilment.fulfilmentorder')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='CancellationLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField()),
                ('work_line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='fulfilment.fulfilmentorderline')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='fulfilment.cancellationrequest')),
            ],
        ),
        migrations.AddIndex(
            model_name='cancellationrequest',
            index=models.Index(condition=models.Q(('state', 'requested')), fields=['answer_by'], name='cancellations_to_answer'),
        ),
        migrations.AddConstraint(
            model_name='cancellationrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'requested')), fields=('fulfilment_order',), name='work_is_asked_to_cancel_once_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='cancellationrequest',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'accepted', 'refused'])), name='a_cancellation_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='cancellationrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('state', 'requested')), models.Q(models.Q(('state', 'requested'), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='a_cancellation_is_answered_at_an_instant'),
        ),
        migrations.AddConstraint(
            model_name='cancellationrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('answer', ''), _negated=True), _connector='OR'), name='a_refused_cancellation_says_why'),
        ),
        migrations.AddConstraint(
            model_name='cancellationline',
            constraint=models.UniqueConstraint(fields=('request', 'work_line'), name='a_cancellation_names_a_work_line_once'),
        ),
        migrations.AddConstraint(
            model_name='cancellationline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='a_cancellation_is_for_something'),
        ),
        lifecycle_trigger("fulfilment_cancellationrequest", "state", ASK_LIFECYCLE),
        frozen_columns(
            "fulfilment_cancellationrequest",
            ("fulfilment_order_id", "reason", "reason_code", "requested_at", "requested_by"),
        ),
        no_delete("fulfilment_cancellationrequest"),
        append_only("fulfilment_cancellationline"),
    ]
