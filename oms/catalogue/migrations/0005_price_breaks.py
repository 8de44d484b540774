"""Prices by quantity and by day."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0004_sizes'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='price',
            options={'ordering': ['sku', 'price_list', 'currency', 'from_quantity', 'valid_from']},
        ),
        migrations.RemoveConstraint(
            model_name='price',
            name='one_price_per_sku_list_and_currency',
        ),
        migrations.AddField(
            model_name='price',
            name='from_quantity',
            field=models.PositiveIntegerField(db_default=1, default=1, help_text='Pieces on one order line from which it counts.', validators=[django.core.validators.MinValueValidator(1)]),
        ),
        migrations.AddField(
            model_name='price',
            name='valid_from',
            field=models.DateField(blank=True, help_text='First day; empty: since ever.', null=True),
        ),
        migrations.AddField(
            model_name='price',
            name='valid_until',
            field=models.DateField(blank=True, help_text='Last day; empty: until further notice.', null=True),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.UniqueConstraint(fields=('sku', 'price_list', 'currency', 'from_quantity', 'valid_from'), name='one_price_per_sku_list_currency_break_and_day', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.CheckConstraint(condition=models.Q(('from_quantity__gt', 0)), name='a_price_break_begins_at_one_piece'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.CheckConstraint(condition=models.Q(('valid_from__isnull', True), ('valid_until__isnull', True), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='a_price_ends_after_it_begins'),
        ),
    ]
