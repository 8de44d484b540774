"""Which orders should exchange the pieces they hold, so that together they need fewer parcels; pure.

Xu, Allgor & Graves, "Benefits of Reevaluating Real-Time Order Fulfillment Decisions", M&SOM 11(2), 2009: an order is
assigned to its sites at once, so that a promise can be made, and all orders that nobody has begun to pick are looked at
again together before they are released. The search goes through the neighbourhood of the present assignment: a split
order is planned anew alone, then with each order that holds what it lacks at a site. An exchange is made when it costs
less, or needs fewer parcels at the same cost, and when it leaves no order with more parcels, fewer pieces or a broken
promise.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from oms.routing import planner
from oms.routing.network import Network
from oms.routing.plans import Plan
from oms.routing.problem import OrderFacts

MOST_RIVALS = 12
"""Orders that one split order is tried with, the newest first."""

Place = tuple[int, int]
"""Site id and SKU id."""
Pieces = dict[Place, int]
Keeps = Callable[["Held", Plan], bool]


@dataclass(slots=True)
class Held:
    """An unreleased order: what it holds where, and what that plan comes to at today's rates."""

    key: int
    facts: OrderFacts
    network: Network
    claims: Pieces
    plan: Plan = field(init=False)

    def __post_init__(self) -> None:
        self.plan = planner.plan(self.facts, stock=self.claims, network=self.network)

    @property
    def is_sound(self) -> bool:
        """Whether the rules of today would let it be served as it is, at rates that are known."""
        return _is_whole(self.plan)


@dataclass(frozen=True, slots=True)
class Side:
    """One order of an exchange: what it held, its plan then, and its plan now."""

    key: int
    claims: Mapping[Place, int]
    before: Plan
    after: Plan

    @property
    def is_moved(self) -> bool:
        """Whether it is served otherwise than before."""
        return claims_of(self.after) != self.claims


@dataclass(frozen=True, slots=True)
class Exchange:
    """Orders that are planned anew together."""

    sides: tuple[Side, ...]

    @property
    def saved_minor(self) -> int:
        """What they cost less together."""
        return sum(side.before.cost_minor - side.after.cost_minor for side in self.sides)

    @property
    def saved_parcels(self) -> int:
        """How many parcels they need less together."""
        return sum(len(side.before.parcels) - len(side.after.parcels) for side in self.sides)

    @property
    def worth(self) -> tuple[int, int]:
        """Money first, then parcels."""
        return self.saved_minor, self.saved_parcels


def improve(held: Iterable[Held], free: Pieces, keeps: Keeps) -> list[Exchange]:
    """Exchanges in the order in which they are to be made; ``free`` and the orders then stand as after them.

    ``keeps`` says whether an order's promise stands under a plan.
    """
    search = _Search([each for each in held if each.is_sound], free, keeps)
    made = []
    for each in sorted(search.held, key=lambda one: (-one.plan.cost_minor, one.key)):
        while len(each.plan.parcels) > 1 and (found := search.best_for(each)) is not None:
            search.make(found)
            made.append(found)
    return made


def alone(one: Held, free: Pieces, keeps: Keeps) -> Side | None:
    """How an order by itself is served better than it is, None when it is not; ``free`` is as before."""
    found = _Search([one], free, keeps).alone() if one.is_sound else None
    return found.sides[0] if found else None


def claims_of(plan: Plan) -> Pieces:
    """What a plan takes from where."""
    taken: Pieces = {}
    for share in plan.shares:
        place = (share.site_id, share.sku_id)
        taken[place] = taken.get(place, 0) + share.quantity
    return taken


