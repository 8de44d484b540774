"""Orders for a hot SKU: those that come at the same time are planned on one snapshot and written at once.

An answer is given after the commit only. Whatever is special about one order of a batch (its key was used before,
its twin is in the same batch, the batch could not be written) sends that order the ordinary way, alone.
"""

import functools
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import connection

from inventory.rules import LevelsMoved
from oms.core import idempotency
from oms.core.actors import Actor
from oms.core.errors import Refusal
from oms.core.idempotency import Pending
from oms.core.transactions import owns_transaction
from oms.flows import heat, hot_figures, placement, snapshots
from oms.flows.batches import Batch, Rows, no_rows
from oms.flows.placement import Ids
from oms.flows.snapshots import Snapshot
from oms.orders.requests import NewOrder, Placed

REPORT_EVERY = 1.0
log = structlog.get_logger("oms.hot")
PlaceOne = Callable[..., Placed]


@dataclass(slots=True, eq=False)
class Wanted:
    """One caller's order on its way through a batch; without an outcome it goes alone."""

    request: NewOrder
    batch: Batch
    pending: Pending | None
    outcome: Placed | Refusal | None = field(default=None)

    @property
    def key(self) -> tuple[str, str] | None:
        """Who claims which idempotency key, if anybody does."""
        claim = self.pending.claim if self.pending else None
        return (claim.client, claim.key) if claim else None


HEAT: heat.Heat[Wanted] = heat.Heat()


def combined(alone: PlaceOne) -> PlaceOne:
    """Let callers who want the same SKU at the same time be served together; ``alone`` serves everybody else."""

    @functools.wraps(alone)
    def place(request: NewOrder, *, actor: Actor, at: datetime) -> Placed:
        # What an open transaction has written is not seen by whoever would write for it.
        if connection.in_atomic_block:
            return alone(request, actor=actor, at=at)
        with HEAT.wanted([line.sku for line in request.lines]) as (sku, queue):
            if queue is None:
                return alone(request, actor=actor, at=at)
            wanted = Wanted(request, Batch(actor=actor, at=at), idempotency.pending())
            if queue.serve(wanted, _together):
                _report(sku, queue)
        if isinstance(wanted.outcome, Refusal):
            raise wanted.outcome
        return wanted.outcome or alone(request, actor=actor, at=at)

    return place


def _together(several: Sequence[Wanted]) -> None:
    written = False
    try:
        # The batch belongs to nobody's request: the claim of whoever leads is one of many.
        Context().run(_place, several)
        written = True
    except Exception as error:
        # Who is to blame shows when each goes alone.
        log.warning("batch of a hot SKU fell apart", orders=len(several), error=str(error))
    finally:
        if not written:
            for wanted in several:
                wanted.outcome = None


@owns_transaction(retry_on=LevelsMoved, one_statement=True)
def _place(several: Sequence[Wanted]) -> None:
    fresh = _fresh(several)
    rows = no_rows()
    if fresh:
        seen = snapshots.look([wanted.request for wanted in fresh])
        ids = Ids(seen)
        for wanted in fresh:
            wanted.outcome = _outcome(wanted, seen, rows, ids)
    if rows:
        _sort(rows)
        fresh[0].batch.place()
    for wanted in fresh:
        if wanted.pending and isinstance(wanted.outcome, Placed):
            wanted.pending.settled = True


def _fresh(several: Sequence[Wanted]) -> list[Wanted]:
    """Those whose keys are unused, here and in the store; the others go alone and find their answer."""
    taken = idempotency.used([wanted.key for wanted in several if wanted.key])
    fresh = []
    for wanted in several:
        wanted.outcome = None
        if wanted.key is None or wanted.key not in taken:
            fresh.append(wanted)
        if wanted.key:
            taken.add(wanted.key)
    return fresh


def _outcome(wanted: Wanted, seen: Snapshot, rows: Rows, ids: Ids) -> Placed | Refusal:
    wanted.batch.rows = rows
    if wanted.pending:
        wanted.pending.forget()
    try:
        placed = placement.place(wanted.request, seen, wanted.batch, ids)
    except Refusal as refusal:
        return refusal
    wanted.batch.keep_answer(placed, wanted.pending)
    return placed


def _sort(rows: Rows) -> None:
    # Two batches that hold the same keys or numbers meet them in the same order, and so cannot wait for each other.
    rows["keys"].sort(key=lambda row: (row["client"], row["key"]))
    rows["orders"].sort(key=lambda row: (row["channel_id"], row["external_number"]))


def _report(sku: str, queue: heat.Queue[Wanted]) -> None:
    cooled = HEAT.cooled(sku, queue)
    figures = queue.figures(at_least=0 if cooled else REPORT_EVERY)
    if figures:
        hot_figures.report(sku, figures, cooled=cooled)
