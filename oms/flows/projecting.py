"""Who gets what of a SKU that is scarce: what is there and what is announced, dealt in the order of turns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from inventory import calendar_queries
from oms.flows import snapshots
from oms.flows.order_facts import problem_of
from oms.flows.snapshots import Snapshot
from oms.orders import scarcity_queries
from oms.orders.models import OrderLine, SupplyClaim, Turn
from oms.orders.rules import ServedBy
from oms.orders.scarcity_queries import FIRST, LAST, Scarce
from oms.routing import planner

MOST_PLANNED = 25
"""Lines that are planned to say what they get now; those behind them are told of deliveries only."""

_WORDS: dict[ServedBy, Callable[[OrderLine], str]] = {
    ServedBy.PRIORITY: lambda line: f"priority {line.order.priority}",
    ServedBy.PROMISE: lambda line: (
        f"promised {line.order.promise_by:%d %b}" if line.order.promise_by else "no promise yet"
    ),
    ServedBy.AGE: lambda line: f"placed {line.order.placed_at:%d %b %H:%M} UTC",
}


@dataclass(frozen=True, slots=True)
class Outlook:
    """A line that waits: when its last piece can be expected (None: nobody knows), and why it has this turn.

    ``now`` pieces it would get at once, and ``unannounced`` ones are in no delivery.
    """

    line: OrderLine
    place: int
    now: int
    unannounced: int
    expected_on: date | None
    why: tuple[str, ...]


def outlooks(scarce: Scarce, *, at: datetime) -> list[Outlook]:
    """The queue of a SKU with what each of its lines can count on; an overdue delivery counts for nothing.

    What a line gets now is what the rules would give it, of what those before it leave.
    """
    chest = [(each.expected_on, each.pieces) for each in calendar_queries.supplies([scarce.sku_id])]
    shelves = snapshots.look_again([scarce.sku])
    turns = scarcity_queries.turns(scarce.sku)
    criteria = scarcity_queries.criteria()
    queue = list(scarcity_queries.queue(scarce.sku))
    claims = scarcity_queries.claims_of([line.pk for line in queue])
    found = []
    for place, line in enumerate(queue, start=1):
        now = _given(line, shelves, at=at) if place <= MOST_PLANNED else 0
        wanted, last = line.quantity_waiting - now, None
        while wanted and chest:
            day, pieces = chest[0]
            count = min(wanted, pieces)
            wanted, last = wanted - count, day
            if count == pieces:
                chest.pop(0)
            else:
                chest[0] = (day, pieces - count)
        why = _bound(claims.get(line.pk, ())) + _why(line, turns.get(line.order_id), criteria)
        found.append(Outlook(line, place, now, wanted, None if wanted else last, why))
    return found


def _given(line: OrderLine, shelves: Snapshot, *, at: datetime) -> int:
    """The pieces that a line would be given now; the shelves then have fewer. Held orders are passed over."""
    order = line.order
    if order.state != "open" or not any(pieces > 0 for pieces in shelves.stock.values()):
        return 0
    problem = problem_of(order, [(line, line.quantity_waiting)], shelves, at=at)
    plan = planner.plan(problem.facts, stock=shelves.stock, network=problem.network)
    for share in plan.shares:
        shelves.take(share.site_id, share.sku_id, share.quantity)
    return sum(share.quantity for share in plan.shares)


def _bound(claims: Iterable[SupplyClaim]) -> tuple[str, ...]:
    """What a preorder counts on, in words; pieces that lost their delivery come first."""
    said: tuple[str, ...] = ()
    for claim in claims:
        if claim.expected is None:
            said = (f"{claim.quantity} lost the delivery they were bound to", *said)
        else:
            said += (f"{claim.quantity} bound to {claim.expected.reference}",)
    return said


def _why(line: Any, turn: Turn | None, criteria: Sequence[ServedBy]) -> tuple[str, ...]:
    said: tuple[str, ...] = ()
    if turn is not None and line.turn in (FIRST, LAST):
        said += (f"put {'first' if turn.is_first else 'last'} by {turn.decided_by}: {turn.note}",)
    if line.is_bound:
        said += ("its delivery has arrived",)
    if line.order.state == "on_hold":
        said += ("on hold: passed over until it is released",)
    return said + tuple(_WORDS[each](line) for each in criteria)
