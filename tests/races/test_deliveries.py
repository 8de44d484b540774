"""A delivery comes in, is ordered against, or is changed by two people at once: one of them is first, and it shows."""

from datetime import UTC, datetime, timedelta

import pytest

from inventory.models import DeliveryChange, ExpectedReceipt
from inventory.services.receipts import MoreThanExpected
from oms.catalogue.models import Sku
from oms.core.errors import Refusal
from oms.flows import counting, deliveries, ordering
from oms.flows.deliveries import NewTerms
from oms.orders.models import OrderLine, SupplyClaim
from tests.builders import TESTER, breaches, channel, level, place, request, shelf
from tests.races.test_attack import at_once

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DOING = {"actor": TESTER, "at": AT}
SOON = AT.date() + timedelta(days=2)
LATER = SOON + timedelta(days=7)


@pytest.fixture
def delivery() -> int:
    """Four announced, all of them preordered by two orders."""
    shelf("MUG", on_hand=1)
    place(("MUG", 1))
    Sku.objects.filter(code="MUG").update(backorder_policy="preorder")
    made = expect(4, "ASN-1")
    place(("MUG", 2))
    place(("MUG", 2))
    return made


def expect(pieces: int, reference: str) -> int:
    told = {"location": "PER", "quantity": pieces, "reference": reference, "expected_on": SOON}
    return counting.expect_stock("MUG", **told, **DOING).pk


def receive(pieces: int):
    told = {"location": "PER", "quantity": pieces, "reference": "ASN-1"}
    return lambda: counting.receive_stock("MUG", **told, **DOING)


def change(delivery: int, **terms):
    return lambda: deliveries.change(delivery, NewTerms("Storm", **terms), **DOING)


def preorder() -> None:
    ordering.place_order(request(("MUG", 1)), **DOING)


def bound() -> dict[str, int]:
    found = SupplyClaim.objects.values_list("expected__reference", "quantity")
    held: dict[str, int] = {}
    for reference, pieces in found:
        held[reference or "lost"] = held.get(reference or "lost", 0) + pieces
    return held


def waiting() -> int:
    return sum(OrderLine.objects.values_list("quantity_waiting", flat=True))


def refused(errors: list[Exception]) -> bool:
    return all(isinstance(error, Refusal) for error in errors)


def test_what_comes_while_it_is_called_off_is_served_or_not_there_and_nothing_between(delivery):
    errors = at_once(receive(4), change(delivery, to_come=0))

    assert refused(errors)
    assert len(errors) == 1
    came = isinstance(errors[0], MoreThanExpected) is False
    assert (waiting(), bound()) == ((0, {}) if came else (4, {"lost": 4}))
    assert level().reserved == (5 if came else 1)
    assert breaches() == {}


def test_what_comes_in_part_while_the_rest_is_called_off_serves_as_many_as_came(delivery):
    errors = at_once(receive(2), change(delivery, to_come=0))

    assert refused(errors)
    row = ExpectedReceipt.objects.get(pk=delivery)
    assert row.quantity_expected == row.quantity_received
    assert waiting() == 4 - row.quantity_received
    assert bound() == {"lost": waiting()}
    assert breaches() == {}


def test_what_comes_while_it_is_moved_is_served_and_moved_no_more(delivery):
    errors = at_once(receive(4), change(delivery, on=LATER))

    assert refused(errors)
    assert (waiting(), bound(), level().reserved) == (0, {}, 5)
    assert len(errors) + DeliveryChange.objects.count() == 1
    assert breaches() == {}


def test_two_people_who_saw_the_same_pieces_call_them_off_once(delivery):
    errors = at_once(*[change(delivery, to_come=0, seen=4) for _ in range(3)])

    assert (refused(errors), len(errors), DeliveryChange.objects.count()) == (True, 2, 1)
    assert bound() == {"lost": 4}
    assert breaches() == {}


def test_nobody_is_bound_to_a_delivery_that_gets_smaller_meanwhile(delivery):
    channel("api")
    expect(3, "ASN-2")
    errors = at_once(preorder, preorder, change(delivery, to_come=1), preorder)

    assert refused(errors)
    held = bound()
    assert held.get("ASN-1", 0) <= 1
    assert held.get("ASN-2", 0) <= 3
    assert sum(held.values()) == waiting()
    assert breaches() == {}


def test_an_announcement_and_a_new_preorder_at_once_bind_no_piece_twice(delivery):
    channel("api")
    deliveries.change(delivery, NewTerms("Storm", to_come=0), **DOING)

    errors = at_once(lambda: expect(4, "ASN-3"), preorder, preorder)

    assert refused(errors)
    held = bound()
    assert held.get("ASN-3", 0) <= 4
    assert sum(held.values()) == waiting()
    assert breaches() == {}


def test_a_cancellation_beside_a_call_off_leaves_no_claim_behind(delivery):
    number = SupplyClaim.objects.order_by("id").first().line.order.number

    errors = at_once(
        lambda: ordering.cancel_order(number, reason="Changed their mind", **DOING),
        change(delivery, to_come=0),
    )

    assert errors == []
    assert (bound(), waiting()) == ({"lost": 2}, 2)
    assert breaches() == {}
