"""What other programs count on: the REST contract, called as they would."""

import json
from decimal import Decimal

import pytest
from django.test import Client

from oms.core import tokens
from oms.core.actors import SYSTEM
from oms.orders.models import OrderReason
from tests import builders
from tests.builders import NOON

pytestmark = pytest.mark.django_db


class Api:
    """A program with a token."""

    def __init__(self, *scopes: str, locations: tuple[str, ...] = ()) -> None:
        _, text = tokens.create("tests", scopes=scopes, location_codes=locations, actor=SYSTEM, at=NOON)
        self.client = Client(headers={"authorization": f"Bearer {text}"})
        self.keys = 0

    def get(self, path: str):
        return self.client.get(f"/api/v1/{path}")

    def post(self, path: str, body: object = None, *, key: str | None = None):
        self.keys += 1
        headers = {"Idempotency-Key": key or f"key-{self.keys}"}
        return self.client.post(
            f"/api/v1/{path}",
            json.dumps(body if body is not None else {}),
            "application/json",
            headers=headers,
        )

    def patch(self, path: str, body: object):
        return self.client.patch(f"/api/v1/{path}", json.dumps(body), "application/json")


@pytest.fixture
def api() -> Api:
    builders.channel("api")
    builders.reasons()
    for code in ("PER", "SYD"):
        builders.location(code)
    return Api("*")


def body(*lines: tuple[str, int], number: str = "E-1", **facts) -> dict:
    """An order as the contract has it."""
    return {
        "channel": "api",
        "external_number": number,
        "customer": {"type": "b2c", "name": "Lee Kim", "email": "lee.kim@example.com"},
        "shipping_address": {
            "name": "Lee Kim",
            "line1": "14 Wattle Street",
            "line2": "",
            "city": "Mount Lawley",
            "region": "WA",
            "postcode": "6050",
            "country": "AU",
        },
        "currency": "AUD",
        "lines": [{"sku": sku, "quantity": quantity, "unit_price": "24.00"} for sku, quantity in lines],
        **facts,
    }


def stock(api: Api, sku: str, **pieces: int) -> None:
    """A new SKU with stock, made through the same door."""
    made = api.post(
        "skus", {"sku": sku, "name": sku.title(), "weight_grams": 350, "unit_cost": "8.50", "currency": "AUD"}
    )
    assert made.status_code == 201, made.content
    for code, quantity in pieces.items():
        answer = api.post(
            "stock-adjustments", {"sku": sku, "location": code, "quantity_delta": quantity, "reason": "found"}
        )
        assert answer.status_code == 201, answer.content


def level(api: Api, sku: str, location: str) -> dict:
    """The level as REST tells it."""
    return api.get(f"stock-levels?sku={sku}&location={location}").json()["results"][0]


def test_twelve_in_stock_order_three_nine_left_then_ten(api):
    stock(api, "4427", PER=12)

    first = api.post("orders", body(("4427", 3), number="A"))
    assert first.status_code == 201, first.content
    assert level(api, "4427", "PER")["available"] == 9

    second = api.post("orders", body(("4427", 10), number="B")).json()
    assert second["status"] == "backordered"
    line = second["lines"][0]
    assert (line["allocated"], line["backordered"]) == (9, 1)
    now = level(api, "4427", "PER")
    assert (now["on_hand"], now["reserved"], now["available"], now["incoming"]) == (12, 12, 0, 0)


def test_the_perth_example(api):
    stock(api, "KETTLE", PER=3, SYD=20)
    builders.rate("PER", region="WA", cost_minor=600, days=2)
    builders.rate("SYD", region="WA", cost_minor=1200, days=5)

    placed = api.post("orders", body(("KETTLE", 1))).json()

    assert [work["location"] for work in placed["fulfilment_orders"]] == ["PER"]
    assert level(api, "KETTLE", "PER")["available"] == 2
    assert level(api, "KETTLE", "SYD")["available"] == 20


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(api):
    stock(api, "MUG", PER=5)

    first = api.post("orders", body(("MUG", 1)), key="k")
    again = api.post("orders", body(("MUG", 1)), key="k")
    other = api.post("orders", body(("MUG", 2)), key="k")

    assert (again.status_code, again.json()) == (201, first.json())
    assert other.status_code == 422
    assert other["content-type"] == "application/problem+json"
    assert level(api, "MUG", "PER")["reserved"] == 1


def test_a_channel_number_seen_before_is_409_and_names_the_order(api):
    stock(api, "MUG", PER=5)
    number = api.post("orders", body(("MUG", 1))).json()["number"]

    again = api.post("orders", body(("MUG", 1)))

    assert again.status_code == 409
    assert again.json()["order"] == number


def test_a_missing_key_is_400(api):
    answer = api.client.post("/api/v1/orders", json.dumps(body(("MUG", 1))), "application/json")

    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency-key-missing"


