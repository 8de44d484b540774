"""What an order is promised when it is placed, and what is told when that cannot be kept."""

from datetime import UTC, date, datetime, timedelta

import pytest

from inventory.models import WorkCalendar
from oms.core.models import OutboxMessage
from oms.flows import amending, counting, ordering
from oms.orders.amendments import Amendment
from oms.orders.models import Promise, SupplyClaim
from oms.orders.rules import NoRoomToWait, PreorderSoldOut
from tests import builders
from tests.builders import NOON, TESTER, breaches, place, rate, shelf

pytestmark = pytest.mark.django_db
TUESDAY_17H_IN_PERTH = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


def expect(quantity: int, on: date, sku: str = "MUG") -> None:
    counting.expect_stock(
        sku, location="PER", quantity=quantity, reference=f"PO-{on}", expected_on=on, actor=TESTER, at=NOON
    )


def nothing_of(code: str) -> None:
    shelf(code, on_hand=1)
    counting.adjust_stock(
        code, location="PER", quantity_delta=-1, reason="lost", note="", actor=TESTER, at=NOON
    )


def policy(**facts) -> None:
    builders.sku("MUG").__class__.objects.filter(code="MUG").update(**facts)


def test_an_order_is_promised_by_calendar_rate_and_service():
    shelf("MUG", on_hand=5)
    rate("PER", region="WA", cost_minor=600, days=2)

    found = builders.order(place(("MUG", 1)))

    assert found.promise_by == found.first_promise_by == TUESDAY_17H_IN_PERTH
    promise = Promise.objects.get(order=found)
    assert (promise.sequence, promise.arrives_on) == (1, date(2026, 11, 26))
    assert promise.basis["parcels"][0]["location"] == "PER"
    assert found.fulfilment_orders.get().due_at == TUESDAY_17H_IN_PERTH


def test_a_location_that_packs_on_mondays_only_promises_monday():
    level = shelf("MUG", on_hand=5)
    WorkCalendar.objects.create(location=level.location, weekdays=[1], holiday_country="")

    assert builders.order(place(("MUG", 1))).promise_by == datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def test_what_the_customer_was_told_elsewhere_stands():
    shelf("MUG", on_hand=5)
    told = NOON + timedelta(days=9)

    found = builders.order(place(("MUG", 1), promise_by=told))

    assert found.promise_by == told
    assert Promise.objects.get(order=found).cause == "Given with the order."


def test_waiting_pieces_are_promised_by_the_delivery_they_can_count_on():
    shelf("MUG", on_hand=1)
    expect(2, date(2026, 11, 26))
    expect(5, date(2026, 12, 3))

    first = builders.order(place(("MUG", 3)))
    second = builders.order(place(("MUG", 1)))

    assert first.promise_by == datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    assert second.promise_by == datetime(2026, 12, 4, 9, 0, tzinfo=UTC)


def test_nothing_is_promised_while_nobody_knows_when_stock_comes():
    shelf("MUG", on_hand=1)

    found = builders.order(place(("MUG", 3)))

    assert found.promise_by is None
    assert not Promise.objects.exists()


def test_stock_that_comes_later_than_promised_moves_the_promise_and_tells_so():
    nothing_of("MUG")
    expect(2, date(2026, 11, 26))
    found = builders.order(place(("MUG", 2)))
    late = NOON + timedelta(days=8)

    counting.receive_stock(
        "MUG", location="PER", quantity=2, reference="PO-2026-11-26", actor=TESTER, at=late
    )
    ordering.serve_backorders(found.number, actor=TESTER, at=late)

    found.refresh_from_db()
    assert found.first_promise_by == datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    assert found.promise_by == datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
    assert [each.sequence for each in Promise.objects.filter(order=found)] == [1, 2]
    assert OutboxMessage.objects.filter(topic="order.promise_moved").count() == 1


def test_no_more_pieces_wait_than_the_limit_lets():
    shelf("MUG", on_hand=2)
    policy(backorder_limit=3)

    assert place(("MUG", 4)).lines[0].waiting == 2
    with pytest.raises(NoRoomToWait, match="1 more may wait"):
        place(("MUG", 2))
    assert place(("MUG", 1)).lines[0].waiting == 1


def test_a_preorder_is_bound_to_the_delivery_that_was_announced():
    nothing_of("MUG")
    policy(backorder_policy="preorder")
    expect(4, date(2026, 12, 3))

    placed = place(("MUG", 3))

    claim = SupplyClaim.objects.get()
    assert (claim.line.order.number, claim.expected.reference, claim.quantity) == (
        placed.number,
        "PO-2026-12-03",
        3,
    )
    with pytest.raises(PreorderSoldOut, match="1 more may be preordered"):
        place(("MUG", 2))


def test_within_one_batch_the_limit_counts_every_order():
    nothing_of("MUG")
    policy(backorder_limit=3)

    builders.channel("api")

    fates = ordering.place_orders([builders.request(("MUG", 2)) for _ in range(3)], actor=TESTER, at=NOON)

    assert [isinstance(fate, NoRoomToWait) for fate in fates] == [False, True, True]


def test_a_delivery_window_moves_the_hand_over_and_the_work_with_it():
    shelf("MUG", on_hand=5)
    rate("PER", region="WA", cost_minor=600, days=2)

    found = builders.order(place(("MUG", 1), deliver_from=date(2026, 12, 3)))

    leaves = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    assert found.promise_by == found.fulfilment_orders.get().due_at == leaves
    assert Promise.objects.get(order=found).arrives_on == date(2026, 12, 3)


def test_a_window_that_is_moved_back_moves_the_promise():
    shelf("MUG", on_hand=5)
    rate("PER", region="WA", cost_minor=600, days=2)
    placed = place(("MUG", 1))

    amending.amend_order(
        placed.number,
        Amendment(facts={"deliver_from": date(2026, 12, 3)}),
        reason="Closed until then",
        actor=TESTER,
        at=NOON,
    )

    found = builders.order(placed)
    assert found.promise_by == datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    assert found.first_promise_by == TUESDAY_17H_IN_PERTH
    assert [each.due_at for each in found.fulfilment_orders.exclude(status="cancelled")] == [found.promise_by]
