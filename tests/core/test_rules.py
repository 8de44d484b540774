import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.core import quantities
from oms.core.lifecycles import IllegalTransition, Lifecycle
from oms.core.quantities import Pack, QuantityInvalid
from oms.core.roles import ALL_PERMISSIONS, PERMISSIONS, Role, roles_with

DOOR = Lifecycle({"open": frozenset({"shut"}), "shut": frozenset({"open", "locked"}), "locked": frozenset()})


def test_a_lifecycle_lets_only_published_moves_pass():
    assert DOOR.allows("open", "shut")
    assert DOOR.is_final("locked")
    with pytest.raises(IllegalTransition, match=r"The door is open already\."):
        DOOR.check("open", "open", what="The door")
    with pytest.raises(IllegalTransition, match="The door is open and cannot become locked"):
        DOOR.check("open", "locked", what="The door")


def test_a_lifecycle_names_every_status_it_leads_to():
    with pytest.raises(ValueError, match="ajar"):
        Lifecycle({"open": frozenset({"ajar"})})


@pytest.mark.parametrize("wrong", [-1, 1.0, True, "3", quantities.MOST + 1])
def test_a_quantity_is_a_whole_number_from_zero_up(wrong):
    with pytest.raises(QuantityInvalid):
        quantities.quantity(wrong)


def test_taking_more_than_there_is_is_refused():
    assert quantities.less(3, 3) == 0
    with pytest.raises(QuantityInvalid):
        quantities.less(3, 4)


@given(st.integers(0, 100_000))
def test_packs_never_hold_more_than_the_units(units):
    packs = (Pack("carton", 12), Pack("pallet", 480))
    taken = quantities.fewest_packs(units, packs)
    left = units - sum(pack.in_units(count) for pack, count in taken)
    assert 0 <= left < 12


def test_every_role_has_only_rights_that_exist():
    for role in Role:
        assert PERMISSIONS[role] <= ALL_PERMISSIONS
    assert roles_with("users.change") == {Role.ADMINISTRATOR}
    assert "fulfilment.pick" in PERMISSIONS[Role.PICKER]
    assert "stock.adjust" not in PERMISSIONS[Role.PICKER]
