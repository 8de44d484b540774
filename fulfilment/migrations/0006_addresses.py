"""Which partners are asked to send confirmed work elsewhere, and that what they said stays."""

import django.db.models.deletion
from django.db import migrations, models

from fulfilment.rules import ADDRESS_ASK_LIFECYCLE
from oms.core.triggers import frozen_columns, lifecycle_trigger, no_delete

# Nobody is asked for an address that is not wanted any more, nor about the work of another order.
ASKED_IS_WANTED = """
create function fulfilment_asked_address_is_wanted() returns trigger language plpgsql as $$
begin
  if exists (select from fulfilment_addressrequest q join orders_addresschange c on c.id = q.change_id
               join fulfilment_fulfilmentorder w on w.id = q.fulfilment_order_id
              where c.id = case tg_table_name when 'orders_addresschange' then (to_jsonb(new) ->> 'id')::bigint
                             else (to_jsonb(new) ->> 'change_id')::bigint end
                and (w.order_id <> c.order_id or (q.state = 'requested' and c.state <> 'requested'))) then
    raise exception 'I47: a partner is asked for an address that is not wanted' using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger asked_address_is_wanted after insert on fulfilment_addressrequest
  deferrable initially deferred for each row execute function fulfilment_asked_address_is_wanted();
create constraint trigger asked_address_is_wanted after update on orders_addresschange
  deferrable initially deferred for each row when (old.state <> new.state)
  execute function fulfilment_asked_address_is_wanted();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('fulfilment', '0005_keys_at_once'),
        ('orders', '0016_addresses'),
    ]

    operations = [
        migrations.CreateModel(
            name='AddressRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('requested', 'Requested'), ('accepted', 'Accepted'), ('refused', 'Refused'), ('dropped', 'Dropped')], db_default='requested', default='requested', max_length=9)),
                ('requested_at', models.DateTimeField()),
                ('answer_by', models.DateTimeField()),
                ('answered_by', models.CharField(blank=True, db_default='', default='', max_length=80)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('answer', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='orders.addresschange')),
                ('fulfilment_order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='address_requests', to='fulfilment.fulfilmentorder')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(condition=models.Q(('state', 'requested')), fields=['answer_by'], name='addresses_to_answer')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'requested')), fields=('fulfilment_order',), name='work_is_asked_for_one_address_at_a_time'), models.UniqueConstraint(fields=('change', 'fulfilment_order'), name='work_is_asked_once_for_an_address'), models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'accepted', 'refused', 'dropped'])), name='an_address_answer_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('answered_by', ''), ('state', 'requested')), models.Q(models.Q(('state', 'requested'), _negated=True), models.Q(('answered_by', ''), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='an_address_answer_has_its_time_and_person'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('answer', ''), _negated=True), _connector='OR'), name='a_refused_address_says_why')],
            },
        ),
        lifecycle_trigger("fulfilment_addressrequest", "state", ADDRESS_ASK_LIFECYCLE),
        frozen_columns(
            "fulfilment_addressrequest", ("fulfilment_order_id", "change_id", "requested_at", "answer_by")
        ),
        no_delete("fulfilment_addressrequest"),
        migrations.RunSQL(ASKED_IS_WANTED, "drop function fulfilment_asked_address_is_wanted cascade"),
    ]
