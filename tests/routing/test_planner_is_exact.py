"""The planner against an exhaustive search that shares no code with it, on thousands of random orders."""

import random
from dataclasses import replace
from fractions import Fraction
from math import floor

import pytest

from oms.routing.network import network
from oms.routing.planner import plan
from oms.routing.plans import Plan
from oms.routing.problem import Band, Destination, Line, OrderFacts, Service, Site
from oms.routing.rules import Criterion, Ranking, RuleBook
from tests.routing import oracle

RANKINGS = [
    (("cost",), ()),
    (("cost", "days"), ()),
    (("parcels", "cost", "days"), ()),
    (("days", "cost"), ()),
    (("parcels", "days", "cost"), ()),
    (("cost", "days"), (1, 150)),
    (("days", "parcels"), (90, 200)),
]
BY_COST = [each for each in RANKINGS if "cost" in each[0] and (each[1] or each[0][0] != "days")]
BY_COST.remove((("parcels", "days", "cost"), ()))


def random_case(
    dice: random.Random, *, sites: int, skus: int, most: int, banded: bool, scarce: bool = False
) -> tuple[Plan, oracle.Puzzle]:
    criteria, mix = dice.choice(RANKINGS if not scarce else BY_COST)
    demand = tuple(dice.randint(1, most) for _ in range(skus))
    weights = tuple(dice.choice([0, 200, 400, 700]) for _ in range(skus)) if banded else (0,) * skus
    stock = {
        f"S{i}": tuple(dice.choice([0, 0, 1, 1, 2, most, most + 3]) for _ in range(skus))
        for i in range(sites)
    }
    services = {
        i: tuple(random_service(dice, f"svc{n}", banded) for n in range(dice.randint(1, 2)))
        for i in range(sites)
    }
    limit = dice.choice([None, None, 1, 2, 3])
    penalty = dice.choice([0, 0, 100, 500])
    puzzle = oracle.Puzzle(
        demand,
        weights,
        stock,
        {f"S{i}": rate_of(services[i]) for i in range(sites)},
        criteria,
        mix,
        penalty,
        limit or 99,
    )
    most_minor = dice.choice([100, 300, 900]) if scarce else 0
    paces = {(i, k): dice.choice([0, 100, 400, 2_500]) for i in range(sites) for k in range(skus)}
    if scarce:
        puzzle = replace(puzzle, prices=prices_of(stock, paces, most_minor))
    ranking = Ranking(tuple(map(Criterion, criteria)), mix)
    book = RuleBook((), ranking, penalty, limit, scarcity_minor=most_minor)
    places = [Site(i, f"S{i}", f"Site {i}") for i in range(sites)]
    dice.shuffle(places)
    lines = tuple(Line(k, k, f"SKU{k}", demand[k], weights[k]) for k in range(skus))
    seen = {(i, k): stock[f"S{i}"][k] for i in range(sites) for k in range(skus)}
    order = OrderFacts("api", "b2c", Destination("AU"), lines, paces=paces)
    return plan(order, stock=seen, network=network(places, services, book)), puzzle


def prices_of(
    stock: dict[str, tuple[int, ...]], paces: dict[tuple[int, int], int], most_minor: int
) -> dict[str, tuple[int, ...]]:
    """A straight line from nothing at 14 days of cover up to the most at none, rounded down."""
    return {
        site: tuple(
            floor(max(0, most_minor * (1 - Fraction(1_000 * has, paces[i, k]) / 14))) if paces[i, k] else 0
            for k, has in enumerate(pieces)
        )
        for i, (site, pieces) in enumerate(stock.items())
    }


def random_service(dice: random.Random, code: str, banded: bool) -> Service:
    if not banded:
        return Service(code, code, "c", (Band(None, dice.randint(3, 20) * 100, dice.randint(1, 6)),))
    cost = dice.randint(3, 12) * 100
    bands = [
        Band(cap, cost + i * dice.randint(0, 9) * 100, dice.randint(1, 6))
        for i, cap in enumerate([500, 1200])
    ]
    return Service(
        code, code, "c", (*bands, Band(None, cost + dice.randint(5, 30) * 100, dice.randint(1, 6)))
    )


def rate_of(services: tuple[Service, ...]) -> oracle.Rate:
    def offers(grams: int) -> list[tuple[int, int]]:
        found = []
        for service in services:
            band = next(
                band for band in service.bands if band.up_to_grams is None or grams <= band.up_to_grams
            )
            found.append((band.cost_minor, band.days))
        return found

    return offers


def worth_of(found: Plan, puzzle: oracle.Puzzle) -> tuple[int, ...] | None:
    if not found.parcels:
        return None
    cost = found.cost_minor + (found.winner.scarcity_minor if found.winner else 0)
    measures = {"parcels": len(found.parcels), "cost": cost, "days": found.days, "distance": 0}
    if puzzle.mix:
        pairs = zip(puzzle.criteria, puzzle.mix, strict=True)
        return (found.unfilled, sum(weight * measures[name] for name, weight in pairs))
    return (found.unfilled, *[measures[name] for name in puzzle.criteria])


@pytest.mark.parametrize("seed", range(8))
def test_no_plan_over_any_subset_of_sites_is_better(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(250):
        found, puzzle = random_case(
            dice, sites=dice.randint(1, 7), skus=dice.randint(1, 4), most=4, banded=False
        )

        assert found.optimal
        assert worth_of(found, puzzle) == oracle.best_flat(puzzle)
        assert found.bound_minor == found.cost_minor


@pytest.mark.parametrize("seed", range(8))
def test_no_way_to_deal_the_pieces_is_better_when_weight_decides_the_cost(seed: int) -> None:
    dice = random.Random(1000 + seed)
    for _ in range(60):
        found, puzzle = random_case(
            dice, sites=dice.randint(1, 3), skus=dice.randint(1, 2), most=3, banded=True
        )

        assert found.optimal
        assert worth_of(found, puzzle) == oracle.best(puzzle)


@pytest.mark.parametrize("banded", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_no_plan_is_better_when_scarce_stock_counts_too(seed: int, banded: bool) -> None:
    dice = random.Random(2000 + seed)
    counted = 0
    for _ in range(60):
        found, puzzle = random_case(
            dice, sites=dice.randint(1, 4), skus=dice.randint(1, 2), most=3, banded=banded, scarce=True
        )

        assert found.optimal
        assert worth_of(found, puzzle) == oracle.best(puzzle)
        counted += bool(found.winner and found.winner.scarcity_minor)
    assert counted > 10
