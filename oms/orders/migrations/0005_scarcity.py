
import django.contrib.postgres.fields
import django.db.models.deletion
import oms.orders.models.scarcity
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0003_preorders'),
        ('inventory', '0010_calendars'),
        ('orders', '0004_terms'),
    ]

    operations = [
        migrations.AddField(
            model_name='promise',
            name='arrives_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='ServingPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('criteria', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('priority', 'Priority'), ('promise', 'Promise'), ('age', 'Age')], max_length=8), default=oms.orders.models.scarcity.served_by, help_text='Strongest first: priority, promise, age. What a manager decided goes before all of them.', size=None)),
            ],
            options={
                'verbose_name_plural': 'serving policies',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='there_is_one_serving_policy'), models.CheckConstraint(condition=models.Q(('criteria__len__gt', 0), ('criteria__contained_by', ['priority', 'promise', 'age'])), name='waiting_orders_are_served_by_something_known')],
            },
        ),
        migrations.CreateModel(
            name='SupplyClaim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField()),
                ('expected', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='inventory.expectedreceipt')),
                ('line', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='supply_claims', to='orders.orderline')),
            ],
            options={
                'ordering': ['line', 'id'],
                'constraints': [models.UniqueConstraint(fields=('line', 'expected'), name='a_line_claims_a_delivery_once'), models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='a_claim_is_for_something')],
            },
        ),
        migrations.CreateModel(
            name='Turn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_first', models.BooleanField()),
                ('note', models.CharField(max_length=200)),
                ('decided_by', models.CharField(max_length=80)),
                ('decided_at', models.DateTimeField()),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='turns', to='orders.order')),
                ('sku', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.sku')),
            ],
            options={
                'ordering': ['-is_first', 'decided_at'],
                'constraints': [models.UniqueConstraint(fields=('order', 'sku'), name='an_order_has_one_turn_per_sku'), models.CheckConstraint(condition=models.Q(('note', ''), _negated=True), name='a_turn_has_a_reason')],
            },
        ),
    ]
