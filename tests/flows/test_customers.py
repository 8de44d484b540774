"""Customers are made, change, keep an address book, and are forgotten without a figure moving."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from oms.core import erasing, inbox
from oms.core.models import AuditEntry, Draft, User
from oms.flows import customers, ordering
from oms.flows.customers import HasOpenOrders, NewCustomer
from oms.orders.models import Customer, CustomerAddress, Order
from oms.orders.requests import Address
from oms.orders.rules import CustomerErased, UnknownCustomer
from tests.builders import NOON, TESTER, breaches, channel, order, place, price, shelf
from tests.doors.test_rest_contract import Api

pytestmark = pytest.mark.django_db(transaction=True)

ZOE = {"name": "Zoë Quandary", "email": "zoe@quandary.example", "phone": "+61 8 5550 1999"}
HOME = Address("Zoë Quandary", "77 Umbrella Lane", "Fremantle", "AU", region="WA", postcode="6160")
KNOWN = [*ZOE.values(), HOME.line1, "for my nephew Barnaby"]


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


def zoe(code: str = "ZOE") -> Customer:
    made = customers.create_customer(NewCustomer(code, "b2c", "AUD", ZOE), actor=TESTER, at=NOON)
    values = HOME.as_json() | {"label": "Home", "is_billing": True}
    customers.book_address(code, "home", values=values, actor=TESTER, at=NOON)
    return made


def buys(**facts):
    """An order of hers that has ended."""
    channel("api")
    shelf("MUG", on_hand=9)
    placed = place(
        ("MUG", 2), to=HOME, customer_email=ZOE["email"], gift_message="for my nephew Barnaby", **facts
    )
    ordering.cancel_order(placed.number, reason="Asked", actor=TESTER, at=NOON)
    return placed


def erase(code: str = "ZOE"):
    return customers.erase_customer(code, reason="Asked by letter", actor=TESTER, at=NOON)


def test_an_erased_person_stands_nowhere_and_no_figure_moves():
    zoe()
    by_code, by_mail = buys(customer="ZOE"), buys()
    inbox.receive(
        "shop", "e-1", json.dumps({"buyer": ZOE, "ship": HOME.as_json()}).encode(), headers={}, at=NOON
    )
    Draft.objects.create(
        owner=User.objects.create_user("ann"), form="x", values={"n": ZOE["name"]}, saved_at=NOON
    )
    Api("*").post("customers", {"code": "ZOE-2", "type": "b2c"} | ZOE)
    erased_too = Customer.objects.get(code="ZOE-2")
    before = list(Order.objects.order_by("id").values())
    assert erasing.scan(KNOWN)

    erase()
    customers.erase_customer(erased_too.code, reason="The same person", actor=TESTER, at=NOON)

    assert erasing.scan(KNOWN) == []
    assert list(Order.objects.order_by("id").values()) == before
    for placed in (by_code, by_mail):
        assert order(placed).contact.erased_at == NOON
    assert not Customer.objects.get(code="ZOE").is_active


def test_the_scanner_finds_a_person_in_every_spelling():
    zoe()
    with connection.cursor() as cursor:
        for number, body in enumerate(
            (
                b'{"n": "ZO\\u00EB QUANDARY"}',
                "Zoë Quandary".encode("utf-16-le"),
                "Zoë Quandary".encode("cp1252"),
            )
        ):
            cursor.execute(
                "insert into core_inboxmessage (source, event_id, body, headers, received_at, due_at, topic)"
                " values ('s', %s, %s, '{}', now(), now(), '')",
                [str(number), body],
            )

    hits = {(hit.table, hit.column): hit.rows for hit in erasing.scan(["Zoë Quandary"])}

    assert hits["core_inboxmessage", "body"] == 3
    assert hits["orders_customercontact", "name"] == 1


def test_the_commands_erase_and_prove(capsys):
    zoe()
    with pytest.raises(CommandError):
        call_command("pii_scan", "Zoë Quandary")

    call_command("erase_customer", "ZOE")
    call_command("pii_scan", "Zoë Quandary", ZOE["email"])

    assert "0 hits in 0 columns." in capsys.readouterr().out
    with pytest.raises(CommandError, match="4 characters"):
        call_command("pii_scan", "Zoë")


def test_nobody_is_forgotten_while_parcels_are_due():
    zoe()
    channel("api")
    shelf("MUG", on_hand=9)
    placed = place(("MUG", 1), customer="ZOE")

    with pytest.raises(HasOpenOrders, match=placed.number):
        erase()

    assert Customer.objects.get(code="ZOE").is_active


def test_who_was_erased_neither_buys_nor_is_written_about():
    zoe()
    erase()
    channel("api")
    shelf("MUG", on_hand=9)

    with pytest.raises(UnknownCustomer):
        place(("MUG", 1), customer="ZOE")
    with pytest.raises(CustomerErased):
        customers.change_customer("ZOE", facts={}, who={"name": "Zoë"}, actor=TESTER, at=NOON)


def test_the_audit_says_what_changed_and_not_to_whom():
    zoe()
    customers.change_customer(
        "ZOE", facts={"terms_days": 14}, who={"email": "z@q.example"}, actor=TESTER, at=NOON
    )
    erase()

    entries = list(AuditEntry.objects.filter(subject_kind="customer").order_by("id"))

    assert [entry.action for entry in entries] == [
        "customer.created",
        "customer.address_booked",
        "customer.changed",
        "customer.erased",
    ]
    assert entries[2].changes == {"terms_days": [None, 14], "who": "changed"} or entries[2].changes == {
        "terms_days": [None, 14],
        "who": ["email"],
    }


def test_one_billing_address_at_a_time():
    zoe()
    values = HOME.as_json() | {"is_billing": True}

    customers.book_address("ZOE", "office", values=values, actor=TESTER, at=NOON)

    assert CustomerAddress.objects.get(is_billing=True).code == "office"


def test_customers_over_rest():
    price("MUG", "1.00")
    api = Api("customers:read", "customers:write")
    made = api.post(
        "customers", {"code": "CAFE", "type": "b2b", "name": "Café Nord", "credit_limit": "250.00"}
    )
    assert made.status_code == 201, made.content
    entry = {
        "code": "dock",
        "name": "Café Nord",
        "line1": "2 Pier Road",
        "city": "Fremantle",
        "country": "AU",
    }

    assert api.post("customers/CAFE/addresses", entry).status_code == 200
    assert api.get("customers/CAFE/addresses").json()["results"][0]["line1"] == "2 Pier Road"
    changed = api.patch("customers/CAFE", {"terms_days": 14, "credit_limit": None})
    assert (changed.json()["terms_days"], changed.json()["credit_limit"]) == (14, None)
    assert [each["code"] for each in api.get("customers?q=nord").json()["results"]] == ["CAFE"]
    assert api.client.delete("/api/v1/customers/CAFE/addresses/dock").status_code == 204
    assert api.client.delete("/api/v1/customers/CAFE/addresses/dock").status_code == 404
    assert api.post("customers", {"code": "CAFE", "type": "b2b", "name": "Other"}).status_code == 409
    assert api.post("customers", {"code": "X Y", "type": "b2b", "name": "N"}).status_code == 422
    assert Api("orders:*").get("customers").status_code == 403
