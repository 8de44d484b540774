"""A claim binds pieces that wait to a delivery that is to come, from the order or its edit until they are served."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from inventory.models import ExpectedReceipt
from oms.catalogue.models import Sku
from oms.flows import amending, counting, ordering, scarcity
from oms.orders import scarcity_queries
from oms.orders.amendments import Amendment, Difference
from oms.orders.models import Order, SupplyClaim
from oms.orders.rules import PreorderSoldOut
from tests.builders import NOON, TESTER, breaches, place, shelf

pytestmark = pytest.mark.django_db
COMES = date(2026, 11, 25)
LATER = NOON + timedelta(days=2)


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture(autouse=True)
def preordered() -> None:
    """A SKU that is sold as it is announced, and nothing of it is there."""
    shelf("MUG", on_hand=1)
    place(("MUG", 1))
    Sku.objects.filter(code="MUG").update(backorder_policy="preorder")


def expect(pieces: int, reference: str = "ASN-1", on: date = COMES) -> None:
    doing = {"expected_on": on, "actor": TESTER, "at": NOON}
    counting.expect_stock("MUG", location="PER", quantity=pieces, reference=reference, **doing)


def receive(pieces: int, reference: str = "ASN-1") -> None:
    doing = {"location": "PER", "quantity": pieces, "reference": reference, "actor": TESTER, "at": LATER}
    counting.receive_stock("MUG", **doing)


def amend(number: str, pieces: int) -> None:
    amendment = Amendment(differences=(Difference("MUG", pieces),))
    amending.amend_order(number, amendment, reason="They rang", actor=TESTER, at=NOON)


def claims(number: str) -> list[tuple[str, int]]:
    found = SupplyClaim.objects.filter(line__order__number=number).order_by("expected__expected_on", "id")
    return [(claim.expected.reference, claim.quantity) for claim in found]


def bound(reference: str = "ASN-1") -> int:
    return ExpectedReceipt.objects.get(reference=reference).quantity_bound


def test_pieces_that_an_edit_adds_are_bound_as_if_they_were_ordered_now():
    expect(3)
    expect(3, "ASN-2", COMES + timedelta(days=7))
    first, second = place(("MUG", 2)).number, place(("MUG", 1)).number

    amend(first, 2)

    assert claims(first) == [("ASN-1", 2), ("ASN-2", 2)]
    assert claims(second) == [("ASN-1", 1)]
    basis = Order.objects.get(number=first).promises.order_by("-sequence").first().basis
    assert [parcel["ready_on"] for parcel in basis["parcels"]][-1] == "2026-12-02"


def test_an_edit_adds_no_more_than_deliveries_hold():
    expect(3)
    number = place(("MUG", 2)).number

    with pytest.raises(PreorderSoldOut):
        amend(number, 2)

    assert (claims(number), bound()) == ([("ASN-1", 2)], 2)
    amend(number, 1)
    assert claims(number) == [("ASN-1", 2), ("ASN-1", 1)]


def test_a_claim_ends_as_its_pieces_are_served_and_no_further_piece_goes_before_others():
    expect(3)
    expect(3, "ASN-2", COMES + timedelta(days=7))
    early = place(("MUG", 1)).number
    urgent = place(("MUG", 2), priority=1).number

    receive(3)

    assert (claims(early), claims(urgent), bound()) == ([], [], 0)
    amend(early, 1)
    assert [line.is_bound for line in scarcity_queries.queue("MUG") if line.order.number == early] == [False]


def test_a_claim_is_cut_by_what_is_cancelled_the_latest_delivery_first():
    expect(2)
    expect(2, "ASN-2", COMES + timedelta(days=7))
    number = place(("MUG", 4)).number
    assert claims(number) == [("ASN-1", 2), ("ASN-2", 2)]

    amend(number, -1)
    assert claims(number) == [("ASN-1", 2), ("ASN-2", 1)]
    ordering.cancel_order(number, reason="", actor=TESTER, at=NOON)

    assert (claims(number), bound(), bound("ASN-2")) == ([], 0, 0)


def test_what_a_cancelled_preorder_was_bound_to_is_free_for_the_next():
    expect(4)
    expect(4, "ASN-2", COMES + timedelta(days=7))
    gone, stays = place(("MUG", 4)).number, place(("MUG", 4)).number
    ordering.cancel_order(gone, reason="", actor=TESTER, at=NOON)

    comes = place(("MUG", 4)).number

    assert (claims(stays), claims(comes)) == ([("ASN-2", 4)], [("ASN-1", 4)])


def test_pieces_that_are_given_away_count_on_a_delivery_again():
    receive_loose(2)
    expect(4)
    giver, taker = place(("MUG", 2)).number, place(("MUG", 2)).number
    assert (claims(giver), claims(taker)) == ([], [("ASN-1", 2)])

    scarcity.give("MUG", giver=giver, taker=taker, note="Their opening", actor=TESTER, at=NOON)

    assert (claims(giver), claims(taker), bound()) == ([("ASN-1", 2)], [], 2)


def receive_loose(pieces: int) -> None:
    doing = {"location": "PER", "reason": "found", "note": "", "actor": TESTER, "at": NOON}
    counting.adjust_stock("MUG", quantity_delta=pieces, **doing)


REFUSED = {
    "more than waits": "update orders_supplyclaim set quantity = quantity + 1",
    "another delivery": "update orders_supplyclaim set expected_id = null",
    "less than is bound": "update inventory_expectedreceipt set quantity_expected = 1",
    "a total by hand": "update inventory_expectedreceipt set quantity_bound = 0",
    "an announcement that is gone": "delete from inventory_expectedreceipt",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_the_database_refuses(statement):
    expect(2)
    place(("MUG", 2))

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_binds_no_more_than_is_to_come():
    expect(2)
    place(("MUG", 2))
    expect(2, "ASN-2", COMES + timedelta(days=7))
    other = SupplyClaim.objects.get(line__order__number=place(("MUG", 2)).number)
    full = ExpectedReceipt.objects.get(reference="ASN-1")
    other.delete()

    with pytest.raises(DatabaseError, match="does not hold"), transaction.atomic():
        SupplyClaim.objects.create(line=other.line, expected=full, quantity=1)
