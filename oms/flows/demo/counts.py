"""Cycle counts of the demo shop: weeks of them posted, and some in every other state today."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from inventory import count_queries
from inventory.models import CountPlan, CountTask, StockContent, StockLocation
from inventory.services.counts import NewScan
from oms.core.models import User
from oms.flows import count_opening, count_planning, count_posting, cycle_counting
from oms.flows.count_opening import Wanted
from oms.flows.cycle_counting import Read

WEEKS = 6
PLANS = {"PER": 2, "SYD": 1, "MEL": 1}
# Of a hundred lines so many are one piece off; the plans let that pass.
ONE_OFF = 3


def count_stock(*, at: datetime, say: Callable[[str], None]) -> None:
    """Make plans, count by them for some weeks, and leave today's work in every state."""
    chance = random.Random(20261123)
    ruth = User.objects.get(username="ruth")
    first = at - timedelta(weeks=WEEKS)
    plans = [_plan(code, tasks, ruth, at=first) for code, tasks in PLANS.items()]
    count_opening.classify(at=at)
    posted = 0
    for week in range(WEEKS):
        for plan in plans:
            hour = first + timedelta(weeks=week, minutes=plan.pk)
            for number in count_opening.open_due(plan.pk, at=hour):
                posted += _counted(number, "mai", chance, at=hour + timedelta(minutes=20)) == "posted"
    _today(plans[0], chance, at=at - timedelta(minutes=50))
    say(f"{posted} counts posted in {WEEKS} weeks, today's in every state")


def _plan(code: str, tasks: int, ruth: User, *, at: datetime) -> CountPlan:
    plan = CountPlan(
        location=StockLocation.objects.get(code=code),
        name="By value",
        days_a=14,
        tasks_per_day=tasks,
        tolerance_pieces=1,
    )
    return count_planning.save_plan(plan, actor=ruth.actor, at=at)


def _today(plan: CountPlan, chance: random.Random, *, at: datetime) -> None:
    """One in review, one to be counted again, one half counted, and some nobody has begun."""
    codes = _well_stocked(plan.location, 6)
    ruth = User.objects.get(username="ruth")
    numbers = []
    for position, sku in enumerate(codes):
        wanted = Wanted(location=plan.location.code, sku=sku)
        cause = "Customer got one too few" if position else "Shelf label was missing"
        numbers += count_opening.open_counts(wanted, cause=cause, actor=ruth.actor, at=at)[:1]
    _counted(numbers[0], "mai", chance, short=2, at=at + timedelta(minutes=5))
    _counted(numbers[0], "ben", chance, short=2, at=at + timedelta(minutes=12))
    _counted(numbers[1], "mai", chance, short=3, at=at + timedelta(minutes=20))
    mai = User.objects.get(username="mai")
    cycle_counting.claim(numbers[2], user=mai, actor=mai.actor, at=at + timedelta(minutes=30))


def _counted(number: str, who: str, chance: random.Random, *, short: int = 0, at: datetime) -> str:
    """Somebody counts what the books say, or so many pieces fewer of the first SKU; the state after that."""
    user = User.objects.get(username=who)
    task = cycle_counting.claim(number, user=user, actor=user.actor, at=at)
    figures = _figures(task, at=at)
    for position, (sku, lot, pieces) in enumerate(figures):
        off = short if position == 0 else int(not short and chance.randrange(100) < ONE_OFF)
        scan = NewScan(uuid4(), sku, max(0, pieces - off), is_typed=True, is_figure=True)
        read = Read(scan, (sku,), lot)
        cycle_counting.scan(number, read=read, user=user, actor=user.actor, at=at)
    is_empty = not any(pieces for _, _, pieces in figures)
    at_end = at + timedelta(minutes=2)
    return cycle_counting.finish(number, user=user, is_empty=is_empty, actor=user.actor, at=at_end).status


def _figures(task: CountTask, *, at: datetime) -> Sequence[tuple[str, str, int]]:
    """(SKU, lot, pieces on the shelf) of what a count asks for, as the books had it then."""
    if task.bin_id is None:
        lines = count_queries.lines_of(task.pk)
        expected = count_posting.books_for(task, [(line, at) for line in lines])
        return [(line.level.sku.code, line.lot.code if line.lot else "", pieces) for line, pieces in expected]
    held = count_queries.contents_of_bin(task.bin_id)
    books = count_queries.books_at([count_queries.Spot(x.level_id, x.bin_id, x.lot_id, at) for x in held])
    return [
        (x.level.sku.code, x.lot.code if x.lot else "", pieces)
        for x, pieces in zip(held, books, strict=True)
        if pieces > 0
    ]


def _well_stocked(place: StockLocation, count: int) -> list[str]:
    """SKUs that stand in one bin, or of which there is plenty, so that a difference displaces nobody."""
    if place.is_bin_managed:
        held = StockContent.objects.filter(
            level__location=place, bin__kind="storage", on_hand__gte=12, lot__isnull=True
        )
        held = held.exclude(level__sku__is_serial_tracked=True).order_by("bin__path_position")
        seen: dict[int, str] = {}
        for content in held.select_related("level__sku")[: count * 8]:
            seen.setdefault(content.bin_id or 0, content.level.sku.code)
        return list(dict.fromkeys(seen.values()))[:count]
    return count_queries.plenty_at(place.pk, count)
