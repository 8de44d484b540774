"""Keys to rows that every order shares: the parent is read when the child is written, and is never deleted.

The database's own foreign key would lock the parent's row instead, and orders that come at the same instant would
all lock the same channel, location, rule version or SKU, which PostgreSQL pays for with a list of lockers per row.
"""

from django.db import migrations

from oms.core.triggers import no_delete

KEYS = (
    ("orders_order", "channel_id", "channels_channel"),
    ("orders_orderline", "sku_id", "catalogue_sku"),
    ("fulfilment_fulfilmentorder", "location_id", "inventory_stocklocation"),
    ("routing_routingdecision", "version_id", "routing_rulesetversion"),
)


def key(table: str, column: str, parent: str) -> migrations.RunSQL:
    """A trigger that refuses a child whose parent is not there."""
    name = f"flows_{table}_has_its_{column}"
    return migrations.RunSQL(
        f"""
        create function {name}() returns trigger language plpgsql as $$
        begin
          perform from {parent} where id = new.{column};
          if not found then
            raise exception '{table}.{column}: there is no % in {parent}', new.{column}
              using errcode = 'foreign_key_violation';
          end if;
          return null;
        end $$;
        create trigger {name} after insert or update of {column} on {table}
          for each row when (new.{column} is not null) execute function {name}();
        """,
        f"drop function {name} cascade",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0001_order_routines"),
        ("core", "0001_initial"),
        ("catalogue", "0001_initial"),
        ("channels", "0001_initial"),
        ("inventory", "0002_ledger"),
        ("routing", "0002_triggers"),
    ]

    operations = [
        no_delete("catalogue_sku"),
        no_delete("channels_channel"),
        no_delete("inventory_stocklocation"),
        *(key(*each) for each in KEYS),
    ]
