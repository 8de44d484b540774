"""Who sends how much of what, once it is known which sites take part; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from oms.routing.network import Choice, Step
from oms.routing.problem import covers

Pieces = tuple[int, ...]
"""So many of each SKU, in the order of the demand."""


@dataclass(slots=True)
class Arm:
    """One way to use one site for this order; the first three fields bound any parcel of it from below."""

    strong: int
    days: int
    weak: int
    rank: int
    bit: int
    stock: Pieces
    choice: Choice
    extra: int
    alone: Step | None


Share = tuple[Arm, Pieces, Step]


@dataclass(frozen=True, slots=True)
class Terms:
    """What one piece of each SKU weighs and how days count."""

    weights: Pieces
    day_weight: int
    day_counts: int


@dataclass(frozen=True, slots=True)
class Deal:
    """The shares, None when no parcel may be that heavy; are they the best; how many ways were tried."""

    shares: tuple[Share, ...] | None
    exact: bool
    ways: int


def deal(arms: Sequence[Arm], target: Pieces, terms: Terms, *, most_ways: int) -> Deal:
    """Find the best way to deal the target over these sites, each of which sends something."""
    arms = sorted(arms, key=_rank)
    spans = [_span(arm, arms, target) for arm in arms]
    if all(_one_step(arm, span, terms.weights) for arm, span in zip(arms, spans, strict=True)):
        return Deal(_priced(arms, dealt_in_order(arms, target), terms), True, 1)
    ways = prod([high - low + 1 for span in spans[:-1] for low, high in span])
    if ways <= most_ways:
        return Deal(_best(arms, _all_ways(arms, target), terms), True, ways)
    orders = [[arm, *[other for other in arms if other is not arm]] for arm in arms]
    tries = [dealt_in_order(order, target) for order in orders]
    placed = [[dealt[order.index(arm)] for arm in arms] for order, dealt in zip(orders, tries, strict=True)]
    return Deal(_best(arms, placed, terms), False, len(arms))


def dealt_in_order(arms: Sequence[Arm], target: Pieces) -> list[Pieces]:
    """Each SKU from the first site that has all of it, else from the sites in order."""
    columns = []
    for k, wanted in enumerate(target):
        whole = next((i for i, arm in enumerate(arms) if arm.stock[k] >= wanted), None)
        if whole is not None:
            columns.append([wanted if i == whole else 0 for i in range(len(arms))])
            continue
        column, left = [], wanted
        for arm in arms:
            column.append(min(left, arm.stock[k]))
            left -= column[-1]
        columns.append(column)
    return list(zip(*columns, strict=True))


def _best(
    arms: Sequence[Arm], ways: Iterator[list[Pieces]] | list[list[Pieces]], terms: Terms
) -> tuple[Share, ...] | None:
    """The way that is worth most; of equals the first, which gives most to the first site."""
    best, best_worth = None, None
    for dealt in ways:
        shares = _priced(arms, dealt, terms)
        if shares is None:
            continue
        days = max([step.days for _, _, step in shares])
        strong = sum([step.strong for _, _, step in shares]) + terms.day_weight * days
        worth = (strong, terms.day_counts * days, sum([step.weak for _, _, step in shares]))
        if best_worth is None or worth < best_worth:
            best, best_worth = shares, worth
    return best


def _priced(arms: Sequence[Arm], dealt: Sequence[Pieces], terms: Terms) -> tuple[Share, ...] | None:
    shares = []
    for arm, pieces in zip(arms, dealt, strict=True):
        step = arm.choice.at(_grams(pieces, terms.weights))
        if step is None or not any(pieces):
            return None
        shares.append((arm, pieces, step))
    return tuple(shares)


def _all_ways(arms: Sequence[Arm], target: Pieces) -> Iterator[list[Pieces]]:
    """Every way to deal the target, those that give most to the first site first."""
    first, others = arms[0], arms[1:]
    if not others:
        if covers(first.stock, target):
            yield [target]
        return
    for pieces in product(*[range(high, low - 1, -1) for low, high in _span(first, arms, target)]):
        rest = tuple([wanted - given for wanted, given in zip(target, pieces, strict=True)])
        for dealt in _all_ways(others, rest):
            yield [pieces, *dealt]


def _span(arm: Arm, arms: Sequence[Arm], target: Pieces) -> list[tuple[int, int]]:
    """For each SKU the fewest and the most pieces that this site may send."""
    spans = []
    for k, wanted in enumerate(target):
        others = sum([other.stock[k] for other in arms if other is not arm])
        spans.append((max(0, wanted - others), min(wanted, arm.stock[k])))
    return spans


def _one_step(arm: Arm, span: list[tuple[int, int]], weights: Pieces) -> bool:
    lightest = _grams(tuple([low for low, _ in span]), weights)
    heaviest = _grams(tuple([high for _, high in span]), weights)
    return arm.choice.at(lightest) is arm.choice.at(heaviest)


def _grams(pieces: Pieces, weights: Pieces) -> int:
    return sum([count * grams for count, grams in zip(pieces, weights, strict=True)])


def _rank(arm: Arm) -> int:
    return arm.rank
