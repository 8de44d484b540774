"""Scarce stock is left for those whom nobody else can serve, where the rules say so."""

import pytest

from oms.routing import checking, scarcity
from oms.routing.checking import Known
from oms.routing.network import network
from oms.routing.planner import plan
from oms.routing.plans import Plan
from oms.routing.problem import OrderFacts
from oms.routing.rules import Criterion, Ranking, RuleBook
from tests.routing.test_planner import MUG, PER, PERTH, SYD, mugs, post

HAS = {(PER.id, MUG): 4, (SYD.id, MUG): 60}
PACES = {(PER.id, MUG): 1_000, (SYD.id, MUG): 1_000}
BY_COST = Ranking((Criterion.COST, Criterion.DAYS))


def planned(scarcity_minor: int, *, ranking: Ranking = BY_COST, paces=PACES, quantity: int = 1) -> Plan:
    """Perth is a dollar cheaper, and what it has lasts for four days; Sydney's lasts for two months."""
    book = RuleBook(ranking=ranking, scarcity_minor=scarcity_minor)
    prepared = network((PER, SYD), {PER.id: post(600, 2), SYD.id: post(700, 5)}, book)
    order = OrderFacts("api", "b2c", PERTH, (mugs(quantity),), paces=paces)
    return plan(order, stock=HAS, network=prepared)


@pytest.mark.parametrize(
    ("pieces", "pace", "counts"),
    [
        (0, 1_000, 700),
        (7, 1_000, 350),
        (13, 1_000, 50),
        (14, 1_000, 0),
        (400, 1_000, 0),
        (7, 500, 0),
        (7, 0, 0),
    ],
)
def test_a_piece_counts_more_the_sooner_its_stock_runs_out(pieces: int, pace: int, counts: int) -> None:
    assert scarcity.price(pieces, pace, most_minor=700) == counts


def test_a_scarce_piece_is_left_where_it_is_when_another_costs_little_more() -> None:
    found = planned(300)

    assert [parcel.site for parcel in found.parcels] == ["SYD"]
    assert (found.cost_minor, found.winner.scarcity_minor, found.optimal) == (700, 0, True)
    assert found.candidates[0].effects == ("Scarce here: MUG counts 2.14 a piece",)
    assert "but its stock is scarcer" in found.why


def test_it_is_sent_when_another_costs_much_more_and_the_decision_says_what_it_counted() -> None:
    found = planned(100)

    assert [parcel.site for parcel in found.parcels] == ["PER"]
    assert (found.cost_minor, found.winner.scarcity_minor) == (600, 71)
    assert "Its scarce stock counted 0.71 more." in found.why


def test_switched_off_nothing_is_asked_and_nothing_counts() -> None:
    off, unknown = planned(0), planned(0, paces={})

    assert off.explained() == unknown.explained()
    assert [parcel.site for parcel in off.parcels] == ["PER"]
    assert not RuleBook(ranking=BY_COST).needs_paces
    assert RuleBook(ranking=BY_COST, scarcity_minor=1).needs_paces


def test_what_does_not_sell_is_not_scarce() -> None:
    assert [parcel.site for parcel in planned(900, paces={}).parcels] == ["PER"]


def test_scarcity_that_no_ranking_counts_is_to_be_mended() -> None:
    late = RuleBook(ranking=Ranking((Criterion.DAYS, Criterion.COST)), scarcity_minor=500)

    assert [(each.at, each.stops) for each in checking.findings(late, Known())] == [("scarcity", True)]
    assert checking.findings(RuleBook(ranking=BY_COST, scarcity_minor=500), Known()) == ()
