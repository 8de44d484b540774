"""Which column of a file is which: guessed from its header, and the Shopify inventory export known by its own."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from oms.imports.cells import text
from oms.imports.columns import Columns
from oms.imports.resources import resource_for
from oms.imports.rules import Choices, Kind

_SPACES = re.compile(r"[\s_]+")
_SHOPIFY = frozenset({"handle", "title", "option1 name", "option1 value", "sku"})
# What else the Shopify export tells of a row; a SKU without a code is named by these.
SHOPIFY_PARTS = ("handle", "title", "option1 value", "option2 value", "option3 value")
_NOT_PLACES = frozenset(
    {
        *("handle", "title", "sku", "hs code", "coo", "location", "bin name", "incoming", "unavailable"),
        *("committed", "available", "on hand"),
    }
)
_SLASHED = re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-]\d{4}")
_COMMA_DECIMAL = re.compile(r"^-?[\d.]*\d,(\d{1,2}|\d{4})$")
_DOT_DECIMAL = re.compile(r"^-?[\d,]*\d\.(\d{1,2}|\d{4})$")


def plain(header: str) -> str:
    """A header in lower case with single spaces."""
    return _SPACES.sub(" ", header).strip().lower()


def fingerprint(headers: Sequence[str]) -> str:
    """What files with the same columns in the same order have in common."""
    return hashlib.sha256("\x1f".join(map(plain, headers)).encode()).hexdigest()


def is_shopify(headers: Sequence[str]) -> bool:
    """Whether this is the inventory export of Shopify."""
    return set(map(plain, headers)) >= _SHOPIFY


def guessed(kind: Kind, headers: Sequence[str]) -> dict[str, int]:
    """Our columns with their position in the file, as far as the header tells; each position once."""
    resource = resource_for(kind)
    found: dict[str, int] = {}
    names = [plain(header) for header in headers]
    for column in resource.columns():
        position = _position(names, resource, column, taken=found.values())
        if position is not None:
            found[column] = position
    return found


def _position(names: list[str], resource: Columns, column: str, *, taken: Iterable[int]) -> int | None:
    for wanted in (plain(column), *resource.aliases.get(column, ())):
        for position, name in enumerate(names):
            if name == wanted and position not in taken:
                return position
    return None


def places_among(headers: Sequence[str], codes: Mapping[str, str]) -> dict[int, str]:
    """Columns that are named like locations: each holds the pieces there. ``codes`` maps plain words to codes."""
    return {
        position: codes[plain(header)]
        for position, header in enumerate(headers)
        if plain(header) in codes and plain(header) not in _NOT_PLACES
    }


def parts_of_shopify(headers: Sequence[str]) -> dict[str, int]:
    """Where the words stand that name a variant which has no SKU."""
    names = [plain(header) for header in headers]
    return {part: names.index(part) for part in SHOPIFY_PARTS if part in names}


def variant_code(parts: Mapping[str, Any]) -> str:
    """A SKU code for a variant without one: handle and options, such as puff-large-latte."""
    words = [text(parts.get("handle")), *(text(parts.get(f"option{n} value")) for n in (1, 2, 3))]
    slug = "-".join(re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words if word)
    return slug[:64].strip("-")


def variant_name(parts: Mapping[str, Any]) -> str:
    """A name for a variant: title and options."""
    words = [text(parts.get("title")), *(text(parts.get(f"option{n} value")) for n in (1, 2, 3))]
    return " / ".join(word for word in words if word and word != "Default Title")[:200]


def choices_guessed(
    kind: Kind, mapping: Mapping[str, int], rows: Iterable[Sequence[Any]], known: Choices
) -> Choices:
    """The order of dates and the decimal mark that the first rows show beyond doubt."""
    fields = resource_for(kind).columns()
    marked = [
        position
        for name, position in mapping.items()
        if name in fields and getattr(fields[name].widget, "_reads_marks", False)
    ]
    orders, marks = set(), set()
    for cells in rows:
        for position in marked:
            cell = cells[position] if position < len(cells) else ""
            if not isinstance(cell, str):
                continue
            if parts := _SLASHED.match(cell):
                orders |= {"dmy"} if int(parts[1]) > 12 else {"mdy"} if int(parts[2]) > 12 else set()
            marks |= {","} if _COMMA_DECIMAL.match(cell) else set()
            marks |= {"."} if _DOT_DECIMAL.match(cell) else set()
    return replace(
        known,
        date_order=known.date_order or (orders.pop() if len(orders) == 1 else ""),
        decimal_mark=known.decimal_mark or (marks.pop() if len(marks) == 1 else ""),
    )
