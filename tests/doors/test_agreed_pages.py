"""What was agreed and billed stands on the pages of the order and of its customer."""

from datetime import date

import pytest
from zeal import zeal_context

from fulfilment.rules import NewParcel, ParcelLine
from oms.flows import shipping
from tests.builders import NOON, TESTER, channel, customer, place, shelf
from tests.doors.test_order_pages import BACKEND, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(client):
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    shelf("MUG", on_hand=90)
    channel("api")
    customer("CAFE", terms_days=14)
    return client


def buys(pieces: int = 3, **facts):
    return place(("MUG", pieces), customer="CAFE", po_number="PO-77", promise_by=NOON, **facts)


def sends(placed, pieces: int, tracking: str) -> None:
    parcel = NewParcel("auspost", tracking, (ParcelLine("MUG", pieces),))
    shipping.ship_parcels(placed.work[0].number, contents=[parcel], actor=TESTER, at=NOON)


def test_an_order_on_terms_says_who_when_and_until_which_day(desk):
    facts = {"deliver_from": date(2026, 11, 25), "deliver_until": date(2026, 11, 27), "is_residential": False}
    placed = buys(**facts, gift_message="With love")

    page = desk.get(f"/orders/{placed.number}")

    said = " ".join(page.content.decode().split())
    assert 'href="/customers/CAFE"' in said
    assert "PO-77" in said
    assert "14 days to pay" in said
    assert page.context["due_if_kept"] == date(2026, 12, 7)
    assert "Wed 25 Nov" in said
    assert "Fri 27 Nov" in said
    assert "a business</dd>" in said
    assert "With love" in said


def test_what_was_billed_is_linked_for_whoever_may_open_it(desk, client):
    placed = buys()
    sends(placed, 1, "T-1")
    sends(placed, 2, "T-2")

    with zeal_context():
        page = desk.get(f"/orders/{placed.number}")
    with zeal_context():
        theirs = desk.get("/customers/CAFE")

    assert [one.number for one in page.context["invoices"]] == ["INV-1001", "INV-1002"]
    assert page.context["due_if_kept"] is None
    for seen in (page, theirs):
        assert 'href="/invoices/INV-1002"' in seen.content.decode()
    assert theirs.context["invoice_count"] == 2

    client.force_login(person("bea", ("buyer", "")), backend=BACKEND)
    seen = client.get(f"/orders/{placed.number}").content.decode()
    assert "INV-1002" in seen
    assert 'href="/invoices/INV-1002"' not in seen


def test_a_person_who_pays_before_has_no_terms(desk):
    page = desk.get(f"/orders/{place(('MUG', 1)).number}").content.decode()

    assert "to pay" not in page
    assert "a home</dd>" in page
