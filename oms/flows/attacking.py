"""The story of an attack: many buyers want the same piece at the same instant."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from oms.catalogue import queries as sku_queries
from oms.channels import queries as channel_queries
from oms.core.actors import SYSTEM
from oms.core.errors import Refusal
from oms.flows import ordering
from oms.orders.requests import Address, NewLine, NewOrder

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


def attack(sku: str, *, channel: str, buyers: int) -> Outcome:
    """Let so many buyers order one piece each, as nearly at once as threads can."""
    outcome = Outcome()
    crowd = min(MOST_AT_ONCE, buyers)
    gate = threading.Barrier(crowd)
    shares = [buyers // crowd + (number < buyers % crowd) for number in range(crowd)]
    threads = [threading.Thread(target=_buy, args=(sku, channel, share, gate, outcome)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


def _buy(sku: str, channel: str, share: int, gate: threading.Barrier, outcome: Outcome) -> None:
    try:
        connection.ensure_connection()
        gate.wait(WAIT_SECONDS)
        for _ in range(share):
            request = NewOrder(
                channel=channel, external_number=f"attack-{uuid4().hex}", customer_name=HOME.name, shipping=HOME,
                currency="AUD", lines=(NewLine(sku, 1, Decimal(1)),),
            )
            try:
                placed = ordering.place_order(request, actor=SYSTEM, at=timezone.now())
            except Refusal:
                outcome.note("refused")
            else:
                outcome.note("allocated", placed.lines[0].allocated)
                outcome.note("waiting", placed.lines[0].waiting)
    except Exception as error:  # noqa: BLE001  # whatever it is, the report must show it
        outcome.fail(error)
    finally:
        connection.close()
