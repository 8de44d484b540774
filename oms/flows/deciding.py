"""Stories of a person who decides what becomes of an order that cannot leave whole."""

from datetime import datetime

from fulfilment import queries as work_queries
from inventory.rules import LevelsMoved
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.transactions import owns_transaction
from oms.flows import amending, keeping, sourcing
from oms.orders import partial_queries
from oms.orders import queries as order_queries
from oms.orders.models import Order, PartialQuestion
from oms.orders.partials import (
    NothingIsMissing,
    NothingToDecide,
    PartialDecision,
    QuestionChanged,
)
from oms.orders.rules import OrderState
from oms.orders.services import orders, partials
from oms.orders.services.orders import Change
from oms.routing.problem import Partial


@owns_transaction(retry_on=LevelsMoved)
def decide(
    number: str,
    decision: PartialDecision,
    *,
    note: str = "",
    missing: int | None = None,
    actor: Actor,
    at: datetime,
) -> Order:
    """Ship what is there, wait for all of it, or cancel the rest; the order follows at once, and for good.

    ``missing`` is the number of pieces that whoever decides has seen missing.
    Raises ``OrderNotFound``, ``NothingToDecide``, ``NothingIsMissing``, ``QuestionChanged``, ``TooLateToChange``.
    """
    order = order_queries.lock_order(number)
    question = _question(order, at=at)
    lacks = _missing(order)
    if not lacks and decision is not PartialDecision.SHIP_AVAILABLE:
        raise NothingIsMissing(
            f"Everything of {number} is there: nothing to wait for, and no rest to cancel."
        )
    if missing is not None and missing != lacks:
        raise QuestionChanged(
            f"{lacks} pieces of {number} are missing now, you saw {missing}. Look at it again.", missing=lacks
        )
    partials.settle(question, decision, note=note.strip()[:200], actor=actor, at=at)
    _tell(order, decision, lacks, note=note.strip(), actor=actor, at=at)
    keeps = decision is PartialDecision.WAIT
    partials.follow(order, (Partial.TOGETHER if keeps else Partial.SPLIT).value)
    if decision is PartialDecision.CANCEL_REST:
        amending.cancel_missing(order, Change(note.strip() or "The rest is not to be had.", actor, at))
    if order.state == OrderState.ON_HOLD:
        orders.release(order, actor=actor, at=at)
    if not keeps and order.state == OrderState.OPEN:
        live = work_queries.lock_live_work(order.pk)
        keeping.let_go(order, live, why=decision.value.replace("_", " "), actor=actor, at=at)
    sourcing.source_again(order, actor=actor, at=at, why="It was decided what may ship.")
    orders.refresh_progress([order.pk])
    return order


def _question(order: Order, *, at: datetime) -> PartialQuestion:
    """The open question, or one that nobody has asked yet: an order that stands until it is whole."""
    question = partial_queries.lock_open(order.pk)
    if question is not None:
        return question
    if keeping.is_kept(order, list(order_queries.lines_of([order.pk]))):
        return partials.ask(order, reason="It waits for all of its pieces.", at=at)
    last = partial_queries.last_decided(order.pk)
    said = f" {_words(last)}, {last.decided_at:%d %b %H:%M} UTC." if last and last.decided_at else ""
    raise NothingToDecide(
        f"{order.number} is {order.status} and waits for no decision.{said}",
        decision=last.decision if last else "",
    )


def _words(last: PartialQuestion) -> str:
    if last.decision == PartialDecision.FILLED:
        return "Everything has come meanwhile"
    return f"It was decided: {last.decision.replace('_', ' ')}"


def _missing(order: Order) -> int:
    return keeping.missing_of(order_queries.lines_of([order.pk]))


def _tell(
    order: Order, decision: PartialDecision, missing: int, *, note: str, actor: Actor, at: datetime
) -> None:
    changes = {"decision": decision.value, "missing": missing}
    audit.record(
        "order.partial_decided", "order", order.number, actor=actor, at=at, note=note, changes=changes
    )
    payload = {"number": order.number, "note": note} | changes
    outbox.record("order.partial_decided", aggregate=f"order:{order.number}", payload=payload, at=at)
