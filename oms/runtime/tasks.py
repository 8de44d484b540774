"""What the clock starts for the house itself."""

from celery import shared_task
from django.utils import timezone

from oms.runtime import heartbeats


@shared_task
def tick() -> None:
    """Prove that beat, broker and a worker are all alive."""
    heartbeats.beat(heartbeats.CLOCK, at=timezone.now())
