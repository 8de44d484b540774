"""Where partners are asked to send confirmed work instead, and what they say to it."""

from datetime import datetime

from fulfilment.models import AddressRequest, FulfilmentOrder
from fulfilment.rules import ADDRESS_ASK_LIFECYCLE, AddressAsk
from fulfilment.services.cancellations import ANSWER_WITHIN
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction
from oms.orders.models import AddressChange


@joins_transaction
def ask(work: FulfilmentOrder, change: AddressChange, *, at: datetime) -> AddressRequest:
    """Ask the partner of locked work to send it to another address."""
    return AddressRequest.objects.create(
        fulfilment_order=work, change=change, requested_at=at, answer_by=at + ANSWER_WITHIN
    )


@joins_transaction
def answer(request: AddressRequest, state: AddressAsk, *, said: str, actor: Actor, at: datetime) -> None:
    """Keep what became of a locked request.

    Raises ``IllegalTransition`` when it was answered before.
    """
    ADDRESS_ASK_LIFECYCLE.check(AddressAsk(request.state), state, what="The address change")
    request.state = state.value
    request.answer, request.answered_by, request.answered_at = said[:200], actor.label, at
    request.save(update_fields=["state", "answer", "answered_by", "answered_at"])
