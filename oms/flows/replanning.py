"""Stories of second thoughts: orders that nobody has begun to pick are planned anew together.

An assignment is provisional until its work is released (Xu, Allgor & Graves 2009, see ``oms.replanning.exchange``):
what was the cheapest plan when each order came is often not the cheapest for all of them an hour later.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from inventory import queries as stock_queries
from inventory.rules import LevelsMoved
from oms.alerts import queries as alert_queries
from oms.alerts.models import Severity
from oms.alerts.services import alerts
from oms.core import audit
from oms.core.actors import SYSTEM, Actor
from oms.core.errors import Busy
from oms.core.transactions import owns_transaction
from oms.flows import exchanging, snapshots
from oms.replanning import exchange, queries
from oms.replanning.exchange import Exchange
from oms.replanning.models import ReplanningPolicy, ReplanningRun
from oms.replanning.services import runs
from oms.replanning.services.runs import Pace, Served
from oms.routing import queries as routing_queries


@owns_transaction()
def set_pace(pace: Pace, *, actor: Actor, at: datetime) -> ReplanningPolicy:
    """Say whether and how often unreleased orders are planned anew.

    Raises ``BadPace``.
    """
    before = str(queries.policy())
    policy = runs.set_pace(pace)
    changes = {"pace": [before, str(policy)], "left_alone_minutes": pace.left_alone_minutes}
    audit.record("replanning.set", "replanning", "policy", actor=actor, at=at, changes=changes)
    return policy


def run_when_due(*, at: datetime) -> ReplanningRun | None:
    """One pass, when re-planning is on and the last pass is long enough ago."""
    policy = queries.policy()
    if not policy.is_on or queries.ran_after(at - timedelta(minutes=policy.every_minutes)):
        return None
    return run(actor=SYSTEM, at=at)


def run(*, actor: Actor, at: datetime) -> ReplanningRun:
    """Look at all unreleased orders together and carry out every exchange that saves something.

    Each exchange is a transaction of its own. One that somebody was faster than is left out and counted.
    """
    known = _known(at)
    split = sum(len(each.held.plan.parcels) > 1 for each in known.values())
    codes = sorted({line.sku for each in known.values() for line in each.held.facts.lines})
    free = dict(snapshots.look_again(codes).stock)
    held = [each.held for each in known.values()]
    found = exchange.improve(held, free, lambda one, plan: known[one.key].is_kept(plan, at=at))
    opened = _begin(len(known), split, actor=actor, at=at)
    overtaken = sum(
        not _made(number, each, known, opened, actor=actor, at=at)
        for number, each in enumerate(found, start=1)
    )
    return _finish(opened, overtaken, actor=actor, at=at)


@owns_transaction()
def tell_failure(error: str, *, at: datetime) -> None:
    """Alert that a pass came to no end; the next one that does closes the alert."""
    alerts.open_alert(
        "replanning_failed",
        "replanning",
        "pass",
        at=at,
        severity=Severity.LOOK,
        message=f"Re-planning stopped: {error}. Orders stay where they are; switch it off if that goes on.",
        url="/replanning/",
    )


def _known(at: datetime) -> dict[int, exchanging.Known]:
    policy = queries.policy()
    found = queries.unreleased(due_after=at + timedelta(minutes=policy.left_alone_minutes))
    lines = queries.open_lines([order.pk for order in found])
    codes = sorted({line.allocation.order_line.sku.code for each in lines.values() for line in each})
    seen = snapshots.look_again(codes)
    return {
        order.pk: exchanging.standing_of(order, lines[order.pk], seen, at=at)
        for order in found
        if order.pk in lines
    }


@owns_transaction()
def _begin(seen: int, split: int, *, actor: Actor, at: datetime) -> ReplanningRun:
    currency = routing_queries.shop_currency()
    return runs.begin(orders=seen, split=split, currency=currency, by=actor.label, at=at)


@owns_transaction()
def _finish(opened: ReplanningRun, overtaken: int, *, actor: Actor, at: datetime) -> ReplanningRun:
    for alert in alert_queries.lock_open("replanning_failed"):
        alerts.close(alert, note="A pass came to its end.", actor=SYSTEM, at=at)
    finished = runs.finish(opened, overtaken=overtaken, at=at)
    if finished.exchanges:
        changes = {
            "exchanges": finished.exchanges,
            "saved_parcels": finished.saved_parcels,
            "saved_minor": finished.saved_minor,
        }
        audit.record("replanning.ran", "replanning", str(opened.pk), actor=actor, at=at, changes=changes)
    return finished


def _made(
    number: int,
    found: Exchange,
    known: Mapping[int, exchanging.Known],
    opened: ReplanningRun,
    *,
    actor: Actor,
    at: datetime,
) -> bool:
    """Whether the exchange was carried out; not when the world has moved since it was found."""
    try:
        return _carry_out(number, found, known, opened, actor=actor, at=at)
    except (LevelsMoved, Busy):
        return False


@owns_transaction(retry_on=LevelsMoved, attempts=3)
def _carry_out(
    number: int,
    found: Exchange,
    known: Mapping[int, exchanging.Known],
    opened: ReplanningRun,
    *,
    actor: Actor,
    at: datetime,
) -> bool:
    """Release and reserve in one commit: orders first, then work, then levels, each in the order of its ids."""
    locked = [exchanging.lock(known[side.key].order.number, side) for side in found.sides]
    if not all(each.is_as_seen for each in locked):
        return False
    stock_queries.lock_places(
        place for side in found.sides for place in (*side.claims, *exchange.claims_of(side.after))
    )
    added = {each.order.pk: exchanging.give_back(each, actor=actor, at=at) for each in locked}
    for each in locked:
        others = [other.order.number for other in locked if other is not each]
        why = exchanging.why_moved(each.side, others)
        exchanging.take(each, added[each.order.pk], known[each.order.pk], why, others, actor=actor, at=at)
    served = [Served(each.order, each.side.before, each.side.after) for each in locked]
    runs.keep(opened, number, served, at=at)
    return True
