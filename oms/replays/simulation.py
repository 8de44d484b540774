"""Orders and stock movements of a period, played again in their order; pure.

Each order is planned on the stock as this very play has left it. What an order could not get waits, and takes what
comes before later orders do; when it is served, and for how much, is not counted.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from oms.replays.rules import Fate
from oms.routing import planner
from oms.routing.network import Network
from oms.routing.problem import OrderFacts

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


def play(
    sales: Iterable[Sale],
    shifts: Iterable[Shift],
    stock: Stock,
    network_of: Callable[[OrderFacts], Network],
) -> Iterator[tuple[Sale, Fate]]:
    """The fate of each order, in the order in which they came; at the same instant stock moves first."""
    waiting: defaultdict[int, deque[int]] = defaultdict(deque)
    events: Iterator[Sale | Shift] = merge(shifts, sales, key=_order)
    for event in events:
        if isinstance(event, Shift):
            _shift(event, stock, waiting)
        else:
            yield event, _serve(event.facts, stock, network_of(event.facts), waiting)


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


def _serve(facts: OrderFacts, stock: Stock, network: Network, waiting: defaultdict[int, deque[int]]) -> Fate:
    plan = planner.plan(facts, stock=stock, network=network)
    for share in plan.shares:
        stock[share.site_id, share.sku_id] -= share.quantity
    skus = {line.key: line.sku_id for line in facts.lines}
    for key, pieces in plan.shortfall:
        waiting[skus[key]].append(pieces)
    sites = tuple(parcel.site for parcel in plan.parcels)
    return Fate(tuple(sorted(sites)), len(sites), plan.cost_minor, plan.days, plan.unfilled)
