"""No row of an order stands without the rows that it belongs to, whoever writes it."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from oms.core.owner import as_owner
from tests.builders import breaches, place, shelf

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = -7

PARENTS = {
    ("orders_orderline", "order_id"): "orders_order",
    ("orders_orderline", "sku_id"): "catalogue_sku",
    ("routing_allocation", "order_line_id"): "orders_orderline",
    ("routing_allocation", "reservation_id"): "inventory_reservation",
    ("routing_allocation", "decision_id"): "routing_routingdecision",
    ("fulfilment_fulfilmentorder", "order_id"): "orders_order",
    ("fulfilment_fulfilmentorder", "location_id"): "inventory_stocklocation",
    ("fulfilment_fulfilmentorder", "decision_id"): "routing_routingdecision",
    ("fulfilment_fulfilmentorderline", "fulfilment_order_id"): "fulfilment_fulfilmentorder",
    ("fulfilment_fulfilmentorderline", "allocation_id"): "routing_allocation",
}


@pytest.fixture(autouse=True)
def order():
    shelf("MUG", on_hand=9)
    place(("MUG", 2))
    yield
    assert breaches() == {}


def run(statement: str, *values: object) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0] if cursor.description else cursor.rowcount


def like_the_one_there(table: str, **values: object) -> None:
    """Write a row like the first of the table, but for these values."""
    values = {name: value() if callable(value) else value for name, value in values.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "select string_agg(quote_ident(column_name), ', ') from information_schema.columns"
            " where table_name = %s and is_generated = 'NEVER' and column_name <> 'id'",
            [table],
        )
        (columns,) = cursor.fetchone()
    changed = ", ".join(f"'{name}', %s" for name in values)
    run(
        f"insert into {table} ({columns}) select {columns} from jsonb_populate_record(null::{table},"
        f" (select to_jsonb(t) from {table} t order by id limit 1) || jsonb_build_object({changed}))",
        *values.values(),
    )


def reservation() -> int:
    return run(
        "insert into inventory_reservation (level_id, quantity, reference, reserved_at, changed_at, changed_by)"
        " select level_id, 1, reference, reserved_at, changed_at, changed_by from inventory_reservation"
        " order by id limit 1 returning id"
    )


# A row like one that is there, under numbers that are free.
FRESH = {
    "orders_orderline": {"position": 999, "quantity_allocated": 0, "quantity_waiting": 2},
    "routing_allocation": {"reservation_id": reservation},
    "fulfilment_fulfilmentorder": {"sequence": 999, "number": "FO-X", "status": "on_hold"},
    "fulfilment_fulfilmentorderline": {"allocation_id": lambda: NOBODY},
}


@pytest.mark.parametrize(("table", "column"), PARENTS)
def test_a_row_of_nobody_is_refused(table, column):
    # As the owner of the tables, who may write everywhere.
    with (
        pytest.raises(IntegrityError, match=f"{table}.{column}: there is no such row"),
        as_owner(connection),
        transaction.atomic(),
    ):
        like_the_one_there(table, **(FRESH[table] | {column: NOBODY}))


@pytest.mark.parametrize(("table", "column"), PARENTS)
def test_a_row_keeps_whom_it_belongs_to(table, column):
    with pytest.raises(DatabaseError):
        run(f"update {table} set {column} = %s", NOBODY)


@pytest.mark.parametrize("parent", sorted(set(PARENTS.values())))
def test_who_has_rows_is_never_deleted(parent):
    with pytest.raises(DatabaseError):
        run(f"delete from {parent}")
