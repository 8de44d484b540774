"""The page on which an order is changed: seen before it is saved, closed where it is too late, never overwritten."""

import json
from uuid import uuid4

import pytest
from zeal import zeal_context

from inventory.models import StockLocation
from oms.core.models import AuditEntry
from oms.core.models.people import Draft
from oms.flows import amending, ordering, shipping
from oms.orders import merging
from oms.orders.amendments import Amendment, Difference
from oms.orders.models import Order, OrderChange
from tests.builders import NOON, TESTER, breaches, level, location, order, pack, place, rate, shelf
from tests.doors.test_order_pages import BACKEND, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(client):
    """A manager's browser, two sites with mugs and cups in Perth."""
    for here, name in (("PER", "Perth"), ("SYD", "Sydney")):
        location(here, name=name)
        for region in ("WA", "NSW"):
            near = {"PER": "WA", "SYD": "NSW"}[here] == region
            rate(here, region=region, cost_minor=600 if near else 1200, days=2 if near else 5)
        shelf("MUG", at=here, on_hand=10)
    shelf("CUP", at="PER", on_hand=10)
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    return client


def opened(desk, number: str) -> dict[str, str]:
    """What the form says when it is opened, as a browser would send it back."""
    page = desk.get(f"/orders/{number}/change")
    assert page.status_code == 200
    seen = page.context["seen"]
    return {"seen": seen, "code": "customer-asked", **json.loads(seen)["values"]}


def send(desk, number: str, fields: dict[str, str], step: str = "save", **headers):
    said = {"idempotency_key": uuid4().hex, "step": step, **fields}
    return desk.post(f"/orders/{number}/change", said, headers=headers)


def test_quantities_a_new_sku_and_words_are_saved_at_once(desk):
    placed = place(("MUG", 5))
    fields = opened(desk, placed.number) | {
        "pieces:MUG": "3",
        "add_sku_1": "CUP",
        "add_quantity_1": "2",
        "add_price_1": "4.50",
        "notes": "Ring twice",
    }

    answer = send(desk, placed.number, fields)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/orders/{placed.number}")
    change = OrderChange.objects.get()
    assert (change.pieces, change.facts, change.reason) == (
        {"MUG": -2, "CUP": 2},
        ["notes"],
        "Customer asked",
    )
    assert order(placed).total_minor == 3900
    assert "+2 × CUP, −2 × MUG, notes" in desk.get(f"/orders/{placed.number}").content.decode()
    assert breaches() == {}


def test_the_preview_says_what_would_change_and_changes_nothing(desk):
    for code, zone in (("PER", "Australia/Perth"), ("SYD", "Australia/Sydney")):
        StockLocation.objects.filter(code=code).update(timezone=zone)
    placed = place(("MUG", 5))
    fields = opened(desk, placed.number) | {"region": "NSW", "postcode": "2000", "pieces:MUG": "4"}
    entries = AuditEntry.objects.count()

    page = send(desk, placed.number, fields, "preview", **{"HX-Request": "true"})

    rehearsal = page.context["rehearsal"]
    assert (rehearsal.before.places, rehearsal.after.places) == (("Perth",), ("Sydney",))
    assert (rehearsal.before.total_minor, rehearsal.after.total_minor) == (5000, 4000)
    assert "Nothing is saved yet" in page.content.decode()
    assert (rehearsal.before.zone, rehearsal.after.zone) == ("Australia/Perth", "Australia/Sydney")
    assert (level(at="PER").reserved, level(at="SYD").reserved) == (5, 0)
    assert (OrderChange.objects.count(), AuditEntry.objects.count()) == (0, entries)
    whole = send(desk, placed.number, fields, "preview")
    assert whole.context["typed"]["region"] == "NSW"
    assert breaches() == {}


def test_a_stale_save_shows_three_versions_and_loses_nothing(desk):
    placed = place(("MUG", 5))
    fields = opened(desk, placed.number) | {"pieces:MUG": "4", "gift_message": "Enjoy!"}
    theirs = Amendment((Difference("MUG", -2),), words={"notes": "Back door"})
    amending.amend_order(placed.number, theirs, reason="They rang", actor=TESTER, at=NOON)

    stale = send(desk, placed.number, fields)

    assert stale.status_code == 409
    clashes = {label: (one.before, one.theirs, one.yours) for label, one in stale.context["clashes"]}
    assert clashes["MUG"] == ("5", "3", "4")
    assert clashes["Notes"] == ("", "Back door", "")
    assert clashes["Gift message"] == ("", "", "Enjoy!")
    assert "both changed it" in stale.content.decode()
    typed = stale.context["typed"]
    assert (typed["pieces:MUG"], typed["notes"], typed["gift_message"]) == ("4", "Back door", "Enjoy!")
    assert OrderChange.objects.count() == 1

    again = {"seen": stale.context["seen"], "code": "customer-asked", **typed}
    assert send(desk, placed.number, again).status_code == 302
    assert OrderChange.objects.first().pieces == {"MUG": 1}
    contact = order(placed).contact
    assert (contact.notes, contact.gift_message) == ("Back door", "Enjoy!")


