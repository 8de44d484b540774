"""Customers as the staff see them."""

import pytest
from zeal import zeal_context

from oms.orders.models import Customer, CustomerAddress
from tests.builders import channel, customer, place, price, shelf
from tests.doors.test_order_pages import BACKEND, person, press

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(client):
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    shelf("MUG", on_hand=50)
    channel("api")
    return client


def known(**facts) -> dict:
    return {
        "code": "CAFE",
        "customer_type": "b2b",
        "name": "Café Nord",
        "currency": "AUD",
        "is_active": "on",
    } | facts


def test_a_customer_is_made_changed_and_shows_what_applies(desk):
    made = press(desk, "/customers/new", **known(terms_days="14", credit_limit="250.00"))
    assert made.status_code == 200
    assert made.redirect_chain[-1][0] == "/customers/CAFE"
    assert made.context["agreed"].terms_days == 14
    assert made.context["left"] == 25_000

    press(desk, "/customers/CAFE/edit", name="Café Nord", terms_days="", credit_limit="", is_active="on")

    again = Customer.objects.get(code="CAFE")
    assert (again.terms_days, again.credit_limit_minor, again.is_active) == (None, None, True)
    assert desk.get("/customers/CAFE").context["agreed"].terms_days == 30


def test_a_code_that_is_taken_keeps_what_was_typed(desk):
    press(desk, "/customers/new", **known())
    again = press(desk, "/customers/new", **known(name="Another"))

    assert again.status_code == 422
    assert "exists already" in again.content.decode()
    assert again.context["form"]["name"].value() == "Another"


def test_the_list_finds_by_name_and_shows_who_is_above_the_limit(desk):
    customer("CAFE", credit_limit_minor=1_000)
    customer("BAKERY", name="Bakery")
    price("MUG", "20.00")
    place(("MUG", 2), customer="CAFE")

    assert [row.code for row in desk.get("/customers/?q=nord").context["rows"]] == ["CAFE"]
    with zeal_context():
        page = desk.get("/customers/?credit=above")
    assert [(row.code, row.is_above) for row in page.context["rows"]] == [("CAFE", True)]


def test_the_page_of_a_customer_costs_as_much_for_many_orders(desk, django_assert_max_num_queries):
    cafe = customer("CAFE")
    for number in range(8):
        place(("MUG", 1), customer="CAFE", number=f"N-{number}")
        CustomerAddress.objects.create(
            customer=cafe, code=f"A{number}", name="Café", line1="1 Street", city="Perth", country="AU"
        )
    with django_assert_max_num_queries(24):
        page = desk.get("/customers/CAFE")
    assert page.context["order_count"] == 8
    assert len(page.context["addresses"]) == 8


def test_addresses_are_written_changed_and_removed(desk):
    customer("CAFE")
    entry = {
        "code": "dock",
        "name": "Café Nord",
        "line1": "2 Pier Road",
        "city": "Fremantle",
        "country": "AU",
        "is_billing": "on",
    }
    press(desk, "/customers/CAFE/address", **entry)
    form = desk.get("/customers/CAFE/address?entry=dock").context["form"]
    assert form.initial["line1"] == "2 Pier Road"
    press(desk, "/customers/CAFE/address?entry=dock", **entry | {"line1": "3 Pier Road"})
    assert CustomerAddress.objects.get().line1 == "3 Pier Road"

    press(desk, "/customers/CAFE/address/dock/remove")

    assert not CustomerAddress.objects.exists()


def test_erasing_wants_the_code_typed(desk):
    customer("CAFE")
    wrong = press(desk, "/customers/CAFE/erase", code="CAFFE", reason="Asked")
    assert "Type CAFE" in wrong.content.decode()
    assert Customer.objects.get().erased_at is None

    done = press(desk, "/customers/CAFE/erase", code="CAFE", reason="Asked by letter")

    assert Customer.objects.get().erased_at is not None
    assert "Café Nord" not in done.content.decode()


def test_a_customer_that_waits_for_parcels_has_its_button_off_with_the_reason(desk):
    customer("CAFE")
    placed = place(("MUG", 1), customer="CAFE")

    page = desk.get("/customers/CAFE").content.decode()

    assert f"{placed.number} must still be sent." in page


def test_customers_of_other_sites_are_not_found(client):
    client.force_login(person("ben", ("manager", "SYD")), backend=BACKEND)
    shelf("MUG", on_hand=5)
    customer("CAFE")
    place(("MUG", 1), customer="CAFE")

    assert client.get("/customers/").context["total"] == 0
    assert client.get("/customers/CAFE").status_code == 404


def test_a_picker_sees_no_customers(client):
    client.force_login(person("mai", ("picker", "PER")), backend=BACKEND)

    assert client.get("/customers/").status_code == 403
