"""The relay: takes messages from the outbox and lets the house react to them, at least once.

It knows no topic; whoever starts it hands over the reactions. Each lane has threads of its own, so
that a slow partner on one lane holds up nobody on another.
"""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from oms.core import outbox
from oms.core.outbox import Message

log = structlog.get_logger("oms.relay")
Reaction = Callable[[Message], None]
Reactions = Mapping[str, Sequence[Reaction]]
BATCH = 20
PAUSE_SECONDS = 0.2
BURY_EVERY_SECONDS = 5.0
AFTER_DATABASE_ERROR_SECONDS = 2.0


@dataclass(frozen=True)
class Lane:
    """Topics that are worked on together; without ``only``, all topics but those in ``but``."""

    name: str
    only: frozenset[str] | None = None
    but: frozenset[str] | None = None
    threads: int = 1
    # How long to rest when nothing was due.
    pause_seconds: float = PAUSE_SECONDS
    # Messages leased at once; one where each may take a good part of the lease.
    batch: int = BATCH


@dataclass
class Chore:
    """Something small that is due again and again while the relay runs."""

    name: str
    every_seconds: float
    work: Callable[[datetime], object]
    next_at: float = 0.0


@dataclass(frozen=True)
class Relay:
    """Reactions by topic and for all others, the lanes, chores, and whom to tell of a dead letter."""

    reactions: Reactions
    otherwise: Sequence[Reaction] = ()
    lanes: Sequence[Lane] = (Lane("all"),)
    chores: Sequence[Chore] = ()
    on_dead: Callable[[int, str, datetime], None] | None = None
    stopping: threading.Event = field(default_factory=threading.Event)


def drain(relay: Relay, *, at: datetime | None = None, most: int = 1_000) -> int:
    """Work on everything that is due in this thread, and say how many messages were handled."""
    handled = 0
    while handled < most:
        now = at or timezone.now()
        bury_abandoned(relay, at=now)
        taken = sum(one_pass(relay, lane, at=now) for lane in relay.lanes)
        if not taken:
            break
        handled += taken
    return handled


def run(relay: Relay) -> None:
    """Work until ``relay.stopping`` is set, then finish the messages in hand and come back."""
    threads = [
        threading.Thread(target=_work, args=(relay, lane), name=f"relay-{lane.name}-{number}")
        for lane in relay.lanes
        for number in range(lane.threads)
    ]
    for thread in threads:
        thread.start()
    chores = (*relay.chores, _burial(relay))
    while not relay.stopping.wait(PAUSE_SECONDS):
        do_chores(chores, at=timezone.now())
    for thread in threads:
        thread.join()
    connection.close()


def one_pass(relay: Relay, lane: Lane, *, at: datetime) -> int:
    """Claim one batch and handle it; says how many messages were claimed."""
    messages = outbox.claim(limit=lane.batch, at=at, only=_listed(lane.only), but=_listed(lane.but))
    for message in messages:
        handle(relay, message, at=at)
    return len(messages)


def handle(relay: Relay, message: Message, *, at: datetime) -> None:
    """Let every reaction to the message run, then mark it by what came of it."""
    with structlog.contextvars.bound_contextvars(request_id=message.request_id or f"message-{message.id}"):
        try:
            for react in relay.reactions.get(message.topic, relay.otherwise):
                react(message)
        except Exception as error:  # a reaction may fail in any way; its message must not be lost
            _mark_failed(relay, message, error, at=at)
        else:
            if not outbox.delivered(message, at=at):
                log.warning("lease lost", topic=message.topic, message=message.id)


def bury_abandoned(relay: Relay, *, at: datetime) -> None:
    """Make dead letters of messages whose every try ended with the relay itself."""
    for message_id in outbox.bury_abandoned(at=at):
        log.error("dead letter", message=message_id)
        _tell(relay, message_id, "The relay stopped during the last try.", at=at)


def do_chores(chores: Sequence[Chore], *, at: datetime) -> None:
    """Do the chores whose time has come; one that fails is logged and tried at its next time."""
    for chore in chores:
        if monotonic() < chore.next_at:
            continue
        chore.next_at = monotonic() + chore.every_seconds
        try:
            close_old_connections()
            chore.work(at)
        except Exception:  # a chore must never stop the relay
            log.warning("chore failed", chore=chore.name, exc_info=True)


def wait_seconds(attempts: int) -> float:
    """How long to wait after so many failed tries: anything up to the bound (full jitter)."""
    bounds = outbox.BACKOFF_SECONDS
    return random.uniform(0, bounds[min(attempts, len(bounds)) - 1])


def _burial(relay: Relay) -> Chore:
    return Chore("bury", BURY_EVERY_SECONDS, lambda at: bury_abandoned(relay, at=at))


def _mark_failed(relay: Relay, message: Message, error: Exception, *, at: datetime) -> None:
    match error:
        case outbox.NoLongerWanted():
            outbox.dropped(message, reason=str(error))
        case outbox.Undeliverable():
            _bury(relay, message, str(error), at=at)
        case outbox.TryLater():
            _again(relay, message, str(error), at=at, seconds=error.seconds)
        case _:
            log.warning("reaction failed", topic=message.topic, message=message.id, exc_info=error)
            seconds = wait_seconds(message.attempts)
            _again(relay, message, f"{type(error).__name__}: {error}", at=at, seconds=seconds)


def _again(relay: Relay, message: Message, error: str, *, at: datetime, seconds: float) -> None:
    if message.attempts >= outbox.TRIES:
        _bury(relay, message, error, at=at)
    else:
        outbox.failed(message, error=error, due_at=at + timedelta(seconds=seconds))


def _bury(relay: Relay, message: Message, error: str, *, at: datetime) -> None:
    if outbox.buried(message, error=error):
        log.error("dead letter", topic=message.topic, aggregate=message.aggregate, message=message.id)
        _tell(relay, message.id, error, at=at)


def _tell(relay: Relay, message_id: int, error: str, *, at: datetime) -> None:
    if relay.on_dead is None:
        return
    try:
        relay.on_dead(message_id, error, at)
    except Exception:  # the letter is on its page all the same
        log.warning("nobody could be told of a dead letter", message=message_id, exc_info=True)


def _work(relay: Relay, lane: Lane) -> None:
    try:
        while not relay.stopping.is_set():
            try:
                close_old_connections()
                taken = one_pass(relay, lane, at=timezone.now())
            except DatabaseError:
                log.warning("relay lost the database", lane=lane.name, exc_info=True)
                relay.stopping.wait(AFTER_DATABASE_ERROR_SECONDS)
                continue
            if not taken:
                relay.stopping.wait(lane.pause_seconds)
    finally:
        connection.close()


def _listed(topics: frozenset[str] | None) -> list[str] | None:
    return None if topics is None else sorted(topics)
