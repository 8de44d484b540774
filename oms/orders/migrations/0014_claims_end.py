"""Claims end as their pieces are served or cancelled, and bind neither more than waits nor more than is to come."""

from django.db import migrations

from oms.core.triggers import frozen_columns

COUNTED = """
create function orders_count_claims() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  room int;
  waits int;
begin
  if tg_op <> 'INSERT' and old.expected_id is not null then
    update inventory_expectedreceipt set quantity_bound = quantity_bound - old.quantity where id = old.expected_id;
  end if;
  if tg_op = 'DELETE' then
    return null;
  end if;
  -- Whoever binds pieces of a line, or serves them, holds its row: the sum below cannot grow meanwhile.
  select quantity_waiting into waits from orders_orderline where id = new.line_id for no key update;
  if (select sum(quantity) from orders_supplyclaim where line_id = new.line_id) > waits then
    raise exception 'Line % would be bound for more pieces than wait.', new.line_id
      using errcode = 'check_violation', constraint = 'a_line_claims_no_more_than_waits';
  end if;
  if new.expected_id is not null then
    select quantity_expected - quantity_received - quantity_bound into room
      from inventory_expectedreceipt where id = new.expected_id for no key update;
    if room < new.quantity and (tg_op = 'INSERT' or new.quantity > old.quantity) then
      raise exception 'Delivery % does not hold so many pieces any more.', new.expected_id using errcode = 'OM001';
    end if;
    update inventory_expectedreceipt set quantity_bound = quantity_bound + new.quantity where id = new.expected_id;
  end if;
  return null;
end $$;
create trigger count_claims after insert or update or delete on orders_supplyclaim
  for each row execute function orders_count_claims();
"""
# What arrived is served first; of the rest the latest delivery is the one to give back.
ENDED = """
create function orders_end_claims() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  claim record;
  served int := (select sum(quantity) from orders_supplyclaim where line_id = new.id) - new.quantity_waiting;
begin
  if served is null or served <= 0 then
    return null;
  end if;
  for claim in
    select c.id, c.quantity from orders_supplyclaim c left join inventory_expectedreceipt e on e.id = c.expected_id
     where c.line_id = new.id
     order by coalesce(e.quantity_received, 0) > 0 desc, e.expected_on desc nulls first, c.id desc
  loop
    if claim.quantity <= served then
      delete from orders_supplyclaim where id = claim.id;
    else
      update orders_supplyclaim set quantity = quantity - served where id = claim.id;
    end if;
    served := served - claim.quantity;
    exit when served <= 0;
  end loop;
  return null;
end $$;
create trigger end_claims after update of quantity_waiting on orders_orderline
  for each row when (new.quantity_waiting < old.quantity_waiting) execute function orders_end_claims();
"""


class Migration(migrations.Migration):

    dependencies = [("orders", "0013_claims"), ("core", "0001_initial")]

    operations = [
        migrations.RunSQL(COUNTED, "drop function orders_count_claims cascade"),
        migrations.RunSQL(ENDED, "drop function orders_end_claims cascade"),
        frozen_columns("orders_supplyclaim", ["line_id", "expected_id"]),
    ]
