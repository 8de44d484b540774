"""What a page shows, as a CSV file: streamed, and with nothing in it that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from oms.core.views.lists import beyond, read_cursor, write_cursor

BATCH = 500
RUNS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def harmless(cell: Any) -> Any:
    """A text that a spreadsheet takes for a formula gets an apostrophe before it; figures stay as they are."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RUNS) else cell


def in_batches(rows: QuerySet[Any], order: tuple[str, ...]) -> Iterator[list[Any]]:
    """The rows in their order, a few hundred at a time, each batch found by key."""
    rows = rows.order_by(*order)
    batch = list(rows[:BATCH])
    while batch:
        yield batch
        here = read_cursor(write_cursor(batch[-1], order), order)
        batch = list(rows.filter(beyond(order, here, forward=True))[:BATCH]) if len(batch) == BATCH else []


def csv_answer(name: str, heads: Sequence[str], lines: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A file of these lines."""
    writer = csv.writer(_Echo())

    def stream() -> Iterator[str]:
        yield writer.writerow(heads)
        for line in lines:
            yield writer.writerow([harmless(cell) for cell in line])

    answer = StreamingHttpResponse(stream(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
