"""Guard the guards: with every wall taken down a breach is planted, and the recomputation finds it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from fulfilment.rules import ScanKind
from inventory.models import ExpectedReceipt, Lot, SerialMovement, SerialNumber, StockLevel
from inventory.rules import MovementKind
from inventory.services import movements
from inventory.services.movements import Cause, Delta
from oms.core import audit
from oms.core.models import Approval, Grant, InboxMessage, User
from oms.flows import amending, counting, lettering, shipping, standing
from oms.letters.models import ChannelLetters
from oms.letters.rules import Occasion
from oms.orders.amendments import Amendment
from oms.reports.invariants import INVARIANTS
from tests.builders import (
    NOON,
    SYDNEY,
    TESTER,
    channel,
    customer,
    location,
    pack,
    place,
    rate,
    scan,
    shelf,
    sku,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Code -> the table whose walls fall, and the change that no flow would make.
PLANTS = {
    "I1": ("inventory_stocklevel", "update inventory_stocklevel set on_hand = on_hand + 1"),
    "I2": ("inventory_stocklevel", "update inventory_stocklevel set reserved = reserved + 1"),
    "I3": ("inventory_stocklevel", "update inventory_stocklevel set reserved = -1"),
    "I4": (
        "inventory_stocklevel",
        "alter table inventory_stocklevel alter column available drop expression;"
        "update inventory_stocklevel set available = available + 1",
    ),
    "I5": ("inventory_stockcontent", "update inventory_stockcontent set on_hand = on_hand + 1"),
    "I6": (
        "inventory_stockmovement",
        "update inventory_stockmovement set counter_location_id = null where on_hand_delta <> 0",
    ),
    "I7": ("inventory_serialnumber", "update inventory_serialnumber set level_id = null, status = 'lost'"),
    "I8": ("inventory_lot", "update inventory_lot set recalled_at = now()"),
    "I27": ("inventory_expectedreceipt", "update inventory_expectedreceipt set quantity_received = 99"),
    "I9": ("inventory_stockmovement", "update inventory_stockmovement set source = 'x', source_key = 'x'"),
    "I10": ("core_auditentry", "select 1"),
    "I11": ("inventory_stockadjustment", "delete from inventory_stockadjustment"),
    "I12": ("orders_orderline", "update orders_orderline set quantity_waiting = quantity_ordered + 1"),
    "I13": ("orders_orderline", "update orders_orderline set quantity_allocated = quantity_allocated + 1"),
    "I14": (
        "fulfilment_fulfilmentorderline",
        "update fulfilment_fulfilmentorderline set quantity_shipped = quantity_packed + 1",
    ),
    "I15": (
        "fulfilment_fulfilmentorderline",
        "update fulfilment_fulfilmentorderline set quantity_shipped = quantity_shipped + 1",
    ),
    "I16": (
        "fulfilment_fulfilmentorder",
        "update fulfilment_fulfilmentorder set status = 'open', request_status = 'queued',"
        " order_id = (select min(order_id) from fulfilment_fulfilmentorder)",
    ),
    "I46": ("fulfilment_fulfilmentorder", "update fulfilment_fulfilmentorder set status = 'on_hold'"),
    "I17": ("orders_order", "update orders_order set external_number = 'same'"),
    "I18": ("orders_order", "update orders_order set state = 'closed'"),
    "I19": ("orders_order", "update orders_order set progress = 'shipped', state = 'closed'"),
    "I20": ("routing_allocation", "update routing_allocation set quantity = quantity + 1"),
    "I41": (
        "orders_customeraccount",
        "update orders_customeraccount set unbilled_minor = unbilled_minor + 1",
    ),
    "I42": ("invoices_invoice", "update invoices_invoice set settled_at = now()"),
    "I43": ("invoices_invoiceline", "update invoices_invoiceline set total_minor = total_minor + 1"),
    "I44": ("core_outboxmessage", "delete from core_outboxmessage where topic = 'letter.send'"),
    "I45": (
        "inventory_expectedreceipt",
        "update inventory_expectedreceipt set quantity_bound = quantity_expected",
    ),
    "I47": ("orders_order", "update orders_order set state = 'closed' where state = 'open'"),
    "I25": ("orders_order", "update orders_order set lines_minor = lines_minor + 1"),
    "I33": ("core_inboxmessage", "update core_inboxmessage set event_id = 'same'"),
    "I35": ("core_outboxmessage", "delete from core_outboxmessage"),
    "I36": (
        "core_outboxmessage",
        "update core_outboxmessage set state = 'waiting' where topic = 'order.placed';"
        "update core_outboxmessage set state = 'delivered' where topic = 'order.held'",
    ),
    "I37": (
        "core_idempotencykey",
        "insert into core_idempotencykey (client, key, fingerprint) values ('rest', 'k', '')",
    ),
    "I38": ("core_auditseal", "delete from core_auditseal where seq = 2"),
    "I39": ("core_approval", "update core_approval set decided_by_id = requested_by_id"),
    "I40": ("core_grant", "update core_grant set location_code = 'NOWHERE'"),
}

# What the same promises say beside it: a code, and a change that breaks nothing else of it.
FURTHER = (
    # More is in boxes than was packed.
    (
        "I15",
        "fulfilment_fulfilmentorderline",
        "update fulfilment_fulfilmentorderline set quantity_packed = 0 where quantity_shipped > 0",
    ),
    # A partner is asked to leave out more than it has.
    (
        "I16",
        "fulfilment_cancellationline",
        """
        with asked as (
          insert into fulfilment_cancellationrequest
            (fulfilment_order_id, reason, requested_by, requested_at, answer_by)
          select min(fulfilment_order_id), 'Gone', 'me', now(), now() from fulfilment_fulfilmentorderline
          returning id, fulfilment_order_id)
        insert into fulfilment_cancellationline (request_id, work_line_id, quantity)
        select asked.id, line.id, line.quantity + 1 from asked
          join fulfilment_fulfilmentorderline line on line.fulfilment_order_id = asked.fulfilment_order_id
        """,
    ),
    # A partner is asked about pieces of other work than its own.
    (
        "I16",
        "fulfilment_cancellationline",
        """
        with asked as (
          insert into fulfilment_cancellationrequest
            (fulfilment_order_id, reason, requested_by, requested_at, answer_by)
          select min(fulfilment_order_id), 'Gone', 'me', now(), now() from fulfilment_fulfilmentorderline
          returning id, fulfilment_order_id)
        insert into fulfilment_cancellationline (request_id, work_line_id, quantity)
        select asked.id, line.id, 1 from asked join fulfilment_fulfilmentorderline line
            on line.fulfilment_order_id <> asked.fulfilment_order_id and line.quantity > line.quantity_shipped
        """,
    ),
    # A line is bound for more than waits.
    (
        "I45",
        "orders_supplyclaim",
        """
        insert into orders_supplyclaim (line_id, quantity)
        select id, quantity_waiting + 1 from orders_orderline limit 1
        """,
    ),
)


def held_closely(at: datetime) -> None:
    """A lot on a shelf, a numbered piece and an announcement."""
    milk, phone = sku("MILK", is_lot_tracked=True), sku("PHONE", is_serial_tracked=True)
    lot = Lot.objects.create(sku=milk, code="L1", created_at=at)
    number = SerialNumber.objects.create(
        sku=phone, code="S1", status="issued", changed_at=at - timedelta(days=1)
    )
    for one in (milk, phone):
        level = StockLevel.objects.create(sku=one, location=location("PER"))
        ExpectedReceipt.objects.create(
            level=level, reference="PO", quantity_expected=5, expected_on=at.date()
        )
        with transaction.atomic():
            (movement,) = movements.move(
                level.pk,
                Delta(on_hand=1, lot_id=lot.pk if one is milk else None),
                kind=MovementKind.RECEIVE,
                cause=Cause("test", one.code),
                actor=TESTER,
                at=at,
            )
            if one is phone:
                SerialMovement.objects.create(serial=number, movement=movement)


@pytest.fixture
def shop() -> None:
    """Something in every table that an invariant speaks of."""
    at = datetime.now(UTC)
    location("PER")
    rate("PER", region="WA", cost_minor=600, days=2)
    shelf("MUG", on_hand=9)
    packed, held = place(("MUG", 1)), place(("MUG", 1))
    pack(packed.work[0].number, "MUG")
    shipping.ship(packed.work[0].number, actor=TESTER, at=at)
    scan(place(("MUG", 2)).work[0].number, "MUG", ScanKind.PICK)
    standing.hold_order(held.number, reason="Look first", actor=TESTER, at=at)
    counting.adjust_stock(
        "MUG", location="PER", quantity_delta=-1, reason="damaged", note="", actor=TESTER, at=at
    )
    held_closely(at)
    location("OCEAN", kind="3pl")
    shelf("POT", at="OCEAN", on_hand=3)
    asked = place(("POT", 1))
    shipping.acknowledge(asked.work[0].number, actor=TESTER, at=at)
    amending.amend_order(asked.number, Amendment(address=SYDNEY), reason="Moved", actor=TESTER, at=at)
    customer("CAFE")
    on_terms = place(("MUG", 1), customer="CAFE")
    ChannelLetters.objects.create(channel=channel("api"), occasions=["confirmed"], since=NOON)
    about = {"told_at": NOON, "at": at}
    lettering.write(Occasion.CONFIRMED, on_terms.number, f"confirmed:{on_terms.number}", {}, **about)
    pack(on_terms.work[0].number, "MUG")
    shipping.ship(on_terms.work[0].number, actor=TESTER, at=at)
    ann = User.objects.create_user("ann")
    Grant.objects.create(user=ann, role="picker", location_code="PER")
    for number in (1, 2):
        InboxMessage.objects.create(source="shop", event_id=number, body=b"{}", received_at=at, due_at=at)
    Approval.objects.create(
        action="x", subject_kind="x", subject_id="1", content={}, content_hash=b"", requested_by=ann,
        requested_at=at, expires_at=at,
    )  # fmt: skip
    audit.seal_pending()


@pytest.fixture
def unguarded(owner_connection) -> Iterator:
    """Plant a change as the owner of the tables with their walls down; all of it is undone."""

    def plant(table: str, change: str):
        cursor = owner_connection.cursor()
        cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(
            "select 'alter table ' || conrelid::regclass || ' drop constraint ' || quote_ident(conname)"
            " from pg_constraint where conrelid = %s::regclass and contype in ('c', 'u')",
            [table],
        )
        walls = [wall for (wall,) in cursor.fetchall()]
        for wall in walls:
            cursor.execute(wall)
        cursor.execute(
            "select 'drop index ' || indexrelid::regclass from pg_index"
            " where indrelid = %s::regclass and indisunique and not indisprimary",
            [table],
        )
        for (index,) in cursor.fetchall():
            cursor.execute(index)
        cursor.execute(change)
        return cursor

    yield plant
    owner_connection.rollback()


def test_every_invariant_has_a_planted_breach():
    assert set(PLANTS) == set(INVARIANTS)


def test_what_the_flows_leave_breaks_nothing(shop, owner_connection):
    for code, invariant in INVARIANTS.items():
        assert owner_connection.execute(invariant.breaches).fetchall() == [], code


def test_every_planted_breach_is_found(shop, unguarded, owner_connection):
    transaction.get_connection().close()
    missed = []
    plants = [(code, *plant) for code, plant in PLANTS.items()]
    for code, table, change in (*plants, *FURTHER):
        found = unguarded(table, change).execute(INVARIANTS[code].breaches).fetchall()
        owner_connection.rollback()
        if not found:
            missed.append((code, change))

    assert missed == []
