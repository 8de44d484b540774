"""What a job found and changed, written in bulk: findings for people, changes for people and for undo."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from django.db import connection

from oms.core.transactions import joins_transaction
from oms.imports.models import ImportJob
from oms.imports.rules import Finding, Outcome

_FINDINGS = 'copy imports_importfinding (job_id, row, "column", value, reason, of_undo) from stdin'
_CHANGES = "copy imports_importchange (job_id, row, verdict, subject, field, old, new) from stdin"
_BLOCK = 1_000
# How the text form of COPY writes its own signs.
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x00": ""}
_SPECIAL = re.compile(r"[\\\n\r\t\x00]")


@joins_transaction
def keep_findings(job: ImportJob, findings: Iterable[Finding], *, of_undo: bool = False) -> None:
    """Write why cells were refused, or why rows could not be undone."""
    _copy(
        _FINDINGS,
        (
            (job.pk, each.row, each.column[:200], each.value[:200], each.reason[:400], of_undo)
            for each in findings
        ),
    )


@joins_transaction
def keep_changes(job: ImportJob, outcomes: Sequence[Outcome]) -> None:
    """Write what rows change, field by field."""
    _copy(
        _CHANGES,
        (
            (
                job.pk,
                outcome.line.row,
                outcome.verdict.value,
                change.subject[:160],
                change.field,
                change.old,
                change.new,
            )
            for outcome in outcomes
            for change in outcome.changes
        ),
    )


def _copy(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        lines = ("\t".join(map(_escaped, row)) for row in rows)
        while block := "\n".join(islice(lines, _BLOCK)):
            copy.write(block + "\n")


def _escaped(value: Any) -> str:
    written = str(value)
    return _SPECIAL.sub(lambda sign: _ESCAPES[sign[0]], written) if _SPECIAL.search(written) else written
