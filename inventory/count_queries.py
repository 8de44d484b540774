"""Questions about counts: what is to be counted, what the books said at that instant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, Count, F, Prefetch, Q, QuerySet, When

from inventory.count_rules import LIVE_COUNTS, CountNotFound
from inventory.models import (
    Bin,
    CountClass,
    CountLine,
    CountPlan,
    CountScan,
    CountTask,
    Lot,
    StockAdjustment,
    StockContent,
    StockLevel,
    StockLocation,
    StockMovement,
)
from oms.catalogue.models import Barcode, Sku
from oms.core.errors import Invalid
from oms.core.models import Approval, User
from oms.core.rules import ApprovalState

_BOOKS = """
select coalesce(case when c.bin_id is null and c.lot_id is null then l.on_hand else h.on_hand end, 0)
       - coalesce(since.pieces, 0)
  from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[])
       with ordinality as c (level_id, bin_id, lot_id, counted_at, n)
  join inventory_stocklevel l on l.id = c.level_id
  left join inventory_stockcontent h on (c.bin_id is not null or c.lot_id is not null) and h.level_id = l.id
   and h.bin_id is not distinct from c.bin_id and h.lot_id is not distinct from c.lot_id
  left join lateral (
    select sum(m.on_hand_delta) as pieces from inventory_stockmovement m
     where m.level_id = l.id and m.moved_at > c.counted_at
       and (c.bin_id is null and c.lot_id is null
            or m.bin_id is not distinct from c.bin_id and m.lot_id is not distinct from c.lot_id)) since on true
 order by c.n
"""


@dataclass(frozen=True, slots=True)
class Spot:
    """What one line is about, and the instant at which it was counted."""

    level_id: int
    bin_id: int | None
    lot_id: int | None
    counted_at: datetime


def tasks(codes: Iterable[str] | None) -> QuerySet[CountTask]:
    """All counts at these locations (None: everywhere), with what names them."""
    found = CountTask.objects.select_related(
        "location", "bin", "plan", "first_counter", "second_counter", "decided_by"
    )
    return found if codes is None else found.filter(location__code__in=list(codes))


def tasks_with_lines(codes: Iterable[str] | None) -> QuerySet[CountTask]:
    """The same with their lines, in a fixed number of queries."""
    lines = CountLine.objects.select_related("level__sku", "lot").order_by("id")
    return tasks(codes).prefetch_related(Prefetch("lines", lines))


def to_count(codes: Iterable[str] | None, user_id: int) -> QuerySet[CountTask]:
    """What this person may count at these locations: due first; what they have begun comes before."""
    mine = Q(status="counting", first_counter=user_id) | Q(status="recount", second_counter=user_id)
    free = Q(status="open") | Q(status="recount", second_counter__isnull=True)
    counted = CountScan.objects.filter(scanned_by=user_id).values("line__task")
    second = Q(status="recount", second_counter__isnull=True)
    return (
        tasks(codes)
        .filter(mine | free)
        .exclude(second & (Q(first_counter=user_id) | Q(pk__in=counted)))
        .annotate(begun=Case(When(mine, then=0), default=1))
        .order_by("begun", "due_on", "bin__path_position", "id")
    )


def task(number: str) -> CountTask:
    """The count with this number.

    Raises ``CountNotFound``.
    """
    found = tasks(None).filter(number=number).first()
    if found is None:
        raise CountNotFound(f"There is no count {number}.")
    return found


def lock_task(number: str) -> CountTask:
    """The same, locked until the transaction ends.

    Raises ``CountNotFound``.
    """
    found = (
        CountTask.objects.select_for_update(of=("self",), no_key=True)
        .select_related("location", "bin", "plan", "first_counter", "second_counter")
        .filter(number=number)
        .first()
    )
    if found is None:
        raise CountNotFound(f"There is no count {number}.")
    return found


def lines_of(task_id: int) -> list[CountLine]:
    """The lines of a count with SKU, level and lot."""
    return list(
        CountLine.objects.filter(task=task_id)
        .select_related("level__sku", "level__location", "level__pick_bin", "lot", "movement")
        .order_by("level__pick_bin__path_position", "level__sku__code", "lot__code", "id")
    )


def scan_with_key(key: UUID) -> CountScan | None:
    """The scan that a device has sent before under this key, or None."""
    return (
        CountScan.objects.select_related("line__task__location", "line__level__sku").filter(key=key).first()
    )


def counters_of(task_id: int) -> set[int]:
    """Ids of everybody who has counted anything for this task, in any round."""
    row = CountTask.objects.values_list("first_counter", "second_counter").get(pk=task_id)
    scanned = CountScan.objects.filter(line__task=task_id).values_list("scanned_by", flat=True)
    return {who for who in (*row, *scanned) if who is not None}


def books_at(spots: Sequence[Spot]) -> list[int]:
    """What the books say stood at each spot at its instant: what is there now less what moved since."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BOOKS,
            [
                [spot.level_id for spot in spots],
                [spot.bin_id for spot in spots],
                [spot.lot_id for spot in spots],
                [spot.counted_at for spot in spots],
            ],
        )
        return [row[0] for row in cursor.fetchall()]


