"""The planner alone: orders of three lines over so many locations, explained and proven, without a database."""

import random
import time
from dataclasses import dataclass
from statistics import median

from oms.routing.network import Network, network
from oms.routing.planner import plan
from oms.routing.problem import Band, Destination, Line, OrderFacts, Service, Site
from oms.routing.rules import Action, Condition, Criterion, Does, Fact, Ranking, Rule, RuleBook, Sites, Test

ORDERS, SKUS, LINES = 600, 60, 3
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """Plans per second, the share of plans with more than one parcel, and those without proof."""

    per_second: float
    split_share: float
    unproven: int


def measured(locations: int) -> Figure:
    """Plan the same orders several times; the median of the rounds."""
    dice = random.Random(f"plans {locations}")
    toward = _network(dice, locations)
    orders = [_order(dice) for _ in range(ORDERS)]
    stock = {
        (site, sku): dice.choice([1, 2, 6])
        for site in range(1, locations + 1)
        for sku in range(SKUS)
        if dice.random() < _share_of_range(locations)
    }
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        plans = [plan(order, stock=stock, network=toward) for order in orders]
        rates.append(len(plans) / (time.perf_counter() - began))
    split = sum(len(each.parcels) > 1 for each in plans)
    return Figure(median(rates), split / len(plans), sum(not each.optimal for each in plans))


def _network(dice: random.Random, locations: int) -> Network:
    sites = [
        Site(
            i, f"L{i:02d}", f"Location {i}", latitude=dice.uniform(-38, -28), longitude=dice.uniform(115, 153)
        )
        for i in range(1, locations + 1)
    ]
    fragile = Rule(1, (Condition(Fact.TAG, Test.IS, ("fragile",)),), (Action(Does.FORBID_SPLIT),))
    rich = Rule(
        2,
        (Condition(Fact.VALUE, Test.ABOVE, number=90_000),),
        (Action(Does.EXCLUDE, Sites(kinds=("supplier",))),),
    )
    book = RuleBook(
        rules=(fragile, rich),
        ranking=Ranking((Criterion.COST, Criterion.DAYS)),
        split_penalty_minor=500,
        max_parcels=3,
    )
    services = {site.id: [_service(dice, name) for name in ("standard", "express")] for site in sites}
    return network(sites, services, book, centre=(-31.95, 115.86))


def _service(dice: random.Random, code: str) -> Service:
    cost, days = dice.randint(600, 2_400), dice.randint(1, 6)
    bands = tuple(
        Band(cap, cost + more, days)
        for cap, more in ((5_000, 0), (10_000, 450), (22_000, 1_600), (None, 6_000))
    )
    return Service(code, code.title(), "auspost", bands)


def _order(dice: random.Random) -> OrderFacts:
    lines = tuple(
        Line(key, sku, f"SKU{sku}", dice.choice([1, 1, 1, 2]), dice.randint(200, 2_000))
        for key, sku in enumerate(dice.sample(range(SKUS), LINES))
    )
    return OrderFacts("web", "b2c", Destination("AU", "WA", "6050"), lines, value_minor=12_000)


def _share_of_range(locations: int) -> float:
    """How much of the range a location keeps: the more there are, the less each has of it."""
    return max(0.2, 0.7 - locations / 100)
