"""Rows going out in the very columns in which they come in, a few at a time, and formulas defused."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import IO, Any

from openpyxl import Workbook

from inventory.models import StockContent, StockLevel
from inventory.rules import LocationKind
from oms.imports import queries, reading
from oms.imports.cells import text
from oms.imports.columns import Columns
from oms.imports.models import ImportJob
from oms.imports.order_columns import PLACE
from oms.imports.order_matching import customer_lines
from oms.imports.reading import Shape, cells_of
from oms.imports.resources import resource_for
from oms.imports.rules import Kind, defused
from oms.orders.models import Order

FEW = 2_000
REASON = "reason"
BOM = "\ufeff"


class _Line:
    """What the csv module writes to: the line itself is the answer."""

    def write(self, line: str) -> str:
        """Hand the line back."""
        return line


def header_of(kind: Kind, *, costs: bool) -> list[str]:
    """The columns of an export; costs are for those who may see them."""
    resource = resource_for(kind)
    hidden = {*resource.read_only, *(() if costs else resource.costs)}
    return [name for name in resource.columns() if name not in hidden]


def rows_of(kind: Kind, *, reach: Iterable[str] | None, costs: bool, at: datetime) -> Iterator[list[str]]:
    """Every row of this kind within reach as cells, the header first."""
    resource, names = resource_for(kind), header_of(kind, costs=costs)
    yield names
    rows = resource.queryset()
    if reach is not None and resource.location_path:
        rows = rows.filter(**{f"{resource.location_path}__in": sorted(reach)})
    found: Iterator[Any] = rows.iterator(chunk_size=FEW)
    if kind is Kind.STOCK:
        found = _stock(found, at)
    elif kind is Kind.ORDERS:
        found = (line for order in found for line in _order_lines(order))
    for row in found:
        yield _cells(resource, row, names)


def as_csv(rows: Iterable[list[str]], *, separator: str = ",") -> Iterator[str]:
    """Rows as lines of CSV."""
    writer = csv.writer(_Line(), delimiter=separator)
    return (writer.writerow(row) for row in rows)


def as_workbook(rows: Iterable[list[str]]) -> IO[bytes]:
    """Rows as a workbook of text cells, so that no spreadsheet spoils a code."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("rows")
    for row in rows:
        sheet.append(row)
    file = TemporaryFile()  # noqa: SIM115 — the response closes it
    book.save(file)
    file.seek(0)
    return file


def refused_rows(job: ImportJob) -> Iterator[list[str]]:
    """The refused rows as they came, in the same columns, and why."""
    yield [*map(defused, job.headers), REASON]
    reasons = queries.reasons_by_row(job)
    row, why = next(reasons, (0, ""))
    width = len(job.headers)
    with (
        queries.file_of(job) as file,
        reading.opened(file, Shape(job.form, job.encoding, job.separator)) as sheet,
    ):
        for number, cells in sheet:
            if number != row:
                continue
            yield [*(defused(text(cell)) for cell in cells_of(cells, width)), why]
            row, why = next(reasons, (0, ""))
            if not row:
                return


def _cells(resource: Columns, row: Any, names: list[str]) -> list[str]:
    return [cell if is_number else defused(cell) for cell, is_number in resource.written(row, names)]


def _stock(levels: Iterator[StockLevel], at: datetime) -> Iterator[SimpleNamespace]:
    while few := list(islice(levels, FEW)):
        located = [level.pk for level in few if level.located]
        held: dict[int, list[StockContent]] = {}
        rows = StockContent.objects.filter(level__in=located).select_related("bin", "lot").order_by("id")
        for content in rows if located else ():
            held.setdefault(content.level_id, []).append(content)
        for level in few:
            if level.located:
                for content in held.get(level.pk, ()):
                    yield _counted(level, content.on_hand, content, at)
            elif _is_countable(level):
                yield _counted(level, level.on_hand, None, at)


def _is_countable(level: StockLevel) -> bool:
    if level.location.kind == LocationKind.TRANSIT:
        return False
    return bool(level.on_hand) or not (level.location.is_bin_managed or level.sku.is_lot_tracked)


def _counted(level: StockLevel, pieces: int, content: StockContent | None, at: datetime) -> SimpleNamespace:
    lot = content.lot if content else None
    return SimpleNamespace(
        sku=level.sku,
        location=level.location,
        on_hand=pieces,
        bin=content.bin.code if content and content.bin else None,
        lot=lot.code if lot else None,
        expires_on=lot.expires_on if lot else None,
        counted_at=at,
    )


def _order_lines(order: Order) -> Iterator[SimpleNamespace]:
    """An order as rows, each with everything that concerns the whole, so that they can be sorted and filtered."""
    contact = order.contact
    told = {
        "channel": order.channel.code,
        "external_number": order.external_number,
        "customer": order.customer.code if order.customer else None,
        "ship_to": None,
        "promise_by": order.first_promise_by,
        "residential": order.is_residential,
    }
    names = ("customer_type", "currency", "po_number", "shipping_option", "deliver_from", "deliver_until")
    told |= {name: getattr(order, name) for name in (*names, "partial_policy", "priority", "status")}
    words = ("customer_name", "customer_email", "gift_message", "notes")
    told |= {name: getattr(contact, name) for name in words}
    for kind, address in (("shipping", contact.shipping_address), ("billing", contact.billing_address)):
        told |= {f"{kind}_{part}": address.get(part, "") for part in PLACE}
    for line in customer_lines(order):
        facts = {"sku": line.sku.code, "quantity": line.quantity_ordered, "unit_price": line.unit_price}
        yield SimpleNamespace(**told, **facts)
