"""Re-planning over REST: what passes did and saved."""

from datetime import datetime

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core.api import page_of
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.money import Money
from oms.replanning import queries
from oms.replanning.models import ReplannedOrder, ReplanningRun


class RunAnswer(msgspec.Struct):
    """One pass: orders looked at, those in several parcels, exchanges carried out and overtaken, and what was saved."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    started_by: str
    orders: int
    split_orders: int
    exchanges: int
    overtaken: int
    saved_parcels: int
    saved_cost: str
    currency: str


class ReplannedAnswer(msgspec.Struct):
    """An order that is served otherwise; those of one exchange share its number."""

    order: str
    exchange: int
    locations_before: str
    locations_after: str
    parcels_before: int
    parcels_after: int
    cost_before: str
    cost_after: str
    replanned_at: datetime


class ReplanningRuns(ApiView):
    """Passes of re-planning."""

    scope = "routing:read"

    @documented("List passes of re-planning", answers={200: list_of(RunAnswer)})
    def get(self, request: Request) -> Response:
        """A page of passes, newest first."""
        return page_of(queries.runs(), request, render=_run, ordering=("-started_at", "-id"))


class ReplanningRunOrders(ApiView):
    """The orders of a pass."""

    scope = "routing:read"

    @documented("List the orders of a pass of re-planning", answers={200: list_of(ReplannedAnswer)})
    def get(self, request: Request, run_id: int) -> Response:
        """A page of orders that are served otherwise since."""
        run = queries.run(run_id)
        rows = queries.replanned(run.pk)
        return page_of(rows, request, render=lambda row: _order(row, run.currency), ordering=("id",))


def _run(run: ReplanningRun) -> RunAnswer:
    return RunAnswer(
        run.pk,
        run.started_at,
        run.finished_at,
        run.started_by,
        run.orders,
        run.split_orders,
        run.exchanges,
        run.overtaken,
        run.saved_parcels,
        Money(run.saved_minor, run.currency).as_text(),
        run.currency,
    )


def _order(row: ReplannedOrder, currency: str) -> ReplannedAnswer:
    return ReplannedAnswer(
        row.order.number,
        row.exchange,
        row.sites_before,
        row.sites_after,
        row.parcels_before,
        row.parcels_after,
        Money(row.cost_before_minor, currency).as_text(),
        Money(row.cost_after_minor, currency).as_text(),
        row.replanned_at,
    )
