"""Orders as the staff see and move them: lists that count what they show, buttons with one effect."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from oms.core.models import Grant, User
from oms.flows import order_jobs
from oms.orders.models import Order, OrderJob
from tests.builders import SYDNEY, channel, location, order, pack, place, rate, shelf

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def person(name: str, *grants: tuple[str, str]) -> User:
    user = User.objects.create_user(name, first_name=name.title())
    Grant.objects.bulk_create(Grant(user=user, role=role, location_code=code) for role, code in grants)
    return user


@pytest.fixture
def desk(client):
    """A manager's browser, two sites with mugs."""
    for code, region in (("PER", "WA"), ("SYD", "NSW")):
        location(code, name={"PER": "Perth", "SYD": "Sydney"}[code])
        for other in ("WA", "NSW"):
            rate(code, region=other, cost_minor=600 if other == region else 1200, days=2)
    shelf("MUG", at="PER", on_hand=12)
    shelf("MUG", at="SYD", on_hand=12)
    channel("api")
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    return client


def press(client, path: str, **fields):
    return client.post(path, {"idempotency_key": uuid4().hex, **fields}, follow=True)


def run_order_jobs() -> None:
    """What a worker does."""
    for job in OrderJob.objects.filter(finished_at__isnull=True):
        order_jobs.run(job.pk, clock=lambda: datetime.now(UTC))


def numbers(page) -> list[str]:
    return [row.number for row in page.context["rows"]]


def test_each_tile_of_home_counts_the_list_it_opens(desk):
    late = datetime.now(UTC) - timedelta(hours=1)
    place(("MUG", 1), promise_by=late)
    place(("MUG", 1))
    held = place(("MUG", 1))
    press(desk, f"/orders/{held.number}/hold", reason="Address looks wrong")
    place(("MUG", 99))
    for tile in desk.get("/").context["tiles"]:
        opened = desk.get(tile["url"])
        assert opened.context["total"] == tile["count"] == len(opened.context["rows"]), tile["tile"].name
    home = desk.get("/")
    for panel in home.context["panels"]:
        for cause in panel["data"].get("causes", []):
            assert desk.get(cause["url"]).context["total"] == cause["orders"], cause["words"]


def test_the_tiles_of_a_site_count_that_site(desk):
    place(("MUG", 1))
    press(desk, f"/orders/{place(('MUG', 1), to=SYDNEY).number}/hold", reason="Check")
    press(desk, "/me/site", site="PER")
    held = next(line for line in desk.get("/").context["tiles"] if line["tile"].name == "On hold")
    assert held["count"] == desk.get(held["url"]).context["total"] == 0
    press(desk, "/me/site", site="SYD")
    held = next(line for line in desk.get("/").context["tiles"] if line["tile"].name == "On hold")
    assert held["count"] == desk.get(held["url"]).context["total"] == 1


def test_the_list_finds_by_number_name_sku_and_site(desk):
    perth, sydney = place(("MUG", 1)), place(("MUG", 2), to=SYDNEY)
    assert numbers(desk.get("/orders/", {"q": perth.number})) == [perth.number]
    assert numbers(desk.get("/orders/", {"q": "ada"})) == [sydney.number]
    assert numbers(desk.get("/orders/", {"q": "site:SYD"})) == [sydney.number]
    assert set(numbers(desk.get("/orders/", {"sku": "mug"}))) == {perth.number, sydney.number}
    assert numbers(desk.get("/orders/", {"sku": "CUP"})) == []


def test_a_scan_on_any_page_opens_the_order_or_the_sku(desk):
    placed = place(("MUG", 1), number="114-3941689")
    assert desk.get("/find?scanned=1&q=114-3941689").headers["Location"] == f"/orders/{placed.number}"
    assert desk.get("/find?scanned=1&q=MUG").headers["Location"] == "/stock/skus/MUG"


def test_the_page_says_where_the_order_is_and_its_sums_agree(desk):
    placed = place(("MUG", 3))
    page = desk.get(f"/orders/{placed.number}")
    assert page.context["sums"]["quantity_ordered"] == page.context["sums"]["reserved"] == 3
    assert page.context["sums"]["total_minor"] == order(placed).lines_minor
    assert "waiting to be picked in Perth" in page.context["answer"]
    assert page.context["why"]["candidates"][0]["name"]
    assert "Perth fills all 1 line" in page.content.decode()
    pack(placed.work[0].number, "MUG", 3)
    assert "is packed in Perth" in desk.get(f"/orders/{placed.number}").context["answer"]


def test_hold_release_and_cancel_each_have_one_effect(desk):
    placed = place(("MUG", 1))
    key = uuid4().hex
    for _ in range(2):
        desk.post(f"/orders/{placed.number}/hold", {"idempotency_key": key, "reason": "Address looks wrong"})
    held = desk.get(f"/orders/{placed.number}")
    assert held.context["hold"].reason == "Address looks wrong"
    assert [row["entry"].action for row in held.context["timeline"]].count("order.held") == 1
    press(desk, f"/orders/{placed.number}/release")
    assert order(placed).state == "open"
    press(desk, f"/orders/{placed.number}/cancel", reason="Customer rang")
    assert order(placed).state == "cancelled"


