"""An accepted order is changed: stock, work and totals follow once."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fulfilment.rules import ScanKind
from oms.alerts.models import Alert
from oms.core.lifecycles import IllegalTransition
from oms.flows import amending
from oms.flows.snapshots import UnknownSku
from oms.orders.amendments import (
    Amendment,
    Difference,
    LineNotFound,
    OrderChanged,
    PriceNeeded,
    TooLateToChange,
    cancelled_value,
)
from oms.orders.models import Order, OrderChange
from oms.orders.rules import OrderBlocked
from tests import builders
from tests.builders import NOON, PERTH, SYDNEY, TESTER, breaches, level, pack, place, rate, scan, shelf

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


def amend(number: str, *differences: tuple, **changes) -> Order:
    wanted = tuple(Difference(*each) for each in differences)
    amendment = Amendment(differences=wanted, **changes)
    return amending.amend_order(number, amendment, reason="They rang", actor=TESTER, at=NOON)


def lines(number: str) -> list[tuple]:
    rows = Order.objects.get(number=number).lines.order_by("position")
    return [
        (
            row.sku.code,
            row.quantity_ordered,
            row.quantity_allocated,
            row.quantity_waiting,
            row.quantity_cancelled,
        )
        for row in rows
    ]


def test_fewer_pieces_free_their_stock_and_their_money():
    shelf("MUG", on_hand=10)
    placed = place(("MUG", 5))

    changed = amend(placed.number, ("MUG", -2))

    assert lines(placed.number) == [("MUG", 5, 3, 0, 2)]
    assert (level("MUG").reserved, level("MUG").available) == (3, 7)
    assert (changed.lines_minor, changed.cancelled_minor, changed.total_minor) == (5000, 2000, 3000)
    change = OrderChange.objects.get()
    assert (change.sequence, change.pieces, change.value_delta_minor) == (1, {"MUG": -2}, -2000)


def test_what_waits_goes_before_what_is_reserved():
    shelf("MUG", on_hand=3)
    placed = place(("MUG", 5))

    amend(placed.number, ("MUG", -3))

    assert lines(placed.number) == [("MUG", 5, 2, 0, 3)]


def test_more_pieces_are_a_line_of_their_own_at_the_same_price():
    shelf("MUG", on_hand=10)
    placed = place(("MUG", 2))

    changed = amend(placed.number, ("MUG", 3))

    assert lines(placed.number) == [("MUG", 2, 2, 0, 0), ("MUG", 3, 3, 0, 0)]
    assert changed.total_minor == 5000
    assert level("MUG").reserved == 5
    assert Order.objects.get(number=placed.number).fulfilment_orders.count() == 1


def test_another_sku_needs_a_price():
    shelf("MUG", on_hand=10)
    shelf("CUP", on_hand=10)
    placed = place(("MUG", 2))

    with pytest.raises(PriceNeeded):
        amend(placed.number, ("CUP", 1))
    changed = amend(placed.number, ("CUP", 2, Decimal("1.25")), ("MUG", -1))

    assert changed.total_minor == 1250
    assert lines(placed.number) == [("MUG", 2, 1, 0, 1), ("CUP", 2, 2, 0, 0)]


def test_picked_pieces_are_put_back_and_packed_ones_stay():
    shelf("MUG", on_hand=10)
    placed = place(("MUG", 3))
    work = placed.work[0].number
    scan(work, "MUG", ScanKind.PICK, 2)

    amend(placed.number, ("MUG", -2))

    assert lines(placed.number) == [("MUG", 3, 1, 0, 2)]
    assert "Put 1 of MUG back" in Alert.objects.get(kind="put_back").message


def test_what_is_packed_cannot_be_taken_off():
    shelf("MUG", on_hand=10)
    placed = place(("MUG", 2))
    pack(placed.work[0].number, "MUG", 2)

    with pytest.raises(TooLateToChange, match="Only 0 pieces"):
        amend(placed.number, ("MUG", -1))
    with pytest.raises(TooLateToChange, match="packed for the present address"):
        amend(placed.number, address=SYDNEY)


def test_no_more_is_taken_off_than_there_is():
    shelf("MUG", on_hand=10)
    placed = place(("MUG", 2))

    with pytest.raises(TooLateToChange, match=f"Only 2 pieces of MUG are left on {placed.number}"):
        amend(placed.number, ("MUG", -3))


def test_more_of_what_nobody_sells_is_refused_at_its_field():
    shelf("MUG", on_hand=10)
    placed = place(("MUG", 2))

    with pytest.raises(UnknownSku, match="There is no SKU NOPE") as refused:
        amend(placed.number, ("MUG", 1), ("NOPE", 1, Decimal(3)))

    assert refused.value.problems == (("#/lines/1/sku", "There is no SKU NOPE."),)


def test_an_order_of_which_everything_is_taken_off_is_cancelled():
    shelf("MUG", on_hand=10)
    placed = place(("MUG", 2))

    changed = amend(placed.number, ("MUG", -2))

    assert (changed.state, changed.total_minor, level("MUG").reserved) == ("cancelled", 0, 0)
    with pytest.raises(IllegalTransition):
        amend(placed.number, ("MUG", 1))


def test_another_address_is_routed_anew():
    shelf("MUG", at="PER", on_hand=3)
    shelf("MUG", at="SYD", on_hand=3)
    for here, there in (("PER", "SYD"), ("SYD", "PER")):
        region = {"PER": "WA", "SYD": "NSW"}
        rate(here, region=region[here], cost_minor=600, days=2)
        rate(here, region=region[there], cost_minor=1200, days=5)
    placed = place(("MUG", 1))
    assert placed.work[0].location == "PER"

    amend(placed.number, address=SYDNEY)

    live = Order.objects.get(number=placed.number).fulfilment_orders.exclude(status="cancelled")
    assert [work.location.code for work in live] == ["SYD"]
    assert (level("MUG", at="PER").reserved, level("MUG", at="SYD").reserved) == (0, 1)
    assert OrderChange.objects.get().facts == ["shipping_address"]


def test_two_editors_do_not_overwrite_each_other():
    shelf("MUG", on_hand=10)
    placed = place(("MUG", 5))
    amend(placed.number, ("MUG", -1), version=0)

    with pytest.raises(OrderChanged, match="changed 1 times"):
        amend(placed.number, ("MUG", -1), version=0)


def test_an_edit_that_changes_nothing_leaves_no_trace():
    shelf("MUG", on_hand=10)
    placed = place(("MUG", 5))

    amend(placed.number, address=replace(PERTH), words={"notes": ""})

    assert not OrderChange.objects.exists()


def test_what_is_not_sold_on_backorder_is_not_added_beyond_stock():
    shelf("MUG", on_hand=3)
    placed = place(("MUG", 2))
    builders.sku("MUG").__class__.objects.filter(code="MUG").update(backorder_policy="block")

    with pytest.raises(OrderBlocked):
        amend(placed.number, ("MUG", 2))
    with pytest.raises(LineNotFound):
        amend(placed.number, ("CUP", -1))
    assert lines(placed.number) == [("MUG", 2, 2, 0, 0)]


def test_cancelling_piece_by_piece_comes_to_the_whole():
    assert [cancelled_value(1000, 3, pieces) for pieces in range(4)] == [0, 333, 667, 1000]
