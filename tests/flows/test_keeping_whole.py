"""An order that was kept until it was whole is planned as a whole when its last piece comes, and is never worse off."""

from datetime import timedelta

import pytest

from fulfilment.models import FulfilmentOrder
from fulfilment.rules import ScanKind
from inventory.models import StockLocation, WorkCalendar
from oms.core.models import AuditEntry, OutboxMessage
from oms.flows import amending, counting, deciding, ordering, picking, shipping
from oms.orders.models import Order
from oms.orders.partials import PartialDecision
from oms.routing.models import RoutingDecision
from oms.routing.rules import Criterion, Ranking, RuleBook
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, location, place, rate, scan, shelf, worker

pytestmark = pytest.mark.django_db
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture(autouse=True)
def shop() -> None:
    """Perth is cheaper than Sydney, and a second parcel costs extra."""
    rate("PER", region="WA", cost_minor=600, days=2)
    rate("SYD", region="WA", cost_minor=900, days=2)
    ranking = Ranking((Criterion.COST, Criterion.DAYS))
    builders.live_rules(RuleBook(ranking=ranking, split_penalty_minor=500, max_parcels=3))
    builders.sku("PLATE")
    worker()


@pytest.fixture
def kept() -> str:
    """A mug of Sydney is kept for it until there is a plate."""
    shelf("MUG", at="SYD", on_hand=1)
    number = place(("MUG", 1), ("PLATE", 1), partial_policy="together").number
    assert works(number) == {"SYD": ("on_hold", 1)}
    return number


def works(number: str) -> dict[str, tuple[str, int]]:
    """Status and pieces by location code, of work that stands."""
    rows = FulfilmentOrder.objects.filter(order__number=number).exclude(status="cancelled")
    return {
        work.location.code: (
            work.status,
            sum(line.quantity - line.quantity_cancelled for line in work.lines.all()),
        )
        for work in rows
    }


def arrive(sku: str, pieces: int, at: str = "PER", **doing) -> None:
    counting.receive_stock(sku, location=at, quantity=pieces, reference="D", **(DOING | doing))
    ordering.serve_waiting(sku, **(DOING | doing))


def replanned(number: str) -> list[str]:
    return list(
        AuditEntry.objects.filter(action="order.replanned", subject_id=number).values_list("note", flat=True)
    )


def test_two_parcels_become_one_in_the_transaction_that_brings_the_last_piece(kept):
    arrive("MUG", 5)
    assert works(kept) == {"SYD": ("on_hold", 1)}

    arrive("PLATE", 5)

    assert works(kept) == {"PER": ("open", 2)}
    assert (level(at="SYD").reserved, level(at="SYD").available) == (0, 1)
    assert (level(at="PER").reserved, level("PLATE").reserved) == (1, 1)
    why = "All of it is there. Planned anew: two parcels become 1, 20.00 becomes 6.00 AUD."
    assert replanned(kept) == [why]
    decision = RoutingDecision.objects.filter(order__number=kept).order_by("-attempt").first()
    assert (decision.parcels, decision.cost_minor) == (1, 600)
    assert decision.explanation["why"].startswith(why)
    assert FulfilmentOrder.objects.get(order__number=kept, status="open").expected_cost_minor == 600
    assert Order.objects.get(number=kept).status == "allocated"
    assert OutboxMessage.objects.filter(topic="order.replanned").count() == 1
    assert OutboxMessage.objects.filter(topic="order.released").count() == 1


def test_one_parcel_from_elsewhere_is_taken_when_it_costs_less():
    shelf("MUG", at="SYD", on_hand=1)
    shelf("PLATE", at="SYD", on_hand=1)
    number = place(("MUG", 1), ("PLATE", 2), partial_policy="together").number
    arrive("MUG", 3)

    arrive("PLATE", 3)

    assert works(number) == {"PER": ("open", 3)}
    assert (level(at="SYD").available, level("PLATE", at="SYD").available) == (1, 1)


def test_what_nothing_is_better_than_stays_as_it_is(kept):
    arrive("PLATE", 5, "SYD")

    assert works(kept) == {"SYD": ("open", 2)}
    assert replanned(kept) == []


def test_two_parcels_stay_where_no_site_has_all_of_it(kept):
    arrive("PLATE", 5)

    assert works(kept) == {"SYD": ("open", 1), "PER": ("open", 1)}
    assert replanned(kept) == []


def test_work_that_was_begun_is_not_taken_away():
    shelf("MUG", at="SYD", on_hand=1)
    shelf("PLATE", at="PER", on_hand=1)
    number = place(("MUG", 1), ("PLATE", 1), partial_policy="together").number
    sydney, perth = (
        FulfilmentOrder.objects.get(order__number=number, location__code=code).number
        for code in ("SYD", "PER")
    )
    scan(sydney, "MUG", ScanKind.PICK)
    builders.reasons()
    picking.short_pick(perth, sku="PLATE", missing=1, reason="lost", **DOING)
    assert works(number)["SYD"] == ("on_hold", 1)
    arrive("MUG", 5)

    arrive("PLATE", 5)

    assert works(number) == {"SYD": ("picked", 1), "PER": ("open", 1)}
    assert replanned(number) == []


def test_what_a_partner_has_confirmed_is_not_taken_away():
    StockLocation.objects.filter(code="SYD").update(kind="3pl")
    shelf("MUG", at="SYD", on_hand=1)
    shelf("PLATE", at="PER", on_hand=1)
    number = place(("MUG", 1), ("PLATE", 1), partial_policy="together").number
    sydney, perth = (
        FulfilmentOrder.objects.get(order__number=number, location__code=code).number
        for code in ("SYD", "PER")
    )
    shipping.acknowledge(sydney, **DOING)
    builders.reasons()
    picking.short_pick(perth, sku="PLATE", missing=1, reason="lost", **DOING)
    arrive("MUG", 5)

    arrive("PLATE", 5)

    assert set(works(number)) == {"SYD", "PER"}
    assert replanned(number) == []


def test_an_order_of_which_the_missing_part_is_taken_off_is_planned_whole_too(kept):
    arrive("MUG", 5)

    amending.cancel_lines(kept, {"PLATE": 1}, reason="They rang", **DOING)

    assert works(kept) == {"PER": ("open", 1)}
    assert replanned(kept) == ["All of it is there. Planned anew: from elsewhere, 9.00 becomes 6.00 AUD."]


def test_an_order_that_a_person_lets_go_in_parts_keeps_the_plan_that_was_decided_on(kept):
    arrive("MUG", 5)

    deciding.decide(kept, PartialDecision.SHIP_AVAILABLE, **DOING)

    assert works(kept) == {"SYD": ("open", 1)}
    assert replanned(kept) == []


@pytest.mark.parametrize(("handling_days", "leaves_from"), [(0, "PER"), (9, "SYD")])
def test_a_cheaper_plan_that_leaves_later_than_was_promised_is_left(kept, handling_days, leaves_from):
    WorkCalendar.objects.create(location=location("PER"), handling_days=handling_days)
    Order.objects.filter(number=kept).update(promise_by=NOON + timedelta(days=3))
    arrive("MUG", 5)

    amending.cancel_lines(kept, {"PLATE": 1}, reason="They rang", **DOING)

    assert works(kept) == {leaves_from: ("open", 1)}
    assert Order.objects.get(number=kept).promise_by == NOON + timedelta(days=3)