def contents_of_bin(bin_id: int) -> list[StockContent]:
    """What the books say is in a bin, with SKU and lot."""
    return list(
        StockContent.objects.filter(bin=bin_id)
        .select_related("level__sku", "lot")
        .order_by("level__sku__code")
    )


def lots_held(level_ids: Iterable[int]) -> list[StockContent]:
    """What the books say is held of each lot of these levels, where no bins are kept; first to expire first."""
    return list(
        StockContent.objects.filter(level__in=list(level_ids), bin__isnull=True, lot__isnull=False)
        .select_related("lot", "level")
        .order_by("level_id", F("lot__expires_on").asc(nulls_last=True), "lot_id")
    )


def item_of(codes: Iterable[str]) -> tuple[Sku, int] | None:
    """The SKU that one of these codes means, and how many pieces the code stands for."""
    wanted = [code for code in codes if code]
    found = (
        Barcode.objects.select_related("sku", "pack").filter(code__in=wanted, sku__is_bundle=False).first()
    )
    if found is not None:
        return found.sku, found.pack.quantity if found.pack else 1
    sku = Sku.objects.filter(code__in=wanted, is_bundle=False).first()
    return (sku, 1) if sku else None


def lot_of(sku_id: int, code: str) -> Lot | None:
    """The lot of a SKU with this code, or None."""
    return Lot.objects.filter(sku=sku_id, code=code).first()


def bin_at(location_id: int, code: str) -> Bin:
    """The bin of a location with this code.

    Raises ``Invalid``.
    """
    found = Bin.objects.filter(location=location_id, code=code).first()
    if found is None:
        message = f"There is no bin {code} there."
        raise Invalid(message, problems=(("#/bin", message),))
    return found


def bins_between(location_id: int, first: str, last: str) -> list[Bin]:
    """The bins of a location from one to another, as a picker walks.

    Raises ``Invalid`` when one of the two is unknown.
    """
    ends = sorted(bin_at(location_id, code).path_position for code in (first, last))
    return list(
        Bin.objects.filter(location=location_id, path_position__range=ends).order_by("path_position", "code")
    )


def bins_holding(level_ids: Iterable[int]) -> list[Bin]:
    """The bins in which the books see pieces of these levels, as a picker walks."""
    held = StockContent.objects.filter(level__in=list(level_ids), bin__isnull=False).values("bin")
    return list(Bin.objects.filter(pk__in=held).order_by("path_position", "code"))


def levels_of_sku(sku_id: int, codes: Iterable[str] | None) -> list[StockLevel]:
    """The levels of a SKU at places where people count, at these locations."""
    found = StockLevel.objects.select_related("location", "sku", "pick_bin").filter(
        sku=sku_id, location__kind__in=("own", "3pl")
    )
    return list(found if codes is None else found.filter(location__code__in=list(codes)))


def busy_bins(bin_ids: Iterable[int]) -> dict[int, CountTask]:
    """Bin id → the count that is under way or waits there."""
    live = CountTask.objects.filter(bin__in=list(bin_ids), status__in=LIVE_COUNTS)
    return {each.bin_id: each for each in live if each.bin_id}


def busy_levels(level_ids: Iterable[int]) -> dict[int, CountTask]:
    """Level id → the count of the whole level that is under way or waits."""
    lines = CountLine.objects.filter(
        level__in=list(level_ids), task__status__in=LIVE_COUNTS, task__bin__isnull=True
    )
    return {line.level_id: line.task for line in lines.select_related("task")}


def lock_for_opening(location_id: int) -> StockLocation:
    """A location, held while counts are opened there, so that two openers do not ask for the same."""
    return StockLocation.objects.select_for_update(no_key=True).get(pk=location_id)


def person(username: str, *, permission: str, location: str) -> User:
    """The person with this name, who may do this at the location.

    Raises ``Invalid`` otherwise.
    """
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None or not found.may(permission, location=location):
        message = f"{username} is nobody who may do this at {location}."
        raise Invalid(message, problems=(("#/by", message),))
    return found


def plans() -> QuerySet[CountPlan]:
    """All plans with their locations."""
    return CountPlan.objects.select_related("location").order_by("location__priority", "name")


