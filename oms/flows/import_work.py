"""A worker's hold of a file that came in: taken, kept, lost, given back.

Whoever lost it writes nothing more, so that two workers never do the same chunk.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from oms.alerts.services import alerts
from oms.core import audit
from oms.core.actors import Actor
from oms.core.errors import Refusal
from oms.core.transactions import joins_transaction, owns_transaction
from oms.imports import queries
from oms.imports.counts import CountBook
from oms.imports.intake import PLACES
from oms.imports.models import ImportJob
from oms.imports.parsing import Parser
from oms.imports.planning import Claims, Known
from oms.imports.rules import Choices, Finding, JobState, Kind, Outcome, Verdict
from oms.imports.services import jobs, journal

# A dry run keeps so many rows of each verdict to be looked at.
SHOWN = 1_000
FAILED = "failed_import"
Clock = Callable[[], datetime]


@dataclass(slots=True)
class Work:
    """One worker's hold of one job, and what it remembers of the file."""

    job_id: UUID
    fence: int
    state: JobState
    kind: Kind
    choices: Choices
    reach: frozenset[str] | None
    book: CountBook
    actor: Actor
    claims: Claims = field(default_factory=Claims)

    @property
    def writes(self) -> bool:
        """Whether it is more than a dry run."""
        return self.state is JobState.COMMITTING

    def known(self, *, lock: bool) -> Known:
        """A fresh look-up for one chunk."""
        return Known(self.kind, self.choices, self.reach, lock, self.claims)


class LostHold(Refusal):
    """Another worker has taken this import over."""

    code = "import-taken-over"


@owns_transaction()
def begin(job_id: UUID, *, at: datetime) -> Work | None:
    """Take a job that waits; None when there is none, another worker is at it, or it is given up."""
    job = queries.lock_job(job_id)
    if job.attempts >= jobs.MOST_ATTEMPTS and (job.lease_until is None or job.lease_until <= at):
        was = JobState(job.state)
        jobs.finish(
            job, JobState.FAILED, at=at, failure=f"The work broke off {job.attempts} times. See the log."
        )
        _alert(job, was, at=at)
        return None
    fence = jobs.take(job, at=at)
    if fence is None:
        return None
    state = JobState(job.state)
    if state is JobState.CHECKING:
        jobs.restart(job)
    reach = None if job.reach is None else frozenset(job.reach)
    book = CountBook(job.uploaded_at)
    choices = Choices.from_json(job.options)
    return Work(job.pk, fence, state, Kind(job.kind), choices, reach, book, _actor(job))


@joins_transaction
def held(work: Work) -> ImportJob:
    """The job, locked.

    Raises ``LostHold`` when another worker has taken it over.
    """
    job = queries.lock_job(work.job_id)
    if job.fence != work.fence or job.state != work.state.value:
        raise LostHold()
    return job


@owns_transaction()
def beat(work: Work, *, at: datetime) -> None:
    """Keep the hold while a long file is read."""
    jobs.keep(held(work), at=at)


@joins_transaction
def advance(job: ImportJob, outcomes: Sequence[Outcome], last_row: int, *, at: datetime) -> None:
    """Note a chunk in the transaction that wrote it."""
    verdicts = [outcome.verdict for outcome in outcomes]
    rows = len({outcome.line.row for outcome in outcomes})
    jobs.advance(job, jobs.counted(verdicts, last_row=last_row, rows=rows), at=at)


def shown(job: ImportJob, outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    """The rows of a dry run that are kept to be looked at."""
    left = {Verdict.CREATED: SHOWN - job.created, Verdict.CHANGED: SHOWN - job.changed}
    for outcome in outcomes:
        if left.get(outcome.verdict, 0) > 0:
            left[outcome.verdict] -= 1
            yield outcome


@joins_transaction
def note_taken_back(
    job: ImportJob, findings: Sequence[Finding], told: int, last: int, *, at: datetime
) -> None:
    """Note rows that were taken back, and those that stay with the reason."""
    journal.keep_findings(job, findings, of_undo=True)
    kept = len({finding.row for finding in findings})
    job.undone += told - kept
    job.not_undone += kept
    job.totals["undone_up_to"] = last
    jobs.hold(job, at=at)


@owns_transaction()
def end(work: Work, state: JobState, *, at: datetime, failure: str = "") -> None:
    """End the work and write down what became of the file."""
    job = held(work)
    jobs.finish(job, state, at=at, failure=failure)
    if state is JobState.FAILED:
        _alert(job, work.state, at=at)
    if state is JobState.CHECKED:
        return
    names = (
        ("undone", "not_undone")
        if work.state is JobState.UNDOING
        else ("created", "changed", "same", "refused")
    )
    actor = work.actor
    told = {name: getattr(job, name) for name in names}
    audit.record(
        f"import.{state.value}", "import", job.number, actor=actor, at=at, changes=told, note=failure[:300]
    )


def parser_of(job: ImportJob, choices: Choices) -> Parser:
    """What reads the rows of a job."""
    places = {int(at): code for at, code in job.mapping.get(PLACES, {}).items()}
    mapping = {name: at for name, at in job.mapping.items() if name != PLACES}
    return Parser(Kind(job.kind), job.headers, mapping, choices, places)


def _actor(job: ImportJob) -> Actor:
    return Actor(job.actor_kind, job.actor_id, job.actor_name)  # type: ignore[arg-type]  # kept as it was given


def _alert(job: ImportJob, was: JobState, *, at: datetime) -> None:
    """Let somebody look at a file that was only written in part; a dry run has its reader."""
    if was is not JobState.CHECKING:
        message = f"{job.number} broke off: {job.failure}"
        alerts.open_alert(FAILED, "import", job.number, message=message, at=at, url=f"/imports/{job.pk}")
