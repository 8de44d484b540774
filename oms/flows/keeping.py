"""Stories of orders that leave whole: what is there is kept for them, and their work stands until the rest is there."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from fulfilment import queries as work_queries
from fulfilment import standing_queries
from fulfilment.models import FulfilmentOrder
from fulfilment.rules import WorkStatus
from fulfilment.services import fulfilment_orders
from inventory.rules import LevelsMoved
from oms.core import audit, outbox
from oms.core.actors import SYSTEM, Actor
from oms.core.transactions import owns_transaction
from oms.flows import exchanging
from oms.flows.batches import ANSWER_WITHIN
from oms.orders import partial_queries
from oms.orders import queries as order_queries
from oms.orders.models import Order, OrderLine
from oms.orders.partials import PARTIAL, PartialDecision, why_asked
from oms.orders.rules import OrderState
from oms.orders.services import holds, orders, partials
from oms.orders.services.holds import Standing
from oms.routing.problem import Partial

MOST_AT_ONCE = 500
WHOLE = "All of it is there."


def policy_of(order: Order) -> Partial:
    """What happens to an order when not all of it can leave at once."""
    return Partial(order.partial_policy or order.channel.partial_policy)


def missing_of(lines: Iterable[OrderLine]) -> int:
    """Pieces of these lines that nothing has been found for yet."""
    return sum(line.quantity_waiting + line.quantity_unplanned for line in lines)


def is_kept(order: Order, lines: Sequence[OrderLine]) -> bool:
    """Whether an open order stands until all of it is there."""
    is_whole = order.state == OrderState.OPEN and policy_of(order) is Partial.TOGETHER
    return is_whole and missing_of(lines) > 0 and not any(line.quantity_shipped for line in lines)


def settle(order: Order, *, actor: Actor, at: datetime) -> None:
    """Let the work of a locked order stand, go on, or wait for a person, as its policy wants after it was sourced."""
    policy = policy_of(order)
    if policy is Partial.SPLIT or order.state not in (OrderState.OPEN, OrderState.ON_HOLD):
        return
    lines = list(order_queries.lines_of([order.pk]))
    if any(line.quantity_shipped for line in lines):
        return
    missing = missing_of(lines)
    live = work_queries.lock_live_work(order.pk)
    places = len({work.location_id for work in live}) if policy is Partial.ASK else 1
    if order.state == OrderState.ON_HOLD:
        if not missing and places <= 1:
            _close_by_itself(order, live, actor=actor, at=at)
    elif missing and policy is Partial.TOGETHER:
        _keep_back(live)
    elif policy is Partial.ASK and (missing or places > 1):
        ask(order, why_asked(missing, places), live, actor=actor, at=at)
    elif any(work.status == WorkStatus.ON_HOLD for work in live):
        if exchanging.plan_whole(order, live, why=WHOLE, actor=actor, at=at):
            live = work_queries.lock_live_work(order.pk)
        let_go(order, live, actor=actor, at=at, why=WHOLE)


def ask(order: Order, reason: str, live: Sequence[FulfilmentOrder], *, actor: Actor, at: datetime) -> None:
    """Hold an open order until a person has decided whether a part of it may ship."""
    holds.hold(order, Standing(reason, PARTIAL), actor=actor, at=at)
    _keep_back(live)
    audit.record(
        "order.held", "order", order.number, actor=actor, at=at, note=reason, changes={"code": PARTIAL}
    )
    payload = {"number": order.number, "reason": reason, "code": PARTIAL}
    outbox.record("order.held", aggregate=f"order:{order.number}", payload=payload, at=at)


def let_go(order: Order, live: Sequence[FulfilmentOrder], *, why: str, actor: Actor, at: datetime) -> None:
    """Let work that stood go on where it was left; partners have their time to answer from now on."""
    for work in live:
        fulfilment_orders.settle_status(work, work_queries.lines_to_work(work), releases=True)
        fulfilment_orders.ask_again(work, answer_by=at + ANSWER_WITHIN)
    orders.refresh_progress([order.pk])
    audit.record("order.released", "order", order.number, actor=actor, at=at, note=why)
    payload = {"number": order.number, "why": why}
    outbox.record("order.released", aggregate=f"order:{order.number}", payload=payload, at=at)


@owns_transaction()
def ask_about_kept(*, at: datetime) -> int:
    """Ask a person about orders that have kept pieces from others for longer than they may; says how many."""
    kept = [order.number for order in partial_queries.kept_too_long(at)[:MOST_AT_ONCE]]
    asked = 0
    for number in kept:
        order = order_queries.lock_order(number)
        # What it waited for may have come since it was looked up.
        if is_kept(order, list(order_queries.lines_of([order.pk]))):
            since = f"{order.placed_at:%d %b}"
            reason = f"It has kept stock from others since {since}: ship it, wait on, or cancel the rest."
            ask(order, reason, work_queries.lock_live_work(order.pk), actor=SYSTEM, at=at)
            asked += 1
    return asked


@owns_transaction(retry_on=LevelsMoved)
def let_go_unreasoned(*, at: datetime) -> int:
    """Let work go that nothing keeps back any more, as when a channel's policy was changed; says how many orders."""
    settled = 0
    for number in standing_queries.standing_without_reason():
        order = order_queries.lock_order(number)
        if order.state != OrderState.OPEN or is_kept(order, list(order_queries.lines_of([order.pk]))):
            continue
        if policy_of(order) is Partial.SPLIT:
            live = work_queries.lock_live_work(order.pk)
            let_go(order, live, why="Nothing keeps it back any more.", actor=SYSTEM, at=at)
        else:
            settle(order, actor=SYSTEM, at=at)
        settled += 1
    return settled


def _keep_back(live: Sequence[FulfilmentOrder]) -> None:
    for work in live:
        if work.status != WorkStatus.ON_HOLD:
            fulfilment_orders.set_status(work, WorkStatus.ON_HOLD)
            fulfilment_orders.unclaim(work)


def _close_by_itself(order: Order, live: Sequence[FulfilmentOrder], *, actor: Actor, at: datetime) -> None:
    """The order is not asked about any more: nothing of it is missing."""
    question = partial_queries.lock_open(order.pk)
    if question is None:
        return
    partials.settle(question, PartialDecision.FILLED, actor=actor, at=at)
    orders.release(order, actor=actor, at=at)
    let_go(order, live, why="All of it is there: nobody needs to decide.", actor=actor, at=at)
