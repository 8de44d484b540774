"""Stories of cycle counts: blind, counted again by somebody else, decided by a third, posted as differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from inventory import count_queries
from inventory import queries as stock_queries
from inventory.count_rules import (
    BLIND_COUNTS,
    CountClosed,
    NotAskedFor,
    NotCounted,
    Verdict,
    after_first,
    after_second,
)
from inventory.models import CountLine, CountScan, CountTask, Lot
from inventory.rules import CountStatus, LevelsMoved, LotRequired, NotEnoughStock
from inventory.services import counts
from inventory.services.counts import NewScan
from oms.catalogue.models import Sku
from oms.core import audit
from oms.core.actors import Actor
from oms.core.errors import Invalid, NotFound
from oms.core.models import User
from oms.core.transactions import owns_transaction
from oms.flows import count_posting


@dataclass(frozen=True, slots=True)
class Read:
    """A code as a device understood it: what it may be called, and the lot it names."""

    scan: NewScan
    codes: tuple[str, ...]
    lot_code: str = ""
    # The device's own hour; it may be minutes old after a dead network.
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What a scan did."""

    scan: CountScan
    line: CountLine
    is_repeat: bool = False


@owns_transaction()
def claim(number: str, *, user: User, actor: Actor, at: datetime) -> CountTask:
    """Give a count to a person who starts on it now.

    Raises ``CountNotFound``, ``CountTaken``, ``AnotherPersonCounts``, ``CountClosed``.
    """
    task = count_queries.lock_task(number)
    before = (task.status, task.first_counter_id, task.second_counter_id)
    counts.claim(task, user=user)
    if before != (task.status, task.first_counter_id, task.second_counter_id):
        audit.record("count.claimed", "count", number, actor=actor, at=at, note=user.get_username())
    return task


@owns_transaction()
def put_back(number: str, *, actor: Actor, at: datetime) -> CountTask:
    """Put a count back into the queue; whoever takes it begins at nothing.

    Raises ``CountNotFound``, ``CountClosed``.
    """
    task = count_queries.lock_task(number)
    if task.status not in (CountStatus.COUNTING, CountStatus.RECOUNT):
        raise CountClosed(f"{number} is not being counted.")
    counts.put_back(task)
    audit.record("count.put_back", "count", number, actor=actor, at=at)
    return task


@owns_transaction()
def scan(number: str, *, read: Read, user: User, actor: Actor, at: datetime) -> Counted:
    """Count what was scanned or typed; the same key counts once.

    Raises ``CountNotFound``, ``CountTaken``, ``CountClosed``, ``NotFound`` for a code that nobody knows,
    ``NotAskedFor``, ``LotRequired``.
    """
    task = count_queries.lock_task(number)
    seen = count_queries.scan_with_key(read.scan.key)
    if seen is not None:
        return Counted(seen, seen.line, is_repeat=True)
    counts.check_counter(task, user)
    found = count_queries.item_of(read.codes)
    if found is None:
        raise NotFound(f"Code {read.scan.code} is unknown. Nothing was counted.")
    sku, pack = found
    line = _line(task, sku, read.lot_code)
    figure = read.scan.is_figure
    one = NewScan(
        read.scan.key,
        read.scan.code,
        read.scan.pieces if figure else read.scan.pieces * pack,
        read.scan.is_typed,
        figure,
    )
    counted = counts.record(task, line, one, user=user, at=_seen_at(task, read, at))
    return Counted(counted, line)


@owns_transaction()
def undo(key: UUID, *, new_key: UUID, user: User, at: datetime) -> Counted:
    """Take a scan back; a second undo of the same scan changes nothing.

    Raises ``NotFound`` when no scan has this key, ``CountClosed``, ``CountTaken``.
    """
    seen = count_queries.scan_with_key(key)
    if seen is None:
        raise NotFound("That scan is not known here. Nothing was undone.")
    task = count_queries.lock_task(seen.line.task.number)
    seen = count_queries.scan_with_key(key) or seen
    if hasattr(seen, "undone_by"):
        return Counted(seen, seen.line, is_repeat=True)
    counts.check_counter(task, user)
    if seen.is_second != counts.is_second(task) or seen.scanned_by_id != user.pk:
        raise CountClosed("That scan belongs to an earlier count.")
    return Counted(counts.undo(task, seen, key=new_key, user=user, at=at), seen.line)


def finish(number: str, *, user: User, is_empty: bool = False, actor: Actor, at: datetime) -> CountTask:
    """End a person's count: it is posted where the books agree or nearly, and otherwise counted again or looked at.

    Raises ``CountNotFound``, ``CountTaken``, ``CountClosed``, ``NotCounted``.
    """
    try:
        return _finish(number, user=user, is_empty=is_empty, may_post=True, actor=actor, at=at)
    except NotEnoughStock:
        # Packed pieces would have to be given up; the counter need not know, a manager must.
        return _finish(number, user=user, is_empty=is_empty, may_post=False, actor=actor, at=at)