def test_what_is_packed_or_confirmed_is_closed_with_its_reason(desk):
    location("OCEAN", kind="3pl", name="Ocean 3PL")
    shelf("POT", at="OCEAN", on_hand=5)
    placed = place(("MUG", 2), ("POT", 3))
    ocean = next(work.number for work in placed.work if work.location == "OCEAN")
    shipping.acknowledge(ocean, actor=TESTER, at=NOON)

    page = desk.get(f"/orders/{placed.number}/change")
    assert page.context["closed"]["shipping_option"].startswith("Ocean 3PL has confirmed")
    assert ("address" in page.context["closed"], page.context["asks_of"]) == (False, ("Ocean 3PL",))
    assert "Ocean 3PL has confirmed 3 and would be asked" in page.content.decode()

    home = next(work.number for work in placed.work if work.location == "PER")
    pack(home, "MUG", 2)
    page = desk.get(f"/orders/{placed.number}/change")
    rows = {row.code: row for row, _ in page.context["rows"]}
    assert (rows["MUG"].least, rows["POT"].least) == (2, 0)
    assert "is packed or has left" in page.context["closed"]["address"]
    refused = send(desk, placed.number, opened(desk, placed.number) | {"pieces:MUG": "1"})
    assert refused.status_code == 422
    assert "Only 0 pieces of MUG" in refused.content.decode()
    assert refused.context["typed"]["pieces:MUG"] == "1"


def test_what_cannot_be_read_is_refused_and_kept(desk):
    placed = place(("MUG", 5))
    for fields, words in (
        ({"pieces:MUG": "-1"}, "0 or more"),
        ({"pieces:MUG": "many"}, "0 or more"),
        ({"add_sku_1": "NOPE"}, "No SKU is called NOPE"),
        ({"add_sku_1": "CUP", "add_quantity_1": "0"}, "1 or more"),
        ({"add_sku_1": "CUP", "add_price_1": "1.23456"}, "four places"),
        ({"add_sku_1": "CUP"}, "say its unit price"),
        ({"line1": ""}, "address is not complete"),
        ({"country": "Australia"}, "address is not complete"),
        ({"seen": "x"}, "Open it again"),
        ({}, "Nothing is changed yet"),
        ({"notes": "x", "code": ""}, "Say why the order is changed"),
        ({"notes": "x" * 2001}, "At most 2000"),
    ):
        refused = send(desk, placed.number, opened(desk, placed.number) | fields)
        assert refused.status_code == 422, fields
        assert words in refused.content.decode(), fields
    assert not OrderChange.objects.exists()


def test_a_line_is_cancelled_by_nought_and_an_order_by_nothing_left(desk):
    placed = place(("MUG", 2), ("CUP", 1))
    send(desk, placed.number, opened(desk, placed.number) | {"pieces:CUP": "0", "code": "no-stock"})
    assert [line.quantity_cancelled for line in order(placed).lines.order_by("position")] == [0, 1]
    assert OrderChange.objects.get().reason == "Not to be had any more"
    send(desk, placed.number, opened(desk, placed.number) | {"pieces:MUG": "0"})
    assert order(placed).state == "cancelled"
    ended = desk.get(f"/orders/{placed.number}/change", follow=True)
    assert "nothing of it can be changed any more" in ended.content.decode()
    assert breaches() == {}


def test_a_saved_change_forgets_its_draft(desk):
    placed = place(("MUG", 5))
    name = f"change-{placed.number}"
    desk.post("/me/draft", {"name": name, "fields": json.dumps({"pieces:MUG": "4"})})
    assert Draft.objects.filter(form=name).exists()
    send(desk, placed.number, opened(desk, placed.number) | {"pieces:MUG": "4"})
    assert not Draft.objects.filter(form=name).exists()


def test_the_page_is_for_those_who_may_change_orders_there(desk, client):
    placed = place(("MUG", 1))
    client.force_login(person("bea", ("buyer", "")), backend=BACKEND)
    assert client.get(f"/orders/{placed.number}/change").status_code == 403
    assert "do not allow changing orders" in client.get(f"/orders/{placed.number}").content.decode()
    client.force_login(person("sid", ("manager", "SYD")), backend=BACKEND)
    assert client.get(f"/orders/{placed.number}/change").status_code == 404
    for deed in ("hold", "release", "assign", "cancel"):
        said = {"idempotency_key": uuid4().hex, "reason": "x"}
        assert client.post(f"/orders/{placed.number}/{deed}", said).status_code == 404, deed
    assert order(placed).state == "open"


def test_an_order_of_many_lines_costs_as_many_queries_as_one_of_one(desk, django_assert_max_num_queries):
    codes = [f"S{number}" for number in range(12)]
    for code in codes:
        shelf(code, on_hand=3)
    one, many = place(("S1", 1)), place(*[(code, 1) for code in codes])
    with django_assert_max_num_queries(40) as few:
        desk.get(f"/orders/{one.number}/change")
    with zeal_context(), django_assert_max_num_queries(len(few)):
        desk.get(f"/orders/{many.number}/change")
    with zeal_context():
        desk.get(f"/orders/{many.number}")


def test_words_of_two_people_are_merged_field_by_field():
    before = {"a": "1", "b": "1", "c": "1"}
    theirs = {"a": "2", "b": "1", "c": "2", "d": "9"}
    yours = {"a": "1", "b": "3", "c": "3"}

    assert merging.merged(before, theirs, yours) == {"a": "2", "b": "3", "c": "3", "d": "9"}
    found = {each.name: each.both for each in merging.clashes(before, theirs, yours)}
    assert found == {"a": False, "b": False, "c": True, "d": False}


def test_an_order_that_only_waited_frees_nothing_and_its_news_is_told(desk):
    shelf("RARE", on_hand=1)
    place(("RARE", 1))
    waiting = place(("RARE", 1))

    ordering.cancel_order(waiting.number, reason="Gone", actor=TESTER, at=NOON)

    assert Order.objects.get(number=waiting.number).state == "cancelled"
