"""Questions about re-planning: which orders may still move, and what passes have saved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine
from oms.orders.models import Order
from oms.replanning.models import ReplannedOrder, ReplanningPolicy, ReplanningRun
from oms.replanning.rules import RunNotFound

MOST_SPLIT = 400
MOST_RIVALS = 2_000


@dataclass(frozen=True, slots=True)
class Totals:
    """What passes have come to."""

    passes: int
    exchanges: int
    saved_parcels: int
    saved_minor: int
    currency: str
    last_at: datetime | None


def policy() -> ReplanningPolicy:
    """Whether and how often there is a pass."""
    return ReplanningPolicy.objects.filter(pk=1).first() or ReplanningPolicy(pk=1)


def ran_after(instant: datetime) -> bool:
    """Whether a pass has begun since."""
    return ReplanningRun.objects.filter(started_at__gt=instant).exists()


def is_untouched(work: FulfilmentOrder, lines: Iterable[FulfilmentOrderLine]) -> bool:
    """Whether nobody has begun with the work, and no partner knows of it."""
    return (
        work.status == "open"
        and work.request_status == "queued"
        and work.claimed_by_id is None
        and not any(line.quantity_picked for line in lines)
    )


def is_standing(work: FulfilmentOrder, lines: Iterable[FulfilmentOrderLine]) -> bool:
    """Whether work that was kept back, or is open, is untouched: ``lines`` may be those of its whole order."""
    return (
        work.status in ("open", "on_hold")
        and work.request_status == "queued"
        and work.claimed_by_id is None
        and not any(line.quantity_picked for line in lines if line.fulfilment_order_id == work.pk)
    )


def unreleased(*, due_after: datetime) -> list[Order]:
    """Orders that may still be served otherwise: those in several parcels, and those that hold the same SKUs."""
    free = _free(due_after)
    others = FulfilmentOrder.objects.filter(order=OuterRef("pk")).exclude(status="cancelled").exclude(free)
    orders = Order.objects.filter(~Exists(others), state="open", progress="allocated")
    works = FulfilmentOrder.objects.filter(free)
    split = works.values("order").annotate(works=Count("pk")).filter(works__gt=1).values("order")
    split_ids = list(orders.filter(pk__in=split).order_by("-pk").values_list("pk", flat=True)[:MOST_SPLIT])
    skus = FulfilmentOrderLine.objects.filter(fulfilment_order__order__in=split_ids).values("sku")
    sharing = FulfilmentOrderLine.objects.filter(
        sku__in=skus, fulfilment_order__in=works, quantity__gt=F("quantity_cancelled")
    ).values("fulfilment_order__order")
    rivals = orders.filter(pk__in=sharing).exclude(pk__in=split_ids).order_by("-pk")
    found = [*split_ids, *(rivals.values_list("pk", flat=True)[:MOST_RIVALS] if split_ids else ())]
    return list(Order.objects.filter(pk__in=found).select_related("channel").order_by("pk"))


def open_lines(order_ids: Sequence[int]) -> dict[int, list[FulfilmentOrderLine]]:
    """Work lines of these orders that still ask for pieces, by order id."""
    lines = FulfilmentOrderLine.objects.filter(
        fulfilment_order__order__in=order_ids, quantity__gt=F("quantity_cancelled")
    ).exclude(fulfilment_order__status="cancelled")
    found: dict[int, list[FulfilmentOrderLine]] = {}
    for line in lines.select_related(
        "fulfilment_order", "allocation__order_line", "allocation__order_line__sku"
    ).order_by("pk"):
        found.setdefault(line.fulfilment_order.order_id, []).append(line)
    return found


def _free(due_after: datetime) -> Q:
    """Work that nobody has begun with, that no partner knows of, and that is not due at once."""
    begun = FulfilmentOrderLine.objects.filter(fulfilment_order=OuterRef("pk"), quantity_picked__gt=0)
    return (
        Q(status="open", request_status="queued", claimed_by__isnull=True)
        & (Q(due_at__isnull=True) | Q(due_at__gt=due_after))
        & ~Exists(begun)
    )


def runs() -> QuerySet[ReplanningRun]:
    """All passes."""
    return ReplanningRun.objects.order_by("-started_at", "-id")


def run(run_id: int) -> ReplanningRun:
    """One pass.

    Raises ``RunNotFound``.
    """
    found = ReplanningRun.objects.filter(pk=run_id).first()
    if found is None:
        raise RunNotFound(f"There is no pass {run_id}.")
    return found


def replanned(run_id: int) -> QuerySet[ReplannedOrder]:
    """The orders that a pass has changed."""
    return ReplannedOrder.objects.filter(run=run_id).select_related("order__channel").order_by("id")


def totals(since: datetime | None = None) -> Totals:
    """What the passes since then have saved; of all time without an instant."""
    rows = ReplanningRun.objects.filter(started_at__gte=since) if since else ReplanningRun.objects.all()
    said = rows.aggregate(
        passes=Count("pk"),
        exchanges=Sum("exchanges"),
        parcels=Sum("saved_parcels"),
        minor=Sum("saved_minor"),
    )
    last = ReplanningRun.objects.order_by("-started_at").values_list("started_at", "currency").first()
    return Totals(
        said["passes"],
        said["exchanges"] or 0,
        said["parcels"] or 0,
        said["minor"] or 0,
        last[1] if last else "AUD",
        last[0] if last else None,
    )
