"""Scarce stock through the page and over REST."""

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from oms.flows import counting
from oms.orders.models import Turn
from oms.routing.rules import Action, Does, Rule, RuleBook
from tests.builders import NOON, TESTER, live_rules, place, shelf
from tests.doors.test_order_pages import BACKEND, person
from tests.doors.test_rest_contract import api  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(api) -> list[str]:  # noqa: F811  # the fixture
    shelf("MUG", on_hand=1)
    return [place(("MUG", 1)).number for _ in range(3)][1:]


def test_the_queue_says_who_gets_what_and_why(api, waiting):  # noqa: F811
    scarce = api.get("scarcity").json()["results"][0]
    queue = api.get("scarcity/MUG").json()["queue"]

    assert (scarce["sku"], scarce["orders"], scarce["waiting"], scarce["available"]) == ("MUG", 2, 2, 0)
    assert [row["order"] for row in queue] == waiting
    assert queue[0]["why"][0] == "priority 5"
    assert queue[0]["expected_on"] is None


def test_a_turn_is_decided_and_taken_back_over_rest(api, waiting):  # noqa: F811
    first = api.post("scarcity/MUG", {"order": waiting[1], "turn": "first", "note": "Wedding"}).json()
    assert [row["order"] for row in first["queue"]] == [waiting[1], waiting[0]]
    assert first["queue"][0]["why"][0].startswith("put first by")

    assert api.post("scarcity/MUG", {"order": waiting[1], "turn": "never", "note": "x"}).status_code == 422
    assert api.post("scarcity/MUG", {"order": waiting[1], "turn": "first"}).status_code == 422
    again = api.post("scarcity/MUG", {"order": waiting[1], "turn": None}).json()
    assert [row["order"] for row in again["queue"]] == waiting


def test_a_buyer_reads_and_a_manager_decides(client, waiting):
    client.force_login(person("bea", ("buyer", "")), backend=BACKEND)
    shown = client.get("/orders/scarce/MUG").content.decode()
    assert waiting[0] in shown
    assert "Serve first" not in shown

    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    assert "MUG" in client.get("/orders/scarce").content.decode()
    assert "Serve first" in client.get("/orders/scarce/MUG").content.decode()
    said = {"order": waiting[1], "turn": "first", "note": "Wedding", "idempotency_key": "turn-key-0001"}
    client.post("/orders/scarce/MUG/turn", said)

    assert Turn.objects.get().order.number == waiting[1]


def test_nobody_is_said_to_get_what_the_rules_keep_back(api, client):  # noqa: F811
    live_rules(RuleBook((Rule(1, (), (Action(Does.KEEP, number=2),)),)))
    shelf("MUG", on_hand=3)
    shelf("MUG", at="SYD", on_hand=2)
    number = place(("MUG", 4)).number

    assert api.get("scarcity/MUG").json()["queue"][0]["now"] == 0
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    page = client.get("/orders/scarce/MUG").content.decode()

    assert "4 kept back" in page
    why_not = re.search(r'href="(/routing/why\?[^"]+)"', page)
    assert why_not
    answer = client.get(html.unescape(why_not[1])).content.decode()
    assert "keep 2 on the shelf, has 2" in answer
    assert "This field is required" not in answer
    # Nobody else waits to whom its own piece could be given.
    assert number in page
    assert "Give them" not in page


def test_what_no_delivery_brings_is_said_by_the_piece(client):
    shelf("POT", on_hand=1)
    place(("POT", 1))
    place(("POT", 3))
    place(("POT", 2))
    coming = {"expected_on": timezone.now().date() + timedelta(days=3), "actor": TESTER, "at": NOON}
    counting.expect_stock("POT", location="PER", quantity=2, reference="ASN-1", **coming)
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)

    shown = client.get("/orders/scarce/POT").content.decode()

    assert "no delivery announced for 1 of it" in shown
    assert "no delivery announced for it" in shown


def test_a_held_order_is_passed_over_and_the_next_gets_what_is_there(api, waiting):  # noqa: F811
    assert api.post(f"orders/{waiting[0]}/hold", {"reason": "address"}).status_code == 200
    shelf("MUG", at="SYD", on_hand=1)

    assert [row["now"] for row in api.get("scarcity/MUG").json()["queue"]] == [0, 1]


def test_pieces_are_offered_to_an_order_that_does_not_hold_them(client, api):  # noqa: F811
    shelf("MUG", on_hand=2)
    holder, other = place(("MUG", 3)).number, place(("MUG", 1)).number
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)

    page = client.get("/orders/scarce/MUG").content.decode()

    assert f'name="giver" value="{holder}"' in page
    assert f'name="taker" value="{other}"' in page
