"""News that must leave the house, written in the transaction of the fact it tells.

Within one aggregate ("order:SO-1001") messages leave in the order of their ids. That is the order
of their facts, because whoever writes to an aggregate holds its row until commit. A message that
failed for good (a dead letter) holds its aggregate back until a person mends, replays or discards
it: a later fact told without the earlier one would mislead whoever listens. Other aggregates go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

from oms.core.context import request_id
from oms.core.transactions import joins_transaction

TRIES = 8
LEASE = timedelta(minutes=5)
KEPT = timedelta(days=30)
# The longest wait after each failed try. With full jitter half of it is expected: three days in all.
BACKOFF_SECONDS = (10, 120, 1_200, 7_200, 43_200, 129_600, 345_600)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a reaction sees it; ``fence`` proves the right to mark it."""

    id: int
    topic: str
    aggregate: str
    payload: dict[str, Any]
    recorded_at: datetime
    attempts: int
    fence: int
    request_id: str
    # The hour of this try: reactions are not doors and read no clock.
    claimed_at: datetime


class Undeliverable(Exception):
    """Trying again cannot help: the message becomes a dead letter at once."""


class NoLongerWanted(Exception):
    """Nobody wants the message any more: it is discarded, with this reason."""


class TryLater(Exception):
    """The receiver asked for time: the next try comes after so many seconds."""

    def __init__(self, reason: str, *, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


@joins_transaction
def record(
    topic: str,
    *,
    aggregate: str,
    payload: dict[str, Any],
    at: datetime,
    dedupe_key: str | None = None,
) -> None:
    """Write news with the facts it tells; news with a dedupe key that was told before is not told again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into core_outboxmessage"
            " (topic, aggregate, payload, dedupe_key, recorded_at, due_at, request_id)"
            " values (%s, %s, %s::jsonb, %s, %s, %s, %s)"
            " on conflict (dedupe_key) where dedupe_key is not null do nothing",
            [topic, aggregate, msgspec.json.encode(payload).decode(), dedupe_key, at, at, request_id()],
        )


_CLAIM = """
with held as materialized (
  select aggregate from core_outboxmessage where state = 'dead'
  union select aggregate from core_outboxmessage where state = 'leased' and lease_until > %(at)s
  union select aggregate from core_outboxmessage where state in ('waiting', 'leased') and due_at > %(at)s
), due as (
  select m.id from core_outboxmessage m
  where m.state in ('waiting', 'leased') and m.due_at <= %(at)s
    and (m.state = 'waiting' or m.lease_until <= %(at)s)
    and m.attempts < %(tries)s
    and (%(only)s::text[] is null or m.topic = any(%(only)s))
    and (%(but)s::text[] is null or m.topic <> all(%(but)s))
    -- Thousands may wait behind one dead letter: they are passed over by a look-up, not one by one.
    and m.aggregate not in (select aggregate from held)
    and not exists (
      select 1 from core_outboxmessage e
      where e.aggregate = m.aggregate and e.id < m.id and e.state in ('waiting', 'leased', 'dead'))
  order by m.due_at, m.id limit %(limit)s
  for update of m skip locked)
update core_outboxmessage o
set state = 'leased', fence = o.fence + 1, attempts = o.attempts + 1, lease_until = %(until)s
from due where o.id = due.id
returning o.id, o.topic, o.aggregate, o.payload::text, o.recorded_at, o.attempts, o.fence, o.request_id
"""


def claim(
    *, limit: int, at: datetime, only: Sequence[str] | None = None, but: Sequence[str] | None = None
) -> list[Message]:
    """Lease the oldest due messages, at most one of each aggregate, passing over what others hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "at": at,
                "tries": TRIES,
                "only": None if only is None else list(only),
                "but": None if but is None else list(but),
                "limit": limit,
                "until": at + LEASE,
            },
        )
        rows = sorted(cursor.fetchall())
    return [
        Message(
            number, topic, aggregate, msgspec.json.decode(payload), recorded_at, attempts, fence, request, at
        )
        for number, topic, aggregate, payload, recorded_at, attempts, fence, request in rows
    ]


def delivered(message: Message, *, at: datetime) -> bool:
    """Mark the message as told; False when the lease had passed to someone else."""
    return _mark(message, "state = 'delivered', delivered_at = %s, last_error = ''", [at])


def failed(message: Message, *, error: str, due_at: datetime) -> bool:
    """Let the message wait for its next try; False when the lease had passed to someone else."""
    return _mark(message, "state = 'waiting', due_at = %s, last_error = %s", [due_at, error[:2_000]])


def buried(message: Message, *, error: str) -> bool:
    """Make the message a dead letter; False when the lease had passed to someone else."""
    return _mark(message, "state = 'dead', last_error = %s", [error[:2_000]])


def dropped(message: Message, *, reason: str) -> bool:
    """Discard a message nobody wants any more; False when the lease had passed to someone else."""
    return _mark(message, "state = 'discarded', settled_reason = %s", [reason[:2_000]])


def bury_abandoned(*, at: datetime) -> list[int]:
    """Make dead letters of messages whose last try ended with the relay itself; answers their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update core_outboxmessage set state = 'dead', lease_until = null,"
            " last_error = 'The relay stopped during the last try.'"
            " where state = 'leased' and lease_until <= %s and due_at <= %s and attempts >= %s returning id",
            [at, at, TRIES],
        )
        return [row[0] for row in cursor.fetchall()]


def prune(*, at: datetime, limit: int = 10_000) -> int:
    """Delete messages that were told a month ago, at most so many; says how many went."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from core_outboxmessage where id in (select id from core_outboxmessage"
            " where recorded_at < %s and state = 'delivered' and delivered_at < %s limit %s)",
            [at - KEPT, at - KEPT, limit],
        )
        return cursor.rowcount


def _mark(message: Message, change: str, values: list[Any]) -> bool:
    # The fence is raised by every claim: a relay that lost its lease changes no row.
    with connection.cursor() as cursor:
        cursor.execute(
            f"update core_outboxmessage set {change}, lease_until = null"
            " where id = %s and fence = %s and state = 'leased'",
            [*values, message.id, message.fence],
        )
        return cursor.rowcount == 1
