"""Another program's answer: every way to fill an order, one by one, sharing no code with the planner."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Rate = Callable[[int], list[tuple[int, int]]]
"""Grams to the (cost, days) on offer."""


@dataclass(frozen=True)
class Puzzle:
    """Demand per SKU, stock and rates per site, and how plans are ranked."""

    demand: tuple[int, ...]
    weights: tuple[int, ...]
    stock: Mapping[str, tuple[int, ...]]
    rates: Mapping[str, Rate]
    criteria: tuple[str, ...]
    mix: tuple[int, ...] = ()
    penalty: int = 0
    max_parcels: int = 99
    km: Mapping[str, int] | None = None
    prices: Mapping[str, tuple[int, ...]] | None = None


def best(puzzle: Puzzle) -> tuple[int, ...] | None:
    """(pieces unfilled, *measures as ranked) of the best plan, None when nothing can be sent."""
    worths = [worth for way in _ways(puzzle) for worth in _worths(puzzle, way)]
    return min(worths, default=None)


def best_flat(puzzle: Puzzle) -> tuple[int, ...] | None:
    """As ``best`` when weight makes no difference: subsets of sites are then enough."""
    found = []
    sites = list(puzzle.stock)
    for size in range(1, min(len(sites), puzzle.max_parcels) + 1):
        for chosen in itertools.combinations(sites, size):
            sent = [
                min(wanted, sum(puzzle.stock[site][k] for site in chosen))
                for k, wanted in enumerate(puzzle.demand)
            ]
            if not any(sent):
                continue
            unfilled = sum(puzzle.demand) - sum(sent)
            for offers in itertools.product(*[puzzle.rates[site](0) for site in chosen]):
                found.append((unfilled, *_measured(puzzle, chosen, offers)))
    return min(found, default=None)


def _ways(puzzle: Puzzle) -> Iterator[dict[str, tuple[int, ...]]]:
    sites = list(puzzle.stock)
    per_sku = []
    for k, wanted in enumerate(puzzle.demand):
        ranges = [range(min(wanted, puzzle.stock[site][k]) + 1) for site in sites]
        per_sku.append([split for split in itertools.product(*ranges) if sum(split) <= wanted])
    for splits in itertools.product(*per_sku):
        way = {
            site: pieces for site, pieces in zip(sites, zip(*splits, strict=True), strict=True) if any(pieces)
        }
        if way and len(way) <= puzzle.max_parcels:
            yield way


def _worths(puzzle: Puzzle, way: dict[str, tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    unfilled = sum(puzzle.demand) - sum(map(sum, way.values()))
    grams = {
        site: sum(count * weight for count, weight in zip(pieces, puzzle.weights, strict=True))
        for site, pieces in way.items()
    }
    for offers in itertools.product(*[puzzle.rates[site](grams[site]) for site in way]):
        yield (unfilled, *_measured(puzzle, tuple(way), offers, _scarcity(puzzle, way)))


def _scarcity(puzzle: Puzzle, way: dict[str, tuple[int, ...]]) -> int:
    """What the pieces count beside their parcels, where each has a price of its own."""
    prices = puzzle.prices or {}
    return sum(
        price * count
        for site, pieces in way.items()
        for price, count in zip(prices.get(site, (0,) * len(pieces)), pieces, strict=True)
    )


def _measured(
    puzzle: Puzzle, sites: Sequence[str], offers: Sequence[tuple[int, int]], scarcity: int = 0
) -> tuple[int, ...]:
    measures = {
        "parcels": len(sites),
        "cost": sum(cost for cost, _ in offers) + puzzle.penalty * (len(sites) - 1) + scarcity,
        "days": max(days for _, days in offers),
        "distance": sum((puzzle.km or {}).get(site, 0) for site in sites),
    }
    if puzzle.mix:
        return (
            sum(weight * measures[name] for name, weight in zip(puzzle.criteria, puzzle.mix, strict=True)),
        )
    return tuple(measures[name] for name in puzzle.criteria)
