"""Quantities: whole numbers of a SKU's base unit, never negative; packs are multiples."""

from collections.abc import Iterable
from dataclasses import dataclass

from oms.core.errors import Invalid

# A 32-bit column holds every quantity; sums are kept below it as well.
MOST = 2_000_000_000


class QuantityInvalid(Invalid):
    """This is not a quantity."""

    code = "quantity-invalid"


@dataclass(frozen=True, slots=True)
class Pack:
    """A box of a known number of base units, such as a carton of 12."""

    name: str
    units: int

    def __post_init__(self) -> None:
        positive(self.units, what="The units in a pack")

    def in_units(self, packs: int) -> int:
        """Base units in so many packs."""
        return quantity(packs * self.units)

    def split(self, units: int) -> tuple[int, int]:
        """Whole packs and the loose units left over."""
        return divmod(quantity(units), self.units)


def quantity(value: int, *, what: str = "A quantity") -> int:
    """The value itself, when it is a whole number from zero up.

    Raises ``QuantityInvalid`` otherwise.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise QuantityInvalid(f"{what} is a whole number.")
    if not 0 <= value <= MOST:
        raise QuantityInvalid(f"{what} lies between 0 and {MOST:,}.")
    return value


def positive(value: int, *, what: str = "A quantity") -> int:
    """The value itself, when it is a whole number from one up.

    Raises ``QuantityInvalid`` otherwise.
    """
    if quantity(value, what=what) == 0:
        raise QuantityInvalid(f"{what} is at least 1.")
    return value


def less(whole: int, part: int, *, what: str = "The rest") -> int:
    """What is left of the whole when the part is taken away.

    Raises ``QuantityInvalid`` when more is taken than there is.
    """
    return quantity(whole - part, what=what)


def fewest_packs(units: int, packs: Iterable[Pack]) -> tuple[tuple[Pack, int], ...]:
    """The largest packs first, so that as few boxes as possible hold the units; loose units are left out."""
    rest = quantity(units)
    taken = []
    for pack in sorted(packs, key=lambda pack: pack.units, reverse=True):
        count, rest = pack.split(rest)
        if count:
            taken.append((pack, count))
    return tuple(taken)
