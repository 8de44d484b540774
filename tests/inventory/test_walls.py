"""What plain SQL may not do to stock."""

import pytest
from django.db import DatabaseError, connection, transaction

from tests.builders import breaches, level, place, shelf

pytestmark = pytest.mark.django_db

FORBIDDEN = {
    "a level is not written": "update inventory_stocklevel set on_hand = on_hand + 1",
    "a total is not reset": "update inventory_stocklevel set reserved = 0",
    "a level is not deleted": "delete from inventory_stocklevel",
    "a movement is not changed": "update inventory_stockmovement set on_hand_delta = 99",
    "a movement is not deleted": "delete from inventory_stockmovement",
    "movements are not emptied": "truncate inventory_stockmovement cascade",
    "a reservation is not deleted": "delete from inventory_reservation",
    "a reservation does not grow": "update inventory_reservation set quantity = quantity + 1",
    "a reservation does not go back": "update inventory_reservation set quantity_released = -1",
    "more than is held is not released": "update inventory_reservation set quantity_released = 99",
    "a line's allocation is not written": "update orders_orderline set quantity_allocated = 0",
    "a line's shipments are not written": "update orders_orderline set quantity_shipped = 1",
    "an order is not deleted": "delete from orders_order",
    "an order keeps its number": "update orders_order set number = 'SO-0'",
    "an order does not leap": "update orders_order set state = 'closed'; update orders_order set state = 'open'",
    "a decision is not changed": "update routing_routingdecision set cost_minor = 0",
    "a shipment is not deleted": "delete from fulfilment_shipment",
    "the audit is not changed": "update core_auditentry set note = 'nothing happened'",
    "a location keeps its code": "update inventory_stocklocation set code = 'XXX'",
    "a reserve without a reservation": """
        insert into inventory_stockmovement (level_id, kind, reserved_delta, moved_at, source, source_key, actor)
        select id, 'reserve', 1, now(), 'sql', 'x', 'me' from inventory_stocklevel
    """,
    "an adjustment without a reason": """
        insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, source, source_key, actor)
        select id, 'adjust', 1, now(), 'sql', 'x', 'me' from inventory_stocklevel
    """,
    "more reserved than available": """
        insert into inventory_reservation (level_id, quantity, reference, reserved_at, changed_at, changed_by)
        select id, 99, 'SO-1', now(), now(), 'me' from inventory_stocklevel
    """,
    "one cause twice": """
        insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, source, source_key, actor)
        select id, 'receive', 1, now(), 'sql', 'same', 'me' from inventory_stocklevel, generate_series(1, 2)
    """,
    "a level that is not there": """
        insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, source, source_key, actor)
        values (-1, 'receive', 1, now(), 'sql', 'x', 'me')
    """,
}


@pytest.fixture(autouse=True)
def stock() -> None:
    shelf(on_hand=5)
    place(("MUG", 2))


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_application_is_refused(statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert (level().on_hand, level().reserved) == (5, 2)
    assert breaches() == {}


def test_what_flows_need_is_allowed():
    with connection.cursor() as cursor:
        cursor.execute("update inventory_stocklevel set safety_stock = 1")
        cursor.execute("update orders_orderline set quantity_waiting = 0")
