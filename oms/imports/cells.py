"""What a cell says: numbers, days, codes, each read strictly or refused with a reason; pure."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from stdnum import ean
from stdnum.exceptions import ValidationError

from oms.catalogue.rules import checked_barcode, checked_sku_code
from oms.core.errors import Refusal
from oms.imports.rules import Reading

LONGEST_CELL = 32_767
MOST_PIECES = 100_000_000
BROKEN = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!"})
# Digits that are left of a GTIN whose zeros a spreadsheet took away -> digits it had.
SHORTENED = {7: 8, 10: 12, 11: 12}
YES = frozenset({"1", "yes", "y", "true", "t", "on", "ja"})
NO = frozenset({"0", "no", "n", "false", "f", "off", "nein"})
_SCIENTIFIC = re.compile(r"^[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+$")
_PLAIN = re.compile(r"^[+-]?\d+$")
_ZEROS_AFTER = re.compile(r"^([+-]?\d+)[.,]0{1,2}$|^([+-]?\d+)[.,]0{4,}$")
_GROUPED = re.compile(r"^[+-]?\d{1,3}(?:([., '\u00a0\u202f])\d{3})(?:\1\d{3})*$")
_DAY_FIRST = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$")
_SLASHED = re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$")
_WORD = re.compile(r"^[A-Za-z0-9_-]+$")
_SPLIT_TAGS = re.compile(r"[,;|]")


class Unreadable(ValueError):
    """The reason why a cell does not say what its column asks for."""


def text(value: Any) -> str:
    """The cell as text; a whole number that a spreadsheet kept as a float loses its point."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def whole_number(value: Any, reading: Reading) -> int:
    """So many pieces, none of them negative."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float):
        if not value.is_integer():
            raise Unreadable("Not a whole number.")
        number = int(value)
    else:
        number = _whole(text(value), reading.decimal_mark)
    if number < 0:
        raise Unreadable("Below zero. There cannot be fewer than none.")
    if number > MOST_PIECES:
        raise Unreadable(f"More than {MOST_PIECES:,}. Is this a barcode in the wrong column?")
    return number


def _whole(written: str, mark: str) -> int:
    written = written.replace("\u2212", "-")
    if _PLAIN.match(written) and written.isascii():
        return int(written)
    if _SCIENTIFIC.match(written):
        raise Unreadable(
            "A spreadsheet has shortened this number. Format the column as a number and save again."
        )
    if zeros := _ZEROS_AFTER.match(written):
        return int(zeros[1] or zeros[2])
    if grouped := _GROUPED.match(written):
        between = grouped[1]
        if between in ".," and not mark:
            raise Unreadable(
                f"Is this a thousand or a fraction? Write it without “{between}”, or say the decimal mark."
            )
        if between != mark:
            return int(written.replace(between, ""))
    raise Unreadable("Not a whole number.")


def decimal(value: Any, reading: Reading, *, places: int = 4, digits: int = 15) -> Decimal:
    """An exact decimal number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = Decimal(str(value))
    else:
        number = _decimal(text(value), reading.decimal_mark)
    if not number.is_finite() or abs(number) >= Decimal(10) ** digits:
        raise Unreadable("Too large a number.")
    if number != round(number, places):
        raise Unreadable(f"More than {places} places after the point.")
    return number


def _decimal(written: str, mark: str) -> Decimal:
    plain = written.replace("\u2212", "-").replace(" ", "").replace("\u00a0", "").replace("'", "")
    if _SCIENTIFIC.match(plain):
        raise Unreadable(
            "A spreadsheet has shortened this number. Format the column as a number and save again."
        )
    dot, comma = plain.rfind("."), plain.rfind(",")
    if dot >= 0 and comma >= 0:
        mark = mark or ("." if dot > comma else ",")
    elif comma >= 0 and not mark:
        if plain.count(",") == 1 and len(plain) - comma - 1 == 3:
            raise Unreadable(
                "Is this a thousand or a fraction? Write it without “,”, or say the decimal mark."
            )
        mark = ","
    group = "," if (mark or ".") == "." else "."
    try:
        if not re.fullmatch(r"[+-]?[\d.,]+", plain, re.ASCII):
            raise InvalidOperation
        return Decimal(plain.replace(group, "").replace(",", "."))
    except InvalidOperation:
        raise Unreadable("Not a number.") from None


def latitude(value: Any, reading: Reading) -> Decimal:
    """Degrees north."""
    return _degrees(value, reading, 90)


def longitude(value: Any, reading: Reading) -> Decimal:
    """Degrees east."""
    return _degrees(value, reading, 180)