def test_bad_fields_are_pointed_at(api):
    answer = api.post("orders", body(("MUG", 0)))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/lines/0/quantity"


def test_bulk_answers_each_order_and_one_bad_order_refuses_only_itself(api):
    stock(api, "MUG", PER=5)
    bad = body(("MUG", 1), number="Y") | {"currency": "XXQ"}

    answer = api.post(
        "orders/bulk", {"orders": [body(("MUG", 1), number="X"), bad, body(("MUG", 1), number="Z")]}
    )

    assert answer.status_code == 200, answer.content
    assert [each["status"] for each in answer.json()["results"]] == [201, 422, 201]
    assert level(api, "MUG", "PER")["reserved"] == 2


def test_an_order_ships_over_rest(api):
    stock(api, "MUG", PER=5)
    work = api.post("orders", body(("MUG", 2))).json()["fulfilment_orders"][0]["number"]

    assert api.post(f"fulfilment-orders/{work}/acknowledge").status_code == 200
    parcels = [{"carrier": "auspost", "tracking_number": "AP1", "lines": [{"sku": "MUG", "quantity": 2}]}]
    shipped = api.post(f"fulfilment-orders/{work}/ship", {"parcels": parcels})

    assert shipped.status_code == 200, shipped.content
    assert shipped.json()["status"] == "shipped"
    order = api.get(f"orders/{shipped.json()['order']}").json()
    assert (order["status"], order["lines"][0]["shipped"]) == ("shipped", 2)
    now = level(api, "MUG", "PER")
    assert (now["on_hand"], now["reserved"]) == (3, 0)
    assert builders.breaches() == {}


def test_a_rejected_request_is_sourced_elsewhere(api):
    stock(api, "MUG", PER=5, SYD=5)
    work = api.post("orders", body(("MUG", 2))).json()["fulfilment_orders"][0]

    answer = api.post(f"fulfilment-orders/{work['number']}/reject", {"reason": "no capacity"})

    assert answer.json()["request_status"] == "rejected"
    order = api.get(f"orders/{answer.json()['order']}").json()
    elsewhere = [each for each in order["fulfilment_orders"] if each["status"] == "open"]
    assert [each["location"] for each in elsewhere] == [({"PER", "SYD"} - {work["location"]}).pop()]
    assert level(api, "MUG", work["location"])["reserved"] == 0
    assert builders.breaches() == {}


def test_hold_release_and_cancel(api):
    stock(api, "MUG", PER=5)
    number = api.post("orders", body(("MUG", 2))).json()["number"]

    assert api.post(f"orders/{number}/hold", {"reason": "address"}).json()["status"] == "on_hold"
    assert api.post(f"orders/{number}/release").json()["status"] == "allocated"
    assert api.post(f"orders/{number}/cancel", {"reason": "customer"}).json()["status"] == "cancelled"
    assert level(api, "MUG", "PER")["available"] == 5


def test_a_hold_is_told_with_its_reason_and_owner_and_its_refusals_name_the_order(api):
    stock(api, "MUG", PER=5)
    builders.worker("mai")
    number = api.post("orders", body(("MUG", 2))).json()["number"]

    held = api.post(f"orders/{number}/hold", {"reason": "Address looks odd", "owner": "mai"})

    assert held.status_code == 200, held.content
    hold = api.get(f"orders/{number}").json()["hold"]
    assert (hold["reason"], hold["owner"]) == ("Address looks odd", "mai")
    assert api.get(f"orders?q={number}").json()["results"][0]["hold"] == hold
    assert (
        f"{number} is on hold already" in api.post(f"orders/{number}/hold", {"reason": "x"}).json()["detail"]
    )
    released = api.post(f"orders/{number}/release").json()
    assert released["hold"] is None
    assert f"{number} is open already" in api.post(f"orders/{number}/release").json()["detail"]


def test_a_reason_that_is_not_listed_is_refused_with_those_that_are(api):
    stock(api, "MUG", PER=5)
    number = api.post("orders", body(("MUG", 2))).json()["number"]
    OrderReason.objects.get_or_create(kind="cancel", code="asked", defaults={"name": "Customer asked"})

    answer = api.post(f"orders/{number}/cancel", {"reason_code": "blah"}).json()

    assert answer["errors"][0]["pointer"] == "#/reason_code"
    assert answer["detail"].startswith("There is no reason blah to cancel an order; there are ")
    assert "asked" in answer["detail"]
    assert api.post(f"orders/{number}/hold", {"code": "blah"}).json()["errors"][0]["pointer"] == "#/code"


def test_lists_have_results_next_and_previous_and_page_by_cursor(api):
    stock(api, "MUG", PER=50)
    for number in range(3):
        api.post("orders", body(("MUG", 1), number=str(number)))

    first = api.get("orders?limit=2&channel=api").json()
    second = api.client.get(first["next"]).json()

    assert set(first) == {"results", "next", "previous"}
    assert [len(first["results"]), len(second["results"])] == [2, 1]


