"""A partner accepts another address while staff withdraw it, while it ships, or twice: it counts once or not."""

import pytest
from django.db import connection

from fulfilment.models import AddressRequest
from fulfilment.rules import NewParcel, ParcelLine
from oms.core.errors import Refusal
from oms.flows import addressing, amending, readdressing, shipping
from oms.orders.amendments import Amendment
from oms.orders.models import AddressChange, Order, OrderChange
from tests.builders import NOON, PERTH, SYDNEY, TESTER, breaches, location, place, shelf
from tests.races.test_attack import at_once

pytestmark = pytest.mark.django_db(transaction=True)
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture
def works() -> list[str]:
    """Work at two partners that have confirmed it and are asked to send it elsewhere."""
    for code, sku in (("OCEAN", "MUG"), ("RIVER", "POT")):
        location(code, kind="3pl")
        shelf(sku, at=code, on_hand=3)
    placed = place(("MUG", 3), ("POT", 1))
    numbers = [each.number for each in sorted(placed.work, key=lambda each: each.location)]
    for number in numbers:
        shipping.acknowledge(number, **DOING)
    amending.amend_order(placed.number, Amendment(address=SYDNEY), reason="Moved", **DOING)
    return numbers


def accept(work: str) -> None:
    readdressing.answer(work, accepts=True, said="", **DOING)


def withdraw() -> None:
    readdressing.withdraw(Order.objects.get().number, reason="They stay", **DOING)


def ship(work: str) -> None:
    parcel = NewParcel("auspost", "T-1", (ParcelLine("MUG", 3),))
    shipping.ship_parcels(work, contents=[parcel], **DOING)


def outcome() -> tuple[str, str, int]:
    """Where it goes, what became of the wish, and how often the order was changed."""
    order = Order.objects.select_related("contact").get()
    assert order.ship_postcode == order.contact.shipping_address["postcode"]
    return order.ship_postcode, AddressChange.objects.get().state, OrderChange.objects.count()


def refused(errors: list[Exception]) -> bool:
    return all(isinstance(error, Refusal) for error in errors)


APPLIED, KEPT = (SYDNEY.postcode, "applied", 1), PERTH.postcode


@pytest.mark.parametrize("attempt", range(3))
def test_the_last_acceptance_and_a_withdrawal_at_once_have_one_winner(works, attempt):
    accept(works[1])

    errors = at_once(lambda: accept(works[0]), withdraw)

    assert (len(errors), refused(errors)) == (1, True)
    assert outcome() in {APPLIED, (KEPT, "withdrawn", 0)}
    assert not AddressRequest.objects.filter(state="requested").exists()
    assert breaches() == {}


def test_both_accept_at_once_and_it_counts_once(works):
    assert at_once(*[lambda work=work: accept(work) for work in works]) == []
    assert outcome() == APPLIED
    assert breaches() == {}


def test_an_answer_that_comes_twice_counts_once(works):
    accept(works[1])
    errors = at_once(*[lambda: accept(works[0])] * 4)
    assert (len(errors), refused(errors)) == (3, True)
    assert outcome() == APPLIED
    assert breaches() == {}


@pytest.mark.parametrize("attempt", range(3))
def test_accepting_and_shipping_at_once_never_moves_what_has_left(works, attempt):
    accept(works[1])

    errors = at_once(lambda: accept(works[0]), lambda: ship(works[0]))

    # It may accept and ship the same to the new address; shipped first, the wish is overtaken.
    assert refused(errors)
    assert outcome() in ({APPLIED} if not errors else {(KEPT, "overtaken", 0)})
    assert breaches() == {}


class Killed(Exception):
    """The process died here."""


def test_an_answer_that_dies_before_its_end_leaves_nothing_behind(works, monkeypatch):
    accept(works[1])

    def die(*args: object, **kwargs: object) -> None:
        connection.close()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(addressing.outbox, "record", die)
        with pytest.raises(Exception):  # noqa: B017, PT011 - the connection is gone, and so is what it had written
            accept(works[0])

    assert outcome() == (KEPT, "requested", 0)
    accept(works[0])
    assert outcome() == APPLIED
    assert breaches() == {}
