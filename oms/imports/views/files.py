"""Files going out: refused rows, the file as it came, an export, a sample."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from oms.core import audit
from oms.core.views.frame import Guarded
from oms.imports import exports, queries
from oms.imports.exports import BOM
from oms.imports.models import ImportJob
from oms.imports.reach import job_for, may_export
from oms.imports.rules import Kind

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ORDER = {
    "channel": "shop",
    "external_number": "W-1001",
    "customer_type": "b2c",
    "customer_name": "Lee Kim",
    "customer_email": "lee.kim@example.com",
    "shipping_name": "Lee Kim",
    "shipping_line1": "14 Wattle Street",
    "shipping_city": "Mount Lawley",
    "shipping_region": "WA",
    "shipping_postcode": "6050",
    "shipping_country": "AU",
    "currency": "AUD",
}
# An order of two lines, and one of a single line: what concerns the whole order need not be repeated.
ORDERS: tuple[dict[str, str], ...] = (
    ORDER | {"sku": "4400", "quantity": "2", "unit_price": "24.00", "gift_message": "Happy birthday"},
    {"external_number": "W-1001", "sku": "4401", "quantity": "1", "unit_price": "12.50"},
    ORDER | {"external_number": "W-1002", "sku": "4402", "quantity": "1", "unit_price": "18.00"},
)
SAMPLES: dict[Kind, tuple[str, ...]] = {
    Kind.STOCK: ("MUG-350", "PER", "12", "", "", "", "2026-11-24T14:00:00Z"),
    Kind.SKUS: ("MUG-350", "Mug 350 ml", "9312345678907", "350", "8.50", "AUD", "mugs", "fragile", "", "yes"),
    Kind.BARCODES: ("9312345678907", "MUG-350", "yes"),
    Kind.PRICES: ("MUG-350", "standard", "AUD", "24.00", "1", "", ""),
    Kind.BINS: ("PER", "A-03-2", "storage", "120", "yes", "60"),
    Kind.LOCATIONS: (
        *("PER", "Perth", "own", "1 Dock Road", "Perth", "WA", "6000", "AU", "-31.95", "115.86"),
        *("Australia/Perth", "100", "yes"),
    ),
    Kind.RATES: (
        *("PER", "AU-WA", "auspost", "standard", "Parcel Post", "2026-01-01"),
        *("5000", "6.00", "2"),
    ),
    Kind.ZONES: ("AU-WA", "Western Australia", "AU", "", "60", "-31.95", "115.86"),
}


def kind_of(word: str) -> Kind:
    """The kind in an address."""
    if word not in set(Kind):
        raise Http404("There is no such kind of file.")
    return Kind(word)


def csv_file(rows: Iterable[list[str]], name: str, *, separator: str = ",") -> StreamingHttpResponse:
    """A CSV file that spreadsheets read as UTF-8, written while it is sent."""
    lines = exports.as_csv(rows, separator=separator or ",")
    response = StreamingHttpResponse(_with_mark(lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _with_mark(lines: Iterable[str]) -> Iterable[str]:
    yield BOM
    yield from lines


def _with_file(user: Any, pk: str) -> ImportJob:
    job = job_for(user, pk)
    if not queries.is_kept(job):
        raise Http404("The file is not kept any more.")
    return job


class Refused(Guarded):
    """The refused rows in the file's own columns, and why."""

    permission = "stock.import"

    def get(self, request: HttpRequest, pk: str) -> StreamingHttpResponse:
        """A CSV file to mend and send again."""
        job = _with_file(request.user, pk)
        return csv_file(exports.refused_rows(job), f"{job.number}-refused.csv", separator=job.separator)


class Original(Guarded):
    """The file as it came in."""

    permission = "stock.import"

    def get(self, request: HttpRequest, pk: str) -> FileResponse:
        """The very bytes."""
        job = _with_file(request.user, pk)
        return FileResponse(queries.file_of(job), as_attachment=True, filename=job.file_name)


class Export(Guarded):
    """Everything of one kind, in the columns in which it comes in."""

    permission = "stock.export"

    def get(self, request: HttpRequest, kind: str) -> HttpResponse | StreamingHttpResponse | FileResponse:
        """CSV, or a workbook with ``?format=xlsx``."""
        wanted, user = kind_of(kind), request.user
        if not may_export(user, wanted):
            raise PermissionDenied("Your roles do not allow taking these out.")
        now = timezone.now()
        audit.record_alone("export.made", "export", wanted.value, actor=user.actor, at=now)
        rows = exports.rows_of(
            wanted, reach=user.locations_for("stock.export"), costs=user.may("costs.view"), at=now
        )
        if request.GET.get("format") == "xlsx":
            file = exports.as_workbook(rows)
            return FileResponse(
                file, as_attachment=True, filename=f"{wanted.value}.xlsx", content_type=WORKBOOK
            )
        return csv_file(rows, f"{wanted.value}.csv")


class Sample(Guarded):
    """A file with a row or a few, to begin with."""

    permission = "stock.import"

    def get(self, request: HttpRequest, kind: str) -> StreamingHttpResponse:
        """The columns and rows that make sense."""
        wanted = kind_of(kind)
        names = exports.header_of(wanted, costs=True)
        rows = [list(SAMPLES[wanted])] if wanted in SAMPLES else []
        if wanted is Kind.ORDERS:
            rows = [[row.get(name, "") for name in names] for row in ORDERS]
        return csv_file([names, *rows], f"{wanted.value}-sample.csv")
