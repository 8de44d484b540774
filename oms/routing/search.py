"""The exact search: of all subsets of sites that fill an order, the best one and the next; pure.

Depth first with bounds. An arm is one way to use one site; a set of arms is worth the sum of
their measures (days: the slowest), so a partial set never gets better by adding to it, and
whatever is already no better than the best is cut off together with all that contains it. Arms
are tried in order of worth, so one cut ends the whole row. Where weight makes no difference, an
arm is taken only beside every arm that is better and has no less: swapping would win.

The runner-up is the best plan without one of the winner's sites.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from oms.routing.dealing import Arm, Pieces, Share, Terms, deal
from oms.routing.network import NO_LIMIT
from oms.routing.problem import covers

NODES = 20_000
"""Sets looked at before the search settles for a plan with a stated gap."""
RUNNER_UP_NODES = 500
"""Sets looked at for the best plan without one of the winner's sites."""
GREEDY_AFTER = 300
"""Sets looked at before a plan is made by taking what gains most for its price."""
WAYS = 10_000
"""Ways to deal pieces over sites that are tried for one order, where weight makes a difference."""
ROUNDS = 8
"""How often a search that was cut short goes on from a plan that turned out better than its own."""

Gains = Callable[[Arm, int], float]
Worth = tuple[float, float, float, float]
"""Pieces unfilled, strong measures, days, weak measures; the lower the better."""
_WORST: Worth = (inf, inf, inf, inf)
_NOTHING = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Found:
    """A set of sites, what each sends, and what that is worth."""

    worth: Worth
    mask: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The best set, the best without one of its sites, and whether nothing better can exist."""

    best: Found | None
    second: Found | None
    proven: bool


def search(
    arms: Sequence[Arm], target: Pieces, terms: Terms, limit: int, *, nodes: int | None = None
) -> Outcome:
    """Find the set that sends the most of the target, at most ``limit`` parcels, and is worth most."""
    ordered = sorted(arms, key=_order)
    attempt = Attempt(ordered, target, terms, limit, nodes=nodes or NODES)
    best = attempt.solve()
    if best is None:
        return Outcome(None, None, not attempt.cut_short)
    for _ in range(ROUNDS):
        second = _without_one(best, ordered, target, terms, limit)
        if second is None or best.worth <= second.worth:
            break
        # Only a search that was cut short is beaten by its own runner-up: that is the plan then.
        best, second = second, best
    return Outcome(best, second, best.worth <= attempt.open)


def _without_one(
    best: Found, ordered: Sequence[Arm], target: Pieces, terms: Terms, limit: int
) -> Found | None:
    """The best set that goes without one of these sites."""
    second = None
    for arm, _, _ in best.shares:
        others = [other for other in ordered if other.bit != arm.bit]
        found = Attempt(others, target, terms, limit, nodes=RUNNER_UP_NODES, bar=second).solve()
        if found is not None:
            second = found
    return second


class Attempt:
    """One search over these arms, sorted by worth; ``bar`` is a set that must be beaten."""

    __slots__ = (
        *("arms", "bar", "best", "cut_short", "dominators", "flat", "goal", "held", "limit", "may_lack"),
        *("missed", "most", "most_nodes", "nodes", "open", "siblings", "sums", "target", "terms", "ways"),
    )

    def __init__(
        self,
        arms: Sequence[Arm],
        target: Pieces,
        terms: Terms,
        limit: int,
        *,
        nodes: int,
        bar: Found | None = None,
    ) -> None:
        self.arms = arms
        self.goal = target
        self.terms = terms
        self.limit = limit
        self.most_nodes = nodes
        self.nodes = 0
        self.ways = WAYS
        self.best: Found | None = None
        self.held: tuple[int, tuple[Arm, ...], Pieces] | None = None
        self.bar: Worth = bar.worth if bar else _WORST
        self.open: Worth = _WORST
        self.cut_short = self.may_lack = False
        # Without weight bands in reach, and with no piece dearer than another, every way to deal costs the same.
        self.flat = not terms.price_unit and all(arm.alone is arm.choice.steps[0] for arm in arms)
        self.sums: list[list[int]] = []
        self.most: list[list[int]] = []
        self.dominators: list[int | None] = [None] * len(arms)

    def solve(self) -> Found | None:
        """The best set that is better than the bar, None when there is none."""
        if not self.arms:
            return None
        self.target = self._within_reach()
        self.missed = sum(self.goal) - sum(self.target)
        if not any(self.target) or self.missed > self.bar[0]:
            return None
        self._singles()
        if self.limit > 1 and self._pairs_may_win():
            self._suffixes()
            self._cover(0, (), self.target, _NOTHING, 0)
        if self.best is None and self.held is None and self.bar[0] > self.missed:
            self._suffixes()
            self.may_lack = True
            if self.cut_short:
                self._take(_gain)
            self.nodes = 0
            self._fill(0, (), self.target, _NOTHING, 0)
        if self.best is None and self.held is not None:
            self.best = self._dealt(*self.held)
        if any(arm.choice.caps[-1] < NO_LIMIT for arm in self.arms) and self._lacks_more_than_it_must():
            # Part of what is too heavy for one parcel might fit into another: nobody has looked.
            self.cut_short, self.open = True, (0, 0, 0, 0)
        return self.best

    def _lacks_more_than_it_must(self) -> bool:
        return self.best is None or self.best.worth[0] > self.missed

    def _dealt(self, unfilled: int, arms: tuple[Arm, ...], target: Pieces) -> Found:
        """The set with its shares; a search cut short may hold one with a site too many."""
        needed = _needed(arms, target)
        shares = deal(needed, target, self.terms, most_ways=1).shares or ()
        strong, weak = sum([arm.strong for arm in needed]), sum([arm.weak for arm in needed])
        worth = self._worth(unfilled, strong, max([arm.days for arm in needed]), weak)
        return Found(worth, sum([arm.bit for arm in needed]), shares)

    def _within_reach(self) -> Pieces:
        """What these arms have of the goal; a site with several arms counts more than once, which is safe."""
        columns = zip(self.goal, zip(*[arm.stock for arm in self.arms], strict=True), strict=True)
        return tuple([min(wanted, sum(column)) for wanted, column in columns])

    def _singles(self) -> None:
        weights, goal = self.terms.weights, self.goal
        grams = sum([pieces * weight for pieces, weight in zip(self.target, weights, strict=True)])
        for arm in self.arms:
            if covers(arm.stock, self.target):
                step = arm.alone if self.target == goal else arm.choice.at(grams)
                if step is not None:
                    strong = step.strong + arm.extra + self.terms.price_unit * arm.scarcity(self.target)
                    worth = self._worth(0, strong, step.days, step.weak)
                    if worth < self.bar:
                        self.best, self.bar = Found(worth, arm.bit, ((arm, self.target, step),)), worth

    def _pairs_may_win(self) -> bool:
        if len(self.arms) < 2:  # a pair
            return False
        strong = self.arms[0].strong + self.arms[1].strong
        return strong + self.terms.day_weight * self.arms[0].days <= self.bar[1]

    def _suffixes(self) -> None:
        """For each arm: the pieces of each SKU that it and all later arms have, and the most one has."""
        if self.sums:
            return
        self.siblings = [
            sum([1 << j for j, other in enumerate(self.arms) if other.bit == arm.bit]) for arm in self.arms
        ]
        sums, most = [0] * len(self.target), [0] * len(self.target)
        for arm in reversed(self.arms):
            sums = [so_far + has for so_far, has in zip(sums, arm.stock, strict=True)]
            most = [has if has > so_far else so_far for so_far, has in zip(most, arm.stock, strict=True)]
            self.sums.append(sums)
            self.most.append(most)
        self.sums.reverse()
        self.most.reverse()

    def _cover(
        self, start: int, chosen: tuple[Arm, ...], left: Pieces, sofar: tuple[int, int, int], taken: int
    ) -> None:
        """Try every set that begins with ``chosen`` and sends the whole target."""
        strong, days, weak = sofar
        arms, sums, day_weight = self.arms, self.sums, self.terms.day_weight
        more = 0
        for j in range(start, len(arms)):
            if not covers(sums[j], left) or self.nodes > self.most_nodes:
                return
            more = more or max(self._still_needed(j, left), 1 if chosen else 2)
            arm, bar = arms[j], self.bar
            too_many = len(chosen) + more > self.limit
            if too_many or strong + more * arm.strong + day_weight * days > bar[1]:
                return
            then = (strong + arm.strong, days if days > arm.days else arm.days, weak + arm.weak)
            if self._worth(0, *then) >= bar or self._outdone(j, taken):
                continue
            rest = _rest(left, arm.stock)
            if self.flat and rest == left:
                continue
            self._visit()
            if chosen and not any(rest):
                self._close((*chosen, arm), self.target, 0, then)
            if any(rest) or not self.flat:
                self._cover(j + 1, (*chosen, arm), rest, then, taken | self.siblings[j])

    def _fill(
        self, start: int, chosen: tuple[Arm, ...], left: Pieces, sofar: tuple[int, int, int], taken: int
    ) -> None:
        """As ``_cover``, when the limit on parcels lets no set send everything."""
        room = self.limit - len(chosen)
        for j in range(start, len(self.arms)):
            lacks = self.missed + self._unfilled_at_least(j, left, room)
            if room < 1 or self.nodes > self.most_nodes or lacks > self.bar[0]:
                return
            arm = self.arms[j]
            rest = _rest(left, arm.stock)
            if rest == left or self._outdone(j, taken):
                continue
            then = (sofar[0] + arm.strong, max(sofar[1], arm.days), sofar[2] + arm.weak)
            self._visit()
            if self._worth(sum(rest), *then) < self.bar:
                sent = tuple([wanted - lacking for wanted, lacking in zip(self.target, rest, strict=True)])
                self._close((*chosen, arm), sent, sum(rest), then)
            if any(rest):
                self._fill(j + 1, (*chosen, arm), rest, then, taken | self.siblings[j])

    def _take(self, gains: Gains) -> None:
        """The stated fallback: again and again the site that gains most of what is left."""
        chosen: tuple[Arm, ...] = ()
        left = self.target
        while any(left) and len(chosen) < self.limit:
            taken = {arm.bit for arm in chosen}
            free = [arm for arm in self.arms if arm.bit not in taken]
            rests = [_rest(left, arm.stock) for arm in free]
            if not free or all(rest == left for rest in rests):
                break
            lacks = sum(left)
            best = max(range(len(free)), key=lambda i: (gains(free[i], lacks - sum(rests[i])), -i))
            chosen, left = (*chosen, free[best]), rests[best]
        if chosen and (self.may_lack or not any(left)):
            sent = tuple([wanted - lacking for wanted, lacking in zip(self.target, left, strict=True)])
            least = _least(_needed(chosen, sent))
            if self._worth(sum(left), *least) < self.bar:
                self._close(_needed(chosen, sent), sent, sum(left), least)

    def _close(
        self, arms: tuple[Arm, ...], target: Pieces, unfilled: int, least: tuple[int, int, int]
    ) -> None:
        """Deal the pieces over a set of sites and remember the set when it is the best so far."""
        if self.flat:
            # Weight makes no difference, so the bound is the worth and who sends what can wait.
            worth = self._worth(unfilled, *least)
            if worth < self.bar:
                self.best, self.held, self.bar = None, (unfilled, arms, target), worth
            return
        bar = self.bar if self.bar[0] == unfilled + self.missed else _WORST
        extra = sum([arm.extra for arm in arms])
        dealt = deal(arms, target, self.terms, most_ways=self.ways, bar=bar[1] - extra)
        self.ways -= dealt.ways
        if not dealt.exact:
            self.open = min(self.open, self._worth(unfilled, *least))
        if dealt.shares is None:
            return
        strong = sum([arm.extra + step.strong for arm, _, step in dealt.shares])
        strong += self.terms.scarcity(dealt.shares)
        weak = sum([step.weak for _, _, step in dealt.shares])
        worth = self._worth(unfilled, strong, max([step.days for _, _, step in dealt.shares]), weak)
        if worth < self.bar:
            self.best, self.bar = Found(worth, sum([arm.bit for arm in arms]), dealt.shares), worth

    def _visit(self) -> None:
        self.nodes += 1
        if self.nodes == GREEDY_AFTER:
            # A good plan early cuts off much of what is left to look at.
            self._take(_gain_for_money)
        if self.nodes > self.most_nodes:
            self.cut_short, self.open = True, (0, 0, 0, 0)

    def _worth(self, unfilled: int, strong: int, days: int, weak: int) -> Worth:
        terms = self.terms
        return (unfilled + self.missed, strong + terms.day_weight * days, terms.day_counts * days, weak)

    def _outdone(self, j: int, taken: int) -> bool:
        """Whether its site is taken, or an arm that is better and has no less is left out."""
        if taken & self.siblings[j]:
            return True
        if not self.flat:
            return False
        dominators = self.dominators[j]
        if dominators is None:
            arm, dominators = self.arms[j], 0
            for i in range(j):
                other = self.arms[i]
                if other.days <= arm.days and other.weak <= arm.weak and covers(other.stock, arm.stock):
                    dominators |= 1 << i
            self.dominators[j] = dominators
        return bool(dominators & ~taken)

    def _still_needed(self, j: int, left: Pieces) -> int:
        """How many more arms from ``j`` on it takes at least."""
        needed = 0
        for wanted, most in zip(left, self.most[j], strict=True):
            if wanted > needed * most:
                needed = -(-wanted // most)
        return needed

    def _unfilled_at_least(self, j: int, left: Pieces, room: int) -> int:
        lacks = 0
        for wanted, total, most in zip(left, self.sums[j], self.most[j], strict=True):
            lacks += max(0, wanted - min(total, room * most))
        return lacks


def _gain(arm: Arm, pieces: int) -> float:
    return pieces


def _gain_for_money(arm: Arm, pieces: int) -> float:
    return pieces / (1 + arm.strong)


def _rest(left: Pieces, stock: Pieces) -> Pieces:
    return tuple([wanted - has if wanted > has else 0 for wanted, has in zip(left, stock, strict=True)])


def _needed(arms: tuple[Arm, ...], target: Pieces) -> tuple[Arm, ...]:
    """The arms without those that the others can do without, dearest first."""
    for arm in reversed(arms):
        others = tuple([other for other in arms if other is not arm])
        totals = [sum([other.stock[k] for other in others]) for k in range(len(target))]
        if covers(totals, target):
            arms = others
    return arms


def _least(arms: tuple[Arm, ...]) -> tuple[int, int, int]:
    return (
        sum([arm.strong for arm in arms]),
        max([arm.days for arm in arms]),
        sum([arm.weak for arm in arms]),
    )


def _order(arm: Arm) -> tuple[int, int, int]:
    return (arm.strong, arm.days, arm.weak)
