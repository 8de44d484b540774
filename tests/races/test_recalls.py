"""A partner answers while it ships, or twice at once, or dies half-way: pieces and money move once."""

import pytest
from django.db import connection

from fulfilment.models import CancellationRequest
from fulfilment.rules import NewParcel, ParcelLine
from inventory.models import StockMovement
from oms.core.errors import Refusal
from oms.flows import ordering, recalling, shipping
from oms.orders.models import Order
from tests.builders import NOON, TESTER, breaches, level, location, place, shelf
from tests.races.test_attack import at_once

pytestmark = pytest.mark.django_db(transaction=True)
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture
def work() -> str:
    """Work of three mugs that a partner has confirmed and is asked to leave out."""
    location("OCEAN", kind="3pl")
    shelf(at="OCEAN", on_hand=3)
    placed = place(("MUG", 3))
    shipping.acknowledge(placed.work[0].number, **DOING)
    ordering.cancel_order(placed.number, reason="Customer rang", **DOING)
    return placed.work[0].number


def accept(work: str) -> None:
    recalling.answer(work, accepts=True, said="", **DOING)


def refuse(work: str) -> None:
    recalling.answer(work, accepts=False, said="On the truck", **DOING)


def ship(work: str) -> None:
    parcel = NewParcel("auspost", "T-1", (ParcelLine("MUG", 3),))
    shipping.ship_parcels(work, contents=[parcel], **DOING)


def refused(errors: list[Exception]) -> bool:
    return all(isinstance(error, Refusal) for error in errors)


def test_an_answer_that_comes_twice_counts_once(work):
    errors = at_once(*[lambda: accept(work)] * 4)

    assert (len(errors), refused(errors)) == (3, True)
    assert (level(at="OCEAN").reserved, StockMovement.objects.filter(kind="release").count()) == (0, 1)
    assert Order.objects.get().total_minor == 0
    assert breaches() == {}


def test_accepting_and_refusing_at_once_has_one_winner(work):
    errors = at_once(lambda: accept(work), lambda: refuse(work))

    assert (len(errors), refused(errors)) == (1, True)
    state = CancellationRequest.objects.get().state
    assert (Order.objects.get().state == "cancelled") is (state == "accepted")
    assert breaches() == {}


@pytest.mark.parametrize("attempt", range(3))
def test_accepting_and_shipping_at_once_never_frees_what_has_left(work, attempt):
    errors = at_once(lambda: accept(work), lambda: ship(work))

    assert (len(errors), refused(errors)) == (1, True)
    order, state = Order.objects.get(), CancellationRequest.objects.get().state
    assert (state, order.state, level(at="OCEAN").on_hand) in {
        ("accepted", "cancelled", 3),
        ("refused", "closed", 0),
    }
    assert level(at="OCEAN").reserved == 0
    assert breaches() == {}


class Killed(Exception):
    """The process died here."""


@pytest.mark.parametrize("step", [accept, refuse, ship])
def test_a_step_that_dies_before_its_end_leaves_nothing_behind_and_is_done_once_later(
    work, monkeypatch, step
):
    def die(*args: object, **kwargs: object) -> None:
        connection.close()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(recalling.outbox, "record", die)
        with pytest.raises(Exception):  # noqa: B017, PT011 - the connection is gone, and so is what it had written
            step(work)

    assert CancellationRequest.objects.get().state == "requested"
    assert (level(at="OCEAN").on_hand, level(at="OCEAN").reserved) == (3, 3)
    assert breaches() == {}
    step(work)
    assert CancellationRequest.objects.get().state != "requested"
    assert breaches() == {}
