"""The life of a replay."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from oms.core.actors import Actor
from oms.core.transactions import joins_transaction
from oms.replays import queries
from oms.replays.models import Replay, ReplayedOrder
from oms.replays.rules import Fate, ReplayState, TooManyReplays
from oms.replays.simulation import Sale

LEASE = timedelta(minutes=2)
MOST_AT_ONCE = 5


@joins_transaction
def ask(
    name: str,
    period: tuple[datetime, datetime],
    scenario: Mapping[str, Any],
    *,
    currency: str,
    actor: Actor,
    at: datetime,
) -> Replay:
    """Queue a replay.

    Raises ``TooManyReplays`` while five are queued or running.
    """
    if queries.working() >= MOST_AT_ONCE:
        raise TooManyReplays(f"{MOST_AT_ONCE} replays are being worked on. Ask again when one is done.")
    return Replay.objects.create(
        name=name,
        begins_at=period[0],
        ends_at=period[1],
        scenario=dict(scenario),
        currency=currency,
        asked_by=actor.label,
        asked_at=at,
    )


@joins_transaction
def hold(replay: Replay, *, orders: int, at: datetime) -> int | None:
    """Lease a locked replay to a worker, who begins anew; the fence, or None when another worker holds it."""
    if not replay.is_working or (replay.lease_until and replay.lease_until > at):
        return None
    ReplayedOrder.objects.filter(replay=replay).delete()
    replay.state, replay.orders, replay.orders_done = ReplayState.RUNNING.value, orders, 0
    replay.fence += 1
    replay.lease_until = at + LEASE
    replay.save(update_fields=["state", "orders", "orders_done", "fence", "lease_until"])
    return replay.fence


@joins_transaction
def keep(replay: Replay, found: Iterable[tuple[Sale, Fate, Fate]], *, at: datetime) -> None:
    """Keep the fates of some orders (before, after) and the lease of a locked replay."""
    rows = [
        ReplayedOrder(
            replay=replay,
            order_id=sale.order_id,
            placed_at=sale.at,
            is_changed=(before.sites, before.unfilled) != (after.sites, after.unfilled),
            sites_before=list(before.sites),
            sites_after=list(after.sites),
            cost_before_minor=before.cost_minor,
            cost_after_minor=after.cost_minor,
            days_before=before.days,
            days_after=after.days,
            unfilled_before=before.unfilled,
            unfilled_after=after.unfilled,
        )
        for sale, before, after in found
    ]
    ReplayedOrder.objects.bulk_create(rows)
    replay.orders_done += len(rows)
    replay.lease_until = at + LEASE
    replay.save(update_fields=["orders_done", "lease_until"])


@joins_transaction
def finish(replay: Replay, summary: Mapping[str, Any], *, at: datetime, failure: str = "") -> None:
    """End a locked replay, well or with a failure."""
    replay.state = (ReplayState.FAILED if failure else ReplayState.DONE).value
    replay.summary, replay.failure, replay.finished_at = dict(summary), failure[:400], at
    replay.lease_until = None
    replay.save(update_fields=["state", "summary", "failure", "finished_at", "lease_until"])
