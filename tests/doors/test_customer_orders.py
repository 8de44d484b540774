"""Orders of known customers over REST: what may be left out, and what is pointed at when it does not fit."""

import pytest

from oms.orders.models import CustomerAddress, CustomerTypePolicy
from tests import builders
from tests.builders import price, shelf
from tests.doors.test_rest_contract import Api, body

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Api:
    builders.channel("api")
    shelf("MUG", on_hand=50)
    cafe = builders.customer("CAFE", name="Café Nord")
    CustomerAddress.objects.create(
        customer=cafe, code="dock", name="Café Nord", line1="2 Pier Road", city="Fremantle", region="WA",
        postcode="6160", country="AU",
    )  # fmt: skip
    price("MUG", "18.00", "wholesale", from_quantity=6)
    price("MUG", "24.00")
    return Api("*")


def known(**facts) -> dict:
    """As little as a known customer's order has to say."""
    return {
        "channel": "api",
        "external_number": "K-1",
        "customer": {"code": "CAFE"},
        "ship_to": "dock",
        "currency": "AUD",
        "lines": [{"sku": "MUG", "quantity": 6}],
    } | facts


def test_a_known_customer_says_little_and_gets_its_terms(api):
    window = {"deliver_from": "2026-12-01", "deliver_until": "2026-12-04"}

    answer = api.post("orders", known(**window, ship_complete=True, priority=2, po_number="PO-9"))

    assert answer.status_code == 201, answer.content
    assert answer.json()["lines"][0]["unit_price"] == "18.0000"
    read = api.get(f"orders/{answer.json()['number']}").json()
    assert read["customer"] == {
        "type": "b2b",
        "name": "Café Nord",
        "email": "cafe@example.com",
        "code": "CAFE",
    }
    assert read["shipping_address"]["line1"] == "2 Pier Road"
    assert (read["terms_days"], read["residential"], read["priority"]) == (30, False, 2)
    assert (read["partial_policy"], read["po_number"], read["total"]) == ("together", "PO-9", "108.00")
    assert {name: read[name] for name in window} == window


def test_the_contract_of_before_still_holds(api):
    answer = api.post("orders", body(("MUG", 1)))

    assert answer.status_code == 201
    read = api.get(f"orders/{answer.json()['number']}").json()
    assert (read["customer"]["code"], read["terms_days"], read["residential"]) == (None, None, True)


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"customer": {"code": "NOBODY"}}, "#/customer/code"),
        ({"customer": {}}, "#/customer/name"),
        ({"ship_to": "attic"}, "#/ship_to"),
        ({"ship_to": None}, "#/shipping_address"),
        ({"currency": "NZD"}, "#/currency"),
        ({"deliver_from": "2026-12-02", "deliver_until": "2026-12-01"}, "#/deliver_until"),
        ({"ship_complete": True, "partial_policy": "split"}, "#/partial_policy"),
        ({"priority": 0}, "#/priority"),
        ({"lines": [{"sku": "CUP", "quantity": 1}]}, "#/lines/0/sku"),
        ({"shipping_address": body()["shipping_address"]}, "#/ship_to"),
    ],
)
def test_what_does_not_fit_is_pointed_at(api, facts, pointer):
    answer = api.post("orders", known(**facts))

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_a_business_that_must_name_its_own_order_is_told_where(api):
    CustomerTypePolicy.objects.filter(customer_type="b2b").update(requires_po_number=True)

    answer = api.post("orders", known())

    assert (answer.status_code, answer.json()["code"]) == (422, "po-number-required")
    assert answer.json()["errors"][0]["pointer"] == "#/po_number"


def test_in_bulk_each_order_is_judged_by_itself(api):
    answer = api.post(
        "orders/bulk", {"orders": [known(), known(external_number="K-2", customer={"code": "X"})]}
    )

    assert [each["status"] for each in answer.json()["results"]] == [201, 422]
