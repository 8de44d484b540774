"""Everything that the clock starts. A task carries no facts: it asks the database what is due."""

from uuid import UUID

import structlog
from celery import shared_task
from django.utils import timezone

from inventory import history as stock_history
from inventory import lot_queries
from oms.core import audit, seller
from oms.core.actors import SYSTEM
from oms.core.errors import Refusal
from oms.flows import (
    closing,
    count_opening,
    deliveries,
    foreseeing,
    holding,
    importing,
    invoicing,
    keeping,
    order_jobs,
    ordering,
    proving,
    readdressing,
    replanning,
    replaying,
    transferring,
    watching,
)
from oms.imports import queries as import_queries
from oms.orders import job_queries, scarcity_queries
from oms.replays import queries as replay_queries
from oms.reports.invariants import INVARIANTS

log = structlog.get_logger("oms.tasks")


@shared_task
def serve_backorders() -> int:
    """Serve open orders that wait for stock which is there: what a lost message would have done."""
    return sum(
        ordering.serve_waiting(sku, actor=SYSTEM, at=timezone.now())
        for sku in scarcity_queries.skus_to_serve()
    )


@shared_task
def watch_requests() -> int:
    """Alert on what nobody has answered or decided in time, and on orders that are late or at risk."""
    watches = (
        watching.overdue_requests,
        watching.overdue_cancellations,
        watching.overdue_addresses,
        keeping.ask_about_kept,
        keeping.let_go_unreasoned,
        watching.undecided,
        watching.filled_after_all,
        watching.late_orders,
        foreseeing.late_risks,
        deliveries.watch,
    )
    readdressing.settle_stranded(actor=SYSTEM, at=timezone.now())
    return sum(watch(at=timezone.now()) for watch in watches)


@shared_task
def close_stock() -> int:
    """Close the days of stock that are over; a location whose day is still being written is tried again."""
    closed = 0
    for place in stock_history.places_with_books():
        try:
            closed += len(closing.close_through(place.code, actor=SYSTEM, at=timezone.now()))
        except Refusal as refusal:
            log.info("day not closed", location=place.code, why=str(refusal))
    return closed


@shared_task
def prove_invariants() -> int:
    """Recompute every invariant from raw rows; a breach becomes an alert."""
    findings = proving.prove(list(INVARIANTS), clock=timezone.now)
    return sum(finding.differences for finding in findings)


@shared_task
def verify_audit() -> bool:
    """Walk the audit's chain; what does not agree becomes an alert."""
    verdict = audit.verify()
    if not verdict.sound:
        watching.broken_audit(verdict.findings, at=timezone.now())
    return verdict.sound


@shared_task
def run_imports(job_id: str = "") -> int:
    """Work on one import, or without an id on those that no worker holds, and drop files nobody asks for any more."""
    if job_id:
        return int(importing.run(UUID(job_id), clock=timezone.now))
    jobs = import_queries.stalled(at=timezone.now())
    importing.forget_files(at=timezone.now())
    return sum(importing.run(job, clock=timezone.now) for job in jobs)


@shared_task
def run_order_jobs(job_id: str = "") -> int:
    """Work on one job on many orders, or without an id on those that no worker seems to be at."""
    jobs = [UUID(job_id)] if job_id else job_queries.unfinished(at=timezone.now())
    return sum(order_jobs.run(job, clock=timezone.now) for job in jobs)


@shared_task
def run_replays(replay_id: str = "") -> int:
    """Work on one replay, or without an id on those that no worker holds."""
    found = [UUID(replay_id)] if replay_id else replay_queries.stalled(timezone.now())
    return sum(replaying.run(each, clock=timezone.now) for each in found)


@shared_task
def replan() -> int:
    """Plan unreleased orders again together when a pass is due; says how many exchanges were made."""
    try:
        run = replanning.run_when_due(at=timezone.now())
    except Exception as error:
        replanning.tell_failure(f"{type(error).__name__}: {error}"[:200], at=timezone.now())
        raise
    return run.exchanges if run else 0


@shared_task
def open_counts() -> int:
    """Open the counts that plans make due today, and alert on those past their day."""
    opened = sum(len(count_opening.open_due(plan, at=timezone.now())) for plan in count_opening.plan_ids())
    count_opening.alert_overdue(at=timezone.now())
    return opened


@shared_task
def classify_stock() -> int:
    """Class all levels A, B or C anew by the value that left them lately."""
    return count_opening.classify(at=timezone.now())


@shared_task
def expire_lots() -> int:
    """Take lots off sale whose last day is over where they stand; says how many pieces."""
    late = lot_queries.levels_past_sale(timezone.now())
    return sum(holding.expire(level.pk, actor=SYSTEM, at=timezone.now()) for level in late)


@shared_task
def watch_transfers() -> int:
    """Alert on transfers that should have arrived by now."""
    return transferring.watch(today=timezone.now().date(), at=timezone.now())


@shared_task
def watch_invoices() -> int:
    """Alert on invoices that should have been paid by now; the seller's days count."""
    now = timezone.now()
    return invoicing.watch_overdue(today=seller.day(now), at=now)
