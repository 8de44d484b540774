"""What partners are asked to leave out, and what they say to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fulfilment.models import CancellationLine, CancellationRequest, FulfilmentOrder
from fulfilment.rules import ASK_LIFECYCLE, AskState, CancellationPending
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction

ANSWER_WITHIN = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Why:
    """Words for the partner, and a code of the managed list."""

    reason: str
    code: str = ""


@joins_transaction
def ask(
    work: FulfilmentOrder, pieces: Mapping[int, int], *, why: Why, actor: Actor, at: datetime
) -> CancellationRequest:
    """Ask for so many pieces of each line (id → pieces) of locked work.

    Raises ``CancellationPending`` when an earlier one is not answered yet.
    """
    if CancellationRequest.objects.filter(fulfilment_order=work, state=AskState.REQUESTED.value).exists():
        raise CancellationPending(
            f"{work.location.name} was asked to cancel pieces of {work.number} and has not answered."
            " Wait for its answer."
        )
    request = CancellationRequest.objects.create(
        fulfilment_order=work,
        reason_code=why.code,
        reason=why.reason[:200] or "No reason given.",
        requested_by=actor.label,
        requested_at=at,
        answer_by=at + ANSWER_WITHIN,
    )
    CancellationLine.objects.bulk_create(
        CancellationLine(request=request, work_line_id=line, quantity=count)
        for line, count in sorted(pieces.items())
        if count
    )
    return request


@joins_transaction
def answer(request: CancellationRequest, state: AskState, *, said: str, actor: Actor, at: datetime) -> None:
    """Keep what the partner has said to a locked request.

    Raises ``IllegalTransition`` when it has said so before.
    """
    ASK_LIFECYCLE.check(request.state, state, what="The cancellation")
    request.state = state.value
    request.answer, request.answered_by, request.answered_at = said[:200], actor.label, at
    request.save(update_fields=["state", "answer", "answered_by", "answered_at"])
