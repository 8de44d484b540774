
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0002_stock_whole'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='sku',
            name='a_sku_policy_is_known',
        ),
        migrations.AddField(
            model_name='sku',
            name='backorder_limit',
            field=models.PositiveIntegerField(blank=True, help_text='Most pieces that may wait for stock over all orders; empty for no limit.', null=True),
        ),
        migrations.AlterField(
            model_name='sku',
            name='backorder_policy',
            field=models.CharField(blank=True, choices=[('backorder', 'Accept and wait for stock'), ('preorder', 'Accept as far as announced deliveries reach'), ('block', 'Refuse the order')], db_default='', default='', help_text='Empty: the channel decides.', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='sku',
            constraint=models.CheckConstraint(condition=models.Q(('backorder_policy__in', ['', 'backorder', 'preorder', 'block'])), name='a_sku_policy_is_known'),
        ),
    ]
