"""Who sends how much of what, once it is known which sites take part; pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from oms.routing.network import Choice, Step

WIDE = 8
"""A way over so many SKUs more counts for one more: it takes that much longer to look at."""
PAIR_WAYS = 8
"""What dealing to the last two sites counts for, in ways."""
MOST_WEIGHTS = 500_000
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
    prices: Pieces = ()

    def scarcity(self, pieces: Pieces) -> int:
        """What these pieces count for being scarce here, in minor units."""
        return (
            sum([price * count for price, count in zip(self.prices, pieces, strict=True)])
            if self.prices
            else 0
        )


Share = tuple[Arm, Pieces, Step]


@dataclass(frozen=True, slots=True)
class Terms:
    """What one piece of each SKU weighs, how days count, and what a minor unit of scarcity adds to ``strong``."""

    weights: Pieces
    day_weight: int
    day_counts: int
    price_unit: int = 0

    def scarcity(self, shares: Sequence[Share]) -> int:
        """What the pieces of these shares add to the strong measures for being scarce."""
        return (
            self.price_unit * sum([arm.scarcity(pieces) for arm, pieces, _ in shares])
            if self.price_unit
            else 0
        )


@dataclass(frozen=True, slots=True)
class Deal:
    """The shares, None when no parcel may be that heavy; are they the best; how many ways were tried."""

    shares: tuple[Share, ...] | None
    exact: bool
    ways: int


def deal(arms: Sequence[Arm], target: Pieces, terms: Terms, *, most_ways: int, bar: float = math.inf) -> Deal:
    """Find the best way to deal the target over these sites, each of which sends something.

    Ways whose strong measures exceed ``bar`` are of no interest.
    """
    arms = sorted(arms, key=_rank)
    spans = [_span(arm, arms, target) for arm in arms]
    if all(_one_step(arm, span, terms.weights) for arm, span in zip(arms, spans, strict=True)):
        dealt = dealt_by_price(arms, target) if terms.price_unit else dealt_in_order(arms, target)
        # Where a site is left with nothing, fewer sites do as well, and they are looked at by themselves.
        return Deal(_priced(arms, dealt, terms), True, 1)
    search = _Dealing(arms, terms, most_ways, bar)
    for order in [arms, *[[arm, *[other for other in arms if other is not arm]] for arm in arms]]:
        dealt = dealt_in_order(order, target)
        search.offer(_priced(arms, [dealt[order.index(arm)] for arm in arms], terms))
    search.go_on(0, (), target, 0)
    return Deal(search.best, search.ways <= most_ways, search.ways)


class _Dealing:
    """Every way to deal pieces over a few sites, those that give most to the first site first."""

    def __init__(self, arms: Sequence[Arm], terms: Terms, most_ways: int, bar: float) -> None:
        self.arms = arms
        self.terms = terms
        self.most_ways = most_ways
        self.ways = 0
        self.best: tuple[Share, ...] | None = None
        self.bar: tuple[float, float, float] = (bar, math.inf, math.inf)
        # What the arms from here on are worth at least.
        self.least = [sum([arm.strong - arm.extra for arm in arms[i:]]) for i in range(len(arms) + 1)]
        self.fewest_days = [max([arm.days for arm in arms[i:]], default=0) for i in range(len(arms) + 1)]

    def go_on(self, i: int, shares: tuple[Share, ...], left: Pieces, strong: int) -> None:
        """Deal what is left to the arms from ``i`` on."""
        if i == len(self.arms):
            self.offer(shares)
            return
        if i == len(self.arms) - 2 and (pair := self._pair(i, shares, left, strong)) is not None:
            self.ways += PAIR_WAYS + len(left)
            self.offer(pair.best_shares(self.bar))
            return
        arm, weights = self.arms[i], self.terms.weights
        spans = _span(arm, self.arms[i:], left)
        for pieces in product(*[range(high, low - 1, -1) for low, high in spans]):
            self.ways += 1 + len(weights) // WIDE
            if self.ways > self.most_ways:
                return
            step = arm.choice.at(_grams(pieces, weights))
            if step is None or not any(pieces):
                continue
            so_far = strong + step.strong + self.terms.price_unit * arm.scarcity(pieces)
            if self._hopeless(i, shares, so_far, step.days):
                continue
            rest = tuple([wanted - given for wanted, given in zip(left, pieces, strict=True)])
            self.go_on(i + 1, (*shares, (arm, pieces, step)), rest, so_far)

    def _pair(self, i: int, shares: tuple[Share, ...], left: Pieces, strong: int) -> "LastTwo | None":
        """The last two arms as one question of weight; None when weight alone does not tell their ways apart."""
        if self.ways >= self.most_ways or self.terms.price_unit:
            return None
        pair = LastTwo(shares, strong, self.arms[i:], left, self.terms)
        return pair if pair.is_told_by_weight else None

    def offer(self, shares: tuple[Share, ...] | None) -> None:
        """Remember these shares when they are the best so far; of equals the first."""
        if shares is None:
            return
        days = max([step.days for _, _, step in shares])
        strong = sum([step.strong for _, _, step in shares]) + self.terms.day_weight * days
        strong += self.terms.scarcity(shares)
        worth = (strong, self.terms.day_counts * days, sum([step.weak for _, _, step in shares]))
        if worth < self.bar:
            self.best, self.bar = shares, worth

    def _hopeless(self, i: int, shares: tuple[Share, ...], strong: int, days: int) -> bool:
        days = max([days, self.fewest_days[i + 1], *[step.days for _, _, step in shares]])
        least = strong + self.least[i + 1] + self.terms.day_weight * days
        return (least, self.terms.day_counts * days) > self.bar[:2]


class LastTwo:
    """Two sites share what is left: what it costs depends on the weight of the first parcel alone.

    So no way is tried one by one: the weights that the first parcel can have are the bits of one number, and the best
    pair of rate steps that any of them falls into wins. Of equal ways the one that gives most to the first site first.
    """

    def __init__(
        self,
        shares: tuple[Share, ...],
        strong: int,
        arms: Sequence[Arm],
        left: Pieces,
        terms: Terms,
    ) -> None:
        self.shares, self.strong = shares, strong
        self.first, self.second = arms
        self.left, self.terms = left, terms
        self.spans = spans = _span(self.first, arms, left)
        self.open = [k for k, (low, high) in enumerate(spans) if high > low]
        weights = terms.weights
        self.unit = math.gcd(*[weights[k] for k in self.open]) or 1
        self.least = _grams(tuple([low for low, _ in spans]), weights)
        heaviest = _grams(tuple([high for _, high in spans]), weights)
        self.room = (heaviest - self.least) // self.unit

    @property
    def is_told_by_weight(self) -> bool:
        """Whether each open piece weighs something, and the weights are not too many."""
        weights = self.terms.weights
        return self.room <= MOST_WEIGHTS and all(weights[k] for k in self.open)

    def best_shares(self, bar: tuple[float, float, float]) -> tuple[Share, ...] | None:
        """The best way that is better than the bar, None when there is none."""
        reach = self._reachable()
        best, allowed = bar, 0
        total = _grams(self.left, self.terms.weights)
        for low, high, step in _ranges(self.first):
            for other_low, other_high, other in _ranges(self.second):
                worth = self._worth(step, other)
                if worth > best or worth >= bar:
                    continue
                window = self._window(max(low, total - other_high), min(high, total - other_low))
                if window & reach[0]:
                    best, allowed = worth, (allowed | window if worth == best else window)
        return self._dealt(reach, allowed) if allowed else None

    def _worth(self, step: Step, other: Step) -> tuple[float, float, float]:
        days = max([step.days, other.days, *[each.days for _, _, each in self.shares]])
        strong = self.strong + step.strong + other.strong + self.terms.day_weight * days
        weak = step.weak + other.weak + sum([each.weak for _, _, each in self.shares])
        return (strong, self.terms.day_counts * days, weak)

    def _reachable(self) -> list[int]:
        """For each open SKU: the weights above the least that it and all later ones can add, as bits."""
        reach = [1]
        for k in reversed(self.open):
            low, high = self.spans[k]
            sums, size, count = reach[-1], self.terms.weights[k] // self.unit, high - low
            part = 1
            while count:
                part = min(part, count)
                sums |= sums << (size * part)
                count, part = count - part, part * 2
            reach.append(sums)
        return reach[::-1]

    def _window(self, low: int, high: int) -> int:
        """The bits of these weights in grams; a parcel that would be empty is none."""
        is_first_empty = not any(low for low, _ in self.spans)
        is_second_empty = all(high == has for (_, high), has in zip(self.spans, self.left, strict=True))
        begin = max(-(-(low - self.least) // self.unit), int(is_first_empty))
        end = min((high - self.least) // self.unit, self.room - int(is_second_empty))
        return ((1 << (end + 1)) - (1 << begin)) if begin <= end else 0

    def _dealt(self, reach: Sequence[int], allowed: int) -> tuple[Share, ...]:
        pieces = [low for low, _ in self.spans]
        at = 0
        for j, k in enumerate(self.open):
            low, high = self.spans[k]
            size = self.terms.weights[k] // self.unit
            more = next(
                count
                for count in range(high - low, -1, -1)
                if (allowed >> (at + count * size)) & reach[j + 1]
            )
            pieces[k] += more
            at += more * size
        rest = tuple([wanted - given for wanted, given in zip(self.left, pieces, strict=True)])
        weights = self.terms.weights
        step, other = (
            self.first.choice.at(_grams(tuple(pieces), weights)),
            self.second.choice.at(_grams(rest, weights)),
        )
        assert step is not None  # the windows hold no weight without a step
        assert other is not None
        return (*self.shares, (self.first, tuple(pieces), step), (self.second, rest, other))


def _ranges(arm: Arm) -> list[tuple[int, int, Step]]:
    """Each step of an arm with the lightest and the heaviest parcel that it is for."""
    lows = [0, *[cap + 1 for cap in arm.choice.caps[:-1]]]
    return list(zip(lows, arm.choice.caps, arm.choice.steps, strict=True))


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


def dealt_by_price(arms: Sequence[Arm], target: Pieces) -> list[Pieces]:
    """Each SKU from where a piece of it counts least, as far as the stock there goes."""
    columns = []
    for k, wanted in enumerate(target):
        column, left = [0] * len(arms), wanted
        for i in sorted(range(len(arms)), key=lambda i: (arms[i].prices[k], arms[i].rank)):
            column[i] = min(left, arms[i].stock[k])
            left -= column[i]
        columns.append(column)
    return list(zip(*columns, strict=True))


def _priced(arms: Sequence[Arm], dealt: Sequence[Pieces], terms: Terms) -> tuple[Share, ...] | None:
    shares = []
    for arm, pieces in zip(arms, dealt, strict=True):
        step = arm.choice.at(_grams(pieces, terms.weights))
        if step is None or not any(pieces):
            return None
        shares.append((arm, pieces, step))
    return tuple(shares)


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
