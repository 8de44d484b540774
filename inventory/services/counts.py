"""Counts: opened for a bin or a few levels, counted blind, counted again, decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from inventory import count_queries
from inventory.count_rules import (
    SKUS_PER_TASK,
    AnotherPersonCounts,
    CountClosed,
    CountTaken,
    NothingToCount,
)
from inventory.models import (
    AdjustmentReason,
    Bin,
    CountClass,
    CountLine,
    CountPlan,
    CountScan,
    CountTask,
    Lot,
    StockLevel,
)
from inventory.rules import COUNT_LIFECYCLE, CountStatus
from oms.core import numbering
from oms.core.models import User
from oms.core.transactions import joins_transaction


@dataclass(frozen=True, slots=True)
class Opening:
    """Why counts are opened, when they are due, and by which plan."""

    cause: str
    due_on: date
    plan: CountPlan | None = None


@dataclass(frozen=True, slots=True)
class NewScan:
    """What a device has read: the item, and by how many pieces (or to which figure) the count goes."""

    key: UUID
    code: str
    pieces: int = 1
    is_typed: bool = False
    # A typed figure stands for the whole line; a scan adds to it.
    is_figure: bool = False


@joins_transaction
def open_bins(bins: Sequence[Bin], why: Opening, *, at: datetime) -> list[CountTask]:
    """Ask for a count of everything in each of these bins; one that is being counted already is left alone."""
    if not bins:
        return []
    count_queries.lock_for_opening(bins[0].location_id)
    busy = count_queries.busy_bins(place.pk for place in bins)
    wanted = [place for place in bins if place.pk not in busy]
    numbers = numbering.next_numbers("CC", len(wanted)) if wanted else []
    return CountTask.objects.bulk_create(
        CountTask(
            number=number,
            location_id=place.location_id,
            plan=why.plan,
            bin=place,
            cause=why.cause[:120],
            due_on=why.due_on,
            opened_at=at,
        )
        for number, place in zip(numbers, wanted, strict=True)
    )


@joins_transaction
def open_levels(levels: Sequence[StockLevel], why: Opening, *, at: datetime) -> list[CountTask]:
    """Ask for a count of these levels of one location without bins, a few SKUs to each task.

    Levels that are being counted already are left alone.
    """
    if not levels:
        return []
    count_queries.lock_for_opening(levels[0].location_id)
    busy = count_queries.busy_levels(level.pk for level in levels)
    wanted = [level for level in levels if level.pk not in busy]
    groups = [wanted[start : start + SKUS_PER_TASK] for start in range(0, len(wanted), SKUS_PER_TASK)]
    numbers = numbering.next_numbers("CC", len(groups)) if groups else []
    opened = []
    for number, group in zip(numbers, groups, strict=True):
        task = CountTask.objects.create(
            number=number,
            location_id=group[0].location_id,
            plan=why.plan,
            cause=why.cause[:120],
            due_on=why.due_on,
            opened_at=at,
        )
        CountLine.objects.bulk_create(_asked(task, group))
        opened.append(task)
    return opened


@joins_transaction
def claim(task: CountTask, *, user: User) -> None:
    """Give a locked count to a person who starts on it now.

    Raises ``CountTaken``, ``AnotherPersonCounts`` when it asks for somebody who has not counted it, ``CountClosed``.
    """
    if task.status == CountStatus.OPEN:
        task.first_counter = user
        _move(task, CountStatus.COUNTING, "first_counter")
        return
    if task.status == CountStatus.RECOUNT and task.second_counter_id is None:
        if user.pk in count_queries.counters_of(task.pk):
            raise AnotherPersonCounts(f"You have counted {task.number}. Somebody else counts it again.")
        task.second_counter = user
        task.save(update_fields=["second_counter"])
        return
    check_counter(task, user)


@joins_transaction
def check_counter(task: CountTask, user: User) -> None:
    """Let only the person pass who is counting.

    Raises ``CountTaken``, ``CountClosed``.
    """
    if task.status not in (CountStatus.COUNTING, CountStatus.RECOUNT):
        raise CountClosed(f"{task.number} is not being counted any more. Take the next one.")
    counter = task.second_counter if is_second(task) else task.first_counter
    if counter != user:
        raise CountTaken(f"{task.number} is with {counter or 'nobody yet'}. Take the next one.")


@joins_transaction
def put_back(task: CountTask) -> None:
    """Give a locked count back to the queue; whoever takes it begins at nothing."""
    if is_second(task):
        _forget(task, "second")
        task.second_counter = None
        task.save(update_fields=["second_counter"])
    else:
        _forget(task, "first")
        task.first_counter = None
        _move(task, CountStatus.OPEN, "first_counter")


@joins_transaction
def line_for(task: CountTask, level: StockLevel, lot: Lot | None) -> CountLine:
    """The line of a SKU (of a lot) on a locked count, made when the counter comes upon it."""
    is_found = not count_queries.is_held(level.pk, task.bin_id, lot)
    line, _ = CountLine.objects.get_or_create(
        task=task, level=level, lot=lot, defaults={"is_found": is_found}
    )
    return line


@joins_transaction
def line_believed(task: CountTask, level: StockLevel, lot: Lot | None) -> CountLine:
    """A line for what the books see in a bin and the counter has not."""
    return CountLine.objects.create(task=task, level=level, lot=lot)


@joins_transaction
def record(task: CountTask, line: CountLine, scan: NewScan, *, user: User, at: datetime) -> CountScan:
    """Count a scan on a line of a locked count; ``at`` is when the counter saw the pieces."""
    before = counted(task, line)
    change = scan.pieces - (before or 0) if scan.is_figure else scan.pieces
    _set(task, line, (before or 0) + change, at)
    return CountScan.objects.create(
        key=scan.key,
        line=line,
        is_second=is_second(task),
        code=scan.code,
        quantity=change,
        is_typed=scan.is_typed,
        scanned_by=user,
        scanned_at=at,
    )


@joins_transaction
def undo(task: CountTask, scan: CountScan, *, key: UUID, user: User, at: datetime) -> CountScan:
    """Take a scan back; a line that nothing counts any more is not counted."""
    line = scan.line
    taken = CountScan.objects.create(
        key=key,
        line=line,
        is_second=scan.is_second,
        code=scan.code,
        quantity=-scan.quantity,
        scanned_by=user,
        scanned_at=at,
        undoes=scan,
    )
    # Nothing left may mean that nothing was seen or that nobody has looked: who means the first types 0.
    pieces = (counted(task, line) or 0) - scan.quantity
    seen_at = line.second_counted_at if is_second(task) else line.first_counted_at
    _set(task, line, pieces if pieces > 0 else None, seen_at or at)
    return taken


@joins_transaction
def fill_in(task: CountTask, lines: Iterable[CountLine], *, at: datetime) -> None:
    """Count as nothing what was asked for and not seen."""
    for line in lines:
        if counted(task, line) is None:
            _set(task, line, 0, at)


@joins_transaction
def expect(task: CountTask, expected: Iterable[tuple[CountLine, int]]) -> None:
    """Keep what the books said at the instant of each line's count."""
    name = "second_expected" if is_second(task) else "first_expected"
    changed = []
    for line, pieces in expected:
        setattr(line, name, pieces)
        changed.append(line)
    CountLine.objects.bulk_update(changed, [name])


