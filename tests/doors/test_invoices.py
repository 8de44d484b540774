"""Invoices for the accountant and for programs."""

from datetime import UTC, datetime, timedelta

import pytest
from zeal import zeal_context

from fulfilment.rules import NewParcel, ParcelLine
from oms.flows import customers, ordering, shipping
from oms.invoices.models import Invoice
from tests.builders import TESTER, channel, customer, request, shelf
from tests.doors.test_order_pages import BACKEND, person, press
from tests.doors.test_rest_contract import Api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(client):
    """An accountant's browser; two invoices, one of them overdue."""
    shelf("MUG", on_hand=50)
    channel("api")
    customer("CAFE", terms_days=14)
    for number, days in ((1, 40), (2, 1)):
        at = datetime.now(UTC) - timedelta(days=days)
        wanted = request(("MUG", number), customer="CAFE", po_number=f"PO-{number}")
        placed = ordering.place_order(wanted, actor=TESTER, at=at)
        parcel = NewParcel("auspost", f"T-{number}", (ParcelLine("MUG", number),))
        shipping.ship_parcels(placed.work[0].number, contents=[parcel], actor=TESTER, at=at)
    client.force_login(person("ines", ("accountant", "")), backend=BACKEND)
    return client


def numbers(page) -> list[str]:
    return [row.number for row in page.context["rows"]]


def test_the_list_says_what_is_overdue_and_the_tile_counts_it(desk):
    with zeal_context():
        page = desk.get("/invoices/?state=overdue")

    assert numbers(page) == ["INV-1001"]
    assert numbers(desk.get("/invoices/?state=open")) == ["INV-1002", "INV-1001"]
    assert numbers(desk.get("/invoices/?q=PO-2")) == ["INV-1002"]
    tile = next(line for line in desk.get("/").context["tiles"] if line["tile"].name == "Overdue invoices")
    assert tile["count"] == 1


def test_a_payment_is_marked_once_with_its_reference(desk):
    press(desk, "/invoices/INV-1001/settle", reference="Bank 77")
    again = press(desk, "/invoices/INV-1001/settle", reference="Bank 78")

    assert Invoice.objects.get(number="INV-1001").settled_reference == "Bank 77"
    assert "was marked as paid" in again.content.decode()
    assert numbers(desk.get("/invoices/?state=settled")) == ["INV-1001"]


def test_the_file_says_the_same_as_the_list(desk):
    text = b"".join(desk.get("/invoices/invoices.csv?state=open").streaming_content).decode()

    rows = [line.split(",") for line in text.strip().splitlines()]
    assert rows[0][0] == "number"
    assert [(row[0], row[3], row[7], row[9]) for row in rows[1:]] == [
        ("INV-1001", "PO-1", "overdue", "10.00"),
        ("INV-1002", "PO-2", "open", "20.00"),
    ]


def test_the_paper_is_a_pdf_and_survives_erasure(desk):
    before = desk.get("/invoices/INV-1001/pdf")
    customers.erase_customer("CAFE", reason="Asked", actor=TESTER, at=datetime.now(UTC))
    after = desk.get("/invoices/INV-1001/pdf")

    assert before.content.startswith(b"%PDF")
    assert after.content.startswith(b"%PDF")
    assert desk.get("/invoices/INV-1001").status_code == 200


def test_invoices_over_rest(desk):
    api = Api("invoices:read")
    assert [each["number"] for each in api.get("invoices?state=overdue").json()["results"]] == ["INV-1001"]
    one = api.get("invoices/INV-1002").json()
    assert (one["total"], one["customer"], one["po_number"]) == ("20.00", "CAFE", "PO-2")
    assert one["lines"] == [{"sku": "MUG", "quantity": 2, "unit_price": "10.0000", "total": "20.00"}]
    assert api.get("invoices/INV-9").status_code == 404
    assert Api("orders:read").get("invoices").status_code == 403


def test_a_picker_sees_no_invoices(client):
    client.force_login(person("mai", ("picker", "PER")), backend=BACKEND)
    assert client.get("/invoices/").status_code == 403
