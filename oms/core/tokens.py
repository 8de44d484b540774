"""Keys for programs: shown once, kept as a digest, limited to scopes and locations.

A key reads ``oms_<prefix>_<secret>``; the prefix finds the row and may be shown, the secret may not.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from oms.core import audit
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.models import ApiToken, User
from oms.core.transactions import joins_transaction, owns_transaction

_SCOPE = re.compile(r"\*|[a-z][a-z-]*:(\*|[a-z][a-z-]*)")
_TEXT = re.compile(r"oms_([a-z0-9]{10})_[A-Za-z0-9_-]{43}")
_PREFIX_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
# Writing the last use at every call would make one row the bottleneck of a busy program.
_NOTED_EVERY = timedelta(minutes=1)


class TokenInvalid(Invalid):
    """A token needs a name and at least one scope, such as orders:read, orders:* or *."""

    code = "token-invalid"


@dataclass(frozen=True, slots=True)
class Token:
    """The program behind a request: who it is and what it may do; ``locations`` None means everywhere."""

    id: int
    prefix: str
    name: str
    scopes: frozenset[str]
    locations: frozenset[str] | None
    is_authenticated: bool = True

    @property
    def actor(self) -> Actor:
        return Actor("token", str(self.id), self.name)

    def allows(self, scope: str) -> bool:
        """Whether the scope was given, by name, by its room (``orders:*``) or with everything (``*``)."""
        room = scope.partition(":")[0]
        return not self.scopes.isdisjoint(("*", scope, f"{room}:*"))

    def may_at(self, location: str) -> bool:
        """Whether the token reaches this location."""
        return self.locations is None or location in self.locations


def problem_with(name: str, scopes: Iterable[str], expires_at: datetime | None, *, at: datetime) -> str:
    """What keeps this from being a token; empty when nothing does."""
    given = [scope.strip() for scope in scopes]
    if not name.strip() or not given or not all(map(_SCOPE.fullmatch, given)):
        return "A token needs a name and at least one scope, such as orders:read, orders:* or *."
    if expires_at is not None and expires_at <= at:
        return "The token would have expired already."
    return ""


@joins_transaction
def issue(
    name: str,
    *,
    scopes: Iterable[str],
    actor: Actor,
    at: datetime,
    location_codes: Iterable[str] = (),
    expires_at: datetime | None = None,
    owner: User | None = None,
) -> tuple[ApiToken, str]:
    """Make a token and answer it with its text, which nobody can read again.

    Raises ``TokenInvalid``.
    """
    given = sorted({scope.strip() for scope in scopes})
    problem = problem_with(name, given, expires_at, at=at)
    if problem:
        raise TokenInvalid(problem)
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _ in range(10))
    text = f"oms_{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        name=name.strip(),
        prefix=prefix,
        secret_hash=_digest(text),
        scopes=given,
        location_codes=sorted(set(location_codes)),
        expires_at=expires_at,
        owner=owner,
    )
    changes = {"scopes": given, "locations": token.location_codes}
    audit.record("token.created", "token", prefix, actor=actor, at=at, changes=changes, note=token.name)
    return token, text


create = owns_transaction()(issue)


@owns_transaction()
def revoke(token_id: int, *, actor: Actor, at: datetime, note: str = "") -> None:
    """Make the token worthless at once; revoking it again changes nothing."""
    token = ApiToken.objects.select_for_update().get(pk=token_id)
    if token.revoked_at is not None:
        return
    token.revoked_at = at
    token.save(update_fields=["revoked_at"])
    audit.record("token.revoked", "token", token.prefix, actor=actor, at=at, note=note)


def recognise(text: str, *, at: datetime) -> Token | None:
    """The program this key belongs to; None when it is unknown, expired, revoked or its owner is gone."""
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("select * from core_find_token(%s, %s)", [match[1], at])
        row = cursor.fetchone()
        if row is None or not hmac.compare_digest(bytes(row[3]), _digest(text)):
            return None
        if row[6] is None or row[6] <= at - _NOTED_EVERY:
            cursor.execute("update core_apitoken set last_used_at = %s where id = %s", [at, row[0]])
    return Token(row[0], row[1], row[2], frozenset(row[4]), frozenset(row[5]) or None)


def _digest(text: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(text.encode()).digest()
