"""Decisions are final, published rules are final, and the stamp moves whenever the planner must look again."""

from django.db import migrations

from oms.core.triggers import append_only, lifecycle_trigger
from oms.routing.rules import RULE_SET_LIFECYCLE

# From a sequence, so that no value ever comes back after a rollback.
STAMP = """
create sequence routing_stamp_seq;
insert into routing_routingstamp (id, value) values (1, nextval('routing_stamp_seq'));
create function routing_move_stamp() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update routing_routingstamp set value = nextval('routing_stamp_seq') where id = 1;
  return null;
end $$;
"""
READ_BY_THE_PLANNER = (
    "routing_ruleset", "routing_rulesetversion", "routing_rulerow", "routing_zone", "routing_zoneprefix",
    "routing_ratecard", "routing_rate", "inventory_stocklocation", "channels_channel", "channels_channel_locations",
)
MOVES = "".join(
    f"""
    create trigger moves_the_routing_stamp after insert or update or delete or truncate on {table}
      for each statement execute function routing_move_stamp();
    """
    for table in READ_BY_THE_PLANNER
)

PUBLISHED_IS_FINAL = """
create function routing_guard_version() returns trigger language plpgsql as $$
begin
  if old.status in ('published', 'retired') and (
       tg_op = 'DELETE'
       or (to_jsonb(new) - 'status' - 'retired_at') is distinct from (to_jsonb(old) - 'status' - 'retired_at'))
     and not (old.status = 'retired' and old.published_at is null and tg_op = 'DELETE') then
    raise exception '% refused: a published version of routing rules never changes', tg_op
      using errcode = 'restrict_violation', table = tg_table_name, constraint = tg_name;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger a_published_version_is_final before update or delete on routing_rulesetversion
  for each row execute function routing_guard_version();

create function routing_guard_rule() returns trigger language plpgsql as $$
begin
  -- FOR SHARE, so that no rule slips in while its version is being published.
  perform from routing_rulesetversion
    where id in (case when tg_op <> 'INSERT' then old.version_id end, case when tg_op <> 'DELETE' then new.version_id end)
      and status not in ('draft', 'tested') for share;
  if found then
    raise exception '% refused: the rules of a published version never change', tg_op
      using errcode = 'restrict_violation', table = tg_table_name, constraint = tg_name;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger rules_of_a_published_version_are_final before insert or update or delete on routing_rulerow
  for each row execute function routing_guard_rule();
create trigger rules_are_never_emptied before truncate on routing_rulerow
  for each statement execute function oms_refuse_change();
create trigger versions_are_never_emptied before truncate on routing_rulesetversion
  for each statement execute function oms_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("inventory", "0001_initial"),
        ("channels", "0001_initial"),
        ("routing", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(STAMP, "drop function routing_move_stamp cascade; drop sequence routing_stamp_seq"),
        migrations.RunSQL(MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(
            PUBLISHED_IS_FINAL,
            "drop function routing_guard_version cascade; drop function routing_guard_rule cascade;"
            "drop trigger rules_are_never_emptied on routing_rulerow;"
            "drop trigger versions_are_never_emptied on routing_rulesetversion",
        ),
        append_only("routing_routingdecision"),
        append_only("routing_allocation"),
        lifecycle_trigger("routing_rulesetversion", "status", RULE_SET_LIFECYCLE),
    ]
