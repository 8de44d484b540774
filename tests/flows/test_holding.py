"""Goods that must not be sold: set aside and given back, recalled, expired at the place's own midnight."""

from datetime import UTC, date, datetime

import pytest

from inventory import lot_queries
from inventory.models import Lot
from inventory.rules import Arrived, LotRefused, NotEnoughStock, ReasonRequired
from oms.alerts.models import Alert
from oms.core.actors import SYSTEM
from oms.flows import arriving, holding
from oms.flows.holding import Held
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, location, place, shelf

pytestmark = pytest.mark.django_db
DOING = {"actor": TESTER, "at": NOON}


def tea(code: str, pieces: int, expires_on: date | None = None, *, at: str = "PER") -> Lot:
    """Pieces of a lot of TEA."""
    builders.sku("TEA", is_lot_tracked=True)
    location(at)
    arrived = Arrived("TEA", pieces, code, expires_on)
    arriving.receive_arrivals([arrived], location=at, reference=f"IN-{code}-{at}", **DOING)
    return lot_queries.lot("TEA", code)


def test_pieces_are_set_aside_and_given_back():
    shelf(on_hand=5)

    holding.set_aside(Held("MUG", "PER", 2, is_damaged=True), note="wet", **DOING)
    assert (level().quarantined, level().damaged, level().available) == (2, 2, 3)

    with pytest.raises(NotEnoughStock):
        holding.give_back(Held("MUG", "PER", 1), note="dry", **DOING)
    holding.give_back(Held("MUG", "PER", 2, is_damaged=True), note="dry", **DOING)
    assert (level().quarantined, level().damaged, level().available) == (0, 0, 5)
    assert breaches() == {}


def test_setting_aside_needs_a_word():
    shelf(on_hand=5)

    with pytest.raises(ReasonRequired):
        holding.set_aside(Held("MUG", "PER", 2), note=" ", **DOING)


def test_a_recall_takes_every_piece_off_sale_and_moves_the_orders():
    lot = tea("L1", 3)
    tea("L1", 2, at="SYD")
    tea("L2", 2, at="SYD")
    placed = place(("TEA", 2))

    done = holding.recall_lot("TEA", "L1", reason="glass", **DOING)

    assert done.pieces == 5
    assert (level("TEA").quarantined, level("TEA").reserved) == (3, 0)
    assert (level("TEA", at="SYD").quarantined, level("TEA", at="SYD").reserved) == (2, 2)
    assert done.displaced == (placed.number,)
    assert Alert.objects.filter(kind="lot_recalled", subject_id="TEA/L1").exists()
    lot.refresh_from_db()
    assert lot.recall_reason == "glass"
    assert breaches() == {}


def test_a_recalled_lot_is_neither_received_nor_given_back_nor_recalled_again():
    tea("L1", 3)
    holding.recall_lot("TEA", "L1", reason="glass", **DOING)

    with pytest.raises(LotRefused, match="recalled"):
        tea("L1", 1)
    with pytest.raises(LotRefused):
        holding.give_back(Held("TEA", "PER", 1, lot="L1"), note="fine", **DOING)
    with pytest.raises(LotRefused):
        holding.recall_lot("TEA", "L1", reason="again", **DOING)


def test_a_lot_expires_at_the_midnight_of_its_place():
    tea("L1", 3, date(2026, 11, 24))
    tea("L2", 3)
    before = datetime(2026, 11, 24, 15, 59, tzinfo=UTC)
    after = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)

    assert lot_queries.levels_past_sale(before) == []
    assert [each.pk for each in lot_queries.levels_past_sale(after)] == [level("TEA").pk]
    assert holding.expire(level("TEA").pk, actor=SYSTEM, at=after) == 3

    assert (level("TEA").quarantined, level("TEA").available, level("TEA").sellable_until) == (3, 3, None)
    assert lot_queries.levels_past_sale(after) == []
    assert Alert.objects.filter(kind="lot_expired").count() == 1
    assert breaches() == {}


def test_what_is_near_its_end_is_listed():
    tea("SOON", 1, date(2026, 12, 1))
    tea("LATE", 1, date(2027, 12, 1))

    near = lot_queries.near_expiry(lot_queries.lots(), NOON.date())
    assert [lot.code for lot in near] == ["SOON"]
