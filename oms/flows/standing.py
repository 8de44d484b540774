"""Stories of orders that stand still: held for a reason by somebody, handed over, let go on."""

from datetime import datetime

from fulfilment import queries as work_queries
from fulfilment.rules import WorkStatus
from fulfilment.services import fulfilment_orders
from inventory.rules import LevelsMoved
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.errors import Conflict
from oms.core.transactions import owns_transaction
from oms.flows import sourcing
from oms.orders import job_queries
from oms.orders import queries as order_queries
from oms.orders.models import Order
from oms.orders.partials import PARTIAL, DecisionWanted
from oms.orders.rules import ChangeKind, Releasable
from oms.orders.services import holds, orders
from oms.orders.services.holds import Standing


class NotHeld(Conflict):
    """The order is not on hold."""

    code = "order-not-held"


@owns_transaction()
def hold_order(
    number: str, *, reason: str, code: str = "", owner: str = "", actor: Actor, at: datetime
) -> Order:
    """Stop an order and its work for a reason; its stock stays reserved.

    ``code`` is of the managed list; its name is the reason when nothing more is said.
    Raises ``OrderNotFound``, ``IllegalTransition``, ``Invalid``, ``UnknownReason``.
    """
    if code:
        reason = reason.strip() or job_queries.reason(ChangeKind.HOLD, code).name
    order = order_queries.lock_order(number)
    holds.hold(order, Standing(reason, code, _owner(owner, actor)), actor=actor, at=at)
    for work in work_queries.lock_live_work(order.pk):
        fulfilment_orders.set_status(work, WorkStatus.ON_HOLD)
        fulfilment_orders.unclaim(work)
    audit.record("order.held", "order", number, actor=actor, at=at, note=reason, changes={"code": code})
    payload = {"number": number, "reason": reason, "code": code}
    outbox.record("order.held", aggregate=f"order:{number}", payload=payload, at=at)
    return order


@owns_transaction(retry_on=LevelsMoved)
def release_order(number: str, *, actor: Actor, at: datetime) -> Order:
    """Let a held order go on where its work was left.

    Raises ``OrderNotFound``, ``IllegalTransition``, ``NotYoursToRelease`` when its reason wants somebody else,
    ``DecisionWanted`` when it waits for more than a release.
    """
    order = order_queries.lock_order(number)
    held = job_queries.hold_of(order.pk)
    if held is not None and held.code == PARTIAL:
        raise DecisionWanted(
            f"{number} waits for a decision: ship what is there, wait for all of it, or cancel the rest."
        )
    if held is not None and held.code and actor.kind != "system":
        who = job_queries.released_by(held.code)
        if who is not Releasable.ANYBODY:
            username, is_manager = job_queries.standing_of(actor)
            holds.check_release(held, who, username=username, is_manager=is_manager)
    orders.release(order, actor=actor, at=at)
    for work in work_queries.lock_live_work(order.pk):
        fulfilment_orders.settle_status(work, work_queries.lines_to_work(work), releases=True)
    sourcing.source_again(order, actor=actor, at=at, why="Released from hold.")
    orders.refresh_progress([order.pk])
    audit.record("order.released", "order", number, actor=actor, at=at)
    outbox.record("order.released", aggregate=f"order:{number}", payload={"number": number}, at=at)
    return order


@owns_transaction()
def assign_hold(number: str, *, owner: str, actor: Actor, at: datetime) -> Order:
    """Make one person answer for the hold of an order.

    Raises ``OrderNotFound``, ``NotHeld``, ``PersonNotFound``.
    """
    order = order_queries.lock_order(number)
    held = job_queries.hold_of(order.pk)
    if held is None:
        raise NotHeld(f"{number} is not on hold.")
    known = job_queries.username(owner)
    before = held.owner
    holds.assign(held, owner=known)
    audit.record(
        "order.hold-assigned", "order", number, actor=actor, at=at, changes={"owner": [before, known]}
    )
    return order


def _owner(owner: str, actor: Actor) -> str:
    """The person named, else the one who holds the order; a program's hold is nobody's until it is assigned."""
    if owner:
        return job_queries.username(owner)
    return job_queries.standing_of(actor)[0] if actor.kind == "user" else ""
