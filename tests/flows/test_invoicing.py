"""What leaves on terms is billed to the cent, owed until it is paid, and late when its day has passed."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from fulfilment.rules import NewParcel, ParcelLine
from oms.alerts.models import Alert
from oms.core.errors import Invalid
from oms.core.models import AuditEntry, OutboxMessage
from oms.flows import invoicing, shipping
from oms.invoices import rules
from oms.invoices.models import Invoice
from oms.invoices.rules import AlreadySettled
from oms.orders.amendments import cancelled_value
from oms.orders.models import CustomerAccount, Order
from tests.builders import NOON, TESTER, breaches, channel, customer, place, price, shelf

LATE = NOON + timedelta(days=31)
database = pytest.mark.django_db(transaction=True)


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(1, 50), min_size=1, max_size=8),
    st.integers(0, 60),
)
def test_however_a_line_is_cut_its_invoices_come_to_its_total(total, shipments, cancelled):
    ordered = sum(shipments) + cancelled
    billed, before = 0, 0
    for pieces in shipments:
        amount = rules.billed(total, ordered, before, pieces)
        assert amount >= 0
        billed, before = billed + amount, before + pieces

    assert billed == total - cancelled_value(total, ordered, cancelled)


@pytest.fixture
def cafe():
    shelf("MUG", on_hand=200)
    channel("api")
    yield customer("CAFE", terms_days=14)
    assert breaches() == {}


def sends(placed, pieces: int, number: str = "T-1", at=NOON):
    parcel = NewParcel("auspost", number, (ParcelLine("MUG", pieces),))
    return shipping.ship_parcels(placed.work[0].number, contents=[parcel], actor=TESTER, at=at)


def buys(pieces: int):
    return place(("MUG", pieces), customer="CAFE")


def account() -> CustomerAccount:
    return CustomerAccount.objects.get()


@database
def test_what_leaves_is_billed_and_owed_until_it_is_paid(cafe):
    placed = buys(3)
    assert (account().unbilled_minor, account().unpaid_minor) == (3_000, 0)

    sends(placed, 3)

    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.total_minor, invoice.currency) == ("INV-1001", 3_000, "AUD")
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 11, 23), date(2026, 12, 7))
    assert (account().unbilled_minor, account().unpaid_minor) == (0, 3_000)
    assert OutboxMessage.objects.filter(topic="invoice.issued").count() == 1

    invoicing.settle("INV-1001", reference="Bank 2026-12-01", actor=TESTER, at=LATE)

    assert account().owed_minor == 0
    assert AuditEntry.objects.filter(action="invoice.settled").count() == 1
    with pytest.raises(AlreadySettled):
        invoicing.settle("INV-1001", reference="Again", actor=TESTER, at=LATE)


@database
def test_the_day_of_an_invoice_is_the_sellers(cafe):
    # Five in the afternoon in Greenwich is past midnight in Perth.
    sends(buys(1), 1, at=NOON.replace(hour=17))

    assert Invoice.objects.get().issued_on == date(2026, 11, 24)


@database
def test_each_shipment_has_its_invoice_and_the_last_cent_is_billed_once(cafe):
    price("MUG", "3.3333")
    placed = buys(3)

    sends(placed, 1, "T-1")
    sends(placed, 2, "T-2")

    assert sum(Invoice.objects.values_list("total_minor", flat=True)) == Order.objects.get().total_minor
    assert list(Invoice.objects.order_by("id").values_list("number", flat=True)) == ["INV-1001", "INV-1002"]


@database
def test_orders_that_are_paid_before_have_no_invoice(cafe):
    sends(place(("MUG", 1)), 1)

    assert not Invoice.objects.exists()


@database
def test_a_failed_shipment_takes_no_number(cafe):
    placed = buys(1)
    with pytest.raises(Invalid):
        sends(placed, 2)
    sends(placed, 1)

    assert Invoice.objects.get().number == "INV-1001"


@database
def test_an_invoice_past_its_day_raises_an_alert_that_payment_closes(cafe):
    sends(buys(3), 3)
    assert invoicing.watch_overdue(today=date(2026, 12, 7), at=LATE) == 0

    assert invoicing.watch_overdue(today=date(2026, 12, 8), at=LATE) == 1
    assert "INV-1001 of CAFE over 30.00 AUD" in Alert.objects.get().message

    invoicing.settle("INV-1001", reference="Bank", actor=TESTER, at=LATE)
    assert Alert.objects.get().closed_at is not None


@database
def test_nobody_rewrites_an_invoice(cafe):
    sends(buys(1), 1)
    for statement in (
        "update invoices_invoice set total_minor = 1",
        "update invoices_invoiceline set quantity = 9",
        "delete from invoices_invoice",
        "delete from core_numberseries",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(Invalid):
        invoicing.settle("INV-1001", reference=" ", actor=TESTER, at=LATE)
