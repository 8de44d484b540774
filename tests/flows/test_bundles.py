"""A bundle is sold as one and kept as its parts."""

from decimal import Decimal

import pytest
from django.db import DatabaseError

from inventory.queries import bundles_available
from oms.catalogue.models import BundleComponent
from oms.catalogue.services.bundles import NotABundle
from oms.core.errors import Invalid
from oms.flows import cataloguing, ordering
from oms.flows.bundling import EmptyBundle
from oms.orders.models import BundleLine, OrderLine
from tests.builders import NOON, TESTER, breaches, level, order, place, rate, shelf, sku

pytestmark = pytest.mark.django_db


def compose(code: str, **pieces: int) -> None:
    cataloguing.compose_bundle(code, pieces, actor=TESTER, at=NOON)


@pytest.fixture(autouse=True)
def set_of_three():
    """TEA is a pot and two mugs: 5 pots and 9 mugs are there, so that 4 sets can be made."""
    rate("PER", region="WA", cost_minor=600, days=2)
    shelf("POT", on_hand=5)
    shelf("MUG", on_hand=9)
    sku("TEA")
    compose("TEA", POT=1, MUG=2)


def available() -> dict[str, int]:
    return bundles_available(sku("TEA").pk, None)


def test_as_many_can_be_sold_as_the_scarcest_component_makes():
    assert available() == {"PER": 4}


def test_a_bundle_sets_its_components_aside():
    placed = place(("TEA", 3))

    assert (placed.lines[0].sku, placed.lines[0].allocated, placed.lines[0].waiting) == ("TEA", 3, 0)
    assert (level("POT").reserved, level("MUG").reserved) == (3, 6)
    assert available() == {"PER": 1}
    assert breaches() == {}


def test_a_component_that_is_shared_with_the_order_is_counted_once():
    placed = place(("MUG", 4), ("TEA", 4))

    assert [line.allocated for line in placed.lines] == [4, 2]
    assert level("MUG").available >= 0
    assert breaches() == {}


def test_what_waits_is_said_in_whole_bundles():
    placed = place(("TEA", 5))

    assert (placed.lines[0].allocated, placed.lines[0].waiting) == (4, 1)
    assert order(placed).progress == "backordered"


def test_the_price_is_shared_over_the_components_without_losing_a_cent():
    type(sku("POT")).objects.filter(code="POT").update(unit_cost=Decimal("7"))
    type(sku("MUG")).objects.filter(code="MUG").update(unit_cost=Decimal("3"))

    placed = place(("TEA", 1))

    assert [line.total_minor for line in order(placed).lines.all()] == [538, 462]
    assert BundleLine.objects.get().total_minor == order(placed).total_minor == 1000
    assert breaches() == {}


def test_a_cancelled_order_gives_the_components_back():
    placed = place(("TEA", 2))

    ordering.cancel_order(placed.number, reason="Changed mind", actor=TESTER, at=NOON)

    assert available() == {"PER": 4}


def test_orders_keep_the_components_they_had():
    place(("TEA", 1))

    compose("TEA", POT=1, MUG=4)

    assert list(OrderLine.objects.order_by("position").values_list("quantity_per_bundle", flat=True)) == [
        1,
        2,
    ]
    assert available() == {"PER": 1}


def test_an_empty_bundle_is_not_sold():
    BundleComponent.objects.all().delete()

    with pytest.raises(EmptyBundle):
        place(("TEA", 1))


@pytest.mark.parametrize(
    ("pieces", "refusal"),
    [({"TEA": 1}, Invalid), ({"MUG": 0}, Invalid), ({"SET": 1}, NotABundle)],
    ids=["itself", "none of a component", "another bundle"],
)
def test_what_cannot_be_in_a_bundle_is_refused(pieces, refusal):
    sku("SET")
    compose("SET", MUG=1)

    with pytest.raises(refusal):
        compose("TEA", **pieces)


def test_what_is_kept_itself_does_not_become_a_bundle():
    with pytest.raises(NotABundle):
        compose("POT", MUG=1)


def test_the_database_refuses_stock_of_a_bundle():
    with pytest.raises(DatabaseError, match="it is a bundle"):
        shelf("TEA", on_hand=1)
