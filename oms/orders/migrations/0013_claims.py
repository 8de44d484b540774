"""A claim may have lost its delivery; those of before hold no more than still waits and is still to come."""

import django.db.models.deletion
from django.db import migrations, models

END_THOSE_SERVED = """
with dealt as (
  select c.id, c.quantity, greatest(0, least(c.quantity, l.quantity_waiting
           - (sum(c.quantity) over (partition by c.line_id order by e.expected_on, c.id) - c.quantity))) as left_over
    from orders_supplyclaim c join orders_orderline l on l.id = c.line_id
    join inventory_expectedreceipt e on e.id = c.expected_id
), ended as (
  delete from orders_supplyclaim where id in (select id from dealt where left_over = 0)
)
update orders_supplyclaim c set quantity = d.left_over from dealt d
 where d.id = c.id and d.left_over between 1 and c.quantity - 1;
"""
# Nobody was told that more was bound than comes; whoever came last has lost its delivery.
LOSE_WHAT_DOES_NOT_COME = """
with dealt as (
  select c.id, c.line_id, c.quantity, greatest(0, least(c.quantity, e.quantity_expected - e.quantity_received
           - (sum(c.quantity) over (partition by c.expected_id order by c.id) - c.quantity))) as held
    from orders_supplyclaim c join inventory_expectedreceipt e on e.id = c.expected_id
), lost as (
  insert into orders_supplyclaim (line_id, expected_id, quantity)
  select line_id, null, sum(quantity - held) from dealt where held < quantity group by line_id
), ended as (
  delete from orders_supplyclaim where id in (select id from dealt where held = 0)
)
update orders_supplyclaim c set quantity = d.held from dealt d
 where d.id = c.id and d.held between 1 and c.quantity - 1;

update inventory_expectedreceipt e set quantity_bound = b.pieces
  from (select expected_id, sum(quantity) as pieces from orders_supplyclaim
         where expected_id is not null group by expected_id) b
 where b.expected_id = e.id;
"""


class Migration(migrations.Migration):

    dependencies = [("orders", "0012_partials"), ("inventory", "0014_bound")]

    operations = [
        migrations.RemoveConstraint(model_name="supplyclaim", name="a_line_claims_a_delivery_once"),
        migrations.AlterField(
            model_name="supplyclaim",
            name="expected",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="claims",
                to="inventory.expectedreceipt",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplyclaim",
            constraint=models.UniqueConstraint(
                fields=("line", "expected"), name="a_line_claims_a_delivery_once", nulls_distinct=False
            ),
        ),
        migrations.RunSQL(END_THOSE_SERVED, migrations.RunSQL.noop),
        migrations.RunSQL(LOSE_WHAT_DOES_NOT_COME, migrations.RunSQL.noop),
    ]
