"""Waking a worker for a job: a pointer only; what is to be done stands with the job."""

from uuid import UUID

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

TASK = "oms.flows.tasks.run_imports"
log = structlog.get_logger("oms.imports")


def wake(job_id: UUID) -> None:
    """Let a worker take the job now; without a broker the clock finds it soon."""
    try:
        current_app.send_task(TASK, args=[str(job_id)], retry=False)
    except OperationalError as error:
        log.warning("import waits for the clock", job=str(job_id), error=str(error))
