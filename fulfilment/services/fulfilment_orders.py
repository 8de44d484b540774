"""The life of a fulfilment order: who has it, what was answered, how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine
from fulfilment.rules import GROWING, REQUEST_LIFECYCLE, WORK_LIFECYCLE, NotClaimed, RequestStatus, WorkStatus
from oms.core.models import User
from oms.core.transactions import joins_transaction


@dataclass(frozen=True, slots=True)
class Way:
    """How a parcel is to go, what that is to cost, and when it is handed over."""

    carrier: str
    service: str
    cost_minor: int | None
    due_at: datetime | None


@joins_transaction
def claim(work: FulfilmentOrder, *, user: User, at: datetime) -> None:
    """Give the task to a person.

    Raises ``NotClaimed`` when another one has it.
    """
    if work.claimed_by_id not in (None, user.pk):
        raise NotClaimed(f"{work.number} is with {work.claimed_by}. Take the next task.")
    if work.claimed_by_id is None:
        work.claimed_by, work.claimed_at = user, at
        work.save(update_fields=["claimed_by", "claimed_at"])


@joins_transaction
def unclaim(work: FulfilmentOrder) -> None:
    """Put the task back into the queue."""
    work.claimed_by, work.claimed_at = None, None
    work.save(update_fields=["claimed_by", "claimed_at"])


@joins_transaction
def answer(work: FulfilmentOrder, status: RequestStatus, *, reason: str = "") -> None:
    """Record what the place that ships has said; the same answer again changes nothing.

    Raises ``IllegalTransition`` when it has said something final before.
    """
    if work.request_status == status:
        return
    REQUEST_LIFECYCLE.check(RequestStatus(work.request_status), status, what=work.number)
    work.request_status, work.rejection_reason = status.value, reason
    if status is RequestStatus.REJECTED:
        work.status = _checked(work, WorkStatus.CANCELLED)
    work.save(update_fields=["request_status", "rejection_reason", "status"])


@joins_transaction
def set_status(work: FulfilmentOrder, status: WorkStatus) -> None:
    """Move the work along its lifecycle; a task that ends is nobody's any more.

    Raises ``IllegalTransition``.
    """
    if work.status == status:
        return
    work.status = _checked(work, status)
    work.save(update_fields=["status"])


@joins_transaction
def ask_again(work: FulfilmentOrder, *, answer_by: datetime) -> None:
    """Give the place that ships its time to answer anew; one that has answered is left alone."""
    if work.acknowledge_by is not None and work.request_status in (RequestStatus.QUEUED, RequestStatus.SENT):
        work.acknowledge_by = answer_by
        work.save(update_fields=["acknowledge_by"])


@joins_transaction
def reroute(work: FulfilmentOrder, way: Way) -> None:
    """Let work that nobody has begun with go by another service, or at another time."""
    work.carrier, work.service, work.expected_cost_minor = way.carrier, way.service, way.cost_minor
    work.due_at = way.due_at or work.due_at
    work.save(update_fields=["carrier", "service", "expected_cost_minor", "due_at"])


@joins_transaction
def cost(work: FulfilmentOrder, cost_minor: int | None) -> None:
    """Set what sending the work is planned to cost; None when nobody knows."""
    work.expected_cost_minor = cost_minor
    work.save(update_fields=["expected_cost_minor"])


@joins_transaction
def settle_status(
    work: FulfilmentOrder, lines: Sequence[FulfilmentOrderLine], *, releases: bool = False
) -> WorkStatus:
    """Set the status that the pieces of the lines speak of, and return it.

    Held work stays held while anything of it is wanted, until it is released.
    """
    wanted = sum(line.quantity - line.quantity_cancelled for line in lines)
    picked, packed, shipped = (
        sum(getattr(line, f"quantity_{step}") for line in lines) for step in ("picked", "packed", "shipped")
    )
    if wanted == 0:
        status = WorkStatus.CANCELLED
    elif work.status == WorkStatus.ON_HOLD and not releases:
        status = WorkStatus.ON_HOLD
    elif shipped == wanted:
        if work.status == WorkStatus.ON_HOLD:
            # All of it was packed before it left: the graph has no shorter way.
            set_status(work, WorkStatus.PACKED)
        status = WorkStatus.SHIPPED
    elif packed == wanted:
        status = WorkStatus.PACKED
    elif picked == wanted:
        status = WorkStatus.PICKED
    elif picked:
        status = WorkStatus.PICKING
    else:
        status = WorkStatus.PICKING if _has_a_younger_twin(work) else WorkStatus.OPEN
    set_status(work, status)
    return status


def _has_a_younger_twin(work: FulfilmentOrder) -> bool:
    """Whether its place has another request of the order that nobody has begun; then this one stays the begun one."""
    if work.status == WorkStatus.OPEN or work.request_status != RequestStatus.QUEUED:
        return False
    twins = FulfilmentOrder.objects.filter(**GROWING, order_id=work.order_id, location_id=work.location_id)
    return twins.exclude(pk=work.pk).exists()


@joins_transaction
def cancel_pieces(pieces: Mapping[int, int]) -> None:
    """Take so many pieces off each work line (id → pieces); picked pieces go back to the shelf with them."""
    for line_id, count in pieces.items():
        line = FulfilmentOrderLine.objects.select_for_update().get(pk=line_id)
        left = line.quantity - line.quantity_cancelled - count
        line.quantity_picked = min(line.quantity_picked, left)
        line.quantity_cancelled += count
        line.save(update_fields=["quantity_picked", "quantity_cancelled"])


@joins_transaction
def count(line: FulfilmentOrderLine, **steps: int) -> None:
    """Add pieces to the steps of a line, such as ``picked=1``; the database refuses a step past the one before."""
    changes = {f"quantity_{step}": F(f"quantity_{step}") + pieces for step, pieces in steps.items()}
    FulfilmentOrderLine.objects.filter(pk=line.pk).update(**changes)
    for step, pieces in steps.items():
        setattr(line, f"quantity_{step}", getattr(line, f"quantity_{step}") + pieces)


def _checked(work: FulfilmentOrder, status: WorkStatus) -> str:
    WORK_LIFECYCLE.check(WorkStatus(work.status), status, what=work.number)
    return status.value
