"""One request, one effect: a key is taken before the work and its answer is kept with it.

A door wraps its call; the flow's own transaction takes the key row first and stores the answer
before it commits, so that key, effect and answer stand or fall together::

    with idempotency.claimed(claim, render=as_answer) as answer:
        ordering.place_order(request, actor=actor, at=at)
    return answer.status, answer.body

The same key with the same request gives the stored answer again; a twin that arrives while the
first still runs waits for it. A refusal has no effect and so leaves no key behind.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db import connection

from oms.core.errors import Conflict, Invalid

KEPT = timedelta(days=7)
LONGEST_KEY = 255
Render = Callable[[object], tuple[int, object]]


class KeyReused(Invalid):
    """This idempotency key was used before, for a different request."""

    code = "idempotency-key-reused"


class KeyInUse(Conflict):
    """A request with this idempotency key is still being carried out."""

    code = "idempotency-key-in-use"


class KeyMissing(Invalid):
    """This operation needs an Idempotency-Key header: up to 255 characters, a new one for each new intent."""

    code = "idempotency-key-missing"
    status = 400


@dataclass(frozen=True, slots=True)
class Claim:
    """Who asks (``client``), under which key, and a digest of what is asked."""

    client: str
    key: str
    fingerprint: bytes


@dataclass(slots=True)
class Answer:
    """What the caller gets: filled by the flow, or from the store when the request was seen before."""

    status: int = 0
    body: bytes = b""
    replayed: bool = False


class Replayed(Exception):
    """The key has been used for this very request; its stored answer is at hand."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("seen before")
        self.answer = answer


class Pending:
    """A claim on its way into the flow's transaction."""

    def __init__(self, claim: Claim | None, render: Render) -> None:
        self.claim = claim
        self.answer = Answer()
        self.settled = False
        self._render = render

    def take(self) -> None:
        """Take the key for the open transaction.

        Raises ``Replayed`` when this request was carried out before, ``KeyReused`` when another one was.
        """
        if self.claim is None or _insert(self.claim):
            return
        answer = lookup(self.claim)
        if answer is None:
            raise KeyInUse()
        raise Replayed(answer)

    def rendered(self, result: object) -> Answer:
        """The answer for this result, rendered once."""
        if not self.answer.status:
            status, body = self._render(result)
            self.answer.body = body if isinstance(body, bytes) else msgspec.json.encode(body)
            self.answer.status = status
        return self.answer

    def store(self, result: object) -> None:
        """Keep the answer with the key, in the transaction that did the work."""
        answer = self.rendered(result)
        if self.claim is None:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "update core_idempotencykey set status = %s, body = %s where client = %s and key = %s",
                [answer.status, answer.body, self.claim.client, self.claim.key],
            )

    def forget(self) -> None:
        """Drop what an attempt that was rolled back had rendered."""
        self.answer.status, self.answer.body = 0, b""


_current: ContextVar[Pending | None] = ContextVar("pending_claim", default=None)


def pending() -> Pending | None:
    """The claim the calling door made, if any; flows that keep it themselves ask here."""
    found = _current.get()
    if found is not None and found.settled:
        raise RuntimeError("One claim covers one flow; this door calls a second one under it.")
    return found


@contextmanager
def claimed(claim: Claim | None, *, render: Render) -> Iterator[Answer]:
    """Carry the claim to the one flow called inside; the answer is filled when the block ends.

    Without a claim the answer is only rendered. ``render`` runs inside the transaction and gives
    a status with bytes, or with anything JSON can say.
    """
    carried = Pending(claim, render)
    token = _current.set(carried)
    try:
        yield carried.answer
    except Replayed as seen:
        carried.answer.status, carried.answer.body = seen.answer.status, seen.answer.body
        carried.answer.replayed = True
    finally:
        _current.reset(token)


def lookup(claim: Claim) -> Answer | None:
    """The stored answer of this claim, or None when its key is free or still being worked on.

    Raises ``KeyReused`` when the key belongs to another request.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select fingerprint, status, body from core_idempotencykey where client = %s and key = %s",
            [claim.client, claim.key],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    fingerprint, status, body = row
    if bytes(fingerprint) != claim.fingerprint:
        raise KeyReused()
    return None if status is None else Answer(status, bytes(body), replayed=True)


def used(keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these (client, key) pairs that some request has used already."""
    if not keys:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "select client, key from core_idempotencykey"
            " join unnest(%s::text[], %s::text[]) as asked (client, key) using (client, key)",
            [[client for client, _ in keys], [key for _, key in keys]],
        )
        return set(cursor.fetchall())


def seen_before(claim: Claim, fingerprint: bytes, status: int, body: bytes) -> Replayed:
    """The news that a claim was answered before, for flows that read the stored answer themselves.

    Raises ``KeyReused`` when the key belongs to another request.
    """
    if fingerprint != claim.fingerprint:
        raise KeyReused()
    return Replayed(Answer(status, body, replayed=True))


def fingerprint(*parts: str | bytes) -> bytes:
    """A digest of everything that makes two requests the same."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


def cleaned_key(header: str | None) -> str:
    """The key of a header, quoted (as the draft standard writes it) or bare.

    Raises ``KeyMissing`` when there is none, or it cannot be one.
    """
    key = (header or "").strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise KeyMissing()
    return key


def prune(*, at: datetime, limit: int = 10_000) -> int:
    """Delete keys older than a week, at most so many; says how many went."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from core_idempotencykey where (client, key) in ("
            " select client, key from core_idempotencykey where created_at < %s limit %s)",
            [at - KEPT, limit],
        )
        return cursor.rowcount


def _insert(claim: Claim) -> bool:
    # Waits for a twin that holds the key in an open transaction, then sees what became of it.
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into core_idempotencykey (client, key, fingerprint) values (%s, %s, %s)"
            " on conflict do nothing",
            [claim.client, claim.key, claim.fingerprint],
        )
        return cursor.rowcount == 1
