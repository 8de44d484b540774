"""What comes in: kept byte for byte before the sender is thanked, then applied at most once.

The door verifies the sender, calls ``receive`` and answers 2xx; the work comes later, by ``apply_due``.
A repeated event finds its row and changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import structlog
from django.db import connection, transaction

from oms.core.errors import Refusal
from oms.core.models import InboxMessage
from oms.core.outbox import TRIES
from oms.core.relay import wait_seconds
from oms.core.rules import MessageState
from oms.core.transactions import joins_transaction, owns_transaction

log = structlog.get_logger("oms.inbox")
# Headers that open doors are never kept.
_SECRET_HEADERS = ("authorization", "cookie", "signature", "hmac", "secret", "token", "api-key")
Handler = Callable[[InboxMessage], str | None]


@dataclass(frozen=True, slots=True)
class Received:
    """The kept event, and whether it had come before."""

    id: int
    seen_before: bool


@owns_transaction()
def receive(
    source: str, event_id: str, body: bytes, *, headers: Mapping[str, str], at: datetime, topic: str = ""
) -> Received:
    """Keep an event of a verified sender, once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into core_inboxmessage (source, event_id, topic, body, headers, received_at, due_at)"
            " values (%s, %s, %s, %s, %s::jsonb, %s, %s)"
            " on conflict (source, event_id) do nothing returning id",
            [source, event_id, topic, body, msgspec.json.encode(_harmless(headers)).decode(), at, at],
        )
        row = cursor.fetchone()
    if row is not None:
        return Received(row[0], seen_before=False)
    return Received(InboxMessage.objects.get(source=source, event_id=event_id).pk, seen_before=True)


def apply_due(handlers: Mapping[str, Handler], *, at: datetime, limit: int = 50) -> int:
    """Apply what is due, oldest first, each in a transaction of its own; says how many were taken."""
    due = InboxMessage.objects.filter(state=MessageState.WAITING, due_at__lte=at, source__in=handlers)
    ids = list(due.order_by("due_at", "id").values_list("pk", flat=True)[:limit])
    for message_id in ids:
        apply(message_id, handlers=handlers, at=at)
    return len(ids)


def apply(message_id: int, *, handlers: Mapping[str, Handler], at: datetime) -> bool:
    """Apply one event with its effect and its mark in one transaction; False when it was not waiting."""
    try:
        with transaction.atomic():
            message = (
                InboxMessage.objects.select_for_update(skip_locked=True)
                .filter(pk=message_id, state=MessageState.WAITING)
                .first()
            )
            if message is None:
                return False
            outcome = handlers[message.source](message)
            message.state, message.applied_at = MessageState.DELIVERED.value, at
            message.attempts, message.outcome = message.attempts + 1, outcome or "applied"
            message.save(update_fields=["state", "applied_at", "attempts", "outcome"])
    except Refusal as refusal:
        _failed(message_id, f"{refusal.code}: {refusal}", at=at)
    except Exception as error:  # a partner's event may break anything; it must not be lost
        log.warning("event failed", message=message_id, exc_info=True)
        _failed(message_id, f"{type(error).__name__}: {error}", at=at)
    return True


@joins_transaction
def is_newer(source: str, object_id: str, version: int, *, at: datetime) -> bool:
    """Whether this version of a partner's object is newer than all applied; it then counts as applied."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into core_appliedversion as known (source, object_id, version, applied_at)"
            " values (%s, %s, %s, %s) on conflict (source, object_id) do update"
            " set version = excluded.version, applied_at = excluded.applied_at"
            " where excluded.version > known.version",
            [source, object_id, version, at],
        )
        return cursor.rowcount == 1


def _failed(message_id: int, error: str, *, at: datetime) -> None:
    with transaction.atomic():
        message = InboxMessage.objects.select_for_update().get(pk=message_id)
        if message.state != MessageState.WAITING:
            return
        message.attempts += 1
        message.last_error = error[:2_000]
        message.due_at = at + timedelta(seconds=wait_seconds(message.attempts))
        if message.attempts >= TRIES:
            message.state = MessageState.DEAD.value
            log.error("dead letter", source=message.source, message=message_id)
        message.save(update_fields=["attempts", "last_error", "due_at", "state"])


def _harmless(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if not any(word in name.lower() for word in _SECRET_HEADERS)
    }
