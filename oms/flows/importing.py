"""Stories of files: one comes in, is checked, committed in chunks, and perhaps taken back.

The dry run plans each chunk by the very code that commits it and stops before the write. What is committed is noted
in the transaction that wrote it, so that work which was killed goes on where it stopped.
"""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import UUID

from oms.core import audit
from oms.core.actors import Actor
from oms.core.errors import Refusal
from oms.core.pace import ahead, steady_heap
from oms.core.transactions import owns_transaction
from oms.flows import counting_files, import_orders, import_work
from oms.flows.import_work import Clock, LostHold, Work
from oms.imports import headers, planning, queries, reading
from oms.imports.intake import Looked, missing_columns
from oms.imports.models import ImportJob
from oms.imports.parsing import in_chunks
from oms.imports.reading import Shape
from oms.imports.resources import resource_for
from oms.imports.rules import Choices, JobState, Kind, Line, Outcome
from oms.imports.services import jobs, journal, things

# Orders wait for a locked level no longer than one chunk takes.
CHUNK = 2_500
KEPT, ORDERS_KEPT = timedelta(days=90), timedelta(days=14)


@owns_transaction()
def upload(
    looked: Looked,
    file: IO[bytes],
    *,
    reach: frozenset[str] | None,
    then: JobState | None = None,
    actor: Actor,
    at: datetime,
) -> ImportJob:
    """Keep a file with its columns, and let the work on it begin when ``then`` says which.

    Raises ``TooManyImports``, ``ColumnsMissing`` when work is to begin and a column is not there.
    """
    job = jobs.receive(looked.new, queries.pieces_of(file, jobs.PIECE_BYTES), actor=actor, at=at)
    jobs.choose(job, mapping=looked.mapping, options=looked.choices.as_json(), reach=reach)
    if then is not None:
        missing_columns(looked.new.kind, looked.mapping, looked.choices)
        jobs.move(job, then)
    told = {"kind": job.kind, "file": job.sha256, "bytes": job.size_bytes}
    audit.record("import.uploaded", "import", job.number, actor=actor, at=at, changes=told)
    return job


@owns_transaction()
def check(
    job_id: UUID,
    *,
    mapping: dict[str, Any],
    choices: Choices,
    reach: frozenset[str] | None,
    actor: Actor,
    at: datetime,
) -> ImportJob:
    """Say which column is which, and let the difference be worked out; it is remembered for the next such file.

    Raises ``ImportNotFound``, ``IllegalTransition``, ``ColumnsMissing``.
    """
    job = queries.lock_job(job_id)
    missing_columns(Kind(job.kind), mapping, choices)
    jobs.choose(job, mapping=mapping, options=choices.as_json(), reach=reach)
    jobs.remember(job, fingerprint=headers.fingerprint(job.headers), actor=actor, at=at)
    jobs.move(job, JobState.CHECKING)
    return job


@owns_transaction()
def commit(job_id: UUID, *, reach: frozenset[str] | None, actor: Actor, at: datetime) -> ImportJob:
    """Let the good rows of a checked file be written, where the one who says so may write.

    Raises ``ImportNotFound``, ``IllegalTransition``.
    """
    job = queries.lock_job(job_id)
    if reach is not None:
        reach = reach if job.reach is None else reach & frozenset(job.reach)
        jobs.choose(job, mapping=job.mapping, options=job.options, reach=reach)
    jobs.move(job, JobState.COMMITTING)
    audit.record("import.commit-asked", "import", job.number, actor=actor, at=at)
    return job


@owns_transaction()
def undo(job_id: UUID, *, actor: Actor, at: datetime) -> ImportJob:
    """Let what a file changed be taken back, as far as nobody has built on it.

    Raises ``ImportNotFound``, ``IllegalTransition``.
    """
    job = queries.lock_job(job_id)
    jobs.move(job, JobState.UNDOING)
    audit.record("import.undo-asked", "import", job.number, actor=actor, at=at)
    return job


@owns_transaction()
def forget_files(*, at: datetime) -> int:
    """Drop files that came in too long ago for anybody to ask for them; what they changed stays in the journal.

    Files of orders name people and go first.
    """
    gone = jobs.forget_files(before=at - ORDERS_KEPT, kinds=(Kind.ORDERS,))
    return gone + jobs.forget_files(before=at - KEPT)


