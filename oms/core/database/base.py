"""Django's PostgreSQL, which asks a connection whether it still lives only after it has rested."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper

RESTED_SECONDS = 5.0
"""A request a moment after the last one would pay a round trip for what the last one has just shown."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that notes when it was last used."""

    _used_at = 0.0

    def close_if_health_check_failed(self) -> None:
        """As Django, but a connection that was used a moment ago is taken for alive."""
        now = monotonic()
        if now - self._used_at > RESTED_SECONDS:
            super().close_if_health_check_failed()
        self._used_at = now

    def bound_cursor(self) -> CursorWrapper:
        """A cursor whose parameters travel beside the statement: a long one is neither quoted nor read twice."""
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]
            return self._prepare_cursor(cursor)  # type: ignore[attr-defined]

    @contextmanager
    def pipelined_cursor(self) -> Iterator[CursorWrapper]:
        """A bound cursor whose statements are sent and not waited for; all of them are done on leaving.

        What goes wrong with one is raised by a later one, or on leaving.
        """
        with self.bound_cursor() as cursor, self.wrap_database_errors, self.connection.pipeline():
            yield cursor
