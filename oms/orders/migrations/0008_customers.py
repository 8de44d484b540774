"""What applies to customers of a type, who they are, and what they owe."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

from oms.core.triggers import no_delete

# What business customers and persons begin with; the admin changes it.
POLICIES = """
insert into orders_customertypepolicy (customer_type, price_list, terms_days, is_residential) values
  ('b2c', '', null, true),
  ('b2b', 'wholesale', 30, false);
insert into orders_orderreason (kind, code, name, customer_sees, released_by) values
  ('hold', 'credit-limit', 'Above the credit limit', false, 'owner'),
  ('hold', 'po-number', 'Their order number is missing', true, 'anybody')
"""

# Nobody but these functions writes what a customer owes. An order on terms counts with what is not on an invoice yet.
OWED = """
create function orders_open_account() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  insert into orders_customeraccount (customer_id) values (new.id);
  return null;
end $$;
create trigger open_account after insert on orders_customer for each row execute function orders_open_account();
insert into orders_customeraccount (customer_id) select id from orders_customer;

create function orders_count_owed() returns trigger language plpgsql security definer
set search_path = public, pg_temp set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  owed bigint;
begin
  if tg_op = 'UPDATE' and old.customer_id is not null and old.terms_days is not null then
    update orders_customeraccount set unbilled_minor = unbilled_minor - greatest(old.total_minor - old.invoiced_minor, 0)
     where customer_id = old.customer_id;
  end if;
  if new.customer_id is not null and new.terms_days is not null then
    update orders_customeraccount set unbilled_minor = unbilled_minor + greatest(new.total_minor - new.invoiced_minor, 0)
     where customer_id = new.customer_id returning unbilled_minor + unpaid_minor into owed;
    -- Somebody else's order took the last of the credit since this one was planned: it is planned again, and held.
    if tg_op = 'INSERT' and new.state = 'open'
       and owed > (select credit_limit_minor from orders_customer where id = new.customer_id) then
      raise exception 'Customer % would owe more than its limit.', new.customer_id using errcode = 'OM001';
    end if;
  end if;
  return null;
end $$;
create trigger count_owed after insert on orders_order for each row
  when (new.customer_id is not null and new.terms_days is not null) execute function orders_count_owed();
create trigger recount_owed after update of customer_id, terms_days, total_minor, invoiced_minor on orders_order for each row
  when ((old.customer_id, old.terms_days, old.total_minor, old.invoiced_minor)
        is distinct from (new.customer_id, new.terms_days, new.total_minor, new.invoiced_minor)
        and (old.customer_id is not null or new.customer_id is not null)) execute function orders_count_owed();

create function orders_check_customer() returns trigger language plpgsql as $$
begin
  -- Shared, so that nobody is erased while an order that names them is on its way.
  perform from orders_customer where id = new.customer_id and is_active for share;
  if not found then
    raise exception 'There is no customer % that buys.', new.customer_id using errcode = 'OM001';
  end if;
  return new;
end $$;
create trigger check_customer before insert on orders_order for each row
  when (new.customer_id is not null) execute function orders_check_customer();

create function orders_guard_invoiced() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() < 2 then
    raise exception 'Only invoices change what an order has been invoiced.' using errcode = 'OM002';
  end if;
  return new;
end $$;
create trigger guard_invoiced before update of invoiced_minor on orders_order for each row
  when (old.invoiced_minor <> new.invoiced_minor) execute function orders_guard_invoiced();
