"""Second thoughts: unreleased orders exchange what they hold, and nobody is worse off."""

from datetime import timedelta

import pytest
from zeal import zeal_context

from fulfilment.models import FulfilmentOrder
from oms.alerts.models import Alert
from oms.channels.models import Channel
from oms.core.models import AuditEntry, OutboxMessage
from oms.flows import ordering, picking, replanning, standing, tasks
from oms.orders.models import Order
from oms.replanning.models import ReplannedOrder, ReplanningRun
from oms.replanning.rules import BadPace
from oms.replanning.services.runs import Pace
from oms.routing.models import RoutingDecision
from oms.routing.rules import Criterion, Ranking, RuleBook
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, place, rate, shelf, worker

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=20)


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture
def shop():
    """Perth is cheaper than Sydney, and a second parcel costs extra."""
    rate("PER", region="WA", cost_minor=600, days=2)
    rate("SYD", region="WA", cost_minor=900, days=2)
    builders.live_rules(
        RuleBook(ranking=Ranking((Criterion.COST, Criterion.DAYS)), split_penalty_minor=500, max_parcels=3)
    )


@pytest.fixture
def crossed(shop) -> tuple[str, str]:
    """The last mug of Perth went to an order that Sydney could have served; the next order had to be split."""
    shelf("MUG", at="PER", on_hand=1)
    shelf("PLATE", at="PER", on_hand=5)
    shelf("MUG", at="SYD", on_hand=5)
    alone = place(("MUG", 1)).number
    split = place(("MUG", 1), ("PLATE", 1)).number
    assert works(split) == {"PER": 1, "SYD": 1}
    return alone, split


def works(number: str) -> dict[str, int]:
    """Pieces asked for by location code, of work that stands."""
    found: dict[str, int] = {}
    for work in FulfilmentOrder.objects.filter(order__number=number).exclude(status="cancelled"):
        pieces = sum(line.quantity - line.quantity_cancelled for line in work.lines.all())
        found[work.location.code] = found.get(work.location.code, 0) + pieces
    return found


def run(**facts) -> ReplanningRun:
    return replanning.run(actor=TESTER, at=facts.get("at", LATER))


def test_a_split_order_gets_what_another_order_can_do_without(crossed):
    alone, split = crossed

    done = run()

    assert (works(alone), works(split)) == ({"SYD": 1}, {"PER": 2})
    assert (done.orders, done.split_orders, done.exchanges, done.overtaken) == (2, 1, 1, 0)
    # 6.00 + (6.00 + 9.00 + 5.00) became 9.00 + 6.00.
    assert (done.saved_minor, done.saved_parcels) == (1100, 1)
    assert (level(at="PER").reserved, level(at="SYD").reserved) == (1, 1)


def test_it_says_why_everywhere(crossed):
    alone, split = crossed

    run()

    decision = RoutingDecision.objects.get(order__number=split, attempt=2)
    why = decision.explanation["why"]
    assert why.startswith(
        f"Planned anew with {alone}: two parcels become 1, 20.00 becomes 6.00 AUD. Per fills all 2 lines"
    )
    assert (decision.parcels, decision.cost_minor) == (1, 600)
    entry = AuditEntry.objects.get(action="order.replanned", subject_id=split)
    assert entry.changes["with"] == [alone]
    assert OutboxMessage.objects.filter(topic="order.replanned").count() == 2
    kept = ReplannedOrder.objects.get(order__number=split)
    assert (kept.sites_before, kept.sites_after) == ("PER + SYD", "PER")


def test_work_that_stays_keeps_its_number_and_grows(crossed):
    _, split = crossed
    before = FulfilmentOrder.objects.get(order__number=split, location__code="PER").number

    run()

    (work,) = FulfilmentOrder.objects.filter(order__number=split).exclude(status="cancelled")
    assert (work.number, work.lines.count(), work.expected_cost_minor) == (before, 2, 600)


def test_stock_that_came_meanwhile_is_enough_alone(crossed):
    _, split = crossed
    shelf("MUG", at="PER", on_hand=3)

    done = run()

    assert works(split) == {"PER": 2}
    assert (done.exchanges, done.saved_minor) == (1, 1400)
    assert ReplannedOrder.objects.count() == 1


def test_a_second_pass_finds_nothing(crossed):
    run()

    again = run(at=LATER + timedelta(hours=1))

    assert (again.exchanges, again.saved_minor) == (0, 0)