@owns_transaction()
def reject(number: str, *, user: User, note: str, actor: Actor, at: datetime) -> CountTask:
    """End a count without touching the stock.

    Raises ``CountNotFound``, ``CounterDecides``, ``NotInReview`` when it is over, ``Invalid`` without a note.
    """
    task = count_queries.lock_task(number)
    if not note.strip():
        message = "Say why the count is not believed."
        raise Invalid(message, problems=(("#/note", message),))
    if task.status not in BLIND_COUNTS:
        count_posting.refuse_unless_judge(task, user)
    decided_by = None if user.pk in count_queries.counters_of(task.pk) else user
    counts.close(task, decided_by=decided_by, note=note.strip(), at=at)
    audit.record("count.rejected", "count", number, actor=actor, at=at, note=note.strip())
    return task


@owns_transaction()
def count_again(number: str, *, user: User, actor: Actor, at: datetime) -> CountTask:
    """Ask for one more count by somebody who has not counted it.

    Raises ``CountNotFound``, ``CounterDecides``, ``NotInReview``.
    """
    task = count_queries.lock_task(number)
    count_posting.refuse_unless_judge(task, user)
    before = _figures(count_queries.lines_of(task.pk))
    counts.count_again(task)
    audit.record("count.recount_asked", "count", number, actor=actor, at=at, changes={"counts": before})
    return task


@owns_transaction(retry_on=(LevelsMoved, NotEnoughStock))
def _finish(
    number: str, *, user: User, is_empty: bool, may_post: bool, actor: Actor, at: datetime
) -> CountTask:
    task = count_queries.lock_task(number)
    counts.check_counter(task, user)
    lines = _complete(task, is_empty=is_empty, at=at)
    counts.expect(task, count_posting.expected_now(task, lines))
    tolerance = count_posting.tolerance(task)
    found = [count_posting.off(line) for line in lines]
    verdict = after_second(found, tolerance) if counts.is_second(task) else after_first(found, tolerance)
    if verdict is Verdict.POST and not may_post:
        verdict = Verdict.REVIEW
    audit.record(
        "count.finished",
        "count",
        number,
        actor=actor,
        at=at,
        note=verdict.value,
        changes={"counts": _figures(lines)},
    )
    if verdict is Verdict.POST:
        count_posting.post(task, lines, actor=actor, at=at)
    else:
        after = CountStatus.RECOUNT if verdict is Verdict.RECOUNT else CountStatus.REVIEW
        counts.move_to(task, after)
        count_posting.tell(task, f"count.{after.value}", at=at)
    return task


def _line(task: CountTask, sku: Sku, lot_code: str) -> CountLine:
    lines = count_queries.lines_of(task.pk)
    asked = [line for line in lines if line.level.sku_id == sku.pk]
    if task.bin_id is None and not asked:
        raise NotAskedFor(
            f"{sku.code} {sku.name} is not among what is counted here. Leave it; a count of it can be asked for."
        )
    lot = _lot(sku, lot_code)
    for line in asked:
        if line.lot_id == (lot.pk if lot else None):
            return line
    level = stock_queries.lock_level(sku.pk, task.location_id)
    return counts.line_for(task, level, lot)


def _lot(sku: Sku, lot_code: str) -> Lot | None:
    if not sku.is_lot_tracked:
        return None
    if not lot_code:
        raise LotRequired(sku.code)
    lot = count_queries.lot_of(sku.pk, lot_code)
    if lot is None:
        raise NotFound(
            f"Lot {lot_code} of {sku.code} is unknown. Have it received first; nothing was counted."
        )
    return lot


def _seen_at(task: CountTask, read: Read, at: datetime) -> datetime:
    # A device's clock may be wrong: neither the future nor a time before the count was asked for is believed.
    seen = read.seen_at or at
    return min(max(seen, task.opened_at), at)


def _complete(task: CountTask, *, is_empty: bool, at: datetime) -> list[CountLine]:
    """All lines of the round, each of them counted."""
    lines = count_queries.lines_of(task.pk)
    seen = [line for line in lines if counts.counted(task, line)]
    if is_empty and seen:
        raise NotCounted("Something is counted. Take its scans back before you say that the bin is empty.")
    if task.bin_id is None:
        asked = count_posting.asked_now(task, lines)
        missing = [] if is_empty else [x for x in asked if counts.counted(task, x) is None]
        if missing:
            names = ", ".join(sorted({line.level.sku.code for line in missing})[:5])
            raise NotCounted(f"Not counted yet: {names}. Scan it, or type 0.")
    elif not seen and not is_empty:
        raise NotCounted("Nothing is counted. Press “Bin is empty” when there is nothing in it.")
    else:
        _believed(task, lines)
    lines = count_queries.lines_of(task.pk)
    counts.fill_in(task, count_posting.asked_now(task, lines), at=at)
    return lines


def _believed(task: CountTask, lines: Sequence[CountLine]) -> None:
    known = {(line.level_id, line.lot_id) for line in lines}
    for held in count_queries.contents_of_bin(task.bin_id or 0):
        if (held.level_id, held.lot_id) not in known:
            counts.line_believed(task, held.level, held.lot)


def _figures(lines: Sequence[CountLine]) -> list[list[object]]:
    return [
        [line.level.sku.code, line.first_count, line.first_expected, line.second_count, line.second_expected]
        for line in lines
    ]
