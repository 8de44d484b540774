"""Stock of the past, over REST: as of an instant, after each movement, day by day."""

from datetime import timedelta

import pytest
from django.db import connection

from inventory.models import StockMovement
from oms.core import tokens
from oms.core.actors import SYSTEM
from oms.flows import closing, counting, ordering
from tests.builders import TESTER, channel, level, location, reasons, request, sku
from tests.flows.test_closing import NOW, ZONE, day, noon

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api(client):
    """A program that may read stock."""
    _, token = tokens.create("reader", scopes=["stock:read"], actor=SYSTEM, at=NOW)

    def get(path, **query):
        return client.get(f"/api/v1/{path}", query, headers={"Authorization": f"Bearer {token}"})

    return get


@pytest.fixture
def mugs():
    """Mugs in Perth: 20 on the fourth day back, 5 of them reserved on the third, 2 lost on the second."""
    reasons()
    channel("api")
    location("PER", timezone=ZONE)
    sku("MUG")
    counting.receive_stock("MUG", location="PER", quantity=20, reference="R", actor=TESTER, at=noon(4))
    ordering.place_order(request(("MUG", 5)), actor=TESTER, at=noon(3))
    counting.adjust_stock(
        "MUG", location="PER", quantity_delta=-2, reason="lost", note="", actor=TESTER, at=noon(2)
    )
    return level("MUG")


@pytest.mark.parametrize("closed", [False, True])
def test_stock_as_of_an_instant(api, mugs, closed):
    if closed:
        closing.close_through("PER", day(1), actor=SYSTEM, at=NOW)
    for ago, on_hand, reserved in ((5, 0, 0), (4, 20, 0), (3, 20, 5), (2, 18, 5), (1, 18, 5)):
        at = (noon(ago) + timedelta(hours=1)).isoformat()
        (found,) = api("stock-levels/as-of", at=at, sku="MUG").json()["results"]
        assert (found["on_hand"], found["reserved"]) == (on_hand, reserved)
        assert found["available"] == on_hand - reserved


def test_an_instant_is_exact_to_the_movement(api, mugs):
    at = noon(4)
    just_before = (at - timedelta(microseconds=1)).isoformat()
    assert api("stock-levels/as-of", at=just_before).json()["results"][0]["on_hand"] == 0
    assert api("stock-levels/as-of", at=at.isoformat()).json()["results"][0]["on_hand"] == 20


def test_safety_stock_stands_as_it_stood(api, mugs):
    with connection.cursor() as cursor:
        cursor.execute("update inventory_stocklevel set safety_stock = 4")
    (found,) = api("stock-levels/as-of", at=noon(2).isoformat()).json()["results"]
    assert (found["safety_stock"], found["available"]) == (0, 13)
    assert level("MUG").available == 9


@pytest.mark.parametrize("at", ["yesterday", "2026-11-20T10:00:00", "2026-11-20", "2999-01-01T00:00:00Z", ""])
def test_only_an_instant_of_the_past_is_one(api, mugs, at):
    refused = api("stock-levels/as-of", at=at)
    assert refused.status_code == 422
    assert api("stock-levels/as-of").status_code == 422


def test_a_token_of_another_place_sees_nothing(client, mugs):
    _, token = tokens.create("syd", scopes=["stock:read"], location_codes=["SYD"], actor=SYSTEM, at=NOW)
    closing.close_through("PER", day(1), actor=SYSTEM, at=NOW)
    headers = {"Authorization": f"Bearer {token}"}
    as_of = client.get("/api/v1/stock-levels/as-of", {"at": noon(1).isoformat()}, headers=headers)
    assert as_of.json()["results"] == []
    assert client.get("/api/v1/stock-closes", headers=headers).json()["results"] == []
    assert client.get(f"/api/v1/stock-closes/PER/{day(1)}", headers=headers).status_code == 404


@pytest.mark.parametrize("closed", [False, True])
def test_movements_of_one_level_say_what_it_held_after_each(api, mugs, closed):
    if closed:
        closing.close_through("PER", day(1), actor=SYSTEM, at=NOW)
    counting.receive_stock("MUG", location="PER", quantity=1, reference="R", actor=TESTER, at=NOW)
    first = api("stock-movements", sku="MUG", location="PER", limit=2).json()
    second = api(first["next"].partition("/api/v1/")[2]).json()
    rows = first["results"] + second["results"]
    assert [row["on_hand_after"] for row in rows] == [19, 18, 20, 20]
    assert [row["reserved_after"] for row in rows] == [5, 5, 5, 0]
    assert len(rows) == StockMovement.objects.count()


def test_movements_that_do_not_follow_one_another_have_no_balance(api, mugs):
    for query in ({"sku": "MUG"}, {"sku": "MUG", "location": "PER", "kind": "receive"}):
        assert {row["on_hand_after"] for row in api("stock-movements", **query).json()["results"]} == {None}


def test_closed_days_and_their_lines(api, mugs):
    closing.close_through("PER", day(1), actor=SYSTEM, at=NOW)
    days = api("stock-closes", location="PER", gap="false").json()["results"]
    assert [each["day"] for each in days] == [str(day(n)) for n in (1, 2, 3, 4)]
    assert days[1]["pieces_closing"] == 18
    assert days[1]["gap_percent"] == "0.00"
    assert api("stock-closes", signed="true").json()["results"] == []
    one = api(f"stock-closes/PER/{day(2)}").json()
    assert one["close"]["day"] == str(day(2))
    (line,) = one["results"]
    assert (line["sku"], line["opening"], line["adjusted"], line["closing"]) == ("MUG", 20, -2, 18)
    assert api(f"stock-closes/PER/{day(2)}", gap="true").json()["results"] == []
    assert api("stock-closes/PER/2001-01-01").status_code == 404
    assert api("stock-closes/PER/monday").status_code == 404


def test_pages_of_levels_follow_one_another(api, mugs):
    for code in ("SYD", "MEL"):
        location(code, timezone=ZONE)
        counting.receive_stock("MUG", location=code, quantity=1, reference="R", actor=TESTER, at=NOW)
    for path, query in (("stock-levels", {}), ("stock-levels/as-of", {"at": NOW.isoformat()})):
        seen, page = [], api(path, limit=1, **query).json()
        while True:
            seen += [row["location"] for row in page["results"]]
            if page["next"] is None:
                break
            page = api(page["next"].partition("/api/v1/")[2]).json()
        assert seen == ["MEL", "PER", "SYD"]