def run(job_id: UUID, *, clock: Clock) -> bool:
    """Do the work that waits on a job, chunk by chunk; False when there is none, or another worker is at it."""
    work = import_work.begin(job_id, at=clock())
    if work is None:
        return False
    try:
        if work.state is JobState.UNDOING:
            _take_back(work, clock)
        elif work.kind is Kind.ORDERS:
            import_orders.go_through(work, clock)
        else:
            _go_through(work, clock)
    except LostHold:
        return False
    except Refusal as wrong:
        import_work.end(work, JobState.FAILED, failure=str(wrong), at=clock())
    return True


def _go_through(work: Work, clock: Clock) -> None:
    job = queries.job(work.job_id)
    with ExitStack() as stack:
        stack.enter_context(steady_heap())
        file = stack.enter_context(queries.file_of(job))
        shape = Shape(job.form, job.encoding, job.separator)
        sheet = stack.enter_context(reading.opened(file, shape))
        lines = import_work.parser_of(job, work.choices).lines(sheet)
        # The next rows are read while the database works on these.
        for chunk in stack.enter_context(closing(ahead(in_chunks(lines, CHUNK)))):
            if _last_row(chunk) <= job.last_row and work.writes:
                # Written before this worker came: only what the file has claimed is gone through again.
                _recall(work, chunk)
            else:
                _one_chunk(work, chunk, at=clock())
    import_work.end(work, JobState.COMMITTED if work.writes else JobState.CHECKED, at=clock())


@owns_transaction()
def _one_chunk(work: Work, chunk: Sequence[Line | Outcome], *, at: datetime) -> None:
    job = import_work.held(work)
    outcomes = _planned(work, chunk, lock=work.writes, at=at)
    journal.keep_findings(job, (finding for outcome in outcomes for finding in outcome.findings))
    if not work.writes:
        journal.keep_changes(job, list(import_work.shown(job, outcomes)))
    elif work.kind is Kind.STOCK:
        counting_files.post(job, outcomes, at=at)
        journal.keep_changes(job, outcomes)
    else:
        things.write(outcomes, at=at)
        journal.keep_changes(job, outcomes)
    if work.kind is Kind.STOCK:
        job.totals = counting_files.totals(job.totals, outcomes)
    import_work.advance(job, outcomes, _last_row(chunk), at=at)


@owns_transaction()
def _recall(work: Work, chunk: Sequence[Line | Outcome]) -> None:
    _planned(work, chunk, lock=False, at=work.book.counted_at)


def _take_back(work: Work, clock: Clock) -> None:
    take_back = import_orders.take_back if work.kind is Kind.ORDERS else _take_back_some
    while take_back(work, at=clock()):
        pass
    import_work.end(work, JobState.UNDONE, at=clock())


@owns_transaction()
def _take_back_some(work: Work, *, at: datetime) -> bool:
    job = import_work.held(work)
    after = int(job.totals.get("undone_up_to", 0))
    if work.kind is Kind.STOCK:
        told, findings, last = counting_files.withdraw(job, after=after, limit=CHUNK, at=at)
    else:
        changes = queries.journal_after(job, after, limit=CHUNK)
        told, last = len({change.row for change in changes}), changes[-1].pk if changes else after
        findings = things.take_back(changes, resource_for(work.kind))
    if not told:
        return False
    import_work.note_taken_back(job, findings, told, last, at=at)
    return True


def _planned(work: Work, chunk: Sequence[Line | Outcome], *, lock: bool, at: datetime) -> list[Outcome]:
    lines = [line for line in chunk if isinstance(line, Line)]
    known = planning.know(work.kind, lines, work.known(lock=lock))
    if work.kind is Kind.STOCK:
        judged = iter(counting_files.plan(lines, known, work.book, at=at))
    else:
        judged = iter(planning.plan(lines, known))
    return [next(judged) if isinstance(line, Line) else line for line in chunk]


def _last_row(chunk: Sequence[Line | Outcome]) -> int:
    last = chunk[-1]
    return last.row if isinstance(last, Line) else last.line.row
