"""The story of an attack: many buyers want the same piece at the same instant."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from django.db import connection

from oms.catalogue import queries as sku_queries
from oms.channels import queries as channel_queries
from oms.core.actors import SYSTEM
from oms.core.errors import Refusal
from oms.flows import ordering
from oms.orders.requests import Address, NewLine, NewOrder

Clock = Callable[[], datetime]
MOST_AT_ONCE = 40
WAIT_SECONDS = 120
HOME = Address("Attacker", "1 Test Street", "Perth", "AU", region="WA", postcode="6000")


@dataclass(slots=True)
class Outcome:
    """What became of the buyers: pieces allocated and waiting, orders refused, and errors that should not be."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, count: int = 1) -> None:
        """Count one more."""
        with self._lock:
            self.counts[what] += count

    def fail(self, error: Exception) -> None:
        """Keep an error that no buyer should see."""
        with self._lock:
            self.counts["failed"] += 1
            self.errors.append(repr(error))


def sellable(sku: str, channel: str) -> int:
    """Pieces of a SKU that the channel's locations could promise now.

    Raises ``SkuNotFound``, ``UnknownChannel``.
    """
    sku_queries.sku(sku)
    return channel_queries.sellable(sku, channel)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What every buyer knows: what to buy where, the gate they all wait at, the clock, and where to report."""

    sku: str
    channel: str
    gate: threading.Barrier
    clock: Clock
    outcome: Outcome


def attack(sku: str, *, channel: str, buyers: int, clock: Clock) -> Outcome:
    """Let so many buyers order one piece each, as nearly at once as threads can."""
    size = min(MOST_AT_ONCE, buyers)
    crowd = Crowd(sku, channel, threading.Barrier(size), clock, Outcome())
    shares = [buyers // size + (number < buyers % size) for number in range(size)]
    threads = [threading.Thread(target=_buy, args=(crowd, share)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return crowd.outcome


def _buy(crowd: Crowd, share: int) -> None:
    try:
        connection.ensure_connection()
        crowd.gate.wait(WAIT_SECONDS)
        for _ in range(share):
            _buy_one(crowd)
    except Exception as error:  # whatever it is, the report must show it
        crowd.outcome.fail(error)
    finally:
        connection.close()


def _buy_one(crowd: Crowd) -> None:
    request = NewOrder(
        channel=crowd.channel,
        external_number=f"attack-{uuid4().hex}",
        customer_name=HOME.name,
        shipping=HOME,
        currency="AUD",
        lines=(NewLine(crowd.sku, 1, Decimal(1)),),
    )
    try:
        placed = ordering.place_order(request, actor=SYSTEM, at=crowd.clock())
    except Refusal:
        crowd.outcome.note("refused")
    else:
        crowd.outcome.note("allocated", placed.lines[0].allocated)
        crowd.outcome.note("waiting", placed.lines[0].waiting)
