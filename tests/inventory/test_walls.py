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
    "what a bin holds is not written": "update inventory_stockcontent set on_hand = 1",
    "a level is not born full": """
        insert into inventory_stocklevel (sku_id, location_id, located) select sku_id, location_id, 1
          from inventory_stocklevel
    """,
    "what is known of its pieces is not written": "update inventory_stocklevel set located = 5",
    "a closed day is not changed": "update inventory_stockclose set pieces_gap = 0",
    "a line of a closed day is not deleted": "delete from inventory_stockcloseline",
    "a signature is not taken back": "delete from inventory_closesignature",
    "a stock report is not changed": "update inventory_stockreportline set ours = on_hand",
    "a numbered piece is not moved": "update inventory_serialnumber set status = 'lost', level_id = null",
    "what a numbered piece did is not deleted": "delete from inventory_serialmovement",
    "a repair says why": """
        insert into inventory_stockrepair (level_id, repaired_at, repaired_by, note)
        select id, now(), 'me', '' from inventory_stocklevel
    """,
    "a repair is not changed": "update inventory_stockrepair set note = 'nothing happened'",
    "a transfer is not deleted": "delete from inventory_transfer",
    "a count is not deleted": "delete from inventory_counttask",
    "a move out of nowhere": """
        insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, source, source_key, actor)
        select id, 'move', 1, now(), 'sql', 'x', 'me' from inventory_stocklevel
    """,
    "a transfer without its origin": """
        insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, source, source_key, actor)
        select id, 'transfer', 1, now(), 'sql', 'x', 'me' from inventory_stocklevel
    """,
    "a repair by hand": """
        insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, source, source_key, actor)
        select id, 'repair', 1, now(), 'sql', 'x', 'me' from inventory_stocklevel
    """,
    "a receipt issued by hand": """
        insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, source, source_key, actor)
        select id, 'issue', 1, now(), 'sql', 'x', 'me' from inventory_stocklevel
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
