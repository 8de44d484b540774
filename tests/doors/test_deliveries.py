"""Announced deliveries through the pages, over REST and in the admin: who may, and what they are told."""

from datetime import UTC, datetime, timedelta

import pytest
from zeal import zeal_context

from inventory.models import DeliveryChange, ExpectedReceipt
from oms.catalogue.models import Sku
from oms.flows import counting
from oms.orders.models import SupplyClaim
from tests.builders import TESTER, breaches, location, place, shelf
from tests.doors.test_order_pages import BACKEND, person
from tests.doors.test_rest_contract import Api

pytestmark = pytest.mark.django_db
TODAY = datetime.now(UTC).date()
SOON, LATER = TODAY + timedelta(days=3), TODAY + timedelta(days=10)


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture
def delivery() -> int:
    """Four announced at Perth, two of them preordered."""
    shelf("MUG", on_hand=1)
    location("SYD")
    place(("MUG", 1))
    Sku.objects.filter(code="MUG").update(backorder_policy="preorder")
    told = {"location": "PER", "quantity": 4, "reference": "ASN-1", "expected_on": SOON}
    made = counting.expect_stock("MUG", **told, actor=TESTER, at=datetime.now(UTC))
    place(("MUG", 2))
    return made.pk


def preorder() -> SupplyClaim:
    return SupplyClaim.objects.select_related("expected", "line__order").get()


def change(client, delivery: int, **said):
    fields = {"what": "off", "reason": "Sunk", "seen": 4, "step": "save", "idempotency_key": "change-key-01"}
    return client.post(f"/stock/deliveries/{delivery}", fields | said)


def test_a_delivery_is_announced_read_tried_and_changed_over_rest(delivery):
    api = Api("*")
    body = {"sku": "MUG", "location": "PER", "quantity": 2, "reference": "ASN-2", "expected_on": str(LATER)}
    made = api.post("deliveries", body)
    assert made.status_code == 201, made.content
    assert api.post("deliveries", body).status_code == 409
    listed = api.get("deliveries?sku=MUG&to_come=true").json()["results"]
    assert [(row["reference"], row["to_come"], row["preordered"]) for row in listed] == [
        ("ASN-1", 4, 2),
        ("ASN-2", 2, 0),
    ]

    wish = {"reason": "Sunk", "to_come": 0, "seen": 4}
    tried = api.post(f"deliveries/{delivery}/preview", wish).json()
    assert preorder().expected.reference == "ASN-1"
    assert not DeliveryChange.objects.exists()
    done = api.post(f"deliveries/{delivery}/change", wish).json()

    assert tried == done
    assert (done["deliveries"], done["lost"], done["later"]) == (1, 0, 1)
    assert done["orders"][0]["after"] == [{"pieces": 2, "reference": "ASN-2", "expected_on": str(LATER)}]
    assert api.get(f"deliveries/{delivery}").json()["announced"] == 0
    assert api.post(f"deliveries/{delivery}/change", wish).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {"reason": ""},
        {"reason": "x"},
        {"reason": "x", "to_come": -1},
        {"reason": "x", "expected_on": "2020-01-01"},
        {"reason": "x", "to_come": 2, "whole": True},
    ],
)
def test_what_cannot_be_meant_is_answered_422(delivery, body):
    assert Api("*").post(f"deliveries/{delivery}/change", body).status_code == 422


def test_a_key_changes_a_delivery_once(delivery):
    api = Api("*")
    wish = {"reason": "Late", "expected_on": str(LATER)}

    first = api.post(f"deliveries/{delivery}/change", wish, key="d-1")
    second = api.post(f"deliveries/{delivery}/change", wish, key="d-1")

    assert first.json() == second.json()
    assert DeliveryChange.objects.count() == 1


def test_a_token_reaches_its_own_locations_with_its_own_scope(delivery):
    elsewhere, reader = Api("stock:*", locations=("SYD",)), Api("stock:read")

    assert elsewhere.get("deliveries").json()["results"] == []
    assert elsewhere.get(f"deliveries/{delivery}").status_code == 404
    wish = {"reason": "x", "to_come": 0}
    assert elsewhere.post(f"deliveries/{delivery}/change", wish).status_code == 404
    assert elsewhere.post(f"deliveries/{delivery}/preview", wish).status_code == 404
    assert reader.post(f"deliveries/{delivery}/change", wish).status_code == 403
    assert reader.get(f"deliveries/{delivery}").status_code == 200