def tolerance_plan(task: CountTask) -> CountPlan | None:
    """The plan whose tolerance holds for a count: its own, else the location's first active one."""
    return task.plan or CountPlan.objects.filter(location=task.location_id, is_active=True).first()


def last_movements(task: CountTask, level_ids: Iterable[int]) -> list[StockMovement]:
    """The last ten movements of real pieces of a bin, or of the levels that a count asks for."""
    moved = StockMovement.objects.select_related("level__sku", "level__location", "reason")
    here = moved.filter(bin=task.bin_id) if task.bin_id else moved.filter(level__in=list(level_ids))
    return list(here.exclude(on_hand_delta=0).order_by("-moved_at", "-id")[:10])


def overdue(at: datetime) -> list[dict[str, object]]:
    """Per location: how many counts are past the day they were due, and since when."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.code, p.name, count(*), min(t.due_on) from inventory_counttask t"
            " join inventory_stocklocation p on p.id = t.location_id"
            " where t.status in ('open', 'counting', 'recount', 'review')"
            " and t.due_on < (%s::timestamptz at time zone p.timezone)::date"
            " group by p.id, p.code, p.name order by p.code",
            [at],
        )
        return [dict(zip(("code", "name", "count", "since"), row, strict=True)) for row in cursor.fetchall()]


def movement_of(adjustment: str) -> int:
    """The id of an adjustment's movement."""
    return StockAdjustment.objects.values_list("movement", flat=True).get(number=adjustment)


def word_asked(number: str, at: datetime) -> Approval | None:
    """The open request for a second approver's word on a count, or None."""
    return Approval.objects.filter(
        action="count.post",
        subject_kind="count",
        subject_id=number,
        state=ApprovalState.REQUESTED,
        expires_at__gt=at,
    ).first()


def opened_since(plan: CountPlan, at: datetime) -> int:
    """How many counts a plan has opened since an instant."""
    return CountTask.objects.filter(plan=plan, opened_at__gte=at).count()


def levels_picked_from(bins: Iterable[Bin]) -> list[StockLevel]:
    """The levels whose pickers go to one of these bins."""
    return list(
        StockLevel.objects.select_related("location", "sku")
        .filter(pick_bin__in=[each.pk for each in bins])
        .order_by("pick_bin__path_position", "sku__code")
    )


def last_touched(task_id: int, user_id: int, is_second: bool) -> int | None:
    """The id of the line that a person counted last in this round, or None."""
    return (
        CountScan.objects.filter(line__task=task_id, scanned_by=user_id, is_second=is_second)
        .order_by("-id")
        .values_list("line", flat=True)
        .first()
    )


def named(text: str) -> Q:
    """A filter for counts that a text names: by number, bin, or a SKU that is asked for."""
    lines = CountLine.objects.filter(level__sku__code__iexact=text).values("task")
    return Q(number__iexact=text) | Q(bin__code__istartswith=text) | Q(bin__isnull=True, pk__in=lines)


def asked_in(task_ids: Iterable[int]) -> dict[int, list[str]]:
    """The codes of the SKUs that these counts ask for, where they ask for SKUs and not for a bin."""
    found: dict[int, list[str]] = {}
    lines = CountLine.objects.filter(task__in=list(task_ids), task__bin__isnull=True)
    for task_id, code in (
        lines.order_by("level__sku__code").values_list("task", "level__sku__code").distinct()
    ):
        found.setdefault(task_id, []).append(code)
    return found


def classes(codes: Iterable[str] | None) -> list[Mapping[str, Any]]:
    """How many levels of each class these locations have, and when the longest uncounted was counted last."""
    found = CountClass.objects.filter(level__on_hand__gt=0)
    if codes is not None:
        found = found.filter(level__location__code__in=list(codes))
    return list(
        found.values("level__location__name", "abc")
        .annotate(levels=Count("pk"), never=Count("pk", filter=Q(last_counted_at__isnull=True)))
        .order_by("level__location__name", "abc")
    )


def is_held(level_id: int, bin_id: int | None, lot: Lot | None) -> bool:
    """Whether the books see anything of a level in this bin and of this lot."""
    return StockContent.objects.filter(level=level_id, bin=bin_id, lot=lot).exists()


def plenty_at(location_id: int, count: int) -> list[str]:
    """Codes of a few SKUs of which a location has far more than it has promised."""
    levels = StockLevel.objects.filter(
        location=location_id, available__gte=12, sku__is_serial_tracked=False, sku__is_lot_tracked=False
    )
    return list(levels.order_by("pk").values_list("sku__code", flat=True)[:count])
