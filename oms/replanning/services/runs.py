"""The life of a pass, and how often there is one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from oms.core.transactions import joins_transaction
from oms.orders.models import Order
from oms.replanning.models import ReplannedOrder, ReplanningPolicy, ReplanningRun
from oms.replanning.rules import EVERY_MINUTES, LEFT_ALONE_MINUTES, BadPace
from oms.routing.plans import Plan

EMPTY_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Pace:
    """Whether orders are re-planned, how often, and how close to its hand-over work is left alone."""

    is_on: bool
    every_minutes: int
    left_alone_minutes: int


@dataclass(frozen=True, slots=True)
class Served:
    """How an order was served before and after."""

    order: Order
    before: Plan
    after: Plan


@joins_transaction
def set_pace(pace: Pace) -> ReplanningPolicy:
    """Say whether and how often there is a pass.

    Raises ``BadPace``.
    """
    for name, value, (least, most) in (
        ("every_minutes", pace.every_minutes, EVERY_MINUTES),
        ("left_alone_minutes", pace.left_alone_minutes, LEFT_ALONE_MINUTES),
    ):
        if not least <= value <= most:
            message = f"Choose {least:,} to {most:,} minutes."
            raise BadPace(message, problems=((f"#/{name}", message),))
    policy, _ = ReplanningPolicy.objects.update_or_create(
        pk=1,
        defaults={
            "is_on": pace.is_on,
            "every_minutes": pace.every_minutes,
            "left_alone_minutes": pace.left_alone_minutes,
        },
    )
    return policy


@joins_transaction
def begin(*, orders: int, split: int, currency: str, by: str, at: datetime) -> ReplanningRun:
    """Open a pass over so many orders, some in several parcels; passes of long ago that changed nothing go."""
    ReplanningRun.objects.filter(exchanges=0, started_at__lt=at - EMPTY_KEPT).delete()
    return ReplanningRun.objects.create(
        started_at=at, started_by=by, orders=orders, split_orders=split, currency=currency
    )


@joins_transaction
def keep(run: ReplanningRun, exchange: int, served: list[Served], *, at: datetime) -> None:
    """Keep what one exchange changed and saved."""
    ReplannedOrder.objects.bulk_create(
        ReplannedOrder(
            run=run,
            exchange=exchange,
            order=each.order,
            sites_before=sites_of(each.before),
            sites_after=sites_of(each.after),
            parcels_before=len(each.before.parcels),
            parcels_after=len(each.after.parcels),
            cost_before_minor=each.before.cost_minor,
            cost_after_minor=each.after.cost_minor,
            replanned_at=at,
        )
        for each in served
    )
    ReplanningRun.objects.filter(pk=run.pk).update(
        exchanges=F("exchanges") + 1,
        saved_parcels=F("saved_parcels")
        + sum(len(each.before.parcels) - len(each.after.parcels) for each in served),
        saved_minor=F("saved_minor") + sum(each.before.cost_minor - each.after.cost_minor for each in served),
    )


@joins_transaction
def finish(run: ReplanningRun, *, overtaken: int, at: datetime) -> ReplanningRun:
    """Close a pass; it answers as it stands."""
    ReplanningRun.objects.filter(pk=run.pk).update(overtaken=overtaken, finished_at=at)
    run.refresh_from_db()
    return run


def sites_of(plan: Plan) -> str:
    """The codes of the sites that send, such as ``PER + SYD``."""
    return " + ".join(sorted(parcel.site for parcel in plan.parcels))[:200]
