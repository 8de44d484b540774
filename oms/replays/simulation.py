"""Orders and stock movements of a period, played again in their order; pure.

Each order is planned on the stock as this very play has left it. What an order could not get waits, and takes what
comes before later orders do; when it is served, and for how much, is not counted.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from heapq import merge
from zoneinfo import ZoneInfo

from oms.replays.rules import Fate
from oms.routing import planner
from oms.routing.network import Network
from oms.routing.plans import Plan
from oms.routing.problem import OrderFacts, Site

Place = tuple[int, int]
"""Location id, SKU id."""
Stock = MutableMapping[Place, int]


@dataclass(frozen=True, slots=True)
class Sale:
    """An order as it came in."""

    at: datetime
    order_id: int
    facts: OrderFacts


@dataclass(frozen=True, slots=True)
class Shift:
    """Pieces that became available at a location, or ceased to be."""

    at: datetime
    place: Place
    pieces: int


def _no_paces(at: datetime) -> Mapping[Place, int]:
    return {}


@dataclass(slots=True)
class Memory:
    """What rules may ask of the play: the orders that a site was given on its own day, and how fast it sold then.

    ``paces_at`` has the thousandths of a piece that left on an average day before an instant; it is asked once a day.
    """

    paces_at: Callable[[datetime], Mapping[Place, int]] = _no_paces
    given: Counter[tuple[int, date]] = field(default_factory=Counter)
    paces: dict[date, Mapping[Place, int]] = field(default_factory=dict)

    def informed(self, facts: OrderFacts, network: Network, at: datetime) -> OrderFacts:
        """The order with what the rules for it ask about."""
        if network.needs_loads:
            sites = [lane.site for lane in network.lanes]
            facts = replace(facts, loads={site.id: self.given[site.id, _day(site, at)] for site in sites})
        if network.needs_paces:
            if at.date() not in self.paces:
                self.paces = {at.date(): self.paces_at(at)}
            facts = replace(facts, paces=self.paces[at.date()])
        return facts

    def note(self, plan: Plan, network: Network, at: datetime) -> None:
        """Remember whom an order was given to."""
        if network.needs_loads:
            served = {parcel.site_id for parcel in plan.parcels}
            for lane in network.lanes:
                if lane.site.id in served:
                    self.given[lane.site.id, _day(lane.site, at)] += 1


def _day(site: Site, at: datetime) -> date:
    return at.astimezone(ZoneInfo(site.timezone)).date()


def play(
    sales: Iterable[Sale],
    shifts: Iterable[Shift],
    stock: Stock,
    network_of: Callable[[OrderFacts], Network],
    memory: Memory | None = None,
) -> Iterator[tuple[Sale, Fate]]:
    """The fate of each order, in the order in which they came; at the same instant stock moves first."""
    memory = memory or Memory()
    waiting: defaultdict[int, deque[int]] = defaultdict(deque)
    events: Iterator[Sale | Shift] = merge(shifts, sales, key=_order)
    for event in events:
        if isinstance(event, Shift):
            _shift(event, stock, waiting)
        else:
            network = network_of(event.facts)
            plan = planner.plan(memory.informed(event.facts, network, event.at), stock=stock, network=network)
            memory.note(plan, network, event.at)
            yield event, _serve(event.facts, plan, stock, waiting)


def _order(event: Sale | Shift) -> tuple[datetime, bool]:
    return event.at, isinstance(event, Sale)


def _shift(event: Shift, stock: Stock, waiting: defaultdict[int, deque[int]]) -> None:
    pieces, queue = event.pieces, waiting[event.place[1]]
    while pieces > 0 and queue:
        count = min(pieces, queue[0])
        pieces -= count
        queue[0] -= count
        if not queue[0]:
            queue.popleft()
    stock[event.place] = stock.get(event.place, 0) + pieces


def _serve(facts: OrderFacts, plan: Plan, stock: Stock, waiting: defaultdict[int, deque[int]]) -> Fate:
    for share in plan.shares:
        stock[share.site_id, share.sku_id] -= share.quantity
    skus = {line.key: line.sku_id for line in facts.lines}
    for key, pieces in plan.shortfall:
        waiting[skus[key]].append(pieces)
    sites = tuple(parcel.site for parcel in plan.parcels)
    return Fate(tuple(sorted(sites)), len(sites), plan.cost_minor, plan.days, plan.unfilled)
