"""The words of files that come in: kinds, states, verdicts, and what a row may be refused for; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from oms.core.errors import Conflict, Forbidden, Invalid, NotFound
from oms.core.lifecycles import Lifecycle


class Kind(StrEnum):
    """What the rows of a file tell."""

    STOCK = "stock"
    SKUS = "skus"
    BARCODES = "barcodes"
    PRICES = "prices"
    BINS = "bins"
    LOCATIONS = "locations"
    RATES = "rates"
    ZONES = "zones"
    ORDERS = "orders"


class JobState(StrEnum):
    """How far a file has come."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    COMMITTING = "committing"
    COMMITTED = "committed"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


JOB_LIFECYCLE = Lifecycle(
    {
        JobState.UPLOADED: frozenset({JobState.CHECKING, JobState.COMMITTING}),
        JobState.CHECKING: frozenset({JobState.CHECKED, JobState.FAILED}),
        JobState.CHECKED: frozenset({JobState.CHECKING, JobState.COMMITTING}),
        JobState.COMMITTING: frozenset({JobState.COMMITTED, JobState.FAILED}),
        JobState.COMMITTED: frozenset({JobState.UNDOING}),
        JobState.UNDOING: frozenset({JobState.UNDONE, JobState.FAILED}),
        JobState.UNDONE: frozenset(),
        JobState.FAILED: frozenset({JobState.CHECKING, JobState.UNDOING}),
    }
)
# States in which a worker is busy, or should be.
WORKING = frozenset({JobState.CHECKING, JobState.COMMITTING, JobState.UNDOING})


class Verdict(StrEnum):
    """What becomes of one row."""

    CREATED = "created"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


class ImportNotFound(NotFound):
    """There is no such import."""

    code = "import-not-found"


class UnreadableFile(Invalid):
    """The file cannot be read as a table."""

    code = "unreadable-file"


class FileTooLarge(Invalid):
    """The file passes a limit of size, rows or columns."""

    code = "file-too-large"
    status = 413


class ColumnsMissing(Invalid):
    """A column that every row needs is not in the file."""

    code = "columns-missing"


class UnknownKind(Invalid):
    """There is no such kind of import."""

    code = "unknown-kind"


class TooManyImports(Conflict):
    """Several of your files are still being worked on; wait for one of them."""

    code = "too-many-imports"


class ImportOutOfReach(Forbidden):
    """Your roles do not allow importing this."""

    code = "import-out-of-reach"


class Finding(NamedTuple):
    """Why one cell of one row is refused; ``column`` is the file's own word for it."""

    row: int
    column: str
    value: str
    reason: str


class Change(NamedTuple):
    """One field that a row changes, as people read it."""

    subject: str
    field: str
    old: str
    new: str


@dataclass(slots=True)
class Line:
    """One row as it was understood: its values by our names, and where each stood in the file."""

    row: int
    values: dict[str, Any]
    columns: dict[str, str]
    raw: dict[str, str] = field(default_factory=dict)

    def finding(self, name: str, reason: str) -> Finding:
        """A refusal of one of the row's values, in the file's words."""
        value = self.raw.get(name)
        if value is None:
            value = "" if self.values.get(name) is None else str(self.values[name])
        return Finding(self.row, self.columns.get(name, name), value[:LONGEST_SHOWN], reason)


@dataclass(slots=True)
class Outcome:
    """The verdict on one row, with what would be written."""

    line: Line
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    changes: tuple[Change, ...] = ()
    # What the writer of this kind needs; the dry run leaves it alone.
    deed: Any = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells of a file are meant, where a cell alone does not say."""

    date_order: str = ""
    decimal_mark: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What was decided for a file beside its columns."""

    date_order: str = ""
    decimal_mark: str = ""
    locations: dict[str, str] = field(default_factory=dict)
    create_skus: bool = False
    # Of orders: the channel of rows that name none, and whether those that ended elsewhere are taken too.
    channel: str = ""
    take_finished: bool = False

    @property
    def reading(self) -> Reading:
        """The part that concerns single cells."""
        return Reading(self.date_order, self.decimal_mark)

    def as_json(self) -> dict[str, Any]:
        """As the job keeps it."""
        return {
            "date_order": self.date_order,
            "decimal_mark": self.decimal_mark,
            "locations": self.locations,
            "create_skus": self.create_skus,
            "channel": self.channel,
            "take_finished": self.take_finished,
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Choices":
        """Read back what was kept, or what a program sent.

        Raises ``Invalid`` for anything that is not one of the choices.
        """
        unknown = sorted(set(told) - set(cls().as_json()))
        if unknown:
            raise Invalid(f"There is no option {', '.join(unknown)}.", problems=(("#/options", "unknown"),))
        order, mark = str(told.get("date_order", "")), str(told.get("decimal_mark", ""))
        places = told.get("locations", {})
        if order not in {"", "dmy", "mdy"} or mark not in {"", ".", ","} or not isinstance(places, dict):
            raise Invalid(
                "date_order is dmy or mdy, decimal_mark is . or , and locations is an object of file word → code.",
                problems=(("#/options", "not one of the choices"),),
            )
        return cls(
            order,
            mark,
            {str(word): str(code) for word, code in places.items()},
            told.get("create_skus") is True,
            str(told.get("channel", "")),
            told.get("take_finished") is True,
        )


LONGEST_SHOWN = 200
# A spreadsheet takes a cell that begins so for a formula.
_FIRES = re.compile(r"'*[=+\-@\t\r\x00]")
_DEFUSED = re.compile(r"'+[=+\-@\t\r\x00]")


def defused(text: str) -> str:
    """Write a text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if _FIRES.match(text) else text


def restored(cell: str) -> str:
    """Take away exactly what ``defused`` added."""
    return cell[1:] if _DEFUSED.match(cell) else cell


def repeated(row: int, first: int) -> str:
    """The reason for refusing a row whose key stood in the file before."""
    return f"Row {first} tells about the same thing. Keep one of them."


def needed(names: Sequence[str], mapped: Sequence[str]) -> list[str]:
    """The columns every row needs that nothing in the file stands for."""
    return [name for name in names if name not in mapped]


def price_objection(line: Line, key: dict[str, Any]) -> Finding | None:
    """What is wrong with the list, the break or the days of a price, if anything."""
    price_list, until = key["price_list"], line.values.get("valid_until")
    if not price_list.replace("-", "").replace("_", "").isalnum() or not price_list.isascii():
        return line.finding("price_list", "Letters, digits, - and _ only.")
    if key["from_quantity"] == 0:
        return line.finding("from_quantity", "A price counts from 1 piece on at least.")
    if until and key["valid_from"] and until < key["valid_from"]:
        return line.finding("valid_until", "It ends before it begins.")
    return None
