"""Waking a worker for a replay: a pointer only; what is to be done stands with the replay."""

from uuid import UUID

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

TASK = "oms.flows.tasks.run_replays"
log = structlog.get_logger("oms.replays")


def wake(replay_id: UUID) -> None:
    """Let a worker take the replay now; without a broker the clock finds it soon."""
    try:
        current_app.send_task(TASK, args=[str(replay_id)], retry=False)
    except OperationalError as error:
        log.warning("replay waits for the clock", replay=str(replay_id), error=str(error))
