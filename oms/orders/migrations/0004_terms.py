"""What was agreed for an order: customer, priority, terms, delivery window and what was promised."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from oms.core.triggers import append_only, no_delete

FIRST_PROMISES = """
insert into orders_promise (order_id, sequence, promised_by, cause, basis, made_at)
select id, 1, promise_by, 'Given with the order.', '{}', placed_at from orders_order where promise_by is not null;
update orders_order set first_promise_by = promise_by where promise_by is not null;
-- What is checked at commit is checked now, so that the table may be altered again in this transaction.
set constraints all immediate;
set constraints all deferred;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0001_initial'),
        ('orders', '0003_bundle_lines'),
    ]

    operations = [
        migrations.CreateModel(
            name='Promise',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.PositiveSmallIntegerField()),
                ('promised_by', models.DateTimeField()),
                ('cause', models.CharField(max_length=200)),
                ('basis', models.JSONField(default=dict)),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['order', 'sequence'],
            },
        ),
        migrations.AddField(
            model_name='hold',
            name='code',
            field=models.CharField(blank=True, db_default='', default='', max_length=32),
        ),
        migrations.AddField(
            model_name='hold',
            name='owner',
            field=models.CharField(blank=True, db_default='', default='', max_length=150),
        ),
        migrations.AddField(
            model_name='order',
            name='deliver_from',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='deliver_until',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='first_promise_by',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='is_residential',
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='partial_policy',
            field=models.CharField(blank=True, db_default='', default='', max_length=10),
        ),
        migrations.AddField(
            model_name='order',
            name='priority',
            field=models.PositiveSmallIntegerField(db_default=5, default=5),
        ),
        migrations.AddField(
            model_name='order',
            name='terms_days',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(help_text='Named in every order of this customer.', max_length=32, unique=True)),
                ('customer_type', models.CharField(choices=[('b2c', 'B2C'), ('b2b', 'B2B')], help_text='A business or a person.', max_length=3)),
                ('currency', models.CharField(db_default='AUD', default='AUD', help_text='Of its prices and its credit.', max_length=3)),
                ('price_list', models.SlugField(blank=True, db_default='', default='', help_text='Empty: that of its customer type.', max_length=32)),
                ('priority', models.PositiveSmallIntegerField(blank=True, help_text='From 1 (served first) to 9; empty: that of its customer type.', null=True)),
                ('partial_policy', models.CharField(blank=True, db_default='', default='', help_text='Empty: that of its customer type.', max_length=10)),
                ('terms_days', models.PositiveSmallIntegerField(blank=True, help_text='Days to pay an invoice; empty: that of its customer type.', null=True)),
                ('credit_limit_minor', models.BigIntegerField(blank=True, help_text='Most that may be owed, in cents; empty: no limit.', null=True)),
                ('is_active', models.BooleanField(db_default=True, default=True, help_text='Off: new orders of this customer are refused.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['code'],
                'constraints': [models.CheckConstraint(condition=models.Q(('customer_type__in', ['b2c', 'b2b'])), name='a_customer_type_is_known'), models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='a_customer_currency_is_iso_4217'), models.CheckConstraint(condition=models.Q(('priority__isnull', True), models.Q(('priority__gte', 1), ('priority__lte', 9)), _connector='OR'), name='a_customer_priority_is_from_1_to_9'), models.CheckConstraint(condition=models.Q(('partial_policy__in', ['', 'split', 'together', 'ask'])), name='a_customer_partial_policy_is_known'), models.CheckConstraint(condition=models.Q(('credit_limit_minor__isnull', True), ('credit_limit_minor__gte', 0), _connector='OR'), name='a_credit_limit_is_never_negative')],
            },
        ),
        migrations.AddField(
            model_name='order',
            name='customer',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='orders.customer'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('customer__isnull', False)), fields=['customer', '-placed_at', '-id'], name='orders_of_a_customer'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('priority__gte', 1), ('priority__lte', 9)), name='an_order_priority_is_from_1_to_9'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('partial_policy__in', ['', 'split', 'together', 'ask'])), name='an_order_partial_policy_is_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('deliver_from__isnull', True), ('deliver_until__isnull', True), ('deliver_until__gte', models.F('deliver_from')), _connector='OR'), name='a_delivery_window_ends_after_it_begins'),
        ),
        migrations.AddField(
            model_name='promise',
            name='order',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='promises', to='orders.order'),
        ),
        migrations.AddConstraint(
            model_name='promise',
            constraint=models.UniqueConstraint(fields=('order', 'sequence'), name='one_promise_per_sequence'),
        ),
        migrations.AddConstraint(
            model_name='promise',
            constraint=models.CheckConstraint(condition=models.Q(('sequence__gte', 1)), name='promises_are_counted_from_1'),
        ),
        migrations.RunSQL(FIRST_PROMISES, migrations.RunSQL.noop),
        append_only('orders_promise'),
        no_delete('orders_customer'),
    ]
