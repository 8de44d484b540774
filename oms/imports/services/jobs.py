"""The life of a job: its file, its mapping, who works on it, how far it is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Value
from django.db.models.functions import Concat

from oms.core import numbering
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction
from oms.imports.models import ImportChange, ImportFinding, ImportJob, ImportMapping, ImportPiece
from oms.imports.reading import Shape
from oms.imports.rules import JOB_LIFECYCLE, WORKING, JobState, Kind, TooManyImports, Verdict

PIECE_BYTES = 1024 * 1024
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5
MOST_AT_WORK = 10


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that has come in and was looked at."""

    kind: Kind
    name: str
    sha256: str
    size: int
    shape: Shape
    headers: Sequence[str]
    samples: Sequence[Sequence[str]]
    rows: int


class Progress(NamedTuple):
    """What one chunk adds to a job."""

    last_row: int
    rows: int
    created: int
    changed: int
    same: int
    refused: int


@joins_transaction
def receive(new: NewFile, pieces: Iterable[bytes], *, actor: Actor, at: datetime) -> ImportJob:
    """Keep a file that came in.

    Raises ``TooManyImports``.
    """
    busy = ImportJob.objects.filter(
        actor_kind=actor.kind, actor_id=actor.id, state__in=sorted(WORKING)
    ).count()
    if busy >= MOST_AT_WORK:
        raise TooManyImports()
    job = ImportJob.objects.create(
        number=numbering.next_number("IMP"),
        kind=new.kind.value,
        file_name=new.name[:200],
        sha256=new.sha256,
        size_bytes=new.size,
        form=new.shape.form,
        encoding=new.shape.encoding,
        separator=new.shape.separator,
        headers=list(new.headers),
        samples=[list(row) for row in new.samples],
        rows=new.rows,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        uploaded_at=at,
    )
    for position, piece in enumerate(pieces):
        ImportPiece.objects.create(job=job, position=position, content=piece)
    return job


@joins_transaction
def choose(
    job: ImportJob, *, mapping: dict[str, Any], options: dict[str, Any], reach: frozenset[str] | None
) -> None:
    """Say which column is which, what was decided beside, and where the one who says so may import."""
    job.mapping, job.options = mapping, options
    job.reach = None if reach is None else sorted(reach)
    job.save(update_fields=["mapping", "options", "reach"])


@joins_transaction
def remember(job: ImportJob, *, fingerprint: str, actor: Actor, at: datetime) -> None:
    """Keep a mapping for the next file of the same columns by the same person."""
    ImportMapping.objects.update_or_create(
        actor=actor.label,
        kind=job.kind,
        fingerprint=fingerprint,
        defaults={"mapping": job.mapping, "options": job.options, "used_at": at},
    )


@joins_transaction
def move(job: ImportJob, state: JobState) -> None:
    """Let a locked job enter a state; work begins from the start.

    Raises ``IllegalTransition``.
    """
    JOB_LIFECYCLE.check(job.state, state, what=f"Import {job.number}")
    job.state = state.value
    job.lease_until, job.attempts, job.failure = None, 0, ""
    if state in {JobState.CHECKING, JobState.COMMITTING}:
        restart(job)
    job.save()


@joins_transaction
def restart(job: ImportJob) -> None:
    """Begin with the first row again."""
    job.rows_done = job.last_row = 0
    job.created = job.changed = job.same = job.refused = 0
    job.totals = {}
    ImportFinding.objects.filter(job=job).delete()
    ImportChange.objects.filter(job=job).delete()
    job.save()


@joins_transaction
def hold(job: ImportJob, *, at: datetime) -> None:
    """Note how far a locked job was taken back, and keep the lease."""
    job.lease_until, job.attempts = at + LEASE, 0
    job.save(update_fields=["undone", "not_undone", "totals", "lease_until", "attempts"])


@joins_transaction
def keep(job: ImportJob, *, at: datetime) -> None:
    """Keep the lease of a locked job of which nothing is done yet."""
    job.lease_until = at + LEASE
    job.save(update_fields=["lease_until"])


@joins_transaction
def take(job: ImportJob, *, at: datetime) -> int | None:
    """Lease a locked job to a worker and return its fence; None when another worker holds it."""
    if job.state not in WORKING or (job.lease_until and job.lease_until > at):
        return None
    job.fence += 1
    job.attempts += 1
    job.lease_until = at + LEASE
    job.save(update_fields=["fence", "attempts", "lease_until"])
    return job.fence


@joins_transaction
def advance(job: ImportJob, progress: Progress, *, at: datetime) -> None:
    """Note a finished chunk of a locked job, in the transaction of the chunk."""
    job.last_row = progress.last_row
    job.rows_done += progress.rows
    job.created += progress.created
    job.changed += progress.changed
    job.same += progress.same
    job.refused += progress.refused
    job.lease_until, job.attempts = at + LEASE, 0
    job.save(
        update_fields=[
            *(
                "last_row",
                "rows_done",
                "created",
                "changed",
                "same",
                "refused",
                "totals",
                "lease_until",
                "attempts",
            ),
        ]
    )


@joins_transaction
def finish(job: ImportJob, state: JobState, *, at: datetime, failure: str = "") -> None:
    """End the work on a locked job."""
    JOB_LIFECYCLE.check(job.state, state, what=f"Import {job.number}")
    job.state, job.failure, job.lease_until = state.value, failure[:400], None
    if state is JobState.CHECKED:
        job.checked_at = at
    elif state is JobState.COMMITTED:
        job.committed_at = at
    elif state is JobState.UNDONE:
        job.undone_at = at
    if state in {JobState.CHECKED, JobState.COMMITTED}:
        job.rows = job.rows_done
    job.save()


@joins_transaction
def forget_files(*, before: datetime, kinds: Collection[Kind] = tuple(Kind)) -> int:
    """Forget the files of jobs older than this, and the jobs that never changed anything; says how many had one."""
    old = ImportJob.objects.filter(uploaded_at__lt=before, kind__in=[kind.value for kind in kinds])
    old = old.exclude(state__in=sorted(WORKING))
    kept = old.filter(pk__in=ImportPiece.objects.values("job"))
    gone = forget(list(kept.values_list("pk", flat=True)))
    old.filter(state__in=[JobState.UPLOADED.value, JobState.CHECKED.value]).delete()
    return gone


@joins_transaction
def forget(ids: Sequence[UUID]) -> int:
    """Drop the files of these jobs with every cell of them that was kept to be shown; says how many jobs.

    What they changed stays in the journal, and why rows were refused stays without the words that stood there.
    """
    if not ids:
        return 0
    ImportPiece.objects.filter(job__in=ids).delete()
    ImportFinding.objects.filter(job__in=ids, of_undo=False).exclude(value="").update(value="")
    named = Concat("number", Value("."), "form")
    return ImportJob.objects.filter(pk__in=ids).update(samples=[], file_name=named)


def counted(verdicts: Iterable[Verdict], *, last_row: int, rows: int) -> Progress:
    """The verdicts of a chunk as progress."""
    found = list(verdicts)
    return Progress(last_row, rows, *(found.count(verdict) for verdict in Verdict))
