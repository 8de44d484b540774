"""The exact search: of all subsets of sites that fill an order, the best one and the next; pure.

Depth first with bounds. ``Arm`` is one way to use one site; a set of arms is worth the sum of their
measures (days: the slowest), so a partial set never gets better by adding to it, and whatever is already no
better than the best is cut off together with all that contains it. Arms are tried in order of worth, so one
cut ends the whole row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from oms.routing.dealing import Arm, Pieces, Share, Terms, deal
from oms.routing.problem import covers

NODES = 20_000
"""Sets looked at before the search settles for a plan with a stated gap."""
RUNNER_UP_NODES = 400
"""Sets looked at on behalf of the second best plan."""

WAYS = 20_000
"""Ways to deal pieces over sites that are tried for one order, where weight bands make a difference."""

Worth = tuple[float, float, float, float]
_WORST: Worth = (inf, inf, inf, inf)


@dataclass(frozen=True, slots=True)
class Found:
    """A set of arms, what each sends, and what that is worth."""

    worth: Worth
    mask: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The best set, the best of those with other sites, and whether nothing better can exist."""

    best: Found | None
    second: Found | None
    proven: bool


class Search:
    """One order's search; ``target`` is what stock allows of each SKU."""

    __slots__ = (
        "arms",
        "best",
        "flat",
        "limit",
        "most",
        "nodes",
        "open",
        "second",
        "sums",
        "target",
        "terms",
        "ways",
    )

    def __init__(self, arms: Sequence[Arm], target: Pieces, terms: Terms, limit: int) -> None:
        self.arms = sorted(arms, key=_order)
        self.target = target
        self.terms = terms
        self.limit = limit
        self.best: Found | None = None
        self.second: Found | None = None
        self.nodes = 0
        self.open: Worth | None = None
        self.ways = WAYS
        self.sums: list[list[int]] = []
        self.most: list[list[int]] = []
        # Without weight bands in reach every way to deal costs the same, and no superset of a cover can win.
        self.flat = all(arm.alone is arm.choice.steps[0] for arm in self.arms)

    def run(self) -> Outcome:
        """Look for sets that send the whole target; failing that, for those that send the most of it."""
        self._singles()
        if self.limit > 1 and len(self.arms) > 1 and self._pairs_may_win():
            self._suffixes()
            self._cover(0, (), self.target, (0, 0, 0), 0)
        if self.best is None:
            self._suffixes()
            self.nodes = 0
            self._fill(0, (), self.target, (0, 0, 0), 0)
        proven = self.best is not None and (self.open is None or self.best.worth <= self.open)
        return Outcome(self.best, self.second, proven)

    def _singles(self) -> None:
        target = self.target
        for arm in self.arms:
            step = arm.alone
            if step is not None and covers(arm.stock, target):
                worth = self._worth(0, step.strong + arm.extra, step.days, step.weak)
                self._offer(Found(worth, arm.bit, ((arm, target, step),)))

    def _pairs_may_win(self) -> bool:
        if self.second is None:
            return True
        strong = self.arms[0].strong + self.arms[1].strong
        return strong + self.terms.day_weight * self.arms[0].days <= self.second.worth[1]

    def _suffixes(self) -> None:
        """For each arm: the pieces of each SKU that it and all later arms have, and the most one has."""
        if self.sums:
            return
        sums, most = [0] * len(self.target), [0] * len(self.target)
        for arm in reversed(self.arms):
            sums = [so_far + has for so_far, has in zip(sums, arm.stock, strict=True)]
            most = [max(so_far, has) for so_far, has in zip(most, arm.stock, strict=True)]
            self.sums.append(sums)
            self.most.append(most)
        self.sums.reverse()
        self.most.reverse()

    def _cover(
        self, start: int, chosen: tuple[Arm, ...], left: Pieces, sofar: tuple[int, int, int], mask: int
    ) -> None:
        strong, days, weak = sofar
        for j in range(start, len(self.arms)):
            more = max(self._still_needed(j, left), 1 if chosen else 2)
            if len(chosen) + more > self.limit or self.nodes > NODES:
                return
            arm, bar = self.arms[j], self._bar()
            if strong + more * arm.strong + self.terms.day_weight * days > bar[1]:
                return
            then = (strong + arm.strong, max(days, arm.days), weak + arm.weak)
            if mask & arm.bit or self._worth(0, *then) >= bar:
                continue
            self._visit()
            rest = _rest(left, arm.stock)
            if self.flat and rest == left:
                continue
            taken = (*chosen, arm)
            if chosen and not any(rest):
                self._close(taken, self.target, 0, then)
            if any(rest) or not self.flat:
                self._cover(j + 1, taken, rest, then, mask | arm.bit)

    def _fill(
        self, start: int, chosen: tuple[Arm, ...], left: Pieces, sofar: tuple[int, int, int], mask: int
    ) -> None:
        """As ``_cover``, when the limit on parcels lets no set send everything."""
        room = self.limit - len(chosen)
        for j in range(start, len(self.arms)):
            bar = self._bar()
            if room < 1 or self.nodes > NODES or self._unfilled_at_least(j, left, room) > bar[0]:
                return
            arm = self.arms[j]
            rest = _rest(left, arm.stock)
            if mask & arm.bit or rest == left:
                continue
            then = (sofar[0] + arm.strong, max(sofar[1], arm.days), sofar[2] + arm.weak)
            self._visit()
            taken = (*chosen, arm)
            if self._worth(sum(rest), *then) < bar:
                sent = tuple([wanted - lacks for wanted, lacks in zip(self.target, rest, strict=True)])
                self._close(taken, sent, sum(rest), then)
            if any(rest):
                self._fill(j + 1, taken, rest, then, mask | arm.bit)

    def _close(
        self, arms: tuple[Arm, ...], target: Pieces, unfilled: int, least: tuple[int, int, int]
    ) -> None:
        """Deal the pieces over a set of sites and remember the set when it is among the best two."""
        if self.flat and not _each_is_needed(arms, target):
            return
        dealt = deal(arms, target, self.terms, most_ways=self.ways)
        self.ways -= dealt.ways
        if not dealt.exact:
            self._leave_open(self._worth(unfilled, *least))
        if dealt.shares is None:
            return
        strong = sum([arm.extra + step.strong for arm, _, step in dealt.shares])
        weak = sum([step.weak for _, _, step in dealt.shares])
        worth = self._worth(unfilled, strong, max([step.days for _, _, step in dealt.shares]), weak)
        self._offer(Found(worth, sum([arm.bit for arm in arms]), dealt.shares))

    def _visit(self) -> None:
        self.nodes += 1
        if self.nodes > NODES:
            self._leave_open((0, 0, 0, 0))

    def _leave_open(self, worth: Worth) -> None:
        self.open = worth if self.open is None else min(self.open, worth)

    def _worth(self, unfilled: int, strong: int, days: int, weak: int) -> Worth:
        return (unfilled, strong + self.terms.day_weight * days, self.terms.day_counts * days, weak)

    def _bar(self) -> Worth:
        """What a set must beat to be worth a look."""
        found = self.second if self.nodes < RUNNER_UP_NODES else self.best
        return found.worth if found else _WORST

    def _offer(self, found: Found) -> None:
        best = self.best
        if best is None or found.worth < best.worth:
            if best is not None and best.mask != found.mask:
                self.second = best
            self.best = found
        elif found.mask != best.mask and (self.second is None or found.worth < self.second.worth):
            self.second = found

    def _still_needed(self, j: int, left: Pieces) -> int:
        """How many more arms from ``j`` on it takes at least; more than the limit when all are too few."""
        needed = 0
        for wanted, total, most in zip(left, self.sums[j], self.most[j], strict=True):
            if wanted > total:
                return self.limit + 1
            if wanted:
                needed = max(needed, -(-wanted // most))
        return needed

    def _unfilled_at_least(self, j: int, left: Pieces, room: int) -> int:
        lacks = 0
        for wanted, total, most in zip(left, self.sums[j], self.most[j], strict=True):
            lacks += max(0, wanted - min(total, room * most))
        return lacks


def _rest(left: Pieces, stock: Pieces) -> Pieces:
    return tuple([wanted - has if wanted > has else 0 for wanted, has in zip(left, stock, strict=True)])


def _order(arm: Arm) -> tuple[int, int, int]:
    return (arm.strong, arm.days, arm.weak)


def _each_is_needed(arms: tuple[Arm, ...], target: Pieces) -> bool:
    """Whether no site could be left out; a set where one could is never the answer."""
    totals = [sum([arm.stock[k] for arm in arms]) for k in range(len(target))]
    for arm in arms:
        if covers([total - has for total, has in zip(totals, arm.stock, strict=True)], target):
            return False
    return True
