"""A person decides what ships while stock arrives, somebody cancels, or the floor picks: one of them is first."""

import pytest

from fulfilment.rules import NewParcel, ParcelLine, ScanKind, WrongItem
from oms.core.errors import Refusal
from oms.flows import amending, counting, deciding, ordering, shipping
from oms.orders.models import Order, PartialQuestion
from oms.orders.partials import PartialDecision
from tests.builders import NOON, TESTER, breaches, level, place, scan, shelf, worker
from tests.races.test_attack import at_once

pytestmark = pytest.mark.django_db(transaction=True)
DOING = {"actor": TESTER, "at": NOON}
SHIP, WAIT, CANCEL = PartialDecision.SHIP_AVAILABLE, PartialDecision.WAIT, PartialDecision.CANCEL_REST


@pytest.fixture
def asked() -> str:
    """Number of an order of five mugs of which two are there, and that waits for a decision."""
    shelf("MUG", on_hand=2)
    worker()
    return place(("MUG", 5), partial_policy="ask").number


def decide(number: str, decision: PartialDecision):
    return lambda: deciding.decide(number, decision, **DOING)


def arrive() -> None:
    counting.receive_stock("MUG", location="PER", quantity=3, reference="D", **DOING)
    ordering.serve_waiting("MUG", **DOING)


def refusals(errors: list[Exception]) -> bool:
    return all(isinstance(error, Refusal) for error in errors)


def books(number: str) -> tuple[str, int, int, int]:
    line = Order.objects.get(number=number).lines.get()
    state = Order.objects.get(number=number).state
    return state, line.quantity_allocated, line.quantity_waiting, line.quantity_cancelled


def test_two_people_decide_at_once_and_one_decision_counts(asked):
    errors = at_once(decide(asked, SHIP), decide(asked, WAIT), decide(asked, CANCEL), decide(asked, CANCEL))

    assert refusals(errors)
    decided = list(PartialQuestion.objects.order_by("id").values_list("decision", flat=True))
    # Whoever lets it wait may be overtaken by another decision about the order that then stands.
    assert decided == ["wait"] or decided[-1] != "wait"
    assert "" not in decided
    assert len(decided) == 4 - len(errors)
    assert books(asked)[1:] == ((2, 0, 3) if decided[-1] == "cancel_rest" else (2, 3, 0))
    assert breaches() == {}


@pytest.mark.parametrize("decision", [SHIP, WAIT, CANCEL])
def test_a_decision_and_an_arrival_at_once_leave_no_piece_behind(asked, decision):
    errors = at_once(decide(asked, decision), arrive)

    assert refusals(errors)
    said = PartialQuestion.objects.get().decision
    assert said == ("filled" if errors else decision)
    ordering.serve_waiting("MUG", **DOING)
    state, allocated, waiting, cancelled = books(asked)
    assert (state, waiting, allocated + cancelled) == ("open", 0, 5)
    works = Order.objects.get(number=asked).fulfilment_orders.values_list("status", flat=True)
    assert set(works) == {"open"}
    assert (level().reserved, level().available) == (allocated, 5 - allocated)
    assert breaches() == {}


@pytest.mark.parametrize("decision", [SHIP, WAIT, CANCEL])
def test_a_decision_and_a_cancellation_at_once_free_everything(asked, decision):
    errors = at_once(
        decide(asked, decision), lambda: ordering.cancel_order(asked, reason="Changed their mind", **DOING)
    )

    assert refusals(errors)
    assert books(asked) == ("cancelled", 0, 0, 5)
    assert (level().reserved, level().available) == (0, 2)
    assert breaches() == {}


@pytest.mark.parametrize("decision", [SHIP, WAIT, CANCEL])
def test_the_floor_begins_only_with_what_was_let_go(asked, decision):
    work = Order.objects.get(number=asked).fulfilment_orders.get().number

    errors = at_once(decide(asked, decision), lambda: scan(work, "MUG", ScanKind.PICK, 2))

    assert len([error for error in errors if not isinstance(error, (Refusal, WrongItem))]) == 0
    line = Order.objects.get(number=asked).fulfilment_orders.get().lines.get()
    assert line.quantity_picked in (0, 0 if decision == WAIT else 2)
    assert breaches() == {}


def test_a_kept_order_is_let_go_while_its_rest_is_cancelled_and_ships_once(asked):
    deciding.decide(asked, WAIT, **DOING)
    errors = at_once(
        decide(asked, SHIP), lambda: amending.cancel_lines(asked, {"MUG": 3}, reason="Rang", **DOING), arrive
    )

    assert refusals(errors)
    ordering.serve_waiting("MUG", **DOING)
    for work in Order.objects.get(number=asked).fulfilment_orders.filter(status="open"):
        pieces = sum(each.quantity - each.quantity_cancelled for each in work.lines.all())
        parcel = NewParcel("auspost", f"T-{work.number}", (ParcelLine("MUG", pieces),))
        shipping.ship_parcels(work.number, contents=[parcel], **DOING)
    assert books(asked)[0] == "closed"
    assert level().reserved == 0
    assert breaches() == {}
