"""What was changed of an order, and what its cancelled pieces were worth."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from oms.core.triggers import append_only

CANCELLED_VALUE = """
update orders_order o set cancelled_minor = c.cancelled, total_minor = o.total_minor - c.cancelled
  from (select order_id, sum((2 * total_minor * quantity_cancelled + quantity_ordered) / (2 * quantity_ordered)) as cancelled
          from orders_orderline where quantity_cancelled > 0 group by order_id) c
 where o.id = c.order_id and c.cancelled > 0;
set constraints all immediate;
set constraints all deferred;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0002_hours'),
        ('orders', '0005_scarcity'),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.PositiveSmallIntegerField()),
                ('pieces', models.JSONField(default=dict)),
                ('facts', models.JSONField(default=list)),
                ('value_delta_minor', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('changed_by', models.CharField(max_length=80)),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['order', '-sequence'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='order',
            name='an_order_total_is_the_sum_of_its_parts',
        ),
        migrations.RemoveConstraint(
            model_name='order',
            name='no_part_of_an_order_total_is_negative',
        ),
        migrations.AddField(
            model_name='order',
            name='cancelled_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(CANCELLED_VALUE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('total_minor', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('lines_minor'), '-', models.F('cancelled_minor')), '-', models.F('discount_minor')), '+', models.F('shipping_minor')), '+', models.F('tax_minor')))), name='an_order_total_is_the_sum_of_its_parts'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('cancelled_minor__gte', 0), ('discount_minor__gte', 0), ('lines_minor__gte', models.F('cancelled_minor')), ('shipping_minor__gte', 0), ('tax_minor__gte', 0)), name='no_part_of_an_order_total_is_negative'),
        ),
        migrations.AddField(
            model_name='orderchange',
            name='order',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='orders.order'),
        ),
        migrations.AddConstraint(
            model_name='orderchange',
            constraint=models.UniqueConstraint(fields=('order', 'sequence'), name='one_change_per_sequence'),
        ),
        migrations.AddConstraint(
            model_name='orderchange',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='a_change_has_a_reason'),
        ),
        append_only('orders_orderchange'),
    ]
