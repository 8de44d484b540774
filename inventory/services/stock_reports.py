"""What a partner or supplier says it has: kept as its own report, sellable where the location's policy says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import Sum

from inventory import queries
from inventory.models import StockLevel, StockLocation, StockMovement, StockReport, StockReportLine
from inventory.rules import ReportPolicy, sellable_of_report
from oms.core.actors import Actor
from oms.core.errors import Conflict
from oms.core.transactions import joins_transaction

_SELL = """
update inventory_stocklevel as level set reported = wanted.pieces
  from unnest(%s::bigint[], %s::int[]) as wanted(id, pieces)
 where level.id = wanted.id and level.reported <> wanted.pieces
"""


class ReportTaken(Conflict):
    """This report of the location has been taken before."""

    code = "stock-report-taken"


@dataclass(frozen=True, slots=True)
class NewReport:
    """One feed: pieces by SKU id at one instant; a complete one says that there is none of anything else."""

    reference: str
    reported_at: datetime
    pieces: Mapping[int, int]
    is_complete: bool = False


@dataclass(slots=True)
class Taken:
    """A report that was kept, the SKU ids whose sellable pieces grew, and those sold beyond it (id → pieces)."""

    report: StockReport
    grown: set[int] = field(default_factory=set)
    oversold: dict[int, int] = field(default_factory=dict)


@joins_transaction
def take(location: StockLocation, new: NewReport, *, actor: Actor, at: datetime) -> Taken:
    """Keep a report beside what our own levels showed at that instant; none of them is written over.

    A report that is older than the newest one of the location is kept and has no effect.
    Raises ``ReportTaken`` when the reference is known.
    """
    if StockReport.objects.filter(location=location, reference=new.reference).exists():
        raise ReportTaken(f"Report {new.reference} of {location.code} was taken before; nothing was changed.")
    is_newest = not StockReport.objects.filter(location=location, reported_at__gt=new.reported_at).exists()
    report = StockReport.objects.create(
        location=location,
        reference=new.reference,
        reported_at=new.reported_at,
        received_at=at,
        received_by=actor.label,
        is_complete=new.is_complete,
    )
    ours = _ours(location, new)
    StockReportLine.objects.bulk_create(
        (
            StockReportLine(report=report, sku_id=sku_id, on_hand=pieces, ours=ours.get(sku_id, 0))
            for sku_id, pieces in sorted(new.pieces.items())
        ),
        batch_size=5_000,
    )
    taken = Taken(report)
    if is_newest and location.report_policy == ReportPolicy.SELL:
        _sell(location, new, taken)
    return taken


@joins_transaction
def set_policy(location: StockLocation, policy: ReportPolicy) -> None:
    """Let a location's reports be sold from, or only compared; its next report is the first that counts.

    Pieces that are promised already stay promised.
    """
    location.report_policy = policy.value
    location.save(update_fields=["report_policy"])
    if policy is ReportPolicy.COMPARE:
        rows = StockLevel.objects.select_for_update(no_key=True).filter(location=location, reported__gt=0)
        _write({level: sellable_of_report(level, 0) for level in rows.order_by("pk")})


def _ours(location: StockLocation, new: NewReport) -> dict[int, int]:
    """What our books showed when the report was made, with the keeper's own pieces that we count on; by SKU id."""
    since = (
        StockMovement.objects.filter(level__location=location, moved_at__gt=new.reported_at)
        .values("level__sku")
        .annotate(pieces=Sum("on_hand_delta"))
        .values_list("level__sku", "pieces")
    )
    moved = dict(since)
    levels = StockLevel.objects.filter(location=location, sku_id__in=list(new.pieces))
    return {
        sku: on_hand + reported - moved.get(sku, 0)
        for sku, on_hand, reported in levels.values_list("sku_id", "on_hand", "reported")
    }


def _sell(location: StockLocation, new: NewReport, taken: Taken) -> None:
    queries.lock_levels(new.pieces, location.pk)
    levels = StockLevel.objects.select_for_update(no_key=True).filter(location=location).order_by("pk")
    if not new.is_complete:
        levels = levels.filter(sku_id__in=list(new.pieces))
    supplied = dict(
        StockMovement.objects.filter(
            level__location=location, kind="receive", source="reservation", moved_at__gt=new.reported_at
        )
        .values("level")
        .annotate(pieces=Sum("on_hand_delta"))
        .values_list("level", "pieces")
    )
    wanted = {}
    for level in levels:
        said = new.pieces.get(level.sku_id, 0) - supplied.get(level.pk, 0)
        if location.report_counts_our_orders:
            said += level.reserved
        wanted[level] = sellable_of_report(level, said)
        if wanted[level] > level.reported:
            taken.grown.add(level.sku_id)
        if wanted[level] > max(0, said):
            taken.oversold[level.sku_id] = wanted[level] - max(0, said)
    _write(wanted)


def _write(wanted: Mapping[StockLevel, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SELL, [[level.pk for level in wanted], list(wanted.values())])
