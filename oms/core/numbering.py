"""Document numbers: a prefix and the next number of a database sequence, such as ``ADJ-1001``.

A number is never given twice; one that was taken by a transaction that failed stays unused.
"""

import re

from django.db import connection
from django.db.migrations.operations.special import RunSQL

FIRST = 1001
_PREFIX = re.compile(r"[A-Z]{2,8}")


def sequence_name(prefix: str) -> str:
    """The sequence behind a prefix: ``number_adj`` for ``ADJ``."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is not a prefix of two to eight capital letters")
    return f"number_{prefix.lower()}"


def create_sequence(prefix: str, *, first: int = FIRST) -> RunSQL:
    """A migration operation that makes the sequence of a prefix."""
    name = sequence_name(prefix)
    return RunSQL(
        f"create sequence if not exists {name} as bigint start with {int(first)} minvalue 1",
        f"drop sequence if exists {name}",
    )


def next_number(prefix: str) -> str:
    """The next document number of this prefix."""
    return next_numbers(prefix, 1)[0]


def next_numbers(prefix: str, count: int) -> list[str]:
    """So many document numbers in one round trip."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(%s::regclass) from generate_series(1, %s)", [sequence_name(prefix), count]
        )
        return [f"{prefix}-{number}" for (number,) in cursor.fetchall()]


def next_without_gap(prefix: str) -> str:
    """The next number of a series that may have no gap, such as that of invoices.

    Whoever takes one holds the series until the transaction ends, and gives it back when that fails: take it last.
    """
    sequence_name(prefix)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into core_numberseries (prefix, last) values (%s, %s)"
            " on conflict (prefix) do update set last = core_numberseries.last + 1 returning last",
            [prefix, FIRST],
        )
        (number,) = cursor.fetchone()
    return f"{prefix}-{number}"
