"""Where a text stands in the database, and how it is taken out of raw copies of what came in.

A person's own words are kept in a few tables that are emptied by row. Besides, they ride along in what was kept as it
came: bodies, files, drafts. There they are replaced in place by as many signs, so that nothing else moves.
"""

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from oms.core.transactions import joins_transaction

SHORTEST = 4
"""A shorter text says nothing about a person and stands everywhere."""
MARK = ord("x")
_ENCODINGS = ("utf-8", "cp1252", "utf-16-le", "utf-16-be")
_TEXTS = frozenset({"text", "character varying", "character", "name"})
_JSONS = frozenset({"json", "jsonb"})
_COLUMNS = """
select c.table_name, c.column_name, c.data_type from information_schema.columns c
  join information_schema.tables t using (table_schema, table_name)
 where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER'
   and (c.data_type = any(%s) or (c.data_type = 'ARRAY' and c.udt_name in ('_text', '_varchar')))
 order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A column in which so many rows hold a text."""

    table: str
    column: str
    rows: int


@dataclass(frozen=True, slots=True)
class Copy:
    """A column that keeps what came in as it came."""

    table: str
    column: str


def scan(texts: Iterable[str]) -> list[Hit]:
    """Every column of text, JSON or bytes in which any of the texts stands, whatever its case."""
    wanted = worth_finding(texts)
    hits = []
    with connection.cursor() as cursor:
        for table, column, kind in _columns(cursor):
            found = sql.SQL("select count(*) from {table} where {holds}").format(
                table=sql.Identifier(table), holds=_holds(column, kind, wanted)
            )
            cursor.execute(_said(found))
            (rows,) = cursor.fetchone()
            if rows:
                hits.append(Hit(table, column, rows))
    return hits


def worth_finding(texts: Iterable[str]) -> list[str]:
    """The texts that are long enough to mean somebody, the longest first."""
    return sorted({text.strip() for text in texts if len(text.strip()) >= SHORTEST}, key=len, reverse=True)


@joins_transaction
def scrub(copies: Sequence[Copy], texts: Iterable[str]) -> int:
    """Take the texts out of these columns, sign by sign; says how many rows held one of them."""
    wanted = worth_finding(texts)
    if not wanted:
        return 0
    touched = 0
    with connection.cursor() as cursor:
        kinds = {(table, column): kind for table, column, kind in _columns(cursor)}
        for copy in copies:
            touched += _scrub(cursor, copy, kinds[copy.table, copy.column], wanted)
    return touched


def blanked(content: bytes, texts: Iterable[str]) -> bytes:
    """The bytes with each text replaced by as many signs, in whichever way it is written."""
    for sought in _as_bytes(texts):
        content = re.sub(re.escape(sought), _marks, content, flags=re.IGNORECASE)
    return content


def _marks(found: "re.Match[bytes]") -> bytes:
    # Two bytes a letter stay two bytes a letter.
    return bytes([0 if byte == 0 else MARK for byte in found[0]])


def _scrub(cursor: CursorWrapper, copy: Copy, kind: str, wanted: Sequence[str]) -> int:
    table, column = sql.Identifier(copy.table), sql.Identifier(copy.column)
    read = column if kind == "bytea" else sql.SQL("{}::text").format(column)
    found = sql.SQL("select ctid::text, {read} from {table} where {holds} for update").format(
        read=read, table=table, holds=_holds(copy.column, kind, wanted)
    )
    cursor.execute(_said(found))
    rows = cursor.fetchall()
    cast = "text[]" if kind == "ARRAY" else kind if kind in _JSONS | {"bytea"} else "text"
    write = sql.SQL("update {table} set {column} = %s::{cast} where ctid = %s::tid").format(
        table=table, column=column, cast=sql.SQL(cast)
    )
    for place, content in rows:
        clean = blanked(bytes(content), wanted) if kind == "bytea" else _blanked_text(content, wanted)
        cursor.execute(_said(write), [clean, place])
    return len(rows)


def _blanked_text(content: str, texts: Iterable[str]) -> str:
    for sought in _spellings(texts):
        content = re.sub(
            re.escape(sought), lambda found: chr(MARK) * len(found[0]), content, flags=re.IGNORECASE
        )
    return content


def _columns(cursor: CursorWrapper) -> list[tuple[str, str, str]]:
    cursor.execute(_COLUMNS, [sorted(_TEXTS | _JSONS | {"bytea"})])
    return list(cursor.fetchall())


def _holds(column: str, kind: str, wanted: Sequence[str]) -> sql.Composable:
    name = sql.Identifier(column)
    if kind == "bytea":
        # Through the escaped form, so that letters of ASCII are compared in lower case and all else as it is.
        lowered = sql.SQL("lower(encode({}, 'escape'))::bytea").format(name)
        sought: list[object] = [each.lower() for each in _as_bytes(wanted)]
    else:
        lowered = sql.SQL("lower({}::text)").format(name)
        sought = [each.lower() for each in _spellings(wanted)]
    parts = [sql.SQL("position({} in {}) > 0").format(sql.Literal(each), lowered) for each in sought]
    return sql.SQL(" or ").join(parts) if parts else sql.SQL("false")


def _spellings(texts: Iterable[str]) -> list[str]:
    """Each text as it is, and as JSON writes it with and without its own letters."""
    written = ((text, json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]) for text in texts)
    return list(dict.fromkeys(spelling for three in written for spelling in three))


def _as_bytes(texts: Iterable[str]) -> list[bytes]:
    found: dict[bytes, None] = {}
    for spelling in _spellings(texts):
        for encoding in _ENCODINGS:
            with suppress(UnicodeEncodeError):
                found[spelling.encode(encoding)] = None
    return list(found)


def _said(statement: sql.Composed) -> str:
    return statement.as_string(connection.connection)
