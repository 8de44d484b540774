"""Files as rows of cells: any encoding, separator or workbook, row by row, within limits."""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

from django.conf import settings
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from oms.imports.cells import LONGEST_CELL
from oms.imports.rules import FileTooLarge, UnreadableFile, restored

# A quote that is never closed swallows the rest of the file; it is noticed here.
csv.field_size_limit(1024 * 1024)
SEPARATORS = (",", ";", "\t", "|")
PIECE = 256 * 1024
_ARCHIVES = (".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar")
Row = tuple[int, list[Any]]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is written."""

    form: str
    encoding: str = ""
    separator: str = ""


class Sheet:
    """The header of a file and, once, its rows; ``number`` counts as a spreadsheet does, the header is row 1."""

    def __init__(self, rows: Iterator[list[Any]], limit: int, claimed_rows: int = 0) -> None:
        self._rows = enumerate(rows, 1)
        self._limit = limit
        # How long a workbook says it is, below its header; 0 when it says nothing.
        self.claimed_rows = min(claimed_rows, limit)
        self.headers: list[str] = []
        for _, cells in self._rows:
            if any(cell not in ("", None) for cell in cells):
                self.headers = [str("" if cell is None else cell).strip() for cell in cells]
                break
        while self.headers and not self.headers[-1]:
            self.headers.pop()
        if not self.headers:
            raise UnreadableFile("The file has no header: its first row names the columns.")
        if len(self.headers) > settings.LIMITS["import_columns"]:
            raise FileTooLarge(
                f"{len(self.headers):,} columns; at most {settings.LIMITS['import_columns']} are taken."
            )

    def __iter__(self) -> Iterator[Row]:
        """Each row that is not empty, with its number."""
        taken = 0
        for number, cells in self._rows:
            if all(cell in ("", None) for cell in cells):
                continue
            taken += 1
            if taken > self._limit:
                raise FileTooLarge(f"More than {self._limit:,} rows. Split the file.")
            yield number, cells


def shape_of(file: IO[bytes], name: str) -> Shape:
    """How this file is written, found out from its bytes.

    Raises ``UnreadableFile``, ``FileTooLarge``.
    """
    file.seek(0)
    head = file.read(64 * 1024)
    if head.startswith(b"PK\x03\x04"):
        _check_workbook(file)
        return Shape("xlsx")
    if head.startswith((b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"\xd0\xcf\x11\xe0")):
        raise UnreadableFile("Send CSV or XLSX, not an archive and not the old XLS.")
    if not head.strip():
        raise UnreadableFile("The file is empty.")
    encoding = _encoding_of(file, head)
    start = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    return Shape("csv", encoding, _separator_of(start))


@contextmanager
def opened(file: IO[bytes], shape: Shape) -> Iterator[Sheet]:
    """The rows of a file; what goes wrong on the way is refused in words.

    Raises ``UnreadableFile``, ``FileTooLarge``.
    """
    limit = settings.LIMITS["import_rows"]
    file.seek(0)
    try:
        if shape.form == "xlsx":
            with closing(load_workbook(file, read_only=True, data_only=True)) as book:
                yield _first_sheet(book, limit)
        else:
            wrapped = io.TextIOWrapper(
                _Kept(cast(io.BufferedReader, file)), encoding=shape.encoding, errors="replace", newline=""
            )
            yield Sheet(_csv_rows(wrapped, shape.separator), limit)
            wrapped.detach()
    except csv.Error as error:
        raise UnreadableFile(
            f"The file is not a table: {error}. Is a quote opened and never closed?"
        ) from error
    except (zipfile.BadZipFile, InvalidFileException) as error:
        raise UnreadableFile("This is not a whole XLSX workbook.") from error


def cells_of(cells: list[Any], width: int) -> list[Any]:
    """A row's cells as they are meant: trimmed, without what defuses formulas, as many as the header has."""
    cleaned = [_meant(cell) if isinstance(cell, str) else cell for cell in cells]
    return cleaned if len(cleaned) >= width else [*cleaned, *[""] * (width - len(cleaned))]


def _meant(cell: str) -> str:
    back = restored(cell)
    return back.strip() if back is cell else back


class _Kept(io.BufferedReader):
    """A reader whose file stays open when the wrapper round it is closed."""

    def close(self) -> None:
        """Leave the file to its owner."""


def _csv_rows(lines: io.TextIOWrapper, separator: str) -> Iterator[list[str]]:
    first = lines.readline(16)
    if not first.lower().startswith("sep="):
        lines.seek(0)
    elif not first.endswith(("\n", "\r")):
        lines.readline()
    return csv.reader(lines, delimiter=separator)


def _first_sheet(book: Any, limit: int) -> Sheet:
    sheet = next((sheet for sheet in book.worksheets if sheet.sheet_state == "visible"), None)
    if sheet is None:
        raise UnreadableFile("The workbook has no sheet that is shown.")
    claimed = (sheet.max_row or 1) - 1
    sheet.reset_dimensions()
    return Sheet((list(row) for row in sheet.iter_rows(values_only=True)), limit, claimed)


def _encoding_of(file: IO[bytes], head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) // 8:
        return "utf-16-be" if even > odd else "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _separator_of(start: str) -> str:
    start = start.lstrip("\ufeff\r\n")
    if start.lower().startswith("sep=") and len(start) > 4 and start[4] in SEPARATORS:
        return start[4]
    counts = dict.fromkeys(SEPARATORS, 0)
    quoted = False
    for sign in start:
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign in counts:
            counts[sign] += 1
        elif not quoted and sign in "\r\n":
            break
    return max(SEPARATORS, key=lambda sign: counts[sign])


def _check_workbook(file: IO[bytes]) -> None:
    """Inflate every member once, counting what really comes out: what the archive claims is not believed."""
    limit, inflated = settings.LIMITS["import_inflated_bytes"], 0
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise UnreadableFile("Send CSV or XLSX: this archive is no workbook.")
            if len(members) > settings.LIMITS["import_members"]:
                raise FileTooLarge(f"The workbook has {len(members):,} parts.")
            for member in members:
                if member.filename.lower().endswith(_ARCHIVES):
                    raise UnreadableFile("The workbook holds an archive.")
                shared = member.filename.endswith("sharedStrings.xml")
                inflated += _inflated(archive, member, limit // 4 if shared else limit - inflated)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UnreadableFile("This is not a whole XLSX workbook, or it is locked by a password.") from error


def _inflated(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> int:
    count, before = 0, b""
    with archive.open(member) as part:
        while piece := part.read(PIECE):
            count += len(piece)
            if count > most:
                raise FileTooLarge("The workbook unpacks to more than a file may hold.")
            # The tail of the last piece rides along, so that no declaration hides between two.
            if b"<!ENTITY" in before + piece or b"<!DOCTYPE" in before + piece:
                raise UnreadableFile("The workbook declares entities of its own.")
            before = piece[-16:]
    return count


def too_long(cell: Any) -> bool:
    """Whether a cell holds more than any spreadsheet lets it."""
    return isinstance(cell, str) and len(cell) > LONGEST_CELL
