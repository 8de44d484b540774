"""Fewer pieces are there than were promised."""

import pytest

from inventory.rules import NotEnoughStock
from oms.alerts.models import Alert
from oms.core.transactions import owns_transaction
from oms.flows import displacing
from tests.builders import NOON, PERTH, TESTER, breaches, level, order, pack, place, rate, shelf

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rates():
    rate("PER", region="WA", cost_minor=600, days=2)
    rate("SYD", region="WA", cost_minor=1200, days=5)


@owns_transaction()
def make_room(pieces: int) -> tuple[str, ...]:
    return displacing.make_room(level(), pieces, why="Two were broken.", actor=TESTER, at=NOON)


def test_the_newest_promise_gives_way_and_is_served_elsewhere():
    shelf("MUG", at="PER", on_hand=3)
    older, newer = place(("MUG", 1), to=PERTH), place(("MUG", 2), to=PERTH)
    shelf("MUG", at="SYD", on_hand=5)

    assert make_room(2) == (newer.number,)

    assert level("MUG", at="PER").available == 2
    assert level("MUG", at="SYD").reserved == 2
    assert order(older).fulfilment_orders.get().location.code == "PER"
    assert Alert.objects.get(kind="displaced_order").subject_id == newer.number
    assert breaches() == {}


def test_pieces_that_nothing_else_serves_wait():
    shelf("MUG", at="PER", on_hand=2)
    placed = place(("MUG", 2))

    make_room(1)

    assert order(placed).lines.get().quantity_waiting == 1
    assert order(placed).progress == "backordered"
    assert breaches() == {}


def test_free_pieces_displace_nobody():
    shelf("MUG", at="PER", on_hand=2)
    place(("MUG", 1))

    assert make_room(1) == ()


def test_packed_pieces_stay():
    shelf("MUG", at="PER", on_hand=1)
    placed = place(("MUG", 1))
    pack(placed.work[0].number, "MUG")

    with pytest.raises(NotEnoughStock):
        make_room(1)
