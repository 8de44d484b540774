"""Waking a worker for a job on many orders: a pointer only."""

from uuid import UUID

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

TASK = "oms.flows.tasks.run_order_jobs"
log = structlog.get_logger("oms.orders")


def wake(job_id: UUID) -> None:
    """Let a worker take the job now; without a broker the clock finds it soon."""
    try:
        current_app.send_task(TASK, args=[str(job_id)], retry=False)
    except OperationalError as error:
        log.warning("order job waits for the clock", job=str(job_id), error=str(error))
