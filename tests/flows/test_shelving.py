"""Bins: switching them on and off, carrying between them, and where pieces should go."""

from uuid import uuid4

import pytest

from inventory import floor_queries
from inventory.models import Bin, StockContent, StockLevel
from inventory.rules import BinRefused, NotEnoughStock
from inventory.services import bins
from inventory.services.bins import Load
from oms.core.errors import Conflict
from oms.flows import shelving
from tests.builders import NOON, TESTER, breaches, level, location, place, shelf

pytestmark = pytest.mark.django_db


def storage(code: str, *, at: str = "PER", **facts) -> Bin:
    """A storage bin."""
    return Bin.objects.create(location=location(at), code=code, **facts)


def held(code: str) -> dict[str, int]:
    """Pieces of a SKU by bin."""
    rows = StockContent.objects.filter(level__sku__code=code).select_related("bin")
    return {row.bin.code if row.bin else "": row.on_hand for row in rows}


@pytest.fixture
def managed() -> Bin:
    """Perth by bins: five mugs in A-1, three cups in receiving."""
    shelf("MUG", on_hand=5)
    shelf("CUP", on_hand=3)
    home = storage("A-1", path_position=1, capacity=10)
    StockLevel.objects.filter(sku__code="MUG").update(pick_bin=home)
    shelving.manage_by_bins("PER", actor=TESTER, at=NOON)
    return home


def carry(code: str, pieces: int, source: str, target: str, key=None) -> int:
    """Carry pieces of a SKU between two bins of Perth."""
    bin_id = Bin.objects.get(code=source).pk
    load = Load(level(code).pk, bin_id, None, pieces)
    return shelving.carry([load], location="PER", to=target, key=key or uuid4(), actor=TESTER, at=NOON)


def test_everything_on_hand_goes_to_its_pick_bin_or_to_receiving(managed):
    assert held("MUG") == {"A-1": 5}
    assert held("CUP") == {"RECEIVING": 3}
    assert Bin.objects.filter(kind="staging").count() == 1
    assert (level("MUG").on_hand, level("MUG").located) == (5, 5)
    assert breaches() == {}


def test_bins_are_switched_off_again(managed):
    assert shelving.manage_without_bins("PER", actor=TESTER, at=NOON) == 8

    assert StockContent.objects.count() == 0
    assert (level("MUG").on_hand, level("MUG").located) == (5, 0)
    assert breaches() == {}


def test_switching_twice_is_refused(managed):
    with pytest.raises(Conflict):
        shelving.manage_by_bins("PER", actor=TESTER, at=NOON)


def test_what_comes_in_later_stands_in_receiving(managed):
    shelf("MUG", on_hand=2)

    assert held("MUG") == {"A-1": 5, "RECEIVING": 2}


def test_pieces_are_carried_once_per_key_and_back(managed):
    storage("B-1", path_position=5)
    key = uuid4()

    for _ in range(2):
        carry("MUG", 2, "A-1", "B-1", key)
    assert held("MUG") == {"A-1": 3, "B-1": 2}

    for _ in range(2):
        shelving.carry_back(key, actor=TESTER, at=NOON)
    assert held("MUG") == {"A-1": 5}
    assert breaches() == {}


def test_a_full_bin_is_refused(managed):
    storage("B-1", capacity=1)

    with pytest.raises(BinRefused, match="1 more fit"):
        carry("MUG", 2, "A-1", "B-1")


def test_staging_is_not_for_storing(managed):
    with pytest.raises(BinRefused, match="not for storing"):
        carry("MUG", 2, "A-1", "STAGING")


def test_more_than_stand_there_are_refused(managed):
    storage("B-1")

    with pytest.raises(NotEnoughStock):
        carry("MUG", 6, "A-1", "B-1")


def test_a_home_with_room_is_suggested_first_then_the_same_sku_then_the_nearest_empty_bin(managed):
    mug, cup = level("MUG"), level("CUP")
    far, near = storage("Z-9", path_position=90), storage("A-2", path_position=2)

    assert bins.suggest(mug, None, 5) == managed
    assert bins.suggest(mug, None, 6) == near
    assert bins.suggest(cup, None, 3) == near
    carry("CUP", 1, "RECEIVING", "Z-9")
    assert bins.suggest(cup, None, 2) == far


def test_what_stands_in_receiving_waits_to_be_put_away(managed):
    waiting = floor_queries.to_put_away(location("PER"))

    assert [(each.content.level.sku.code, each.pieces) for each in waiting] == [("CUP", 3)]


def test_an_order_leaves_from_its_bin(managed):
    placed = place(("MUG", 2))

    assert (level("MUG").reserved, placed.work[0].location) == (2, "PER")
