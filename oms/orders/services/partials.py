"""Decisions on orders that cannot leave whole."""

from datetime import datetime

from oms.core.actors import Actor
from oms.core.transactions import joins_transaction
from oms.orders.models import Order, PartialQuestion
from oms.orders.partials import PartialDecision


@joins_transaction
def settle(
    question: PartialQuestion, decision: PartialDecision, *, note: str = "", actor: Actor, at: datetime
) -> None:
    """Write down what became of a locked question; the database lets nobody change it afterwards."""
    question.decision, question.note = decision.value, note
    question.decided_by, question.decided_at = actor.label, at
    question.save(update_fields=["decision", "note", "decided_by", "decided_at"])


@joins_transaction
def ask(order: Order, *, reason: str, at: datetime) -> PartialQuestion:
    """Open the question of an order that is not held for it."""
    return PartialQuestion.objects.create(order=order, reason=reason[:200], asked_at=at)


@joins_transaction
def follow(order: Order, policy: str) -> None:
    """Let a locked order follow what was decided for it from now on."""
    order.partial_policy = policy
    order.save(update_fields=["partial_policy"])
