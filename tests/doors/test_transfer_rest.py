"""Transfers, lots and numbered pieces as a program meets them."""

from datetime import date

import pytest

from inventory import floor_queries
from inventory.rules import Arrived
from oms.flows import arriving
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, location, place, shelf
from tests.doors.test_rest_contract import Api

pytestmark = pytest.mark.django_db
BODY = {
    "origin": "PER",
    "destination": "SYD",
    "expected_on": "2026-12-01",
    "lines": [{"sku": "MUG", "quantity": 3}],
}


@pytest.fixture
def api() -> Api:
    shelf(on_hand=5)
    location("SYD")
    return Api("*")


def test_a_transfer_goes_all_the_way(api):
    made = api.post("transfers", BODY)
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    assert (level().reserved, made.json()["status"]) == (3, "planned")

    sent = api.post(f"transfers/{number}/send", {})
    assert sent.json()["status"] == "sent", sent.content
    got = api.post(
        f"transfers/{number}/receive", {"lines": [{"sku": "MUG", "quantity": 2}], "lost_for": "lost"}
    )

    assert got.json()["status"] == "received", got.content
    assert got.json()["lines"][0] | {"loss_reason": ""} == {
        "sku": "MUG",
        "quantity": 3,
        "lot": None,
        "sent": 3,
        "received": 2,
        "lost": 1,
        "loss_reason": "",
    }
    assert api.get("transfers?status=received").json()["results"][0]["number"] == number
    assert level(at="SYD").on_hand == 2
    assert breaches() == {}


def test_the_same_key_plans_once(api):
    first = api.post("transfers", BODY, key="t-1")
    second = api.post("transfers", BODY, key="t-1")

    assert first.json()["number"] == second.json()["number"]
    assert level().reserved == 3


def test_what_was_sent_is_not_cancelled(api):
    number = api.post("transfers", BODY).json()["number"]
    api.post(f"transfers/{number}/send", {})

    refused = api.post(f"transfers/{number}/cancel", {})

    assert refused.status_code == 409


def test_a_lot_is_read_and_recalled(api):
    builders.sku("TEA", is_lot_tracked=True)
    arriving.receive_arrivals(
        [Arrived("TEA", 3, "L1", date(2027, 1, 31))], location="PER", reference="IN-1", actor=TESTER, at=NOON
    )
    placed = place(("TEA", 1))

    assert api.get("lots?sku=TEA").json()["results"][0]["on_hand"] == 3
    done = api.post("lots/TEA/L1/recall", {"reason": "glass"}).json()

    assert (done["pieces"], done["displaced"]) == (3, [placed.number])
    detail = api.get("lots/TEA/L1").json()
    assert detail["stands"] == [{"location": "PER", "bin": None, "on_hand": 3, "quarantined": 3}]
    assert detail["lot"]["recall_reason"] == "glass"


def test_a_sku_has_many_barcodes_and_packs(api):
    named = api.post(
        "skus/MUG/names",
        {
            "barcodes": ["9300675024235"],
            "packs": [{"name": "carton", "quantity": 12, "barcodes": ["19300675024232"]}],
        },
    )
    assert named.status_code == 200, named.content
    assert set(named.json()["barcodes"]) == {"9300675024235", "19300675024232"}
    assert floor_queries.read_code("19300675024232").pieces == 12

    misread = api.post("skus/MUG/names", {"barcodes": ["9300675024236"]})
    assert misread.status_code == 422


def test_how_a_sku_is_kept_changes_only_while_none_is_there(api):
    assert api.patch("skus/MUG", {"is_lot_tracked": True}).status_code == 409

    builders.sku("TEA")
    assert api.patch("skus/TEA", {"is_lot_tracked": True}).json()["is_lot_tracked"] is True
