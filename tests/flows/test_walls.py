"""What plain SQL as the application's role cannot break: orders, their work, and what joins the two (I12 to I20)."""

import re

import pytest
from django.db import DatabaseError, connection, transaction

from fulfilment.rules import (
    ADDRESS_ASK_LIFECYCLE,
    ASK_LIFECYCLE,
    GROWING,
    REQUEST_LIFECYCLE,
    WORK_LIFECYCLE,
    ScanKind,
)
from oms.core import triggers
from oms.flows import amending, shipping, standing
from oms.orders.amendments import Amendment
from oms.orders.readdressings import ADDRESS_LIFECYCLE
from oms.orders.rules import ORDER_LIFECYCLE
from tests.builders import NOON, SYDNEY, TESTER, breaches, location, pack, place, scan, shelf

pytestmark = pytest.mark.django_db(transaction=True)
DOING = {"actor": TESTER, "at": NOON}

FORBIDDEN = {
    "I12 more waits than was ordered": "update orders_orderline set quantity_waiting = quantity_ordered + 1",
    "I12 less than nothing is cancelled": "update orders_orderline set quantity_cancelled = -1",
    "I12 less than nothing waits": "update orders_orderline set quantity_waiting = -1",
    "I12 something else was ordered": "update orders_orderline set quantity_ordered = 99",
    "I13 a line has allocated more": "update orders_orderline set quantity_allocated = quantity_allocated + 1",
    "I13 a line has shipped more": "update orders_orderline set quantity_shipped = quantity_shipped + 1",
    "I14 shipped beyond packed": """
        update fulfilment_fulfilmentorderline set quantity_shipped = quantity_packed + 1
    """,
    "I14 packed beyond picked": """
        update fulfilment_fulfilmentorderline set quantity_packed = quantity_picked + 1
    """,
    "I14 picked beyond asked": "update fulfilment_fulfilmentorderline set quantity_picked = quantity + 1",
    "I14 cancelled and yet picked": "update fulfilment_fulfilmentorderline set quantity_cancelled = quantity",
    "I15 shipped without a parcel": """
        update fulfilment_fulfilmentorderline
           set quantity_picked = quantity, quantity_packed = quantity, quantity_shipped = quantity
         where quantity_cancelled = 0 and quantity_shipped = 0
    """,
    "I15 cancelled without releasing": """
        update fulfilment_fulfilmentorderline set quantity_cancelled = 1 where quantity_picked + 1 <= quantity
    """,
    "I15 released without cancelling": """
        update inventory_reservation set quantity_released = quantity_released + 1
         where quantity > quantity_released + quantity_issued
    """,
    "I15 a parcel that left comes back": "update fulfilment_parcel set shipment_id = null",
    "I15 a parcel holds more": "update fulfilment_parcelline set quantity = quantity + 1",
    "I15 a parcel line is added": """
        insert into fulfilment_parcelline (parcel_id, work_line_id, quantity)
        select p.id, l.id, 1 from fulfilment_parcel p, fulfilment_fulfilmentorderline l
         where not exists (select from fulfilment_parcelline c where (c.parcel_id, c.work_line_id) = (p.id, l.id))
         limit 1
    """,
    "I15 a tracking number names two parcels": """
        insert into fulfilment_parcel (number, fulfilment_order_id, carrier, tracking_number, packed_at, packed_by)
        select 'PA-X', fulfilment_order_id, carrier, tracking_number, now(), 'me' from fulfilment_parcel limit 1
    """,
    "I16 two requests that nobody has begun": """
        insert into fulfilment_fulfilmentorder (number, order_id, sequence, location_id, decision_id, opened_at)
        select number || 'x', order_id, 99, location_id, decision_id, now() from fulfilment_fulfilmentorder
         where status = 'open' and request_status = 'queued'
    """,
    "I16 a partner is asked twice at a time": """
        insert into fulfilment_cancellationrequest (fulfilment_order_id, reason, requested_by, requested_at, answer_by)
        select fulfilment_order_id, 'x', 'me', now(), now() from fulfilment_cancellationrequest
    """,
    "I16 a partner is asked for more than it has": """
        insert into fulfilment_cancellationline (request_id, work_line_id, quantity)
        select q.id, l.id, 99 from fulfilment_cancellationrequest q, fulfilment_fulfilmentorderline l
         where not exists (select from fulfilment_cancellationline c where c.work_line_id = l.id) limit 1
    """,
    "I47 two addresses are wanted at a time": """
        insert into orders_addresschange (order_id, address, reason, requested_by, requested_at)
        select order_id, address, 'x', 'me', now() from orders_addresschange
    """,
    "I47 another address is written over": """update orders_addresschange set address = '{"name": "x"}'""",
    "I47 an address is forgotten while it is wanted": "update orders_addresschange set address = '{}'",
    "I47 it ends without anybody": "update orders_addresschange set state = 'withdrawn', outcome = 'x'",
    "I47 it ends while a partner is still asked": """
        update orders_addresschange set state = 'withdrawn', outcome = 'x', settled_by = 'me', settled_at = now()
    """,
    "I47 an answer without a time": "update fulfilment_addressrequest set state = 'accepted', answered_by = 'me'",
    "I47 a refusal without a reason": """
        update fulfilment_addressrequest set state = 'refused', answered_by = 'me', answered_at = now()
    """,
    "I47 a partner is asked about another's order": """
        insert into fulfilment_addressrequest (fulfilment_order_id, change_id, requested_at, answer_by)
        select w.id, c.id, now(), now() from fulfilment_fulfilmentorder w, orders_addresschange c
         where w.order_id <> c.order_id limit 1
    """,
    "I47 what was asked is deleted": "delete from fulfilment_addressrequest",
    "I47 what was wanted is deleted": "delete from orders_addresschange",
    "I47 whoever asked was another": "update orders_addresschange set requested_by = 'me'",
    "I17 a channel's number twice": """
        insert into orders_order (number, channel_id, external_number, customer_type, ship_country, currency,
                                  lines_minor, total_minor, progress, placed_at)
        select 'SO-1', channel_id, external_number, 'b2c', 'AU', 'AUD', 0, 0, 'allocated', now()
          from orders_order limit 1
    """,
    "I18 an order ends and holds stock": "update orders_order set state = 'cancelled' where state = 'open'",
    "I19 an order goes back": "update orders_order set state = 'open' where state = 'closed'",
    "I19 work goes back": "update fulfilment_fulfilmentorder set status = 'open' where status = 'shipped'",
    "I19 an answer is taken back": """
        update fulfilment_fulfilmentorder set request_status = 'queued' where request_status = 'acknowledged'
    """,
    "I19 an order says that it has shipped": "update orders_order set progress = 'shipped' where state = 'open'",
    "I19 an order says that it waits": """
        update orders_order set progress = 'backordered' where state = 'open' and progress <> 'backordered'
    """,
    "I19 a line waits and its order does not": """
        update orders_orderline set quantity_cancelled = quantity_cancelled + quantity_waiting, quantity_waiting = 0
         where quantity_waiting > 0
    """,
    "I20 an allocation by hand": """
        insert into routing_allocation (order_line_id, reservation_id, decision_id, quantity)
        select order_line_id, reservation_id, decision_id, quantity from routing_allocation
    """,
    "I20 an allocation of another decision": """
        update routing_allocation set decision_id = (select max(id) from routing_routingdecision)
    """,
    "I20 a decision by hand": """
        insert into routing_routingdecision (order_id, attempt, decided_at, explanation)
        select id, 99, now(), '{}' from orders_order
    """,
    "I25 a total that is not its parts": "update orders_order set total_minor = total_minor + 1",
}


