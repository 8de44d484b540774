"""The life of a job on many orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from oms.core.errors import Invalid
from oms.core.models import User
from oms.core.transactions import joins_transaction
from oms.orders.models import OrderJob, OrderJobItem
from oms.orders.rules import DeedState, JobDeed

MOST_ORDERS = 5_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done to many orders, and why; ``owner`` is a username."""

    deed: JobDeed
    numbers: Sequence[str]
    reason_code: str = ""
    note: str = ""
    owner: str = ""


@joins_transaction
def ask(wanted: Wanted, *, user: User, at: datetime) -> OrderJob:
    """Keep what is to be done; each order is named once.

    Raises ``Invalid`` without orders, or with too many.
    """
    numbers = list(dict.fromkeys(number.strip() for number in wanted.numbers if number.strip()))
    if not 1 <= len(numbers) <= MOST_ORDERS:
        message = f"Choose 1 to {MOST_ORDERS:,} orders."
        raise Invalid(message, problems=(("#/orders", message),))
    job = OrderJob.objects.create(
        deed=wanted.deed.value,
        reason_code=wanted.reason_code,
        note=wanted.note[:200],
        owner=wanted.owner,
        asked_by=user,
        asked_at=at,
    )
    OrderJobItem.objects.bulk_create(
        OrderJobItem(job=job, position=position, number=number[:20])
        for position, number in enumerate(numbers, start=1)
    )
    return job


@joins_transaction
def settle(item: OrderJobItem, state: DeedState, *, said: str, at: datetime) -> None:
    """Keep what became of one order; a result that stands is not overwritten."""
    OrderJobItem.objects.filter(pk=item.pk, state=DeedState.WAITING.value).update(
        state=state.value, said=said[:300], done_at=at
    )


@joins_transaction
def finish(job: OrderJob, *, at: datetime) -> None:
    """End a job of which no order waits any more."""
    OrderJob.objects.filter(pk=job.pk, finished_at__isnull=True).update(finished_at=at)
