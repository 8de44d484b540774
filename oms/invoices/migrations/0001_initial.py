"""Invoices: once per shipment, never rewritten, and what customers owe follows them."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from oms.core.triggers import append_only, frozen_columns, no_delete

# What a customer owes and what is left to bill of an order follow each invoice and each payment.
OWED = """
create function invoices_count_owed() returns trigger language plpgsql security definer
set search_path = public, pg_temp set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  if tg_op = 'INSERT' then
    update orders_order set invoiced_minor = invoiced_minor + new.total_minor where id = new.order_id;
    update orders_customeraccount set unpaid_minor = unpaid_minor + new.total_minor where customer_id = new.customer_id;
  else
    update orders_customeraccount
       set unpaid_minor = unpaid_minor + case when new.settled_at is null then new.total_minor else - new.total_minor end
     where customer_id = new.customer_id;
  end if;
  return null;
end $$;
create trigger count_owed after insert on invoices_invoice for each row execute function invoices_count_owed();
create trigger recount_owed after update of settled_at on invoices_invoice for each row
  when ((old.settled_at is null) <> (new.settled_at is null)) execute function invoices_count_owed();
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('fulfilment', '0004_cancellations'),
        ('orders', '0008_customers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=24, unique=True)),
                ('currency', models.CharField(max_length=3)),
                ('lines_minor', models.BigIntegerField()),
                ('charges_minor', models.BigIntegerField(db_default=0, default=0)),
                ('total_minor', models.BigIntegerField()),
                ('issued_on', models.DateField()),
                ('due_on', models.DateField()),
                ('issued_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('settled_by', models.CharField(blank=True, db_default='', default='', max_length=80)),
                ('settled_reference', models.CharField(blank=True, db_default='', default='', max_length=80)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='orders.customer')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='orders.order')),
                ('shipment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='invoice', to='fulfilment.shipment')),
            ],
            options={
                'ordering': ['-issued_on', '-id'],
            },
        ),
        migrations.CreateModel(
            name='InvoiceLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('quantity', models.PositiveIntegerField()),
                ('unit_price', models.DecimalField(decimal_places=4, max_digits=19)),
                ('total_minor', models.BigIntegerField()),
                ('invoice', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='invoices.invoice')),
                ('order_line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoice_lines', to='orders.orderline')),
            ],
            options={
                'ordering': ['invoice', 'position'],
            },
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('settled_at__isnull', True)), fields=['due_on', 'id'], name='open_invoices_by_day'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(fields=['-issued_on', '-id'], name='invoices_newest_first'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('total_minor', django.db.models.expressions.CombinedExpression(models.F('lines_minor'), '+', models.F('charges_minor')))), name='an_invoice_total_is_the_sum_of_its_parts'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('due_on__gte', models.F('issued_on'))), name='an_invoice_is_due_after_it_is_issued'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('settled_at__isnull', True), models.Q(('settled_reference', ''), _negated=True), _connector='OR'), name='a_payment_has_a_reference'),
        ),
        migrations.AddConstraint(
            model_name='invoiceline',
            constraint=models.UniqueConstraint(fields=('invoice', 'position'), name='one_invoice_line_per_position'),
        ),
        migrations.AddConstraint(
            model_name='invoiceline',
            constraint=models.UniqueConstraint(fields=('invoice', 'order_line'), name='an_invoice_names_an_order_line_once'),
        ),
        migrations.AddConstraint(
            model_name='invoiceline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='an_invoice_line_bills_something'),
        ),
        migrations.RunSQL(OWED, 'drop function invoices_count_owed cascade'),
        frozen_columns(
            'invoices_invoice',
            ('number', 'order_id', 'shipment_id', 'customer_id', 'currency', 'lines_minor', 'charges_minor', 'total_minor',
             'issued_on', 'due_on', 'issued_at'),
        ),
        no_delete('invoices_invoice'),
        append_only('invoices_invoiceline'),
    ]
