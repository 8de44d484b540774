"""The audit: who did what to which document, written with the deed and sealed into a chain soon after.

Sealing is a pass of its own, so that the head of the chain is not a lock that everybody waits for.
It takes entries in (transaction, id) order below the horizon, the oldest transaction still
running: nothing can appear behind it any more, and the numbers of the chain have no gap.

A database that was restored elsewhere counts its transactions from lower numbers. The pass notices that the head of
the chain lies in the future, seals what came along unsealed, and begins an era: what follows is compared within it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from oms.core.actors import SYSTEM, Actor
from oms.core.context import request_id
from oms.core.transactions import joins_transaction

GENESIS = b"\0" * 32
# Values under these names tell who somebody is or open a door; that they changed is all we keep.
UNSPOKEN = frozenset(
    {"email", "phone", "line1", "line2", "postcode", "recipient", "password", "secret", "token", "address"}
)
_LOCK = 0x6F6D_7361_7564_6974
_PAGE = 5_000
_ROW = """
  e.id, e.xid::text, e.action, e.subject_kind, e.subject_id, e.actor_kind, e.actor_id, e.actor_name,
  to_char(e.happened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.request_id,
  coalesce(e.changes::text, ''), e.note
"""


@joins_transaction
def record(
    action: str,
    subject_kind: str,
    subject_id: object,
    *,
    actor: Actor,
    at: datetime,
    changes: dict[str, Any] | None = None,
    note: str = "",
) -> None:
    """Write one entry in the transaction of the deed; ``changes`` maps a field to [before, after]."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into core_auditentry (action, subject_kind, subject_id, actor_kind, actor_id, actor_name,"
            " happened_at, request_id, changes, note) values (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)",
            [
                action,
                subject_kind,
                str(subject_id),
                actor.kind,
                actor.id,
                actor.name,
                at,
                request_id(),
                None if changes is None else msgspec.json.encode(_speakable(changes)).decode(),
                note,
            ],
        )


def record_alone(action: str, subject_kind: str, subject_id: object, *, actor: Actor, at: datetime) -> None:
    """Write an entry for what changed nothing: a denied try, an export, a login."""
    with transaction.atomic():
        record(action, subject_kind, subject_id, actor=actor, at=at)


