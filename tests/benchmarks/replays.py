"""A replay of 10,000 orders, as a worker carries it out."""

import time
from datetime import UTC, datetime

from oms.core.actors import SYSTEM
from oms.flows import replaying
from oms.orders.models import Order
from oms.replays import queries
from oms.replays.rules import Scenario
from tests.benchmarks import bulk

ORDERS, MOST_SECONDS = 10_000, 60.0


def measured() -> tuple[float, int]:
    """Seconds for a replay without Sydney, and how many orders it had."""
    began = datetime.now(UTC)
    for _ in range(ORDERS // bulk.AT_ONCE):
        bulk.place([bulk.three() for _ in range(bulk.AT_ONCE)], "replay")
    ended = datetime.now(UTC)
    assert Order.objects.filter(placed_at__gte=began, placed_at__lt=ended).count() == ORDERS
    replay = replaying.ask("bench", (began, ended), Scenario(without=("SYD",)), actor=SYSTEM, at=ended)
    started = time.perf_counter()
    replaying.run(replay.pk, clock=lambda: datetime.now(UTC))
    seconds = time.perf_counter() - started
    summary = queries.replay(replay.pk).summary
    return seconds, summary["after"]["orders"]
