"""From what was counted to what is written: the books at that instant, the difference, a third person's word."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from fulfilment import shelf_queries
from inventory import count_queries
from inventory import queries as stock_queries
from inventory.count_queries import Spot
from inventory.count_rules import (
    BooksChanged,
    CounterDecides,
    CountsDisagree,
    NotInReview,
    Off,
    Tolerance,
    shelf_shares,
)
from inventory.models import CountLine, CountTask
from inventory.rules import CountStatus, LevelsMoved, NotEnoughStock
from inventory.services import adjustments, counts
from inventory.services.adjustments import Where
from oms.core import approvals, audit, money, outbox
from oms.core.actors import SYSTEM, Actor
from oms.core.errors import Conflict
from oms.core.models import User
from oms.core.transactions import owns_transaction
from oms.flows import displacing

ACTION = "count.post"
RIGHT = "stock.approve"


class NeedsNumbers(Conflict):
    """These pieces have numbers of their own: adjust them by number, then reject this count."""

    code = "needs-serial-numbers"


@dataclass(frozen=True, slots=True)
class Settled:
    """What a line ends with: the second count where there is one, and what the books said then."""

    counted: int
    expected: int | None
    counted_at: datetime

    @property
    def difference(self) -> int:
        """Pieces found more than the books said."""
        return self.counted - (self.expected or 0)


def settled(line: CountLine) -> Settled | None:
    """What a line ends with as it stands; None while nobody has counted it."""
    if line.second_count is not None and line.second_counted_at is not None:
        return Settled(line.second_count, line.second_expected, line.second_counted_at)
    if line.first_count is not None and line.first_counted_at is not None:
        return Settled(line.first_count, line.first_expected, line.first_counted_at)
    return None


def off(line: CountLine) -> Off:
    """How far a counted line is off, in pieces and money."""
    found = settled(line)
    return _off(line, found.difference if found else 0)


def tolerance(task: CountTask) -> Tolerance:
    """What difference needs no second look here."""
    plan = count_queries.tolerance_plan(task)
    return Tolerance(plan.tolerance_pieces, plan.tolerance_value_minor) if plan else Tolerance()


def asked_now(task: CountTask, lines: Sequence[CountLine]) -> list[CountLine]:
    """What the person who counts now must count: a bin whole, of some SKUs the second time only those that differ."""
    if task.bin_id is not None or not counts.is_second(task):
        return list(lines)
    small = tolerance(task)
    return [line for line in lines if line.first_count is None or not small.covers(_first_off(line))]


def expected_now(task: CountTask, lines: Sequence[CountLine]) -> list[tuple[CountLine, int]]:
    """What the books said of each line that was counted in this round, at its instant."""
    name = "second" if counts.is_second(task) else "first"
    dated = [(line, getattr(line, f"{name}_counted_at")) for line in lines]
    return books_for(task, [(line, at) for line, at in dated if at is not None])


def books_for(task: CountTask, dated: Sequence[tuple[CountLine, datetime]]) -> list[tuple[CountLine, int]]:
    """What the books said stood on the shelf: pieces in a picker's hands are left out where no bin tells them apart.

    In a bin they have left it with the pick.
    """
    spots = [Spot(line.level_id, task.bin_id, line.lot_id, at) for line, at in dated]
    books = count_queries.books_at(spots)
    if task.bin_id is not None:
        return [(line, pieces) for (line, _), pieces in zip(dated, books, strict=True)]
    away = in_hands(dated)
    by_level: defaultdict[int, list[tuple[CountLine, int]]] = defaultdict(list)
    for (line, _), pieces in zip(dated, books, strict=True):
        by_level[line.level_id].append((line, pieces))
    expected = []
    for level_id, found in by_level.items():
        found.sort(key=_expiry)
        shares = shelf_shares([pieces for _, pieces in found], away.get(level_id, 0))
        expected += [(line, share) for (line, _), share in zip(found, shares, strict=True)]
    return expected


def in_hands(dated: Sequence[tuple[CountLine, datetime]]) -> Mapping[int, int]:
    """Pieces per level that were picked and not shipped when they were counted."""
    latest: dict[int, datetime] = {}
    for line, at in dated:
        latest[line.level_id] = max(at, latest.get(line.level_id, at))
    return shelf_queries.away_at(latest.items())


def refuse_unless_judge(task: CountTask, user: User) -> None:
    """Let only a person pass who has counted nothing of this, and only when both counts are done.

    Raises ``NotInReview``, ``CounterDecides``.
    """
    if task.status != CountStatus.REVIEW:
        raise NotInReview(f"{task.number} is {task.status} and does not wait for a word.")
    if user.pk in count_queries.counters_of(task.pk):
        raise CounterDecides(f"You have counted {task.number}. Somebody else decides about it.")


def agree(lines: Sequence[CountLine]) -> bool:
    """Whether the two counts found the same differences, wherever both were asked for."""
    return all(
        line.first_count is not None
        and line.first_count - (line.first_expected or 0) == line.second_count - (line.second_expected or 0)
        for line in lines
        if line.second_count is not None
    )


@owns_transaction(retry_on=(LevelsMoved, NotEnoughStock))
def approve(number: str, *, user: User, note: str = "", actor: Actor, at: datetime) -> CountTask:
    """Believe a count and write its differences; above the house's limit a second approver's word is asked for first.

    Raises ``CountNotFound``, ``CounterDecides``, ``CountsDisagree``, ``BooksChanged``, ``OwnRequest``,
    ``NeedsNumbers``, ``NotEnoughStock``, ``NotInReview``.
    """
    task = count_queries.lock_task(number)
    refuse_unless_judge(task, user)
    lines = count_queries.lines_of(task.pk)
    if not agree(lines):
        raise CountsDisagree(f"The two counts of {number} do not agree. Ask for one more.")
    _check_books(task, lines)
    if value_of(lines) > settings.COUNT_APPROVAL_MINOR and not _second_word(task, lines, user, note, at=at):
        return task
    post(task, lines, decided_by=user, note=note, actor=actor, at=at)
    return task


def value_of(lines: Sequence[CountLine]) -> int:
    """What the differences are worth together, each for itself, in minor units."""
    return sum(abs(off(line).value_minor or 0) for line in lines)


def post(
    task: CountTask,
    lines: Sequence[CountLine],
    *,
    decided_by: User | None = None,
    note: str = "",
    actor: Actor,
    at: datetime,
) -> None:
    """Write the differences of a locked count as adjustments; where fewer are left than promised, the newest give way.

    Raises ``NotEnoughStock``, ``NeedsNumbers``.
    """
    wrong = [(line, off(line)) for line in lines if off(line).pieces]
    if any(each.must_be_named for _, each in wrong):
        raise NeedsNumbers()
    displaced = _make_room(task, wrong, at=at)
    # What was found goes in before what is missing goes out, level by level in the order of their ids.
    for line, each in sorted(wrong, key=lambda pair: (pair[0].level_id, pair[1].pieces < 0, pair[0].pk)):
        line.movement_id = _correct(task, line, each.pieces, actor=actor, at=at)
    counts.post(task, lines, decided_by=decided_by, note=note, at=at)
    audit.record(
        "count.posted",
        "count",
        task.number,
        actor=actor,
        at=at,
        note=note,
        changes={"differences": {line.level.sku.code: each.pieces for line, each in wrong}},
    )
    tell(task, "count.posted", at=at, displaced=list(displaced))


def tell(task: CountTask, topic: str, *, at: datetime, **facts: object) -> None:
    """Tell the world how far a count is; never what the books say."""
    payload = {"number": task.number, "location": task.location.code, "status": task.status} | facts
    outbox.record(topic, aggregate=f"count:{task.number}", payload=payload, at=at)


def _make_room(task: CountTask, wrong: Sequence[tuple[CountLine, Off]], *, at: datetime) -> tuple[str, ...]:
    by_level: defaultdict[int, int] = defaultdict(int)
    for line, each in wrong:
        by_level[line.level_id] -= each.pieces
    displaced: list[str] = []
    for line, _ in wrong:
        missing = by_level.pop(line.level_id, 0)
        if missing > 0:
            why = f"{task.number} found {missing} fewer."
            displaced += displacing.make_room(line.level, missing, why=why, actor=SYSTEM, at=at)
    return tuple(displaced)


def _correct(task: CountTask, line: CountLine, pieces: int, *, actor: Actor, at: datetime) -> int:
    level = stock_queries.lock_level(line.level.sku_id, line.level.location_id)
    done = adjustments.adjust(
        level,
        quantity_delta=pieces,
        reason=counts.correction(),
        note=f"Count {task.number}",
        actor=actor,
        at=at,
        where=Where(task.bin, line.lot),
    )
    outbox.record(
        "stock.changed",
        aggregate=f"sku:{level.sku.code}",
        payload={
            "sku": level.sku.code,
            "location": level.location.code,
            "document": done.number,
            "quantity_delta": pieces,
        },
        at=at,
    )
    return count_queries.movement_of(done.number)


def _check_books(task: CountTask, lines: Sequence[CountLine]) -> None:
    dated = [(line, found.counted_at) for line in lines if (found := settled(line))]
    for line, pieces in books_for(task, dated):
        found = settled(line)
        if found and found.expected != pieces:
            raise BooksChanged(
                f"What the books say of {line.level.sku.code} at the instant of the count was changed since"
                " by an entry dated back. Ask for one more count."
            )


def _second_word(task: CountTask, lines: Sequence[CountLine], user: User, note: str, *, at: datetime) -> bool:
    """Whether a second approver has now given their word; otherwise it has been asked for."""
    content = {"count": task.number, "differences": [[line.pk, off(line).pieces] for line in lines]}
    subject = {"subject_kind": "count", "subject_id": task.number}
    waiting = count_queries.word_asked(task.number, at)
    if waiting is None or bytes(waiting.content_hash) != approvals.digest(content):
        approvals.request(ACTION, content=content, by=user, at=at, reason=note, **subject)
        return False
    approvals.approve(waiting.pk, content=content, by=user, permission=RIGHT, at=at)
    approvals.use(ACTION, content=content, at=at, **subject)
    return True


def _off(line: CountLine, pieces: int) -> Off:
    sku = line.level.sku
    value = None if sku.unit_cost is None else money.total(sku.unit_cost, pieces, sku.currency).amount
    return Off(pieces, value, must_be_named=sku.is_serial_tracked)


def _first_off(line: CountLine) -> Off:
    return _off(line, (line.first_count or 0) - (line.first_expected or 0))


def _expiry(found: tuple[CountLine, int]) -> tuple[bool, str, int]:
    lot = found[0].lot
    return (lot is None or lot.expires_on is None, str(lot.expires_on) if lot else "", found[0].pk)
