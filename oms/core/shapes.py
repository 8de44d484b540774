"""Values checked against the types that describe them, and where they do not fit."""

import re
from typing import Any, TypeVar

import msgspec

from oms.core.errors import Invalid

T = TypeVar("T")
NEEDED = "This field is needed."
_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `([^`]+)`")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def fitted(value: Any, kind: type[T]) -> T:
    """Plain values, with numbers and days as people write them, as a value of this type.

    Raises ``Invalid`` with a pointer to what does not fit.
    """
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        where, what = pointed(str(error))
        raise Invalid(what, problems=((where, what),)) from None


def pointed(message: str) -> tuple[str, str]:
    """Where a value does not fit, as a JSON pointer, and why."""
    match = _PATH.match(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    steps = [name or number for name, number in _STEP.findall(path)]
    missing = _MISSING.search(what)
    if missing:
        return "/".join(["#", *steps, missing[1]]), NEEDED
    return "/".join(["#", *steps]), what
