"""The task queue: carries ids, never facts; what must happen stands in the database."""

import os
from typing import Any
from uuid import uuid4

import structlog
from celery import Celery
from celery.signals import beat_init, before_task_publish, task_postrun, task_prerun
from django.db import close_old_connections

from oms.core.logs import REQUEST_ID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")

app = Celery("oms")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "tick": {"task": "oms.runtime.tasks.tick", "schedule": 10, "options": {"expires": 10}},
} | (app.conf.beat_schedule or {})


@beat_init.connect(weak=False)
def tick_at_once(**_: object) -> None:
    """Show a sign of life at the start, not only after the first interval."""
    app.send_task("oms.runtime.tasks.tick", expires=60)


@before_task_publish.connect(weak=False)
def send_request_id(headers: dict[str, Any] | None = None, **_: object) -> None:
    """Let a task carry the id of the request that caused it."""
    known = structlog.contextvars.get_contextvars().get(REQUEST_ID)
    if headers is not None and known:
        headers.setdefault(REQUEST_ID, known)


@task_prerun.connect(weak=False)
def begin_task(task_id: str = "", task: Any = None, **_: object) -> None:
    """Drop database connections that died since the last task, and name the task in every log line."""
    close_old_connections()
    structlog.contextvars.clear_contextvars()
    carried = getattr(task.request, REQUEST_ID, None) if task is not None else None
    structlog.contextvars.bind_contextvars(
        **{REQUEST_ID: carried or uuid4().hex, "task": getattr(task, "name", ""), "task_id": task_id}
    )


@task_postrun.connect(weak=False)
def end_task(**_: object) -> None:
    """Forget the task's names, so that the next log line is not taken for its own."""
    structlog.contextvars.clear_contextvars()
