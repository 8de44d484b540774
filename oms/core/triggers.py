"""Triggers every room may ask for in its migrations: rules that hold against plain SQL too.

Each helper returns a migration operation. A migration that uses one depends on
``("core", "0001_initial")``, where the refusing functions are made.
"""

import re
from collections.abc import Iterable

from django.db.backends.utils import CursorWrapper
from django.db.migrations.operations.special import RunSQL

from oms.core.lifecycles import Lifecycle

FUNCTIONS = """
create or replace function oms_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% refused: % is append-only', tg_op, tg_table_name
    using errcode = 'restrict_violation', table = tg_table_name, constraint = tg_name;
end $$;
create or replace function oms_refuse_frozen() returns trigger language plpgsql as $$
begin
  raise exception 'UPDATE refused: % of % never change(s) once written', tg_argv[0], tg_table_name
    using errcode = 'restrict_violation', table = tg_table_name, constraint = tg_name;
end $$;
create or replace function oms_refuse_move() returns trigger language plpgsql as $$
begin
  raise exception 'UPDATE refused: % of % cannot go from % to %', tg_argv[0], tg_table_name,
    to_jsonb(old) ->> tg_argv[0], to_jsonb(new) ->> tg_argv[0]
    using errcode = 'check_violation', table = tg_table_name, constraint = tg_name;
end $$;
"""
NO_FUNCTIONS = """
drop function if exists oms_refuse_change();
drop function if exists oms_refuse_frozen();
drop function if exists oms_refuse_move();
"""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def functions() -> RunSQL:
    """The functions that refuse; made once, by core's first migration."""
    return RunSQL(FUNCTIONS, NO_FUNCTIONS)


def append_only(table: str) -> RunSQL:
    """Rows of this table are never changed, deleted or truncated."""
    _check(table)
    return RunSQL(
        f"""
        create trigger {table}_rows_are_final before update or delete on {table}
          for each row execute function oms_refuse_change();
        create trigger {table}_is_never_emptied before truncate on {table}
          for each statement execute function oms_refuse_change();
        """,
        f"""
        drop trigger if exists {table}_rows_are_final on {table};
        drop trigger if exists {table}_is_never_emptied on {table};
        """,
    )


def no_delete(table: str) -> RunSQL:
    """Rows of this table are never deleted or truncated; they may change."""
    _check(table)
    return RunSQL(
        f"""
        create trigger {table}_rows_stay before delete on {table}
          for each row execute function oms_refuse_change();
        create trigger {table}_is_never_emptied before truncate on {table}
          for each statement execute function oms_refuse_change();
        """,
        f"""
        drop trigger if exists {table}_rows_stay on {table};
        drop trigger if exists {table}_is_never_emptied on {table};
        """,
    )


def lifecycle_trigger(table: str, column: str, lifecycle: Lifecycle) -> RunSQL:
    """A move outside the published graph is refused; run again after the graph has changed."""
    _check(table, column)
    name = _lifecycle_name(table, column)
    moves = ", ".join(f"'{old}>{new}'" for old, new in lifecycle) or "''"
    for status in lifecycle.statuses:
        _check(status)
    # The whole rule stands in WHEN, so that a legal move never calls a function.
    return RunSQL(
        f"""
        drop trigger if exists {name} on {table};
        create trigger {name} before update on {table} for each row
          when (old.{column} is distinct from new.{column}
                and (old.{column} || '>' || new.{column}) not in ({moves}))
          execute function oms_refuse_move('{column}');
        """,
        f"drop trigger if exists {name} on {table};",
    )


def frozen_columns(table: str, columns: Iterable[str]) -> RunSQL:
    """These columns keep for ever what the row was born with."""
    names = sorted(columns)
    _check(table, *names)
    changed = " or ".join(f"old.{name} is distinct from new.{name}" for name in names)
    return RunSQL(
        f"""
        drop trigger if exists {table}_keeps_its_facts on {table};
        create trigger {table}_keeps_its_facts before update on {table} for each row
          when ({changed}) execute function oms_refuse_frozen('{", ".join(names)}');
        """,
        f"drop trigger if exists {table}_keeps_its_facts on {table};",
    )


def moves_in_database(cursor: CursorWrapper, table: str, column: str) -> frozenset[tuple[str, str]] | None:
    """The graph the database enforces, or None without such a trigger."""
    cursor.execute(
        "select pg_get_triggerdef(oid) from pg_trigger where tgrelid = to_regclass(%s) and tgname = %s",
        [table, _lifecycle_name(table, column)],
    )
    row = cursor.fetchone()
    if row is None:
        return None
    return frozenset((old, new) for old, new in re.findall(r"'([a-z0-9_]+)>([a-z0-9_]+)'", row[0]))


def _lifecycle_name(table: str, column: str) -> str:
    return f"{table}_{column}_follows_its_graph"[:63]


def _check(*names: str) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a plain name of a table, column or status")