@pytest.fixture
def shop() -> None:
    """Orders at every step: shipped, begun, untouched, waiting, held, and one that a partner is asked about."""
    location("OCEAN", kind="3pl")
    shelf("MUG", on_hand=9)
    shelf("POT", at="OCEAN", on_hand=3)
    shelf("RARE", on_hand=1)
    gone, begun, held = place(("MUG", 2)), place(("MUG", 2)), place(("MUG", 1))
    place(("MUG", 2))
    place(("RARE", 2))
    pack(gone.work[0].number, "MUG", 2)
    shipping.ship(gone.work[0].number, **DOING)
    scan(begun.work[0].number, "MUG", ScanKind.PICK)
    standing.hold_order(held.number, reason="Check", **DOING)
    asked = place(("POT", 3))
    shipping.acknowledge(asked.work[0].number, **DOING)
    amending.cancel_lines(asked.number, {"POT": 2}, reason="Too many", **DOING)
    amending.amend_order(asked.number, Amendment(address=SYDNEY), reason="Moved", **DOING)


def commit(statement: str) -> None:
    """Run it in a transaction of its own; what breaks nothing because it finds nothing is a mistake of the test."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_application_is_refused_at_the_latest_when_it_commits(shop, statement):
    with pytest.raises(DatabaseError):
        commit(statement)

    assert breaches() == {}


def test_what_grows_is_the_same_in_code_and_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "select indexdef from pg_indexes where indexname = 'one_open_request_per_order_and_location'"
        )
        found = dict(re.findall(r"\(?(\w+)\)?::text = '(\w+)'", cursor.fetchone()[0]))
    assert found == GROWING


def test_the_graphs_of_orders_and_work_are_the_same_in_code_and_database():
    graphs = (
        ("orders_order", "state", ORDER_LIFECYCLE),
        ("fulfilment_fulfilmentorder", "status", WORK_LIFECYCLE),
        ("fulfilment_fulfilmentorder", "request_status", REQUEST_LIFECYCLE),
        ("fulfilment_cancellationrequest", "state", ASK_LIFECYCLE),
        ("fulfilment_addressrequest", "state", ADDRESS_ASK_LIFECYCLE),
        ("orders_addresschange", "state", ADDRESS_LIFECYCLE),
    )
    with connection.cursor() as cursor:
        for table, column, lifecycle in graphs:
            assert triggers.moves_in_database(cursor, table, column) == frozenset(lifecycle), table