def seal_pending(limit: int = 1_000) -> int:
    """Add the next finished entries to the chain and say how many; none when another pass is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        head = _head(cursor)
        if head.is_in_the_future:
            return _begin_era(cursor, head)
        rows = _unsealed(
            cursor,
            "(e.xid, e.id) > (%s::xid8, %s) and e.xid < pg_snapshot_xmin(pg_current_snapshot())"
            " order by e.xid, e.id limit %s",
            [*head.after, limit],
        )
        return _seal(cursor, head, rows)


def _begin_era(cursor: Any, head: "Head") -> int:
    """Seal all that the restored database brought along, and let the chain go on from there."""
    came_along = "e.xid >= pg_snapshot_xmax(pg_current_snapshot()) order by e.xid, e.id"
    sealed = _seal(cursor, head, _unsealed(cursor, came_along, []))
    last = head.seq + sealed
    cursor.execute("insert into core_auditera (after_seq) values (%s) returning began_at", [last])
    record(
        "audit.era-began", "audit", last, actor=SYSTEM, at=cursor.fetchone()[0], note="Restored elsewhere."
    )
    return sealed + 1


def _unsealed(cursor: Any, which: str, values: list[Any]) -> list[tuple[Any, ...]]:
    cursor.execute(
        f"select {_ROW} from core_auditentry e"
        f" where not exists (select 1 from core_auditseal s where s.entry_id = e.id) and {which}",
        values,
    )
    return list(cursor.fetchall())


def _seal(cursor: Any, head: "Head", rows: list[tuple[Any, ...]]) -> int:
    seq, last, links = head.seq, head.hash, []
    for row in rows:
        seq, previous, last = seq + 1, last, link(last, row)
        links.append((seq, row[0], previous, last))
    if links:
        cursor.execute(
            "insert into core_auditseal (seq, entry_id, prev_hash, hash)"
            " select * from unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[])",
            [list(column) for column in zip(*links, strict=True)],
        )
    return len(links)


def link(previous: bytes, row: tuple[Any, ...]) -> bytes:
    """The digest of one entry chained to the link before it."""
    return hashlib.sha256(previous + msgspec.json.encode([str(value) for value in row])).digest()


def head() -> tuple[int, str]:
    """The last number of the chain and its digest: what is kept outside, to notice a cut tail."""
    with connection.cursor() as cursor:
        found = _head(cursor)
    return found.seq, found.hash.hex()


@dataclass(slots=True)
class Verdict:
    """What a walk along the chain found."""

    checked: int = 0
    head: str = GENESIS.hex()
    unsealed: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.findings


def verify(*, known_head: tuple[int, str] | None = None) -> Verdict:
    """Walk the whole chain, recompute every link from its entry and report what does not agree."""
    verdict = Verdict()
    previous, expected = GENESIS, 1
    for seq, prev_hash, own_hash, *row in _links():
        verdict.findings += _faults(seq, expected, bytes(prev_hash) == previous, tuple(row))
        previous, expected = bytes(own_hash), seq + 1
        verdict.checked += 1
        if row[0] is not None and link(bytes(prev_hash), tuple(row)) != previous:
            verdict.findings.append(f"audit entry {row[0]} (seal {seq}) was changed after it was sealed")
        if known_head and known_head[0] == seq and known_head[1] != previous.hex():
            verdict.findings.append(f"seal {seq} is not the one that was known")
    verdict.head = previous.hex()
    if known_head is not None and expected <= known_head[0]:
        verdict.findings.append(f"the chain ends at {expected - 1}; {known_head[0]} was known")
    _look_at_unsealed(verdict)
    return verdict


def _faults(seq: int, expected: int, follows: bool, row: tuple[Any, ...]) -> list[str]:
    checks = (
        (seq == expected, f"seal {expected} is missing"),
        (follows, f"seal {seq} does not follow the link before it"),
        (row[0] is not None, f"the entry of seal {seq} is missing"),
    )
    return [fault for holds, fault in checks if not holds]


def _look_at_unsealed(verdict: Verdict) -> None:
    with connection.cursor() as cursor:
        after = _head(cursor).after
        cursor.execute(
            "select e.id, (e.xid, e.id) > (%s::xid8, %s) from core_auditentry e"
            " where not exists (select 1 from core_auditseal s where s.entry_id = e.id) order by e.id",
            after,
        )
        for entry, is_new in cursor.fetchall():
            verdict.unsealed += 1
            if not is_new:
                verdict.findings.append(f"audit entry {entry} was slipped in behind the chain's head")


def _links() -> Iterator[tuple[Any, ...]]:
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"select s.seq, s.prev_hash, s.hash, {_ROW} from core_auditseal s"
                " left join core_auditentry e on e.id = s.entry_id where s.seq > %s order by s.seq limit %s",
                [last, _PAGE],
            )
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < _PAGE:
            return
        last = rows[-1][0]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain, and the (transaction, id) behind which nothing of this era may appear."""

    seq: int = 0
    hash: bytes = GENESIS
    after: tuple[str, int] = ("0", 0)
    is_in_the_future: bool = False


def _head(cursor: Any) -> Head:
    cursor.execute(
        "select s.seq, s.hash, e.xid::text, e.id, s.seq <= coalesce((select max(after_seq) from core_auditera), 0),"
        " e.xid >= pg_snapshot_xmax(pg_current_snapshot())"
        " from core_auditseal s join core_auditentry e on e.id = s.entry_id order by s.seq desc limit 1"
    )
    row = cursor.fetchone()
    if row is None:
        return Head()
    seq, last, xid, entry, is_of_an_earlier_era, is_ahead = row
    after = ("0", 0) if is_of_an_earlier_era else (xid, entry)
    return Head(seq, bytes(last), after, is_ahead and not is_of_an_earlier_era)


def _speakable(changes: dict[str, Any]) -> dict[str, Any]:
    return {
        key: "changed" if key in UNSPOKEN else _speakable(value) if isinstance(value, dict) else value
        for key, value in changes.items()
    }