@joins_transaction
def move_to(task: CountTask, status: CountStatus) -> None:
    """Move a locked count on.

    Raises ``IllegalTransition``.
    """
    _move(task, status)


@joins_transaction
def count_again(task: CountTask) -> None:
    """Ask for another count of a locked one: the last person's becomes the first, and a new person is wanted.

    Raises ``IllegalTransition``.
    """
    if task.second_counter_id is not None:
        for line in CountLine.objects.filter(task=task, second_count__isnull=False):
            line.first_count, line.first_counted_at = line.second_count, line.second_counted_at
            line.first_expected = line.second_expected
            line.second_count = line.second_counted_at = line.second_expected = None
            line.save()
        task.first_counter, task.second_counter = task.second_counter, None
    _move(task, CountStatus.RECOUNT, "first_counter", "second_counter")


@joins_transaction
def close(task: CountTask, *, decided_by: User | None, note: str, at: datetime) -> None:
    """End a locked count without touching the stock.

    Raises ``IllegalTransition``.
    """
    task.decided_by, task.decided_at, task.decision_note = decided_by, at, note[:300]
    _move(task, CountStatus.CANCELLED, "decided_by", "decided_at", "decision_note")


@joins_transaction
def post(
    task: CountTask, lines: Sequence[CountLine], *, decided_by: User | None, note: str = "", at: datetime
) -> None:
    """End a locked count whose differences have been written; its levels were counted now.

    Raises ``IllegalTransition``.
    """
    CountLine.objects.bulk_update([line for line in lines if line.movement_id], ["movement"])
    task.posted_at = at
    if decided_by is not None:
        task.decided_by, task.decided_at, task.decision_note = decided_by, at, note[:300]
    _move(task, CountStatus.POSTED, "posted_at", "decided_by", "decided_at", "decision_note")
    if task.bin_id is None:
        CountClass.objects.bulk_create(
            [CountClass(level_id=level, last_counted_at=at) for level in sorted({x.level_id for x in lines})],
            update_conflicts=True,
            unique_fields=["level"],
            update_fields=["last_counted_at"],
        )


@joins_transaction
def correction() -> AdjustmentReason:
    """The reason that counts give for what they correct; made when the managed list has none."""
    found, _ = AdjustmentReason.objects.get_or_create(
        code="count_correction", defaults={"name": "Count correction"}
    )
    return found


def is_second(task: CountTask) -> bool:
    """Whether the second person is counting, or is awaited."""
    return bool(task.status == CountStatus.RECOUNT)


def counted(task: CountTask, line: CountLine) -> int | None:
    """What the person who counts now has counted on a line; None means nothing yet."""
    return line.second_count if is_second(task) else line.first_count


def nothing_opened(what: str) -> NothingToCount:
    """The refusal of a count that nobody needs."""
    return NothingToCount(f"{what} is being counted already, or there is nothing of it to count.")


def _asked(task: CountTask, levels: Sequence[StockLevel]) -> list[CountLine]:
    lots: dict[int, list[int]] = {}
    for held in count_queries.lots_held(level.pk for level in levels):
        lots.setdefault(held.level_id, []).append(held.lot_id or 0)
    return [
        CountLine(task=task, level=level, lot_id=lot_id)
        for level in levels
        for lot_id in lots.get(level.pk, [None])
    ]


def _set(task: CountTask, line: CountLine, pieces: int | None, at: datetime) -> None:
    name = "second" if is_second(task) else "first"
    setattr(line, f"{name}_count", pieces)
    setattr(line, f"{name}_counted_at", None if pieces is None else at)
    line.save(update_fields=[f"{name}_count", f"{name}_counted_at"])


def _forget(task: CountTask, name: str) -> None:
    cleared = {f"{name}_{part}": None for part in ("count", "counted_at", "expected")}
    CountLine.objects.filter(task=task).update(**cleared)


def _move(task: CountTask, status: CountStatus, *fields: str) -> None:
    if task.status != status:
        COUNT_LIFECYCLE.check(task.status, status, what=task.number)
        task.status = status.value
    task.save(update_fields=["status", *fields])