def test_a_refusal_stays_on_the_page_and_nothing_changes(desk):
    placed = place(("MUG", 1))
    page = press(desk, f"/orders/{placed.number}/hold", reason=" ")
    assert 'role="alert"' in page.content.decode()
    assert "Say why" in page.content.decode()
    pack(placed.work[0].number, "MUG", 1)
    page = desk.get(f"/orders/{placed.number}")
    assert page.context["no_cancel"].endswith("is packed or has left.")
    refused = press(desk, f"/orders/{placed.number}/cancel", reason="Too late")
    assert re.search(r"is packed or has left", refused.content.decode())
    assert order(placed).state == "open"


def test_many_are_held_and_each_refusal_names_its_order(desk):
    one, two = place(("MUG", 1)), place(("MUG", 1))
    press(desk, f"/orders/{two.number}/cancel", reason="Twice")
    page = press(desk, "/orders/hold", row=[one.number, two.number], reason="Stocktake")
    assert "0 of 2 orders" in page.content.decode()
    run_order_jobs()
    said = desk.get(page.request["PATH_INFO"]).content.decode()
    assert "1 held, 1 refused" in said
    assert f"{two.number}" in said
    assert "is cancelled and cannot become on hold" in said
    assert order(one).state == "on_hold"


def test_people_see_the_orders_of_their_own_sites(desk, client):
    perth, sydney = place(("MUG", 1)), place(("MUG", 1), to=SYDNEY)
    client.force_login(person("pete", ("manager", "PER")), backend=BACKEND)
    assert numbers(client.get("/orders/")) == [perth.number]
    assert client.get(f"/orders/{perth.number}").status_code == 200
    assert client.get(f"/orders/{sydney.number}").status_code == 404
    client.force_login(person("mai", ("picker", "PER")), backend=BACKEND)
    assert client.get("/orders/").status_code == 403


def test_back_keeps_the_filter_and_j_and_k_walk_the_list(desk):
    first, second, third = place(("MUG", 1)), place(("MUG", 1), to=SYDNEY), place(("MUG", 1))
    listed = desk.get("/orders/?site=PER")
    link = f"/orders/{first.number}{listed.context['list_param']}"
    assert link in listed.content.decode()
    page = desk.get(link)
    assert page.context["back"] == "/orders/?site=PER"
    assert page.context["previous_record"].number == third.number
    assert second.number not in page.content.decode()


def test_a_list_of_fifty_orders_costs_as_many_queries_as_one_of_one(desk, django_assert_max_num_queries):
    place(("MUG", 1))
    with django_assert_max_num_queries(31) as one:
        desk.get("/orders/")
    for _ in range(8):
        place(("MUG", 1))
    with django_assert_max_num_queries(len(one)):
        desk.get("/orders/")
    assert Order.objects.count() == 9


def test_the_list_of_holds_shows_reason_owner_and_hands_over(desk):
    one, two = place(("MUG", 1)), place(("MUG", 1))
    press(desk, f"/orders/{one.number}/hold", code="address")
    press(desk, f"/orders/{two.number}/hold", reason="Who is this?")
    page = desk.get("/orders/holds")
    assert [row.order.number for row in page.context["rows"]] == [one.number, two.number]
    assert {row.owner_name for row in page.context["rows"]} == {"Ruth"}
    assert [row.order.number for row in desk.get("/orders/holds?code=address").context["rows"]] == [
        one.number
    ]
    User.objects.create_user("mai", first_name="Mai")
    press(desk, f"/orders/{two.number}/assign", owner="mai")
    assert [row.order.number for row in desk.get("/orders/holds?owner=mai").context["rows"]] == [two.number]


def test_many_are_cancelled_for_a_listed_reason_and_never_without_one(desk):
    one, two = place(("MUG", 1)), place(("MUG", 1))
    press(desk, "/orders/cancel", row=[one.number, two.number])
    assert not OrderJob.objects.exists()
    press(desk, "/orders/cancel", row=[one.number, two.number], cancel_code="duplicate")
    run_order_jobs()
    assert {order(one).state, order(two).state} == {"cancelled"}


def test_a_person_of_one_site_holds_many_of_that_site_only(desk, client):
    perth, sydney = place(("MUG", 1)), place(("MUG", 1), to=SYDNEY)
    client.force_login(person("pete", ("manager", "PER")), backend=BACKEND)
    press(client, "/orders/hold", row=[perth.number, sydney.number], reason="Stocktake")
    run_order_jobs()
    assert (order(perth).state, order(sydney).state) == ("on_hold", "open")
