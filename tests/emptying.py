"""Empty the tables after a test that committed, append-only ones too, and keep what migrations wrote."""

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

TABLES = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by 1
"""
WRITABLE_COLUMNS = """
select attname from pg_attribute where attrelid = %s::regclass and attnum > 0
and not attisdropped and attgenerated = '' order by attnum
"""
QUIET = "set session_replication_role = replica"
COPIES = "test_reference"


class Emptier:
    """Remembers the rows that migrations wrote; brings the database back to them."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.owner = psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None})
        self.owner.autocommit = True
        self.owner.execute(QUIET)
        self.tables = [str(row[0]) for row in self.owner.execute(TABLES)]
        self.tables.remove("django_migrations")
        self.reference = set(self._filled())
        self.owner.execute(f"create schema {COPIES}")
        for table in self.reference:
            self._run("create table {copy} as table {table}", table)

    def empty(self) -> None:
        """Delete what the test committed."""
        with self.owner.transaction():
            for table in sorted(self.reference | set(self._filled())):
                if table in self.reference:
                    self._restore(table)
                else:
                    self._run("delete from {table}", table)

    def close(self) -> None:
        self.owner.close()

    def _filled(self) -> list[str]:
        probes = [
            sql.SQL("select {} where exists (select 1 from {})").format(sql.Literal(t), sql.Identifier(t))
            for t in self.tables
        ]
        return [str(row[0]) for row in self.owner.execute(sql.SQL(" union all ").join(probes))]

    def _restore(self, table: str) -> None:
        difference = (
            "(table {table} except table {copy}) union all (table {copy} except table {table}) limit 1"
        )
        if self._has_json(table) or self._run(difference, table).fetchone():
            columns = [str(row[0]) for row in self.owner.execute(WRITABLE_COLUMNS, [f'"{table}"'])]
            self._run("delete from {table}", table)
            self._run(
                "insert into {table} ({columns}) overriding system value select {columns} from {copy}",
                table,
                columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            )

    def _has_json(self, table: str) -> bool:
        # Plain json has no equality; such a table is always restored.
        found = "select 1 from pg_attribute where attrelid = %s::regclass and atttypid = 'json'::regtype"
        return self.owner.execute(found, [f'"{table}"']).fetchone() is not None

    def _run(self, text: str, table: str, **more: sql.Composable) -> "psycopg.Cursor[tuple[object, ...]]":
        return self.owner.execute(
            sql.SQL(text).format(
                table=sql.Identifier("public", table), copy=sql.Identifier(COPIES, table), **more
            )
        )