def _degrees(value: Any, reading: Reading, most: int) -> Decimal:
    number = decimal(value, reading, places=12)
    if abs(number) > most:
        raise Unreadable(f"Between -{most} and {most} degrees.")
    return round(number, 5)


def not_negative(value: Any, reading: Reading) -> Decimal:
    """An amount of money for one piece."""
    number = decimal(value, reading)
    if number < 0:
        raise Unreadable("Below zero.")
    return number


def day(value: Any, reading: Reading) -> date:
    """A calendar day: ISO, with dots (day first), or with strokes where it is clear which is the day."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    written = text(value)
    order, parts = "", None
    if dotted := _DAY_FIRST.match(written):
        order, parts = "dmy", dotted
    elif slashed := _SLASHED.match(written):
        order, parts = reading.date_order or _order_of(slashed), slashed
    try:
        if parts is None:
            return date.fromisoformat(written)
        first, second, year = int(parts[1]), int(parts[2]), int(parts[3])
        return date(year, second, first) if order == "dmy" else date(year, first, second)
    except ValueError:
        raise Unreadable("No such day. Write it as 2027-02-28.") from None


def _order_of(parts: "re.Match[str]") -> str:
    first, second = int(parts[1]), int(parts[2])
    if first != second and first <= 12 and second <= 12:
        raise Unreadable("Day or month first? Write it as 2027-02-28, or say the order of dates.")
    return "dmy" if first > 12 or first == second else "mdy"


def instant(value: Any, reading: Reading) -> datetime:
    """An instant: ISO 8601, or a day alone; UTC unless it says otherwise."""
    if isinstance(value, datetime):
        found = value
    else:
        written = text(value)
        try:
            found = datetime.fromisoformat(written)
        except ValueError:
            clock = written.partition(" ")[2]
            try:
                hour = datetime.strptime(clock or "00:00", "%H:%M:%S" if clock.count(":") == 2 else "%H:%M")  # noqa: DTZ007
            except ValueError:
                raise Unreadable("No such time. Write it as 2026-11-24T14:00:00Z.") from None
            found = datetime.combine(day(written.partition(" ")[0], reading), hour.time())
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def postcode(value: Any) -> str:
    """A postcode; the stroke by which a shop keeps its zeros from a spreadsheet is not part of it."""
    written = text(value)
    written = written[1:] if written.startswith("'") and written[1:2].isdigit() else written
    if len(written) > 16:
        raise Unreadable("Longer than 16 characters.")
    return written


def flag(value: Any) -> bool:
    """Yes or no."""
    said = text(value).lower()
    if said in YES:
        return True
    if said in NO:
        return False
    raise Unreadable("Neither yes nor no.")


def tags(value: Any) -> list[str]:
    """Words separated by commas, semicolons or bars."""
    words = [word.strip() for word in _SPLIT_TAGS.split(text(value)) if word.strip()]
    if any(len(word) > 32 for word in words):
        raise Unreadable("A tag has at most 32 characters.")
    return list(dict.fromkeys(words))


def word(value: Any) -> str:
    """A code of letters, digits, - and _, such as a carrier's."""
    written = text(value).strip()
    if len(written) > 32 or not _WORD.match(written):
        raise Unreadable("Up to 32 letters, digits, - and _.")
    return written


def grams(value: Any, reading: Reading) -> int | None:
    """The heaviest parcel in grams; ``any`` is no limit."""
    return None if text(value).strip().lower() == "any" else whole_number(value, reading)


def sku_code(value: Any) -> str:
    """A SKU's code."""
    written = text(value)
    if _SCIENTIFIC.match(written) and "." in written:
        raise Unreadable("A spreadsheet has spoilt this code. Format the column as text and enter it again.")
    return _checked(checked_sku_code, written)


def barcode(value: Any) -> str:
    """A barcode whose check digit is true; what a spreadsheet spoils is recognised."""
    written = text(value)
    if _SCIENTIFIC.match(written):
        raise Unreadable(
            "A spreadsheet has spoilt this barcode. Format the column as text and enter it again."
        )
    if written.isdigit() and written.isascii() and len(written) in SHORTENED:
        padded = written.zfill(SHORTENED[len(written)])
        if ean.is_valid(padded):
            raise Unreadable(
                f"It has lost its leading zeros: {padded} would be right. Format the column as text."
            )
    return _checked(checked_barcode, written)


def _checked(check: Callable[[str], str], written: str) -> str:
    try:
        return check(written)
    except (Refusal, ValidationError) as wrong:
        raise Unreadable(str(wrong)) from None
