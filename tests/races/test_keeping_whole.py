"""The last piece of a kept order comes while somebody cancels it, takes what it would move to, or brings more."""

import pytest

from fulfilment.models import FulfilmentOrder
from fulfilment.rules import ScanKind
from oms.core.errors import Refusal
from oms.flows import counting, ordering
from oms.orders.models import Order
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, location, place, rate, request, scan, shelf, worker
from tests.races.test_attack import at_once

pytestmark = pytest.mark.django_db(transaction=True)
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture
def kept() -> str:
    """A mug of Sydney is kept for it; Perth has mugs by now, and a plate is about to come there."""
    rate("PER", region="WA", cost_minor=600, days=2)
    rate("SYD", region="WA", cost_minor=900, days=2)
    builders.sku("PLATE")
    location("PER")
    shelf("MUG", at="SYD", on_hand=1)
    worker()
    number = place(("MUG", 1), ("PLATE", 1), partial_policy="together").number
    shelf("MUG", at="PER", on_hand=1)
    return number


def arrive() -> None:
    counting.receive_stock("PLATE", location="PER", quantity=1, reference="D", **DOING)
    ordering.serve_waiting("PLATE", **DOING)


def buy_a_mug() -> None:
    ordering.place_order(request(("MUG", 1)), **DOING)


def works(number: str) -> dict[str, str]:
    rows = FulfilmentOrder.objects.filter(order__number=number).exclude(status="cancelled")
    return dict(rows.values_list("location__code", "status"))


def refused(errors: list[Exception]) -> bool:
    return all(isinstance(error, Refusal) for error in errors)


def test_a_cancellation_at_once_frees_everything(kept):
    errors = at_once(arrive, lambda: ordering.cancel_order(kept, reason="Gone", **DOING))

    assert errors == []
    assert (Order.objects.get(number=kept).state, works(kept)) == ("cancelled", {})
    assert (level(at="PER").reserved, level(at="SYD").reserved, level("PLATE").reserved) == (0, 0, 0)
    assert breaches() == {}


def test_whoever_takes_the_mug_that_it_would_move_to_leaves_it_where_it_is(kept):
    errors = at_once(arrive, buy_a_mug)

    assert refused(errors)
    other = Order.objects.exclude(number=kept).get().number
    assert works(kept) in ({"PER": "open"}, {"SYD": "open", "PER": "open"})
    assert works(other) == ({"SYD": "open"} if len(works(kept)) == 1 else {"PER": "open"})
    assert level(at="PER").reserved + level(at="SYD").reserved == 2
    assert breaches() == {}


def test_two_relays_that_serve_it_at_once_plan_it_whole_once(kept):
    counting.receive_stock("PLATE", location="PER", quantity=1, reference="D", **DOING)

    errors = at_once(*[lambda: ordering.serve_waiting("PLATE", **DOING) for _ in range(3)])

    assert errors == []
    assert works(kept) == {"PER": "open"}
    assert breaches() == {}


def test_the_floor_begins_with_one_plan_or_the_other(kept):
    sydney = FulfilmentOrder.objects.get(order__number=kept).number

    errors = at_once(arrive, lambda: scan(sydney, "MUG", ScanKind.PICK))

    # Work that stands is not picked, and work that was moved away is not there any more.
    assert refused(errors)
    assert len(errors) == 1
    assert works(kept) == {"PER": "open"}
    assert breaches() == {}
