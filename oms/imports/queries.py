"""Questions about files that came in."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, cast
from uuid import UUID

from django.db.models import Q, QuerySet

from oms.core.actors import Actor
from oms.imports.models import ImportChange, ImportFinding, ImportJob, ImportMapping, ImportPiece
from oms.imports.rules import WORKING, ImportNotFound, UnreadableFile, Verdict

IN_MEMORY = 4 * 1024 * 1024


def jobs() -> QuerySet[ImportJob]:
    """Every import, newest first."""
    return ImportJob.objects.order_by("-uploaded_at", "-id")


def job(job_id: UUID | str) -> ImportJob:
    """The import with this id.

    Raises ``ImportNotFound``.
    """
    found = ImportJob.objects.filter(pk=job_id).first()
    if found is None:
        raise ImportNotFound()
    return found


def lock_job(job_id: UUID | str) -> ImportJob:
    """The import with this id, locked until the transaction ends.

    Raises ``ImportNotFound``.
    """
    found = ImportJob.objects.select_for_update(no_key=True).filter(pk=job_id).first()
    if found is None:
        raise ImportNotFound()
    return found


def stalled(*, at: datetime) -> list[UUID]:
    """Jobs at work that no worker holds: never begun, or left by one that died."""
    rows = ImportJob.objects.filter(state__in=sorted(WORKING)).filter(
        Q(lease_until__isnull=True) | Q(lease_until__lte=at)
    )
    return list(rows.order_by("uploaded_at").values_list("pk", flat=True)[:50])


def file_of(held: ImportJob) -> IO[bytes]:
    """The file as it came in, to be read from any place.

    Raises ``UnreadableFile`` when it is no longer kept.
    """
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 — the caller closes it
    pieces = ImportPiece.objects.filter(job=held).order_by("position")
    size = 0
    for content in pieces.values_list("content", flat=True).iterator(chunk_size=1):
        size += file.write(content)
    if size != held.size_bytes:
        file.close()
        raise UnreadableFile("The file is not kept any more. Upload it again.")
    file.seek(0)
    return cast(IO[bytes], file)


def is_kept(held: ImportJob) -> bool:
    """Whether the file as it came in is still there."""
    return ImportPiece.objects.filter(job=held).exists()


def with_files() -> list[ImportJob]:
    """Every import whose file is still kept, oldest first."""
    kept = ImportPiece.objects.values("job").distinct()
    return list(ImportJob.objects.filter(pk__in=kept).order_by("uploaded_at", "id"))


def ids_with_files() -> set[UUID]:
    """Every import whose file is still kept."""
    return set(ImportPiece.objects.values_list("job", flat=True).distinct())


def lock_jobs(ids: Iterable[UUID]) -> list[ImportJob]:
    """These imports, locked in the order of their keys until the transaction ends."""
    return list(ImportJob.objects.select_for_update(no_key=True).filter(pk__in=list(ids)).order_by("pk"))


def findings(held: ImportJob, *, of_undo: bool = False) -> QuerySet[ImportFinding]:
    """Why rows were refused, or could not be undone, in the order of the file."""
    return ImportFinding.objects.filter(job=held, of_undo=of_undo).order_by("row", "id")


def reasons_by_row(held: ImportJob) -> Iterator[tuple[int, str]]:
    """Each refused row with all of its reasons, in the order of the file."""
    row = 0
    reasons: list[str] = []
    for number, column, reason in findings(held).values_list("row", "column", "reason").iterator():
        if number != row and reasons:
            yield row, " ".join(reasons)
            reasons = []
        row = number
        reasons.append(f"{column}: {reason}" if column else reason)
    if reasons:
        yield row, " ".join(reasons)


def changes(held: ImportJob, verdict: Verdict) -> QuerySet[ImportChange]:
    """What rows of this verdict change, in the order of the file."""
    return ImportChange.objects.filter(job=held, verdict=verdict.value).order_by("row", "id")


def journal_after(held: ImportJob, change_id: int, *, limit: int) -> list[ImportChange]:
    """The next rows of the journal, whole rows only, in the order in which they were written."""
    found = list(ImportChange.objects.filter(job=held, id__gt=change_id).order_by("id")[:limit])
    if len(found) == limit:
        last = found[-1].row
        whole = [change for change in found if change.row != last]
        found = whole or found
    return found


def remembered(actor: Actor, kind: str, fingerprint: str) -> ImportMapping | None:
    """What the same person said about the same columns last time."""
    return ImportMapping.objects.filter(actor=actor.label, kind=kind, fingerprint=fingerprint).first()


def pieces_of(file: IO[bytes], size: int) -> Iterator[bytes]:
    """A file in pieces of so many bytes, from its beginning."""
    file.seek(0, io.SEEK_SET)
    while piece := file.read(size):
        yield piece
