"""Partners' and suppliers' stock reports over REST. A token bound to locations reports only for those."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from django_filters import CharFilter, FilterSet
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import queries
from inventory.models import StockReport
from inventory.queries import LocationNotFound, ReportNotFound
from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.flows import reporting_stock


class ReportLineBody(msgspec.Struct, frozen=True):
    """Pieces of one SKU."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    on_hand: Annotated[int, Meta(ge=0, le=10_000_000)]


class ReportBody(msgspec.Struct, frozen=True):
    """What stands at a location at one instant, as its keeper says; the reference is taken once.

    A complete report says that there is none of any other SKU.
    """

    location: Annotated[str, Meta(min_length=1, max_length=16)]
    reference: Annotated[str, Meta(min_length=1, max_length=80)]
    reported_at: datetime
    lines: Annotated[list[ReportLineBody], Meta(max_length=50_000)]
    complete: bool = False


class ReportAnswer(msgspec.Struct):
    """A report: SKUs and pieces in it, and SKUs that differ from our books at that instant."""

    id: int
    location: str
    reference: str
    reported_at: datetime
    complete: bool
    skus: int
    pieces: int
    differing: int


class ReportLineAnswer(msgspec.Struct):
    """One SKU of a report beside what our books showed, in pieces."""

    sku: str
    on_hand: int
    ours: int
    difference: int


class ReportFilter(FilterSet):
    """Filters of reports."""

    location = CharFilter(field_name="location__code", label="Location")

    class Meta:
        model = StockReport
        fields: tuple[str, ...] = ()


class StockReports(ApiView):
    """What partners and suppliers say they have."""

    scope = {"GET": "stock:read", "POST": "stock:write"}

    @documented(
        "List stock reports",
        answers={200: list_of(ReportAnswer)},
        query={name: str(each.label) for name, each in ReportFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the reports, newest first."""
        rows = filtered(ReportFilter, queries.stock_reports(), request)
        if self.token.locations is not None:
            rows = rows.filter(location__code__in=sorted(self.token.locations))
        return page_of(rows, request, render=_report, ordering=("-reported_at", "-id"))

    @documented("Report stock", body=ReportBody, answers={201: ReportAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Take a report of a partner or supplier; our own levels are never written over."""
        claim = keyed(request, required=False)
        body = read_body(request, ReportBody)
        if not self.token.may_at(body.location):
            raise LocationNotFound(f"There is no location {body.location}.")

        def render(report: Any) -> tuple[int, object]:
            return 201, _report(queries.stock_reports().get(pk=report.pk))

        with idempotency.claimed(claim, render=render) as answer:
            reporting_stock.take_report(
                body.location,
                {line.sku: line.on_hand for line in body.lines},
                reference=body.reference,
                reported_at=body.reported_at,
                is_complete=body.complete,
                actor=self.actor,
                at=timezone.now(),
            )
        return answered(answer)


class StockReportLines(ApiView):
    """The lines of one report."""

    scope = "stock:read"

    @documented("List the lines of a stock report", answers={200: list_of(ReportLineAnswer)})
    def get(self, request: Request, report_id: int) -> Response:
        """A page of its lines, by SKU."""
        report = queries.stock_report(report_id)
        if not self.token.may_at(report.location.code):
            raise ReportNotFound(f"There is no stock report {report_id}.")
        return page_of(queries.report_lines(report), request, render=_line, ordering=("sku__code", "id"))


def _report(report: Any) -> ReportAnswer:
    return ReportAnswer(
        report.pk,
        report.location.code,
        report.reference,
        report.reported_at,
        report.is_complete,
        report.skus,
        report.pieces,
        report.differing,
    )


def _line(line: Any) -> ReportLineAnswer:
    return ReportLineAnswer(line.sku.code, line.on_hand, line.ours, line.difference)
