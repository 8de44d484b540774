"""A scratch copy of the database beside it, made while the original is in use, and dropped afterwards."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from oms.runtime.errors import CannotStart

_MADE_BY_MIGRATING = frozenset(
    {"django_migrations", "django_content_type", "auth_permission", "django_session"}
)
_DROP_TRIES = 5
_TABLES = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = 'public' and c.relkind = 'r'
"""
_REFERENCES = """
select c.relname, f.relname from pg_constraint k join pg_class c on c.oid = k.conrelid
  join pg_class f on f.oid = k.confrelid where k.contype = 'f' and c.relname <> f.relname
"""
_COLUMNS = """
select column_name from information_schema.columns
 where table_schema = 'public' and table_name = %s and is_generated = 'NEVER' order by ordinal_position
"""
_SEQUENCES = """
select t.relname, a.attname, s.relname from pg_class s join pg_depend d on d.objid = s.oid and d.deptype in ('a', 'i')
  join pg_class t on t.oid = d.refobjid join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
 where s.relkind = 'S' and t.relnamespace = 'public'::regnamespace
"""
_LOOSE_SEQUENCES = """
select sequencename, last_value from pg_sequences
 where schemaname = 'public' and sequencename like 'number\\_%' and last_value is not null
"""


@contextmanager
def scratch_copy() -> Iterator[str]:
    """Make a copy with all rows as of one instant; inside the block this process speaks to the copy.

    Raises ``CannotStart`` without the owner's address, because only the owner makes databases.
    """
    if not settings.DATABASE_OWNER_URL:
        raise CannotStart("DATABASE_OWNER_URL is needed: the copy is made by the owner of the tables.")
    source = connection.settings_dict["NAME"]
    name = f"{source}_scratch_{uuid.uuid4().hex[:8]}"
    connection.close()
    with psycopg.connect(_address(source), autocommit=True) as server:
        server.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        try:
            connection.settings_dict["NAME"] = name
            call_command("migrate", interactive=False, verbosity=0)
            connection.close()
            _copy(source, name)
            yield name
        finally:
            connection.close()
            connection.settings_dict["NAME"] = source
            _drop(server, name)


def _drop(server: psycopg.Connection, name: str) -> None:
    # Not by force: the owner may not end the server's own housekeeping, which gives way by itself.
    for attempt in range(1, _DROP_TRIES + 1):
        try:
            server.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))
            return
        except psycopg.errors.ObjectInUse:
            if attempt == _DROP_TRIES:
                raise
            time.sleep(1)


def _copy(source: str, name: str) -> None:
    with psycopg.connect(_address(source)) as theirs, psycopg.connect(_address(name)) as ours:
        theirs.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        tables = [table for table in _in_order(theirs) if table not in _MADE_BY_MIGRATING]
        for table in reversed(tables):
            # Rows that migrations made give way to the original's own.
            ours.execute(sql.SQL("alter table {} disable trigger user").format(sql.Identifier(table)))
            ours.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
        # Foreign keys are checked at commit, and a table with checks to come cannot be altered.
        ours.commit()
        for table in tables:
            _copy_rows(theirs, ours, table)
        ours.commit()
        for table in tables:
            ours.execute(sql.SQL("alter table {} enable trigger user").format(sql.Identifier(table)))
        _advance_sequences(theirs, ours)


def _copy_rows(theirs: psycopg.Connection, ours: psycopg.Connection, table: str) -> None:
    columns = sql.SQL(", ").join(
        sql.Identifier(name) for (name,) in theirs.execute(_COLUMNS, [table]).fetchall()
    )
    named = sql.SQL("{} ({})").format(sql.Identifier(table), columns)
    with (
        theirs.cursor().copy(sql.SQL("copy {} to stdout (format binary)").format(named)) as rows,
        ours.cursor().copy(sql.SQL("copy {} from stdin (format binary)").format(named)) as sink,
    ):
        for chunk in rows:
            sink.write(chunk)


def _advance_sequences(theirs: psycopg.Connection, ours: psycopg.Connection) -> None:
    for table, column, sequence in ours.execute(_SEQUENCES).fetchall():
        ours.execute(
            sql.SQL("select setval({}, coalesce((select max({}) from {}), 0) + 1, false)").format(
                sql.Literal(sequence), sql.Identifier(column), sql.Identifier(table)
            )
        )
    for sequence, value in theirs.execute(_LOOSE_SEQUENCES).fetchall():
        ours.execute("select setval(%s, %s)", [sequence, value])


def _in_order(source: psycopg.Connection) -> list[str]:
    """The tables, each after those it refers to."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for (table,) in source.execute(_TABLES).fetchall():
        order.add(table)
    for table, referred in source.execute(_REFERENCES).fetchall():
        order.add(table, referred)
    return list(order.static_order())


def _address(database: str) -> str:
    return urlunsplit(urlsplit(settings.DATABASE_OWNER_URL)._replace(path=f"/{database}"))
