"""Who gets what of a SKU that is scarce: what is there and what is announced, dealt in the order of turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from inventory import calendar_queries
from oms.orders import scarcity_queries
from oms.orders.models import OrderLine, Turn
from oms.orders.rules import ServedBy
from oms.orders.scarcity_queries import FIRST, LAST, Scarce

_WORDS: dict[ServedBy, Callable[[OrderLine], str]] = {
    ServedBy.PRIORITY: lambda line: f"priority {line.order.priority}",
    ServedBy.PROMISE: lambda line: (
        f"promised {line.order.promise_by:%d %b}" if line.order.promise_by else "no promise yet"
    ),
    ServedBy.AGE: lambda line: f"placed {line.order.placed_at:%d %b %H:%M}",
}


@dataclass(frozen=True, slots=True)
class Outlook:
    """A line that waits: when its last piece can be expected (None: nobody knows), and why it has this turn."""

    line: OrderLine
    place: int
    now: int
    expected_on: date | None
    why: tuple[str, ...]


def outlooks(scarce: Scarce) -> list[Outlook]:
    """The queue of a SKU with what each of its lines can count on; an overdue delivery counts for nothing."""
    chest: list[tuple[date | None, int]] = [(None, scarce.available)]
    chest += [(each.expected_on, each.pieces) for each in calendar_queries.supplies([scarce.sku_id])]
    turns = scarcity_queries.turns(scarce.sku)
    criteria = scarcity_queries.criteria()
    found = []
    for place, line in enumerate(scarcity_queries.queue(scarce.sku), start=1):
        wanted, now, last = line.quantity_waiting, 0, None
        while wanted and chest:
            day, pieces = chest[0]
            count = min(wanted, pieces)
            wanted -= count
            now += count if day is None else 0
            last = day or last
            if count == pieces:
                chest.pop(0)
            else:
                chest[0] = (day, pieces - count)
        found.append(
            Outlook(
                line, place, now, None if wanted else last, _why(line, turns.get(line.order_id), criteria)
            )
        )
    return found


def _why(line: Any, turn: Turn | None, criteria: Sequence[ServedBy]) -> tuple[str, ...]:
    said: tuple[str, ...] = ()
    if turn is not None and line.turn in (FIRST, LAST):
        said += (f"put {'first' if turn.is_first else 'last'} by {turn.decided_by}: {turn.note}",)
    if line.is_bound:
        said += ("its delivery has arrived",)
    if line.order.state == "on_hold":
        said += ("on hold: passed over until it is released",)
    return said + tuple(_WORDS[each](line) for each in criteria)
