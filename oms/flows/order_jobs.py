"""Stories of one deed on many orders: asked at once, done in the background, order by order.

Each order is a transaction of its own, under the job's own key: work that was killed is begun again and done once.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from oms.core import audit, idempotency
from oms.core.actors import Actor
from oms.core.errors import Busy, Invalid, Refusal
from oms.core.idempotency import Claim, KeyInUse
from oms.core.models import User
from oms.core.transactions import owns_transaction
from oms.flows import ordering, standing
from oms.orders import job_queries
from oms.orders.models import OrderJob, OrderJobItem
from oms.orders.rules import ChangeKind, DeedState, JobDeed
from oms.orders.services import order_jobs
from oms.orders.services.order_jobs import Wanted

AT_ONCE = 100
_KINDS = {JobDeed.HOLD: ChangeKind.HOLD, JobDeed.CANCEL: ChangeKind.CANCEL}
Clock = Callable[[], datetime]


@owns_transaction()
def ask(wanted: Wanted, *, user: User, at: datetime) -> OrderJob:
    """Let something be done to many orders.

    Raises ``Invalid``, ``UnknownReason``, ``PersonNotFound``.
    """
    _check(wanted)
    job = order_jobs.ask(wanted, user=user, at=at)
    told = {"deed": job.deed, "orders": len(wanted.numbers), "code": job.reason_code}
    audit.record("order-job.asked", "order_job", job.pk, actor=user.actor, at=at, changes=told)
    return job


def _check(wanted: Wanted) -> None:
    if wanted.deed in _KINDS:
        if wanted.reason_code:
            job_queries.reason(_KINDS[wanted.deed], wanted.reason_code)
        elif not wanted.note:
            message = f"Say why you {wanted.deed.value} them: choose a reason."
            raise Invalid(message, problems=(("#/code", message),))
    if wanted.owner:
        job_queries.username(wanted.owner)
    elif wanted.deed is JobDeed.ASSIGN:
        message = "Choose the person who takes the holds over."
        raise Invalid(message, problems=(("#/owner", message),))


def run(job_id: UUID, *, clock: Clock) -> int:
    """Work on a job until no order of it waits; says how many were settled. A second worker does no harm.

    Raises ``OrderJobNotFound``.
    """
    job, settled = job_queries.job(job_id), 0
    while waiting := job_queries.next_items(job_id, limit=AT_ONCE):
        for item in waiting:
            if not _settle(job, item, clock):
                return settled
            settled += 1
    _finish(job, at=clock())
    return settled


def _settle(job: OrderJob, item: OrderJobItem, clock: Clock) -> bool:
    """Do the deed to one order and keep the result; False when another worker is at this very order."""
    claim = Claim(f"order-job:{job.pk}", item.number, idempotency.fingerprint(job.deed, item.number))
    try:
        with idempotency.claimed(claim, render=lambda done: (200, {"done": True})):
            _do(job, item.number, actor=job.asked_by.actor, at=clock())
    except (KeyInUse, Busy):
        return False
    except Refusal as refusal:
        _keep(item, DeedState.REFUSED, said=str(refusal), at=clock())
    else:
        _keep(item, DeedState.DONE, said="", at=clock())
    return True


def _do(job: OrderJob, number: str, *, actor: Actor, at: datetime) -> None:
    match JobDeed(job.deed):
        case JobDeed.HOLD:
            standing.hold_order(
                number, reason=job.note, code=job.reason_code, owner=job.owner, actor=actor, at=at
            )
        case JobDeed.RELEASE:
            standing.release_order(number, actor=actor, at=at)
        case JobDeed.CANCEL:
            ordering.cancel_order(number, reason=_why(job), actor=actor, at=at)
        case JobDeed.ASSIGN:
            standing.assign_hold(number, owner=job.owner, actor=actor, at=at)


def _why(job: OrderJob) -> str:
    named = job_queries.reason(ChangeKind.CANCEL, job.reason_code).name if job.reason_code else ""
    return ": ".join(part for part in (named, job.note) if part)


@owns_transaction()
def _keep(item: OrderJobItem, state: DeedState, *, said: str, at: datetime) -> None:
    order_jobs.settle(item, state, said=said, at=at)


@owns_transaction()
def _finish(job: OrderJob, *, at: datetime) -> None:
    order_jobs.finish(job, at=at)
    told = dict(job_queries.tally(job.pk))
    audit.record("order-job.finished", "order_job", job.pk, actor=job.asked_by.actor, at=at, changes=told)
