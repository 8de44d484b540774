"""Is this process alive, and can it serve? For load balancers, supervisors and people."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Min
from django.db.models.functions import Greatest
from kombu import Connection
from kombu.exceptions import OperationalError

from oms.core.models import OutboxMessage
from oms.core.rules import MessageState
from oms.runtime import heartbeats
from oms.runtime.schema import pending_migrations

OUTBOX_PATIENCE = timedelta(minutes=5)
BROKER_PATIENCE_SECONDS = 1
# Without these nothing can be served; without the others orders are taken and work waits.
ESSENTIAL = frozenset({"database", "migrations"})
_schema_complete: set[str] = set()


def database() -> str:
    """Empty when the database answers, else what is wrong."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError as error:
        return f"does not answer: {_first_line(error)}"
    return ""


def migrations() -> str:
    # Once complete it stays complete for the life of this process: its code does not change.
    name = str(connection.settings_dict["NAME"])
    if name not in _schema_complete:
        pending = pending_migrations(connection)
        if pending:
            return f"{len(pending)} pending, the first is {pending[0]}"
        _schema_complete.add(name)
    return ""


def broker() -> str:
    if not settings.CELERY_BROKER_URL:
        return "CELERY_BROKER_URL is not set"
    patience = {"socket_connect_timeout": BROKER_PATIENCE_SECONDS, "socket_timeout": BROKER_PATIENCE_SECONDS}
    options = patience if settings.CELERY_BROKER_URL.startswith("redis") else {}
    try:
        with Connection(
            settings.CELERY_BROKER_URL, connect_timeout=BROKER_PATIENCE_SECONDS, transport_options=options
        ) as peer:
            peer.ensure_connection(max_retries=1, timeout=BROKER_PATIENCE_SECONDS)
    except (OperationalError, OSError) as error:
        return f"does not answer: {_first_line(error)}"
    return ""


def oldest_outbox_age(*, at: datetime) -> timedelta:
    """How long the oldest due message has been waiting, since it was there to be told."""
    open_ones = OutboxMessage.objects.filter(state__in=[MessageState.WAITING, MessageState.LEASED])
    since = open_ones.filter(due_at__lte=at).aggregate(since=Min(Greatest("due_at", "entered_at")))["since"]
    return max(at - since, timedelta()) if since else timedelta()


def readiness(*, at: datetime) -> tuple[bool, dict[str, Any]]:
    """Whether requests can be served, and the state of each thing that serving rests on."""
    checks: dict[str, Callable[[], str]] = {
        "database": database,
        "migrations": migrations,
        "broker": broker,
        "heartbeats": lambda: _silence(at=at),
        "outbox": lambda: _outbox(at=at),
    }
    found: dict[str, str] = {}
    for name, check in checks.items():
        found[name] = (
            "not asked: no database" if name != "broker" and found.get("database") else _asked(check)
        )
    ready = not any(found[name] for name in ESSENTIAL)
    state = "ready" if not any(found.values()) else "degraded" if ready else "unavailable"
    return ready, {"state": state, "checks": {name: text or "ok" for name, text in found.items()}}


def _asked(check: Callable[[], str]) -> str:
    try:
        return check()
    except DatabaseError as error:
        return f"could not be asked: {_first_line(error)}"


def _silence(*, at: datetime) -> str:
    silent = heartbeats.silent(at=at)
    ages = [
        f"{name} {f'{age.total_seconds():.0f} s ago' if age else 'never'}" for name, age in silent.items()
    ]
    return "last heard of: " + ", ".join(ages) if ages else ""


def _outbox(*, at: datetime) -> str:
    age = oldest_outbox_age(at=at)
    return f"the oldest message has waited {age.total_seconds():.0f} s" if age > OUTBOX_PATIENCE else ""


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
