"""Rows of cells become lines of values, or findings that say which cell cannot be read and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from import_export.fields import Field

from oms.imports import headers
from oms.imports.cells import BROKEN, LONGEST_CELL, Unreadable, text
from oms.imports.reading import Row, cells_of
from oms.imports.resources import resource_for
from oms.imports.rules import LONGEST_SHOWN, Choices, Finding, Kind, Line, Outcome, Verdict

UNREADABLE = "\ufffd"
# In a file with a column for each location this stands where a variant is not kept.
NOT_KEPT = "not stocked"


@dataclass(slots=True)
class Parser:
    """Reads the rows of one file by its mapping and choices."""

    kind: Kind
    headers: Sequence[str]
    mapping: dict[str, int]
    choices: Choices
    # Column position -> location code, in files that have a column for each location.
    places: dict[int, str] = field(default_factory=dict)
    _fields: list[tuple[str, int, Field]] = field(init=False)
    _needed: frozenset[str] = field(init=False)
    _shopify: dict[str, int] = field(init=False)
    _columns: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        resource = resource_for(self.kind)
        fields = resource.columns()
        self._fields = [(name, at, fields[name]) for name, at in self.mapping.items() if name in fields]
        spread = {"location", "on_hand"} if self.places else set()
        self._needed = frozenset(resource.needed) - spread
        is_shopify = self.kind is Kind.STOCK and headers.is_shopify(self.headers)
        self._shopify = headers.parts_of_shopify(self.headers) if is_shopify else {}
        self._columns = {name: self.headers[at] for name, at, _ in self._fields}

    def lines(self, rows: Iterable[Row]) -> Iterator[Line | Outcome]:
        """Each row as a line (or one per location), or as an outcome when it is refused already."""
        width = len(self.headers)
        for number, raw in rows:
            cells = cells_of(raw, width)
            if any(cell not in ("", None) for cell in cells[width:]):
                wrong = Finding(number, "", "", f"The row has {len(cells)} cells, the header has {width}.")
                yield self._refused(number, [wrong])
                continue
            yield from self._line(number, cells)

    def _line(self, number: int, cells: list[Any]) -> Iterator[Line | Outcome]:
        values: dict[str, Any] = {}
        findings = []
        for name, at, column in self._fields:
            cell = cells[at]
            try:
                value = None if cell == "" else self._read(column, cell)
                if value is None and name in self._needed and not (name == "sku" and self._shopify):
                    raise Unreadable("Every row needs this.")
                values[name] = value
            except Unreadable as wrong:
                findings.append(
                    Finding(
                        number, self.headers[at], text(cell)[:LONGEST_SHOWN].replace("\x00", "␀"), str(wrong)
                    )
                )
        if findings:
            yield self._refused(number, findings)
            return
        line = Line(number, values, self._columns)
        if self._shopify and values.get("sku") is None:
            self._name_variant(line, cells)
        yield from self._spread(line, cells) if self.places else (line,)

    def _read(self, column: Field, cell: Any) -> Any:
        if isinstance(cell, str):
            if len(cell) > LONGEST_CELL:
                raise Unreadable(f"Longer than {LONGEST_CELL:,} characters.")
            if "\x00" in cell:
                raise Unreadable("Holds the character NUL.")
            if UNREADABLE in cell:
                raise Unreadable("Holds a character that cannot be read. Save the file as UTF-8.")
            if cell in BROKEN:
                raise Unreadable("The spreadsheet shows an error here.")
        return column.widget.clean(cell, reading=self.choices.reading)

    def _name_variant(self, line: Line, cells: list[Any]) -> None:
        parts = {part: cells[at] for part, at in self._shopify.items()}
        line.values["sku"] = headers.variant_code(parts)
        line.values["sku_is_made"] = True
        line.values["name"] = headers.variant_name(parts)

    def _spread(self, line: Line, cells: list[Any]) -> Iterator[Line | Outcome]:
        count = resource_for(Kind.STOCK).fields["on_hand"]
        for at, code in self.places.items():
            cell = cells[at]
            if cell == "" or (isinstance(cell, str) and cell.lower() == NOT_KEPT):
                continue
            try:
                value = self._read(count, cell)
            except Unreadable as wrong:
                yield self._refused(
                    line.row, [Finding(line.row, self.headers[at], text(cell)[:LONGEST_SHOWN], str(wrong))]
                )
                continue
            columns = self._columns | {"location": self.headers[at], "on_hand": self.headers[at]}
            yield Line(line.row, line.values | {"location": code, "on_hand": value}, columns)

    def _refused(self, number: int, findings: list[Finding]) -> Outcome:
        return Outcome(Line(number, {}, {}), Verdict.REFUSED, tuple(findings))


def in_chunks(lines: Iterable[Line | Outcome], size: int) -> Iterator[list[Line | Outcome]]:
    """So many lines at a time; the lines of one row stay together."""
    chunk: list[Line | Outcome] = []
    for line in lines:
        number = line.row if isinstance(line, Line) else line.line.row
        if len(chunk) >= size and number != _row_of(chunk[-1]):
            yield chunk
            chunk = []
        chunk.append(line)
    if chunk:
        yield chunk


def _row_of(line: Line | Outcome) -> int:
    return line.row if isinstance(line, Line) else line.line.row
