"""Dead letters: messages that could not be told or applied, and what a person may do about them.

Mend (correct the content, with a reason; the original is kept), replay (try again from the start)
or discard (with a reason). Each is written to the audit, and each lets the aggregate go on.
"""

from datetime import datetime
from typing import Any

import msgspec
from django.db.models import QuerySet

from oms.core import audit
from oms.core.actors import Actor
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.models import InboxMessage, OutboxMessage
from oms.core.rules import INBOX_LIFECYCLE, OUTBOX_LIFECYCLE, MessageState
from oms.core.transactions import owns_transaction


class NotADeadLetter(Conflict):
    """Only a dead letter can be mended."""

    code = "not-a-dead-letter"


class ReasonMissing(Invalid):
    """Say why: whoever reads this later will ask."""

    code = "reason-missing"


class PayloadInvalid(Invalid):
    """The content of a message is a JSON object."""

    code = "payload-invalid"


def outgoing() -> QuerySet[OutboxMessage]:
    """Dead letters on their way out, oldest first."""
    return OutboxMessage.objects.filter(state=MessageState.DEAD).order_by("id")


def incoming() -> QuerySet[InboxMessage]:
    """Dead letters that came in, oldest first."""
    return InboxMessage.objects.filter(state=MessageState.DEAD).order_by("id")


def held_back(letter: OutboxMessage) -> QuerySet[OutboxMessage]:
    """The messages of the same aggregate that wait behind this letter."""
    return OutboxMessage.objects.filter(
        aggregate=letter.aggregate, id__gt=letter.pk, state=MessageState.WAITING
    ).order_by("id")


@owns_transaction()
def mend(message_id: int, *, payload: Any, reason: str, actor: Actor, at: datetime) -> OutboxMessage:
    """Correct the content of a dead letter and let it try again.

    Raises ``NotADeadLetter``, ``PayloadInvalid`` or ``ReasonMissing``.
    """
    letter = _outgoing(message_id)
    if letter.state != MessageState.DEAD:
        raise NotADeadLetter()
    if not isinstance(payload, dict):
        raise PayloadInvalid()
    if letter.original_payload is None:
        letter.original_payload = letter.payload
    letter.payload = msgspec.json.decode(msgspec.json.encode(payload))
    letter.settled_reason = _said(reason)
    _wait_again(letter, at=at)
    letter.save(
        update_fields=["payload", "original_payload", "settled_reason", "state", "attempts", "due_at"]
    )
    audit.record("message.mended", "outbox message", letter.pk, actor=actor, at=at, note=reason)
    return letter


@owns_transaction()
def replay(message_id: int, *, actor: Actor, at: datetime) -> OutboxMessage:
    """Let a dead letter try again from the start; one that waits for its next try goes at once.

    Raises ``IllegalTransition`` when it was told or discarded already.
    """
    letter = _outgoing(message_id)
    if letter.state != MessageState.WAITING:
        OUTBOX_LIFECYCLE.check(letter.state, MessageState.WAITING, what="The message")
        if letter.state == MessageState.LEASED:
            raise NotADeadLetter("The relay is working on this message right now.")
    _wait_again(letter, at=at)
    letter.save(update_fields=["state", "attempts", "due_at"])
    audit.record("message.replayed", "outbox message", letter.pk, actor=actor, at=at)
    return letter


@owns_transaction()
def discard(message_id: int, *, reason: str, actor: Actor, at: datetime) -> OutboxMessage:
    """Give a message up for good.

    Raises ``IllegalTransition`` when it was told already, ``ReasonMissing`` without a reason.
    """
    letter = _outgoing(message_id)
    if letter.state == MessageState.LEASED:
        raise NotADeadLetter("The relay is working on this message right now.")
    OUTBOX_LIFECYCLE.check(letter.state, MessageState.DISCARDED, what="The message")
    letter.state, letter.settled_reason = MessageState.DISCARDED.value, _said(reason)
    letter.save(update_fields=["state", "settled_reason"])
    audit.record("message.discarded", "outbox message", letter.pk, actor=actor, at=at, note=reason)
    return letter


@owns_transaction()
def replay_incoming(message_id: int, *, actor: Actor, at: datetime) -> InboxMessage:
    """Let an event that could not be applied try again.

    Raises ``IllegalTransition`` when it was applied or discarded already.
    """
    letter = _incoming(message_id)
    if letter.state != MessageState.WAITING:
        INBOX_LIFECYCLE.check(letter.state, MessageState.WAITING, what="The event")
    letter.state, letter.attempts, letter.due_at = MessageState.WAITING.value, 0, at
    letter.save(update_fields=["state", "attempts", "due_at"])
    audit.record("event.replayed", "inbox message", letter.pk, actor=actor, at=at)
    return letter


@owns_transaction()
def discard_incoming(message_id: int, *, reason: str, actor: Actor, at: datetime) -> InboxMessage:
    """Give an event up for good.

    Raises ``IllegalTransition`` unless it is a dead letter, ``ReasonMissing`` without a reason.
    """
    letter = _incoming(message_id)
    INBOX_LIFECYCLE.check(letter.state, MessageState.DISCARDED, what="The event")
    letter.state, letter.settled_reason = MessageState.DISCARDED.value, _said(reason)
    letter.save(update_fields=["state", "settled_reason"])
    audit.record("event.discarded", "inbox message", letter.pk, actor=actor, at=at, note=reason)
    return letter


def _outgoing(message_id: int) -> OutboxMessage:
    letter = OutboxMessage.objects.select_for_update().filter(pk=message_id).first()
    if letter is None:
        raise NotFound("There is no such message.")
    return letter


def _incoming(message_id: int) -> InboxMessage:
    letter = InboxMessage.objects.select_for_update().filter(pk=message_id).first()
    if letter is None:
        raise NotFound("There is no such event.")
    return letter


def _wait_again(letter: OutboxMessage, *, at: datetime) -> None:
    letter.state, letter.attempts, letter.due_at = MessageState.WAITING.value, 0, at


def _said(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing()
    return reason.strip()