def test_a_buyer_sees_who_counts_on_it_tries_a_change_and_makes_it(client, delivery):
    client.force_login(person("bea", ("buyer", "")), backend=BACKEND)
    number = preorder().line.order.number
    listed = client.get("/stock/deliveries?state=coming").content.decode()
    assert ("ASN-1" in listed, "in 1 order" in listed) == (True, True)
    assert number in client.get(f"/stock/deliveries/{delivery}").content.decode()

    tried = change(client, delivery, step="preview").content.decode()
    assert ("2 with none" in tried, "Nothing is changed yet" in tried) == (True, True)
    assert preorder().expected_id == delivery
    live = client.post(
        f"/stock/deliveries/{delivery}",
        {"what": "move", "expected_on": str(LATER), "reason": "Late", "seen": 4, "step": "preview"},
        headers={"HX-Request": "true"},
    ).content.decode()
    assert ("Leaves by" in live, "<html" in live) == (True, False)
    assert change(client, delivery).status_code == 302

    assert preorder().expected_id is None
    shown = client.get(f"/orders/{number}").content.decode()
    assert "2 lost the delivery they were bound to" in shown
    assert "2 lost the delivery they were bound to" in client.get("/orders/scarce/MUG").content.decode()
    assert "called it off" in client.get(f"/stock/deliveries/{delivery}").content.decode()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"what": "move"}, "Say the new day."),
        ({"what": "pieces"}, "Say how many pieces"),
        ({"what": "pieces", "to_come": 2, "whole": "on"}, "SKU by SKU"),
        ({"reason": ""}, "required"),
        ({"seen": 3}, "Look again"),
    ],
)
def test_a_form_that_says_too_little_says_so_and_keeps_what_was_typed(client, delivery, said, wrong):
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)

    answer = change(client, delivery, **said)

    assert (answer.status_code, wrong in answer.content.decode()) == (422, True)
    assert not DeliveryChange.objects.exists()


def test_nobody_changes_what_comes_to_another_site(client, delivery):
    client.force_login(person("bea", ("buyer", "SYD")), backend=BACKEND)
    assert client.get(f"/stock/deliveries/{delivery}").status_code == 404
    assert "ASN-1" not in client.get("/stock/deliveries").content.decode()
    assert change(client, delivery).status_code == 404

    client.force_login(person("mai", ("picker", "PER")), backend=BACKEND)
    shown = client.get(f"/stock/deliveries/{delivery}").content.decode()
    assert ("Change 1 delivery" in shown, preorder().line.order.number in shown) == (False, True)
    assert change(client, delivery).status_code == 404
    assert client.get("/stock/deliveries/new").status_code == 403
    assert preorder().expected_id == delivery


def test_a_delivery_is_announced_on_its_page_at_the_sites_of_the_buyer(client, delivery):
    client.force_login(person("bea", ("buyer", "PER")), backend=BACKEND)
    said = {"location": "PER", "sku": "MUG", "quantity": 6, "reference": "ASN-7", "expected_on": str(LATER)}

    elsewhere = client.post(
        "/stock/deliveries/new", said | {"location": "SYD", "idempotency_key": "new-key-01"}
    )
    twice = client.post(
        "/stock/deliveries/new", said | {"reference": "ASN-1", "idempotency_key": "new-key-02"}
    )
    assert (elsewhere.status_code, twice.status_code) == (422, 422)
    made = client.post("/stock/deliveries/new", said | {"idempotency_key": "new-key-03"})

    found = ExpectedReceipt.objects.get(reference="ASN-7")
    assert made.headers["location"] == f"/stock/deliveries/{found.pk}"
    assert (found.quantity_expected, found.expected_on) == (6, LATER)


def test_the_admin_shows_and_changes_nothing(client, delivery):
    boss = person("root", ("administrator", ""))
    boss.is_staff = boss.is_superuser = True
    boss.save()
    client.force_login(boss, backend=BACKEND)

    page = client.get(f"/admin/inventory/expectedreceipt/{delivery}/change/")

    assert page.status_code == 200
    assert f"/stock/deliveries/{delivery}" in page.content.decode()
    assert client.get("/admin/inventory/expectedreceipt/add/").status_code == 403
    assert client.post(f"/admin/inventory/expectedreceipt/{delivery}/delete/").status_code == 403


def test_pages_ask_no_more_for_more_orders(client, delivery):
    place(("MUG", 1))
    place(("MUG", 1))
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)

    for address in ("/stock/deliveries", f"/stock/deliveries/{delivery}", "/orders/scarce/MUG"):
        with zeal_context():
            assert client.get(address).status_code == 200
    with zeal_context():
        assert Api("*").get("deliveries").status_code == 200
