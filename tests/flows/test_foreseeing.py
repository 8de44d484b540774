"""Orders that are going to be late are seen while it can still be mended, and forgotten when it was."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from zeal import zeal_context

from inventory.models import StockLocation
from oms.alerts.models import Alert
from oms.core.models import User
from oms.flows import amending, counting, foreseeing, ordering, standing
from oms.orders.amendments import Amendment
from oms.orders.models import LateRisk, Order
from tests import builders
from tests.builders import NOON, TESTER, breaches, location, order, place, shelf
from tests.doors.test_order_pages import BACKEND, person
from tests.doors.test_rest_contract import Api

pytestmark = pytest.mark.django_db(transaction=True)
# A Monday at 08:00 in Perth.
MORNING = datetime(2026, 11, 23, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def perth():
    location("PER", name="Perth", timezone="Australia/Perth", orders_per_day=2)
    yield
    assert breaches() == {}


def causes() -> dict[str, str]:
    return dict(LateRisk.objects.values_list("order__number", "cause"))


def test_a_delivery_that_comes_too_late_is_foreseen_and_forgotten_when_it_came():
    shelf("MUG", on_hand=1)
    placed = place(("MUG", 3), promise_by=MORNING + timedelta(days=2))
    counting.expect_stock(
        "MUG",
        location="PER",
        quantity=5,
        reference="D",
        expected_on=date(2026, 11, 26),
        actor=TESTER,
        at=NOON,
    )

    assert foreseeing.late_risks(at=MORNING) == 1
    found = LateRisk.objects.get()
    assert found.reason == "Waits for 2 of MUG: delivery expected on Thu 26 Nov"
    assert found.expected_by == datetime(2026, 11, 27, 9, tzinfo=UTC)
    assert "is going to miss its promise" in Alert.objects.get(kind="late_risk").message

    counting.receive_stock("MUG", location="PER", quantity=5, reference="D", actor=TESTER, at=MORNING)
    ordering.serve_backorders(placed.number, actor=TESTER, at=MORNING)
    assert foreseeing.late_risks(at=MORNING) == 0
    assert Alert.objects.get(kind="late_risk").note == "It is not at risk any more."


def test_the_orders_in_front_at_a_site_are_counted():
    shelf("MUG", on_hand=9)
    numbers = [place(("MUG", 1), promise_by=EVENING + timedelta(minutes=each)).number for each in range(5)]

    foreseeing.late_risks(at=MORNING)

    assert causes() == dict.fromkeys(numbers[2:], "queue")
    assert LateRisk.objects.get(order__number=numbers[4]).reason == (
        "Perth has 4 orders in front of it and does 2 a day"
    )


def test_a_partner_and_a_hold_are_named_and_the_hold_s_owner_has_the_alert():
    location("OCEAN", name="Ocean 3PL", kind="3pl")
    shelf("MUG", on_hand=1)
    shelf("POT", at="OCEAN", on_hand=1)
    mai = User.objects.create_user("mai")
    held = place(("MUG", 1), promise_by=NOON + timedelta(hours=20))
    standing.hold_order(held.number, reason="Address", owner="mai", actor=TESTER, at=NOON)
    asked = place(("POT", 1), promise_by=NOON + timedelta(days=3))

    foreseeing.late_risks(at=NOON + timedelta(hours=5))

    assert causes() == {held.number: "held", asked.number: "partner"}
    assert Alert.objects.get(kind="late_risk", subject_id=held.number).owner == mai


def test_an_order_that_has_ended_or_is_late_already_is_no_risk():
    shelf("MUG", on_hand=9)
    StockLocation.objects.filter(code="PER").update(orders_per_day=None)
    ended = place(("MUG", 1), promise_by=EVENING - timedelta(hours=8))
    late = place(("MUG", 1), promise_by=MORNING - timedelta(hours=1))
    assert foreseeing.late_risks(at=MORNING) == 1
    assert causes() == {ended.number: "time"}

    ordering.cancel_order(ended.number, reason="Gone", actor=TESTER, at=MORNING)
    assert foreseeing.late_risks(at=MORNING) == 0
    assert order(late).state == "open"


def test_many_orders_cost_a_fixed_number_of_reads(django_assert_max_num_queries):
    shelf("MUG", on_hand=2)
    for _ in range(6):
        place(("MUG", 1), promise_by=MORNING + timedelta(days=1))
    foreseeing.late_risks(at=MORNING)
    # What is written grows with what is found: an alert each.
    with zeal_context(), django_assert_max_num_queries(12):
        foreseeing._found(list(Order.objects.all()), MORNING)


def test_risk_is_a_tab_a_tile_a_note_a_filter_and_a_field(client):
    shelf("MUG", on_hand=1)
    now = datetime.now(UTC)
    risky = place(("MUG", 3), promise_by=now + timedelta(days=2))
    fine = place(("MUG", 1), promise_by=now + timedelta(days=30))
    foreseeing.late_risks(at=now)

    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    listed = client.get("/orders/?needs=risk")
    assert [row.number for row in listed.context["rows"]] == [risky.number]
    tile = next(line for line in client.get("/").context["tiles"] if line["tile"].name == "At risk")
    assert tile["count"] == client.get(tile["url"]).context["total"] == 1
    page = client.get(f"/orders/{risky.number}").content.decode()
    assert "It is going to miss its promise" in page
    assert "no delivery is announced" in page
    assert "going to miss" not in client.get(f"/orders/{fine.number}").content.decode()

    api = Api("orders:*")
    (found,) = api.get("orders?late_risk=true").json()["results"]
    assert (found["number"], found["late_risk"]["cause"]) == (risky.number, "stock")
    assert [row["number"] for row in api.get("orders?late_risk=false").json()["results"]] == [fine.number]
    assert api.get(f"orders/{fine.number}").json()["late_risk"] is None
    said = {"idempotency_key": uuid4().hex, "reason": "Gone"}
    client.post(f"/orders/{risky.number}/cancel", said)
    assert client.get("/orders/?needs=risk").context["total"] == 0
    assert builders.order(risky).state == "cancelled"


def test_an_order_that_arrives_after_its_window_is_told_until_the_window_is_moved():
    shelf("MUG", on_hand=1)
    builders.rate("PER", region="WA", cost_minor=600, days=4)
    placed = place(("MUG", 1), deliver_until=date(2026, 11, 25))

    assert foreseeing.late_risks(at=NOON) == 1
    assert causes() == {placed.number: "window"}
    assert Alert.objects.get(kind="late_risk").message == (
        f"{placed.number} is going to miss its delivery window."
        " It arrives on Mon 30 Nov, and is wanted by Wed 25 Nov."
    )

    amending.amend_order(
        placed.number,
        Amendment(facts={"deliver_until": date(2026, 11, 30)}),
        reason="Agreed by telephone",
        actor=TESTER,
        at=NOON,
    )
    assert foreseeing.late_risks(at=NOON) == 0