@pytest.mark.parametrize("begun", ["claimed", "acknowledged", "held"])
def test_what_somebody_has_begun_with_stays(crossed, begun):
    alone, split = crossed
    number = FulfilmentOrder.objects.get(order__number=alone).number
    if begun == "claimed":
        picking.claim(number, user=worker(), actor=TESTER, at=NOON)
    elif begun == "acknowledged":
        FulfilmentOrder.objects.filter(number=number).update(request_status="acknowledged")
    else:
        standing.hold_order(alone, reason="Look at it", actor=TESTER, at=NOON)

    assert run().exchanges == 0
    assert works(split) == {"PER": 1, "SYD": 1}


def test_work_that_is_due_at_once_stays(crossed):
    FulfilmentOrder.objects.update(due_at=LATER + timedelta(minutes=29))

    assert run().exchanges == 0


def test_no_promise_gets_later(crossed):
    alone, _ = crossed
    Order.objects.filter(number=alone).update(promise_by=NOON)

    assert run().exchanges == 0


def test_without_a_promise_nothing_takes_longer(crossed):
    Order.objects.update(promise_by=None)

    assert run().exchanges == 1


def test_a_slower_parcel_is_no_exchange_where_nothing_was_promised(shop):
    rate("MEL", region="WA", cost_minor=100, days=9)
    shelf("MUG", at="PER", on_hand=1)
    shelf("PLATE", at="SYD", on_hand=1)
    split = place(("MUG", 1), ("PLATE", 1)).number
    Order.objects.update(promise_by=None)
    shelf("MUG", at="MEL", on_hand=1)
    shelf("PLATE", at="MEL", on_hand=1)

    assert run().exchanges == 0
    assert works(split) == {"PER": 1, "SYD": 1}


def test_the_buffer_of_a_channel_is_no_reason_to_stay_split(crossed):
    Channel.objects.update(stock_buffer=4)

    assert run().exchanges == 1


def test_a_cancelled_order_gives_its_pieces_to_the_split_one(crossed):
    alone, split = crossed
    ordering.cancel_order(alone, reason="Changed their mind", actor=TESTER, at=NOON)

    assert run().exchanges == 1
    assert works(split) == {"PER": 2}


def test_switched_off_the_clock_changes_nothing(crossed):
    _, split = crossed
    replanning.set_pace(Pace(False, 10, 30), actor=TESTER, at=NOON)

    assert replanning.run_when_due(at=LATER) is None
    assert works(split) == {"PER": 1, "SYD": 1}
    assert ReplanningRun.objects.count() == 0


def test_the_clock_makes_a_pass_as_often_as_it_was_told(crossed):
    replanning.set_pace(Pace(True, 30, 0), actor=TESTER, at=NOON)

    assert replanning.run_when_due(at=LATER) is not None
    assert replanning.run_when_due(at=LATER + timedelta(minutes=29)) is None
    assert replanning.run_when_due(at=LATER + timedelta(minutes=31)) is not None


def test_a_pace_out_of_bounds_is_refused():
    with pytest.raises(BadPace):
        replanning.set_pace(Pace(True, 4, 30), actor=TESTER, at=NOON)


def test_a_pass_that_fails_is_an_alert_and_one_that_does_not_closes_it(crossed, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("No rates")

    monkeypatch.setattr(replanning, "_known", broken)
    with pytest.raises(RuntimeError):
        tasks.replan()
    assert Alert.objects.get(kind="replanning_failed").closed_at is None
    monkeypatch.undo()

    tasks.replan()

    assert Alert.objects.get(kind="replanning_failed").closed_at is not None


def test_an_exchange_that_somebody_was_faster_than_is_left_out(crossed, monkeypatch):
    alone, split = crossed
    begin = replanning._begin

    def then_begin(*args, **kwargs):
        number = FulfilmentOrder.objects.get(order__number=alone).number
        picking.claim(number, user=worker(), actor=TESTER, at=LATER)
        return begin(*args, **kwargs)

    monkeypatch.setattr(replanning, "_begin", then_begin)

    done = run()

    assert (done.exchanges, done.overtaken) == (0, 1)
    assert works(split) == {"PER": 1, "SYD": 1}


def test_the_queries_of_a_pass_do_not_grow_with_the_orders(shop, django_assert_max_num_queries):
    shelf("MUG", at="PER", on_hand=30)
    shelf("PLATE", at="SYD", on_hand=30)
    for _ in range(12):
        place(("MUG", 1), ("PLATE", 1))

    with zeal_context(), django_assert_max_num_queries(40):
        done = run()

    assert (done.split_orders, done.exchanges) == (12, 0)
