"""Other addresses that were wanted for orders: facts that stay, and a place that can only be forgotten."""

import django.db.models.deletion
from django.db import migrations, models

from oms.core.triggers import frozen_columns, lifecycle_trigger, no_delete
from oms.orders.readdressings import ADDRESS_LIFECYCLE

# An address is never rewritten; it is emptied when its customer is forgotten, once nobody is asked for it any more.
ONLY_EMPTIED = """
create trigger a_wanted_address_is_only_emptied before update on orders_addresschange
  for each row when (old.address is distinct from new.address and new.address <> '{}'::jsonb)
  execute function oms_refuse_frozen('address');
"""
# An order that has ended wants no other address.
ENDED_WANTS_NOTHING = """
create function orders_ended_wants_no_address() returns trigger language plpgsql as $$
begin
  if exists (select from orders_order o join orders_addresschange c on c.order_id = o.id and c.state = 'requested'
              where o.id = new.id and o.state in ('closed', 'cancelled')) then
    raise exception 'I47: order % has ended and still wants another address', new.number
      using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger ended_wants_no_address after update on orders_order
  deferrable initially deferred for each row
  when (old.state <> new.state and new.state in ('closed', 'cancelled'))
  execute function orders_ended_wants_no_address();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0015_keys_at_once'),
    ]

    operations = [
        migrations.CreateModel(
            name='AddressChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('requested', 'Requested'), ('applied', 'Applied'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn'), ('overtaken', 'Overtaken')], db_default='requested', default='requested', max_length=9)),
                ('address', models.JSONField(default=dict)),
                ('reason_code', models.CharField(blank=True, db_default='', default='', max_length=32)),
                ('reason', models.CharField(max_length=200)),
                ('requested_by', models.CharField(max_length=80)),
                ('requested_at', models.DateTimeField()),
                ('settled_by', models.CharField(blank=True, db_default='', default='', max_length=80)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='address_changes', to='orders.order')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['order', '-id'], name='address_changes_of_an_order')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'requested')), fields=('order',), name='an_order_has_one_open_address_change'), models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'applied', 'refused', 'withdrawn', 'overtaken'])), name='an_address_change_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', True), ('settled_by', ''), ('state', 'requested')), models.Q(models.Q(('state', 'requested'), _negated=True), models.Q(('settled_by', ''), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='an_address_change_ends_at_an_instant_by_somebody'), models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'applied']), models.Q(('outcome', ''), _negated=True), _connector='OR'), name='an_address_that_stays_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'requested'), _negated=True), models.Q(('address', {}), _negated=True), _connector='OR'), name='a_wanted_address_is_said')],
            },
        ),
        lifecycle_trigger("orders_addresschange", "state", ADDRESS_LIFECYCLE),
        frozen_columns(
            "orders_addresschange", ("order_id", "reason", "reason_code", "requested_at", "requested_by")
        ),
        migrations.RunSQL(ONLY_EMPTIED, "drop trigger a_wanted_address_is_only_emptied on orders_addresschange"),
        migrations.RunSQL(ENDED_WANTS_NOTHING, "drop function orders_ended_wants_no_address cascade"),
        no_delete("orders_addresschange"),
    ]
