"""How counts come about: bins, zones, plans, classes, lateness; and bins counted whole."""

from datetime import timedelta

import pytest
from django.db import transaction

from inventory import count_queries, queries
from inventory.count_rules import NotCounted
from inventory.models import Bin, CountClass, CountLine, CountPlan, CountTask
from inventory.services import adjustments
from inventory.services.adjustments import Where
from oms.alerts.models import Alert
from oms.core.models import OutboxMessage
from oms.core.outbox import Message
from oms.flows import count_opening, cycle_counting, picking, reactions, shipping
from oms.flows.count_opening import Wanted
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, place, shelf, sku, worker
from tests.flows.test_cycle_counting import LATER, approve, count, opened

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bins():
    """Perth with two bins: mugs and cups in A-1, nothing in A-2."""
    place = builders.location("PER", is_bin_managed=True)
    first = Bin.objects.create(location=place, code="A-1", path_position=1)
    second = Bin.objects.create(location=place, code="A-2", path_position=2)
    for code in ("MUG", "CUP"):
        sku(code)
    builders.reasons()
    put("MUG", 5, first)
    put("CUP", 2, first)
    return first, second


def put(code: str, pieces: int, bin: Bin) -> None:
    """So many pieces into a bin, past the receiving one."""
    with transaction.atomic():
        held = queries.lock_level(sku(code).pk, bin.location_id)
        adjustments.adjust(
            held,
            quantity_delta=pieces,
            reason=queries.reason("found"),
            note="",
            actor=TESTER,
            at=NOON - timedelta(hours=1),
            where=Where(bin),
        )


def test_a_bin_is_counted_whole_with_what_nobody_asked_for(bins):
    sku("BOWL")
    (number,) = count_opening.open_counts(
        Wanted(location="PER", bin="A-1"), cause="Asked", actor=TESTER, at=NOON
    )
    for who in ("mai", "ben"):
        count(number, who, MUG=5, BOWL=1)
    task = approve(number)

    assert task.status == "posted"
    assert (level("MUG").on_hand, level("CUP").on_hand, level("BOWL").on_hand) == (5, 0, 1)
    found = CountLine.objects.filter(is_found=True)
    assert [line.level.sku.code for line in found] == ["BOWL"]
    assert breaches() == {}


def test_an_empty_bin_is_said_to_be_empty(bins):
    (number,) = count_opening.open_counts(
        Wanted(location="PER", bin="A-2"), cause="Asked", actor=TESTER, at=NOON
    )
    cycle_counting.claim(number, user=worker(), actor=TESTER, at=NOON)
    with pytest.raises(NotCounted, match="Bin is empty"):
        cycle_counting.finish(number, user=worker(), actor=TESTER, at=LATER)
    done = cycle_counting.finish(number, user=worker(), is_empty=True, actor=TESTER, at=LATER)
    assert done.status == "posted"


def test_a_zone_and_a_sku_open_one_count_per_bin(bins):
    zone = Wanted(location="PER", bin="A-1", upto_bin="A-2")
    assert len(count_opening.open_counts(zone, cause="Asked", actor=TESTER, at=NOON)) == 2
    assert count_opening.open_because(Wanted(location="PER", sku="MUG"), cause="Short", at=NOON) == []


def test_a_plan_opens_what_is_due_a_first_and_no_more_than_a_day_allows(bins):
    first, second = bins
    put("MUG", 1, second)
    plan = CountPlan.objects.create(location=first.location, name="All", tasks_per_day=1, days_a=1)
    (number,) = count_opening.open_due(plan.pk, at=NOON)
    assert count_queries.task(number).bin == first
    assert count_opening.open_due(plan.pk, at=NOON) == []
    count(number, MUG=5, CUP=2)

    (number,) = count_opening.open_due(plan.pk, at=NOON + timedelta(days=1))
    assert count_queries.task(number).bin == second
    plan.weekdays = [5]
    plan.save()
    assert count_opening.open_due(plan.pk, at=NOON + timedelta(days=2)) == []


def test_levels_are_classed_by_the_value_that_left():
    for code, cost, pieces in (("GOLD", "80.00", 1), ("MUG", "15.00", 1), ("PIN", "5.00", 1)):
        shelf(code, on_hand=5)
        builders.sku(code).__class__.objects.filter(code=code).update(unit_cost=cost)
        number = place((code, pieces)).work[0].number
        builders.pack(number, code, pieces)
        shipping.ship(number, actor=TESTER, at=NOON)

    count_opening.classify(at=LATER)

    found = dict(CountClass.objects.values_list("level__sku__code", "abc"))
    assert found == {"GOLD": "A", "MUG": "B", "PIN": "C"}


def test_overdue_counts_become_one_alert_per_place():
    shelf("MUG", on_hand=5)
    shelf("CUP", on_hand=5)
    opened("MUG")
    opened("CUP")
    assert count_opening.alert_overdue(at=NOON) == 0
    assert count_opening.alert_overdue(at=NOON + timedelta(days=2)) == 1
    assert Alert.objects.get().message.startswith("2 counts")


def test_a_short_pick_asks_for_a_count_once():
    shelf(on_hand=5)
    number = place(("MUG", 3)).work[0].number
    picking.short_pick(number, sku="MUG", missing=1, reason="lost", actor=TESTER, at=NOON)
    told = OutboxMessage.objects.get(topic="pick.short")
    message = Message(told.pk, told.topic, told.aggregate, told.payload, NOON, 1, 1, "", LATER)

    for _ in range(2):
        reactions.count_what_was_short(message)

    assert CountTask.objects.get().cause == f"Short pick of {number}"
