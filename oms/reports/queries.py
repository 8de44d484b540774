"""Recomputing invariants from raw rows, and when each was last proved."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from oms.reports.invariants import INVARIANTS, Invariant
from oms.reports.models import InvariantRun

SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What recomputing one invariant found: rows looked at, rows that break it, and the first of those."""

    invariant: Invariant
    rows_checked: int
    differences: int
    samples: tuple[dict[str, Any], ...]


def check(codes: Iterable[str]) -> list[Finding]:
    """Recompute these invariants on one consistent snapshot of the database."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("set transaction isolation level repeatable read, read only")
        return [_check(cursor, INVARIANTS[code]) for code in codes]


def breaking_ids(code: str) -> list[int]:
    """The first column of every row that breaks an invariant: the id of what is wrong."""
    with connection.cursor() as cursor:
        cursor.execute(f"select distinct breach.id from ({INVARIANTS[code].breaches}) as breach")
        return [row[0] for row in cursor.fetchall()]


def last_runs() -> dict[str, InvariantRun]:
    """The newest run of each invariant, by code."""
    newest = InvariantRun.objects.order_by("code", "-finished_at").distinct("code")
    return {run.code: run for run in newest}


def runs_of(code: str) -> QuerySet[InvariantRun]:
    """The runs of one invariant, newest first."""
    return InvariantRun.objects.filter(code=code).order_by("-finished_at", "-id")


def _check(cursor: Any, invariant: Invariant) -> Finding:
    cursor.execute(invariant.counted)
    (rows,) = cursor.fetchone()
    cursor.execute(
        f"select count(*) over () as differences, breach.* from ({invariant.breaches}) as breach limit %s",
        [SAMPLES],
    )
    names = [column.name for column in cursor.description]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    differences = found[0]["differences"] if found else 0
    samples = tuple(
        {name: _plain(value) for name, value in row.items() if name != "differences"} for row in found
    )
    return Finding(invariant, rows, differences, samples)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str | None) else str(value)