"""
NO_OWED = """
drop function orders_open_account cascade;
drop function orders_count_owed cascade;
drop function orders_guard_invoiced cascade;
drop function orders_check_customer cascade;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0007_reasons'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerAccount',
            fields=[
                ('customer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='account', serialize=False, to='orders.customer')),
                ('unbilled_minor', models.BigIntegerField(db_default=0, default=0)),
                ('unpaid_minor', models.BigIntegerField(db_default=0, default=0)),
            ],
        ),
        migrations.CreateModel(
            name='CustomerAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(help_text='Named in orders as ship_to.', max_length=32)),
                ('label', models.CharField(blank=True, db_default='', default='', help_text='What staff pick from.', max_length=80)),
                ('name', models.CharField(help_text='Who takes the parcel.', max_length=200)),
                ('line1', models.CharField(help_text='Street and number.', max_length=200)),
                ('line2', models.CharField(blank=True, db_default='', default='', help_text='Floor, dock or company.', max_length=200)),
                ('city', models.CharField(help_text='Town or suburb.', max_length=200)),
                ('region', models.CharField(blank=True, db_default='', default='', help_text='State.', max_length=40)),
                ('postcode', models.CharField(blank=True, db_default='', default='', help_text='As carriers know it.', max_length=16)),
                ('country', models.CharField(help_text='Two letters, such as AU.', max_length=2)),
                ('is_residential', models.BooleanField(blank=True, help_text="Somebody's home; unknown: as the customer type says.", null=True)),
                ('is_billing', models.BooleanField(db_default=False, default=False, help_text='On: invoices go here unless an order says otherwise.')),
            ],
            options={
                'ordering': ['customer', 'code'],
            },
        ),
        migrations.CreateModel(
            name='CustomerContact',
            fields=[
                ('customer', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='contact', serialize=False, to='orders.customer')),
                ('name', models.CharField(help_text='A person or a company.', max_length=200)),
                ('email', models.CharField(blank=True, db_default='', default='', help_text='Where invoices go.', max_length=254)),
                ('phone', models.CharField(blank=True, db_default='', default='', help_text='For a question about an order.', max_length=40)),
                ('tax_number', models.CharField(blank=True, db_default='', default='', help_text='Printed on their invoices.', max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name='CustomerTypePolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('customer_type', models.CharField(choices=[('b2c', 'B2C'), ('b2b', 'B2B')], help_text='Persons or businesses.', max_length=3, unique=True)),
                ('price_list', models.SlugField(blank=True, db_default='', default='', help_text='Prices of lines that come without one; empty: the standard list.', max_length=32)),
                ('priority', models.PositiveSmallIntegerField(db_default=5, default=5, help_text='From 1 (served first) to 9.')),
                ('partial_policy', models.CharField(blank=True, choices=[('split', 'Ship what is there, the rest follows'), ('together', 'Wait until all of it is there'), ('ask', 'Hold the order and ask a person')], db_default='', default='', help_text='When not all of an order can leave at once; empty: the channel decides.', max_length=10)),
                ('backorder_policy', models.CharField(blank=True, choices=[('backorder', 'Accept and wait for stock'), ('block', 'Refuse the order')], db_default='', default='', help_text='For SKUs that have no policy of their own; empty: the channel decides.', max_length=10)),
                ('terms_days', models.PositiveSmallIntegerField(blank=True, help_text='Days that known customers have to pay an invoice; empty: no invoice.', null=True)),
                ('requires_po_number', models.BooleanField(db_default=False, default=False, help_text='On: an order without their own order number is refused.')),
                ('is_residential', models.BooleanField(blank=True, help_text='Where parcels go when an order does not say; unknown: not said.', null=True)),
                ('credit_owner', models.CharField(blank=True, db_default='', default='', help_text='User name of who answers for orders above a credit limit; empty: an accountant.', max_length=150)),
            ],
            options={
                'verbose_name_plural': 'customer type policies',
                'ordering': ['customer_type'],
            },
        ),
        migrations.AddField(
            model_name='customer',
            name='backorder_policy',
            field=models.CharField(blank=True, choices=[('backorder', 'Accept and wait for stock'), ('block', 'Refuse the order')], db_default='', default='', help_text='Empty: that of its customer type.', max_length=10),
        ),
        migrations.AddField(
            model_name='customer',
            name='erased_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='customer',
            name='requires_po_number',
            field=models.BooleanField(blank=True, help_text='Unknown: as its customer type says.', null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='invoiced_minor',
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AlterField(
            model_name='customer',
            name='partial_policy',
            field=models.CharField(blank=True, choices=[('split', 'Ship what is there, the rest follows'), ('together', 'Wait until all of it is there'), ('ask', 'Hold the order and ask a person')], db_default='', default='', help_text='Empty: that of its customer type.', max_length=10),
        ),
        migrations.AlterField(
            model_name='customer',
            name='terms_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Days to pay an invoice; empty: those of its customer type.', null=True),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('backorder_policy__in', ['', 'backorder', 'block'])), name='a_customer_backorder_policy_is_known'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at__isnull', True), ('is_active', False), _connector='OR'), name='an_erased_customer_buys_nothing'),
        ),
        migrations.AddConstraint(
            model_name='customeraccount',
            constraint=models.CheckConstraint(condition=models.Q(('unbilled_minor__gte', 0), ('unpaid_minor__gte', 0)), name='what_is_owed_is_never_negative'),
        ),
        migrations.AddField(
            model_name='customeraddress',
            name='customer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to='orders.customer'),
        ),
        migrations.AddIndex(
            model_name='customercontact',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='gin_trgm_ops'), name='customer_name_trigrams'),
        ),
        migrations.AddIndex(
            model_name='customercontact',
            index=models.Index(django.db.models.functions.text.Upper('email'), condition=models.Q(('email', ''), _negated=True), name='customers_by_mail'),
        ),
        migrations.AddConstraint(
            model_name='customercontact',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='a_customer_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='customertypepolicy',
            constraint=models.CheckConstraint(condition=models.Q(('customer_type__in', ['b2c', 'b2b'])), name='a_policy_is_for_a_known_customer_type'),
        ),
        migrations.AddConstraint(
            model_name='customertypepolicy',
            constraint=models.CheckConstraint(condition=models.Q(('priority__gte', 1), ('priority__lte', 9)), name='a_type_priority_is_from_1_to_9'),
        ),
        migrations.AddConstraint(
            model_name='customertypepolicy',
            constraint=models.CheckConstraint(condition=models.Q(('partial_policy__in', ['', 'split', 'together', 'ask'])), name='a_type_partial_policy_is_known'),
        ),
        migrations.AddConstraint(
            model_name='customertypepolicy',
            constraint=models.CheckConstraint(condition=models.Q(('backorder_policy__in', ['', 'backorder', 'block'])), name='a_type_backorder_policy_is_known'),
        ),
        migrations.AddConstraint(
            model_name='customeraddress',
            constraint=models.UniqueConstraint(fields=('customer', 'code'), name='one_address_per_code_of_a_customer'),
        ),
        migrations.AddConstraint(
            model_name='customeraddress',
            constraint=models.UniqueConstraint(condition=models.Q(('is_billing', True)), fields=('customer',), name='a_customer_has_one_billing_address'),
        ),
        migrations.AddConstraint(
            model_name='customeraddress',
            constraint=models.CheckConstraint(condition=models.Q(('country__regex', '^[A-Z]{2}$')), name='an_address_country_is_iso_3166'),
        ),
        migrations.RunSQL(POLICIES, migrations.RunSQL.noop),
        migrations.RunSQL(OWED, NO_OWED),
        no_delete('orders_customertypepolicy'),
    ]
