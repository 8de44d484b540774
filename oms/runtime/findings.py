"""What ``manage.py doctor`` looks at: each check answers what it found and, when wrong, how to mend it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import redis
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import default_storage
from django.core.mail import get_connection
from django.db import DatabaseError, connection

from oms.core.grants import differences
from oms.core.models import OutboxMessage
from oms.core.owner import application_role
from oms.core.rules import MessageState
from oms.runtime import health, heartbeats
from oms.runtime.postgres import OLDEST_MAJOR
from oms.runtime.schema import pending_migrations

LEAST_FREE_BYTES = 1_000_000_000
MOST_SKEW = timedelta(seconds=2)
SHORTEST_KEY = 40


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    name: str
    state: State
    text: str
    mend: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def ok(name: str, text: str) -> Finding:
    return Finding(name, State.OK, text)


def wrong(name: str, text: str, mend: str) -> Finding:
    return Finding(name, State.WRONG, text, mend)


def warning(name: str, text: str, mend: str) -> Finding:
    return Finding(name, State.WARNING, text, mend)


def examine(*, at: datetime) -> list[Finding]:
    """Look at everything; what rests on the database is looked at only when it answers."""
    found = [*_asked(secrets), *_asked(lambda: database(at=at))]
    if found[-1].state is not State.WRONG:
        for check in (roles, schema, grants, settings_of_server):
            found += _asked(check)
        found += _asked(lambda: signs_of_life(at=at))
        found += _asked(lambda: outbox(at=at))
    for check in (broker, static_files, disk, mail, storage):
        found += _asked(check)
    return found


def _asked(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    found: list[Finding] = []
    try:
        # One by one, so that what was found before a failure is not lost.
        for finding in check():
            found.append(finding)
    except DatabaseError as error:
        name = getattr(check, "__name__", "check")
        found.append(wrong(name, f"could not be asked: {error}".strip(), "Mend what is above first."))
    return found


def secrets() -> Iterator[Finding]:
    if len(settings.SECRET_KEY) < SHORTEST_KEY:
        yield wrong("secret key", "missing or short", "Set OMS_SECRET_KEY to 50 or more random characters.")
    else:
        yield ok("secret key", "present")
    try:
        keys = [Fernet(key) for key in settings.MASTER_KEYS]
    except ValueError:
        yield wrong("master keys", "one is malformed", "Each must be a Fernet key.")
        return
    if keys:
        yield ok("master keys", f"{len(keys)} present")
    else:
        yield wrong("master keys", "none", "Set OMS_MASTER_KEYS to a Fernet key, then keep it safe.")


def database(*, at: datetime) -> Iterator[Finding]:
    if trouble := health.database():
        yield wrong("database", trouble, "Start it, or correct DATABASE_URL.")
        return
    major = int(_value("show server_version_num")) // 10_000
    if major < OLDEST_MAJOR:
        yield wrong("database", f"PostgreSQL {major}", f"Move to PostgreSQL {OLDEST_MAJOR} or newer.")
        return
    yield ok("database", f"PostgreSQL {_value('show server_version')}")
    skew = abs(_value("select clock_timestamp()") - at)
    if skew > MOST_SKEW:
        yield warning("clock", f"{skew.total_seconds():.1f} s apart from the database", "Run NTP on both.")
    else:
        yield ok("clock", "agrees with the database")


def roles() -> Iterator[Finding]:
    user = str(_value("select current_user"))
    if _value("select rolsuper from pg_roles where rolname = current_user"):
        yield wrong("role", f"{user} is a superuser", "Put an ordinary role into DATABASE_URL.")
        return
    owned = _value("select count(*) from pg_tables where schemaname = 'public' and tableowner = current_user")
    if owned:
        yield warning(
            "role",
            f"{user} owns {owned} tables: the second wall is missing, triggers alone guard the totals",
            "Make a second role: migrate with DATABASE_OWNER_URL, run with DATABASE_URL.",
        )
    else:
        yield ok("role", f"{user} owns no table")


def schema() -> Iterator[Finding]:
    pending = pending_migrations(connection)
    if pending:
        yield wrong("migrations", f"{len(pending)} pending, first {pending[0]}", "Run manage.py migrate.")
    else:
        yield ok("migrations", "all applied")


def grants() -> Iterator[Finding]:
    role = application_role(connection)
    if not role:
        return
    found = differences(connection, role)
    if found:
        text = f"{len(found)} tables differ from the committed table: {'; '.join(found[:3])}"
        yield wrong("grants", text, "Run manage.py migrate, which grants them afresh.")
    else:
        yield ok("grants", f"{role} has exactly the committed rights")


def settings_of_server() -> Iterator[Finding]:
    for name, risk in (("synchronous_commit", "a confirmed order"), ("fsync", "everything")):
        value = str(_value(f"show {name}"))
        if value == "off":
            yield wrong(name, f"off: a power cut may lose {risk}", f"Set {name} = on in the server.")
        else:
            yield ok(name, value)


def signs_of_life(*, at: datetime) -> Iterator[Finding]:
    mends = {
        heartbeats.CLOCK: "Run manage.py beat (one) and manage.py worker (one or more) on the same broker.",
        heartbeats.RELAY: "Run manage.py relay.",
    }
    silent = heartbeats.silent(at=at)
    for name, mend in mends.items():
        if name not in silent:
            yield ok(name, "alive")
            continue
        age = silent[name]
        yield wrong(name, f"silent for {age.total_seconds():.0f} s" if age else "never heard of", mend)


def outbox(*, at: datetime) -> Iterator[Finding]:
    age = health.oldest_outbox_age(at=at)
    if age > health.OUTBOX_PATIENCE:
        text = f"the oldest message has waited {age.total_seconds():.0f} s"
        yield wrong("outbox", text, "See whether manage.py relay runs, and what it says of the receiver.")
    else:
        yield ok("outbox", "nothing waits too long")
    dead = OutboxMessage.objects.filter(state=MessageState.DEAD).count()
    if dead:
        yield warning("dead letters", f"{dead}", "Mend, replay or discard them on the messages page.")
    else:
        yield ok("dead letters", "none")


def broker() -> Iterator[Finding]:
    if trouble := health.broker():
        yield wrong("broker", trouble, "Start it, or correct CELERY_BROKER_URL.")
        return
    yield ok("broker", "answers")
    if not settings.CELERY_BROKER_URL.startswith("redis"):
        return
    try:
        with redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=2) as client:
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "unknown")
    except redis.RedisError as error:
        yield warning("broker memory", f"could not be asked: {error}", "It must be noeviction.")
        return
    if policy == "noeviction":
        yield ok("broker memory", "noeviction")
    else:
        yield wrong("broker memory", f"{policy}: tasks may vanish", "Set maxmemory-policy noeviction.")


def static_files() -> Iterator[Finding]:
    manifest = getattr(staticfiles_storage, "manifest_name", "")
    if manifest and not (Path(settings.STATIC_ROOT) / manifest).exists():
        yield wrong("static files", "not collected", "Run manage.py collectstatic.")
    else:
        yield ok("static files", "collected")


def disk() -> Iterator[Finding]:
    folder = settings.DATA_DIR
    if not folder.exists():
        yield ok("disk", f"{folder} is not used")
        return
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        yield wrong("disk", f"{free / 1e9:.1f} GB free in {folder}", "Make room: a full disk stops it all.")
    else:
        yield ok("disk", f"{free / 1e9:.0f} GB free")


def mail() -> Iterator[Finding]:
    if "smtp" not in settings.EMAIL_BACKEND:
        yield ok("mail", "no server configured: letters are only logged")
        return
    try:
        server = get_connection(timeout=5)
        server.open()
        server.close()
    except OSError as error:
        yield wrong("mail", f"the server does not answer: {error}", "Correct EMAIL_URL.")
    else:
        yield ok("mail", "the server answers")


def storage() -> Iterator[Finding]:
    if "s3" not in settings.STORAGES["default"]["BACKEND"]:
        yield ok("object storage", "none configured: files lie in OMS_MEDIA_ROOT")
        return
    try:
        default_storage.exists("doctor")
    except Exception as error:
        yield wrong(
            "object storage",
            f"cannot be reached: {error}",
            "Correct OMS_S3_BUCKET, OMS_S3_ENDPOINT, keys.",
        )
    else:
        yield ok("object storage", "can be reached")


def _value(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]
