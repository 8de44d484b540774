"""Rows of a file become orders: those of one channel and number belong together, wherever they stand.

The file is gone through twice. The first time only tells which row ends which order, so that the second hands out whole
orders and keeps no more than those it is in the middle of.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from oms.imports.cells import text
from oms.imports.parsing import Parser
from oms.imports.reading import Row, cells_of
from oms.imports.rules import FileTooLarge, Line, Outcome

# Rows of orders that go on later in the file are kept in memory until they are whole.
MOST_APART = 100_000
TOLD_EVERY = 10_000


@dataclass(slots=True)
class Group:
    """The rows of one order, as far as they could be read, in the order of the file."""

    rows: list[Line | Outcome] = field(default_factory=list)

    @property
    def last_row(self) -> int:
        """The row with which it is whole."""
        last = self.rows[-1]
        return last.row if isinstance(last, Line) else last.line.row


@dataclass(frozen=True, slots=True)
class Ends:
    """For each row that is not empty: to which order it belongs, and whether it is the last of it."""

    order_of: "array[int]"
    closes: bytearray


@dataclass(slots=True)
class _Numbers:
    """What the first way through keeps of the numbers it met; a number under two channels is two orders."""

    orders: int = 0
    latest: dict[str, int] = field(default_factory=dict)
    by_channel: dict[tuple[str, str], int] = field(default_factory=dict)
    unnamed: dict[str, int] = field(default_factory=dict)

    def order(self, number: str, channel: str) -> int:
        """The order that a row belongs to; one without a channel belongs to the row above with its number."""
        if not channel:
            if number not in self.latest:
                self.unnamed[number] = self.latest[number] = self.begin()
            return self.latest[number]
        key = (number, channel)
        if number in self.unnamed:
            # What began without a channel goes on with the first that is named.
            self.by_channel[key] = self.unnamed.pop(number)
        if key not in self.by_channel:
            self.by_channel[key] = self.begin()
        self.latest[number] = self.by_channel[key]
        return self.latest[number]

    def begin(self) -> int:
        """One more order."""
        self.orders += 1
        return self.orders - 1


def ends_of(
    rows: Iterable[Row],
    mapping: Mapping[str, int],
    *,
    channels: Mapping[str, str],
    told: Callable[[], None] = lambda: None,
) -> Ends:
    """Find out which rows belong together; ``channels`` has codes by lower-case word, ``told`` is called now and then.

    A row without a number belongs to the order above it, so that no order is taken without one of its lines.
    Raises ``FileTooLarge`` when too many orders stand scattered over the file.
    """
    number_at, channel_at = mapping["external_number"], mapping.get("channel")
    seen = _Numbers()
    order_of: array[int] = array("q")
    for count, (_, raw) in enumerate(rows, 1):
        cells = cells_of(raw, max(number_at, channel_at or 0) + 1)
        number = text(cells[number_at])
        channel = "" if channel_at is None else named(text(cells[channel_at]), channels)
        if number:
            order_of.append(seen.order(number, channel))
        else:
            order_of.append(order_of[-1] if order_of else seen.begin())
        if count % TOLD_EVERY == 0:
            told()
    return Ends(order_of, _closing(order_of, seen.orders))


def groups(parser: Parser, rows: Iterable[Row], ends: Ends) -> Iterator[Group]:
    """The orders of a file, each when its last row has come."""
    begun: dict[int, Group] = {}
    for at, row in enumerate(rows):
        order = ends.order_of[at]
        group = begun.setdefault(order, Group())
        group.rows.extend(parser.lines([row]))
        if ends.closes[at]:
            yield begun.pop(order)


def in_batches(orders: Iterable[Group], size: int) -> Iterator[list[Group]]:
    """So many orders at a time, or fewer when they have many rows."""
    batch: list[Group] = []
    rows = 0
    for group in orders:
        batch.append(group)
        rows += len(group.rows)
        if len(batch) >= size or rows >= size * 10:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def named(word: str, channels: Mapping[str, str]) -> str:
    """The code of a channel that a file calls by its code or name; an unknown word stays as it is."""
    return channels.get(word.lower(), word)


def _closing(order_of: "array[int]", orders: int) -> bytearray:
    last: array[int] = array("q", bytes(8 * orders))
    for at, order in enumerate(order_of):
        last[order] = at
    begun: dict[int, int] = {}
    closes, kept = bytearray(len(order_of)), 0
    for at, order in enumerate(order_of):
        begun[order] = begun.get(order, 0) + 1
        kept += 1
        if last[order] == at:
            closes[at] = 1
            kept -= begun.pop(order)
        if kept > MOST_APART:
            raise FileTooLarge(
                f"More than {MOST_APART:,} rows belong to orders that go on much later. Sort the file by order."
            )
    return closes
