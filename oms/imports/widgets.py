"""How the fields of a resource read a cell and write a value: the widgets that both ways share."""

from collections.abc import Callable
from typing import Any

from import_export.widgets import Widget

from oms.core import money
from oms.core.money import Money
from oms.imports import cells
from oms.imports.cells import Unreadable
from oms.imports.rules import Reading

PLAIN = Reading()


class Cell(Widget):
    """Reads by one of the strict readers; numbers are written as numbers, everything else defused by the writer."""

    is_number = False

    def __init__(self, read: Callable[..., Any], *, reads_marks: bool = False) -> None:
        super().__init__()
        self._read, self._reads_marks = read, reads_marks

    def clean(self, value: Any, row: Any = None, reading: Reading = PLAIN, **kwargs: Any) -> Any:
        """The value of a cell, None when it is empty.

        Raises ``Unreadable`` with the reason.
        """
        if value is None or value == "":
            return None
        return self._read(value, reading) if self._reads_marks else self._read(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """The value as a file holds it."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return ", ".join(value)
        return value.isoformat() if hasattr(value, "isoformat") else str(value)


class Number(Cell):
    """A number, which no spreadsheet can take for a formula."""

    is_number = True

    def __init__(self, read: Callable[..., Any]) -> None:
        super().__init__(read, reads_marks=True)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Plain digits, without idle zeros."""
        if value is None:
            return ""
        written = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
        return written.rstrip("0").rstrip(".") if "." in written else written


class Cents(Number):
    """An amount of money that is kept in minor units."""

    def __init__(self) -> None:
        super().__init__(cells.not_negative)
        self.currency = "AUD"

    def clean(self, value: Any, row: Any = None, reading: Reading = PLAIN, **kwargs: Any) -> Any:
        """Whole minor units.

        Raises ``Unreadable`` when the currency has no such small part.
        """
        amount = super().clean(value, row, reading, **kwargs)
        if amount is None:
            return None
        rounded = money.rounded(amount, self.currency)
        if rounded.as_decimal() != amount:
            raise Unreadable(f"{self.currency} has no smaller part than {rounded.as_text()} shows.")
        return rounded.amount

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """The amount with its decimals."""
        return "" if value is None else Money(value, self.currency).as_text()


class Text(Cell):
    """Text of at most so many characters."""

    def __init__(self, longest: int) -> None:
        super().__init__(self._text)
        self.longest = longest

    def _text(self, value: Any) -> str:
        written = cells.text(value)
        if len(written) > self.longest:
            raise Unreadable(f"Longer than {self.longest} characters.")
        return written


class OneOf(Cell):
    """One word of a list."""

    def __init__(self, words: tuple[str, ...], *, exact: bool = False) -> None:
        super().__init__(self._word)
        self.words, self.exact = words, exact

    def _word(self, value: Any) -> str:
        written = cells.text(value) if self.exact else cells.text(value).lower()
        if written not in self.words:
            known = ", ".join(self.words[:12]) + (" …" if len(self.words) > 12 else "")
            raise Unreadable(f"One of {known}.")
        return written


class Letters(Cell):
    """A code of so many capital letters, such as a currency or a country."""

    def __init__(self, count: int) -> None:
        super().__init__(self._code)
        self.count = count

    def _code(self, value: Any) -> str:
        written = cells.text(value).upper()
        if len(written) != self.count or not written.isalpha() or not written.isascii():
            raise Unreadable(f"{self.count} letters, such as {'AUD' if self.count == 3 else 'AU'}.")
        return written
