"""A draft tried on an order: beside the live rules, on present stock, with nothing written."""

import pytest

from fulfilment.models import FulfilmentOrder
from oms.core.models import AuditEntry
from oms.flows import trying
from oms.routing.models import RoutingDecision
from oms.routing.preview import Wanted, Wish
from oms.routing.problem import Destination
from oms.routing.rules import Action, Does, Rule, RuleBook, RuleSetNotFound, Sites
from oms.routing.services import rule_sets
from tests import builders
from tests.builders import NOON
from tests.routing.test_doors import person

pytestmark = pytest.mark.django_db
ONLY_SYDNEY = RuleBook((Rule(1, (), (Action(Does.REQUIRE, Sites(codes=("SYD",))),)),))


@pytest.fixture
def draft():
    """Perth ships under the live rules, Sydney under the draft."""
    builders.channel("api")
    for code, cost in (("PER", 500), ("SYD", 900)):
        builders.location(code, name=code.title())
        builders.rate(code, region="WA", cost_minor=cost, days=2)
        builders.shelf("MUG", at=code, on_hand=3)
    live = builders.live_rules(RuleBook())
    draft = rule_sets.draft_from(live.pk, by=None, at=NOON)
    return rule_sets.rewrite(draft.pk, ONLY_SYDNEY, by=None, at=NOON)


def sites(plan) -> list[tuple[str, int]]:
    return [(parcel.site, sum(pieces for _, pieces in parcel.lines)) for parcel in plan.parcels]


def test_an_order_is_planned_under_both_and_nothing_is_written(draft) -> None:
    placed = builders.place(("MUG", 3))
    before = (RoutingDecision.objects.count(), FulfilmentOrder.objects.count(), AuditEntry.objects.count())

    tried = trying.on_order(draft.pk, placed.number, at=NOON)

    assert (sites(tried.draft), sites(tried.live), tried.differs) == ([("SYD", 3)], [("PER", 3)], True)
    after = (RoutingDecision.objects.count(), FulfilmentOrder.objects.count(), AuditEntry.objects.count())
    assert after == before


def test_the_pieces_that_the_order_holds_are_free_for_it_alone(draft) -> None:
    mine, theirs = builders.place(("MUG", 2)), builders.place(("MUG", 1))

    assert sites(trying.on_order(draft.pk, mine.number, at=NOON).live) == [("PER", 2)]
    assert sites(trying.on_order(draft.pk, theirs.number, at=NOON).live) == [("PER", 1)]
    builders.place(("MUG", 3))  # what Sydney has
    assert trying.on_order(draft.pk, mine.number, at=NOON).draft.parcels == ()


def test_a_made_up_order_is_planned_too(draft) -> None:
    wish = Wish("api", "b2c", Destination("AU", "WA", "6050"), (Wanted("MUG", 1),))

    tried = trying.on_wish(draft.pk, wish, at=NOON)

    assert (sites(tried.draft), sites(tried.live)) == ([("SYD", 1)], [("PER", 1)])
    with pytest.raises(RuleSetNotFound):
        trying.on_wish(0, wish, at=NOON)


def test_the_same_rules_decide_the_same(draft) -> None:
    live = draft.rule_set.versions.get(status="published")
    placed = builders.place(("MUG", 1))

    assert not trying.on_order(live.pk, placed.number, at=NOON).differs


def test_the_page_shows_both_with_their_reasons(draft) -> None:
    placed = builders.place(("MUG", 1))
    dan = person("dan")
    path = f"/routing/versions/{draft.pk}/try"

    page = dan.get(f"{path}?order={placed.number}").content.decode()
    typed = dan.get(
        path,
        {"channel": "api", "customer_type": "b2c", "country": "AU", "region": "WA", "lines": "MUG x 1\nMUG"},
    ).content.decode()

    assert "would decide otherwise" in page
    assert "Rule 1: ship only from Syd" in page
    assert page.count("Kept") >= 2
    assert "would decide otherwise" in typed


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"order": "SO-NONE"}, "There is no order SO-NONE."),
        ({"lines": ""}, "Write a number of an order above, or at least one SKU here."),
        ({"lines": "MUG x 0"}, "is not a SKU with its pieces"),
        ({"lines": "SAUCER"}, "There is no active SKU SAUCER."),
        ({"lines": "MUG", "country": "Australia"}, "Write two letters, such as AU."),
    ],
)
def test_what_cannot_be_tried_says_so_at_its_field(draft, fields: dict, says: str) -> None:
    sent = {"channel": "api", "customer_type": "b2c", "country": "AU", "lines": ""} | fields

    assert says in person("dan").get(f"/routing/versions/{draft.pk}/try", sent).content.decode()