class _Search:
    def __init__(self, held: Sequence[Held], free: Pieces, keeps: Keeps) -> None:
        self.held = list(held)
        self.free = free
        self.keeps = keeps
        self.by_key = {each.key: each for each in held}
        self.holders: defaultdict[Place, set[int]] = defaultdict(set)
        for each in held:
            for place in each.claims:
                self.holders[place].add(each.key)

    def best_for(self, split: Held) -> Exchange | None:
        """The best exchange that this order can take part in, None when nothing is better than what is."""
        tries = [[split]]
        for key in self._rivals(split):
            rival = self.by_key[key]
            tries += [[split, rival], [rival, split]]
        found = [exchange for each in tries if (exchange := self._tried(each)) is not None]
        return max(found, key=lambda one: (one.worth, -len(one.sides)), default=None)

    def alone(self) -> Exchange | None:
        """What the only order that is looked at gains by itself."""
        return self._tried(self.held)

    def make(self, exchange: Exchange) -> None:
        """Let the orders stand as the exchange leaves them."""
        for side in exchange.sides:
            one = self.by_key[side.key]
            self._move(one.claims, 1)
            for place in one.claims:
                self.holders[place].discard(one.key)
            one.claims, one.plan = claims_of(side.after), side.after
            self._move(one.claims, -1)
            for place in one.claims:
                self.holders[place].add(one.key)

    def _rivals(self, split: Held) -> list[int]:
        """Orders that hold, at one site, all that a part of this order lacks there."""
        found: set[int] = set()
        whole = dict(zip(*_demand(split), strict=True))
        parts = [whole, *[_parcel(split, site) for site in {site for site, _ in split.claims}]]
        for lane in split.network.lanes:
            site = lane.site.id
            for part in parts:
                lacks = {
                    sku: count - self.free.get((site, sku), 0) - split.claims.get((site, sku), 0)
                    for sku, count in part.items()
                }
                lacks = {sku: count for sku, count in lacks.items() if count > 0}
                if lacks:
                    found |= self._holding(site, lacks)
        return sorted(found - {split.key}, reverse=True)[:MOST_RIVALS]

    def _holding(self, site: int, lacks: Mapping[int, int]) -> set[int]:
        groups = [
            {key for key in self.holders[site, sku] if self.by_key[key].claims.get((site, sku), 0) >= count}
            for sku, count in lacks.items()
        ]
        return set.intersection(*groups)

    def _tried(self, orders: Sequence[Held]) -> Exchange | None:
        """Plan these orders one after the other on all they hold and on what is free."""
        for each in orders:
            self._move(each.claims, 1)
        sides: list[Side] = []
        stands = True
        for each in orders:
            plan = planner.plan(each.facts, stock=self.free, network=each.network)
            sides.append(Side(each.key, each.claims, each.plan, plan))
            self._move(claims_of(plan), -1)
            if not self._stands(each, plan):
                stands = False
                break
        for side in sides:
            self._move(claims_of(side.after), 1)
        for each in orders:
            self._move(each.claims, -1)
        if not stands:
            return None
        moved = tuple(sorted([side for side in sides if side.is_moved], key=lambda side: side.key))
        exchange = Exchange(moved)
        return exchange if exchange.worth > (0, 0) and exchange.saved_parcels >= 0 else None

    def _stands(self, one: Held, plan: Plan) -> bool:
        is_better_off = _is_whole(plan) and len(plan.parcels) <= len(one.plan.parcels)
        return is_better_off and self.keeps(one, plan)

    def _move(self, pieces: Mapping[Place, int], sign: int) -> None:
        for place, count in pieces.items():
            self.free[place] = self.free.get(place, 0) + sign * count


def _is_whole(plan: Plan) -> bool:
    return bool(
        plan.parcels and not plan.shortfall and not plan.holds and all(each.priced for each in plan.parcels)
    )


def _demand(one: Held) -> tuple[list[int], list[int]]:
    wanted: defaultdict[int, int] = defaultdict(int)
    for (_, sku), count in one.claims.items():
        wanted[sku] += count
    return list(wanted), list(wanted.values())


def _parcel(one: Held, at: int) -> dict[int, int]:
    return {sku: count for (site, sku), count in one.claims.items() if site == at}
