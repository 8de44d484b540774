from types import SimpleNamespace

import structlog
from django.db import connection

from oms import celery
from oms.runtime import heartbeats
from oms.runtime.models import Heartbeat
from oms.runtime.tasks import tick


def test_a_task_carries_the_id_of_the_request_that_caused_it():
    headers = {}
    with structlog.contextvars.bound_contextvars(request_id="ticket-4711"):
        celery.send_request_id(headers=headers)

    celery.begin_task(task_id="t1", task=SimpleNamespace(name="x", request=SimpleNamespace(**headers)))

    assert structlog.contextvars.get_contextvars()["request_id"] == "ticket-4711"
    celery.end_task()
    assert structlog.contextvars.get_contextvars() == {}


def test_a_task_of_the_clock_gets_an_id_of_its_own():
    celery.begin_task(task_id="t1", task=SimpleNamespace(name="x", request=SimpleNamespace()))

    assert len(structlog.contextvars.get_contextvars()["request_id"]) == 32
    celery.end_task()


def test_a_tick_is_a_sign_of_life(db):
    tick()

    assert Heartbeat.objects.get(process=heartbeats.CLOCK)


def test_the_clock_ticks_well_within_its_patience():
    entry = celery.app.conf.beat_schedule["tick"]

    assert entry["task"] in celery.app.tasks
    assert entry["schedule"] * 3 < heartbeats.SILENCE[heartbeats.CLOCK].total_seconds()


def test_the_application_does_not_own_what_it_writes(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_tables where schemaname = 'public' and tableowner = current_user"
        )

        assert cursor.fetchone() == (0,)