def test_a_filter_that_does_not_exist_is_refused(api):
    assert api.get("orders?stauts=shipped").status_code == 422


def test_a_token_without_the_scope_is_refused(api):
    reader = Api("orders:read")

    assert reader.get("orders").status_code == 200
    assert reader.post("orders", body(("MUG", 1))).status_code == 403
    assert Client().get("/api/v1/orders").status_code == 401


def test_a_token_of_one_location_sees_nothing_of_another(api):
    stock(api, "MUG", PER=5)
    work = api.post("orders", body(("MUG", 2))).json()["fulfilment_orders"][0]["number"]
    sydney = Api("*", locations=("SYD",))

    assert sydney.get("stock-levels?sku=MUG").json()["results"] == []
    assert sydney.get(f"fulfilment-orders/{work}").status_code == 404
    assert sydney.post(f"fulfilment-orders/{work}/acknowledge").status_code == 404


def test_an_adjustment_needs_a_reason_from_the_list(api):
    stock(api, "MUG", PER=5)
    change = {"sku": "MUG", "location": "PER", "quantity_delta": -1}

    assert api.post("stock-adjustments", change).status_code == 422
    assert api.post("stock-adjustments", change | {"reason": "whim"}).status_code == 422
    assert api.post("stock-adjustments", change | {"reason": "damaged"}).json()["on_hand"] == 4


def test_a_sku_is_changed_in_part(api):
    stock(api, "MUG", PER=5)

    changed = api.patch("skus/MUG", {"name": "Blue mug", "barcode": "9300675024235"})

    assert changed.status_code == 200, changed.content
    assert (changed.json()["name"], changed.json()["weight_grams"]) == ("Blue mug", 350)
    assert api.patch("skus/MUG", {"barcode": "9300675024236"}).status_code == 422


def test_movements_tell_who_when_and_why(api):
    stock(api, "MUG", PER=5)
    api.post("orders", body(("MUG", 2)))

    kinds = [
        (each["kind"], each["on_hand_delta"], each["reserved_delta"])
        for each in api.get("stock-movements?sku=MUG").json()["results"]
    ]

    assert kinds == [("reserve", 0, 2), ("adjust", 5, 0)]


def test_an_order_over_rest_takes_at_most_twelve_round_trips(api, django_assert_max_num_queries):
    for code in ("A", "B", "C"):
        stock(api, code, PER=5)
    api.post("orders", body(("A", 1), number="warm"))

    with django_assert_max_num_queries(12) as captured:
        answer = api.post("orders", body(("A", 1), ("B", 1), ("C", 1), number="counted"))

    assert answer.status_code == 201
    # BEGIN and COMMIT are round trips too, and the count above does not see them.
    assert len(captured) + 2 <= 12


def test_a_bundle_is_ordered_as_one_and_says_what_is_in_it(api):
    builders.rate("PER", region="WA", cost_minor=600, days=2)
    for code, on_hand in (("POT", 5), ("MUG", 9)):
        builders.shelf(code, on_hand=on_hand)
    api.post("skus", {"sku": "TEA", "name": "Tea for two"})
    parts = [{"sku": "POT", "quantity": 1}, {"sku": "MUG", "quantity": 2}]

    made = api.client.put("/api/v1/skus/TEA/bundle", json.dumps({"components": parts}), "application/json")
    placed = api.post("orders", body(("TEA", 3)))

    assert made.json() == {"sku": "TEA", "components": parts, "available": {"PER": 4, "SYD": 0}}
    (line,) = api.get(f"orders/{placed.json()['number']}").json()["lines"]
    assert (line["sku"], line["quantity"], line["allocated"]) == ("TEA", 3, 3)
    assert [(part["sku"], part["allocated"]) for part in line["components"]] == [("POT", 3), ("MUG", 6)]
    assert placed.json()["lines"][0]["allocated"] == 3
    assert api.get("skus/TEA/bundle").json()["available"]["PER"] == 1


def test_a_program_is_held_to_the_daily_limit_unless_it_is_trusted_with_more(api):
    builders.location("MEL", adjustment_limit=Decimal(250))
    builders.sku("LAMP", unit_cost=Decimal(100))
    change = {"sku": "LAMP", "location": "MEL", "quantity_delta": 3, "reason": "found"}

    held = Api("stock:write").post("stock-adjustments", change)
    trusted = Api("stock:write", "stock:unlimited").post("stock-adjustments", change)

    assert (held.status_code, held.json()["code"]) == (409, "needs-second-person")
    assert trusted.status_code == 201
    assert api.post("stock-adjustments", change).json()["on_hand"] == 6
