"""The work on a file of orders: batch by batch forward, order by order back.

Orders and the progress of their file are written in one transaction, so that a worker which was killed leaves whole
orders behind and the next one goes on after them.
"""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import datetime

from inventory.rules import LevelsMoved
from oms.core.errors import Busy, Refusal
from oms.core.pace import ahead, steady_heap
from oms.core.transactions import owns_transaction
from oms.flows import import_work, ordering_files
from oms.flows.import_work import Clock, Work
from oms.flows.ordering_files import OrderBook
from oms.imports import order_groups, order_matching, queries, reading
from oms.imports.models import ImportJob
from oms.imports.order_groups import Group
from oms.imports.reading import Shape
from oms.imports.rules import Finding, JobState
from oms.imports.services import journal


def go_through(work: Work, clock: Clock) -> None:
    """Plan every order of a file, and place those that are not there yet unless it is a dry run."""
    job = queries.job(work.job_id)
    book = OrderBook(order_matching.channels_by_word())
    with ExitStack() as stack:
        stack.enter_context(steady_heap())
        file = stack.enter_context(queries.file_of(job))
        shape = Shape(job.form, job.encoding, job.separator)
        parser = import_work.parser_of(job, work.choices)
        with reading.opened(file, shape) as sheet:
            ends = order_groups.ends_of(
                sheet, parser.mapping, channels=book.channels, told=lambda: import_work.beat(work, at=clock())
            )
        sheet = stack.enter_context(reading.opened(file, shape))
        batches = order_groups.in_batches(order_groups.groups(parser, sheet, ends), ordering_files.BATCH)
        for batch in stack.enter_context(closing(ahead(batches))):
            _some_orders(work, book, [each for each in batch if each.last_row > job.last_row], clock)
    import_work.end(work, JobState.COMMITTED if work.writes else JobState.CHECKED, at=clock())


def _some_orders(work: Work, book: OrderBook, groups: Sequence[Group], clock: Clock) -> None:
    """Place some orders together; where others are after the same pieces, fewer at a time."""
    if not groups:
        return
    try:
        _one_batch(work, book, groups, at=clock())
    except (LevelsMoved, Busy) as refusal:
        half = len(groups) // 2
        if half:
            _some_orders(work, book, groups[:half], clock)
            _some_orders(work, book, groups[half:], clock)
        else:
            _one_batch(work, book, groups, refusal=refusal, at=clock())


def take_back(work: Work, *, at: datetime) -> bool:
    """Cancel the next orders that the file made, each in a transaction of its own, and note them together."""
    job = _look_at_held(work)
    made, last = ordering_files.made_after(
        job, int(job.totals.get("undone_up_to", 0)), limit=ordering_files.BATCH
    )
    reason = f"Import {job.number} was undone."
    stays = ordering_files.withdraw(made, reason=reason, actor=work.actor, at=at)
    return bool(made) and _note(work, list(stays.values()), sum(len(each.rows) for each in made), last, at=at)


@owns_transaction(retry_on=LevelsMoved)
def _one_batch(
    work: Work, book: OrderBook, groups: Sequence[Group], *, refusal: Refusal | None = None, at: datetime
) -> None:
    job, batch = import_work.held(work), None
    if refusal is not None:
        outcomes = ordering_files.unserved(groups, work.choices, book, refusal)
    else:
        judged = ordering_files.judge(
            groups, work.choices, book, rehearsed=not work.writes, actor=work.actor, at=at
        )
        outcomes, batch = judged.outcomes, judged.batch
        job.totals = ordering_files.totals(job.totals, judged)
    journal.keep_findings(job, (finding for outcome in outcomes for finding in outcome.findings))
    journal.keep_changes(job, outcomes if work.writes else list(import_work.shown(job, outcomes)))
    import_work.advance(job, outcomes, groups[-1].last_row, at=at)
    if batch is not None and work.writes and batch.rows["orders"]:
        # Last, so that no level stays locked longer than it takes to write them.
        batch.place()


@owns_transaction()
def _look_at_held(work: Work) -> ImportJob:
    return import_work.held(work)


@owns_transaction()
def _note(work: Work, findings: list[Finding], told: int, last: int, *, at: datetime) -> bool:
    import_work.note_taken_back(import_work.held(work), findings, told, last, at=at)
    return True
