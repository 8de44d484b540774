"""What a customer asks for as one is set aside, picked and shipped as its parts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from oms.core import money
from oms.core.errors import Conflict
from oms.flows.snapshots import Snapshot
from oms.orders.requests import NewLine, NewOrder

PRICE_STEP = Decimal("0.0001")


class EmptyBundle(Conflict):
    """A bundle has no components yet, so that nothing of it can be sold."""

    code = "empty-bundle"


class Asked(Struct, frozen=True):
    """Pieces of one SKU that an order needs; ``source`` is the index of the line that asked for them.

    ``per_bundle`` is how many of them are in one bundle, and None when the customer asked for the SKU itself.
    """

    source: int
    sku: str
    quantity: int
    unit_price: Decimal
    total_minor: int
    per_bundle: int | None = None


def asked_by(request: NewOrder, seen: Snapshot) -> tuple[Asked, ...]:
    """The pieces that an order needs: its lines, and for each bundle the lines of its components.

    The price of a bundle is shared over its components without losing a cent.
    Raises ``UnknownSku``, ``EmptyBundle``.
    """
    asked: list[Asked] = []
    for index, line in enumerate(request.lines):
        sku = seen.sku(line.sku, f"#/lines/{index}/sku")
        if sku.is_bundle:
            asked += _components(request, index, line, seen)
        else:
            total = money.total(line.unit_price, line.quantity, request.currency)
            asked.append(Asked(index, line.sku, line.quantity, line.unit_price, total.amount))
    return tuple(asked)


def whole_bundles(parts: Sequence[Asked], pieces: Mapping[int, int], first: int) -> int:
    """How many whole bundles so many pieces make; the parts begin at the index ``first`` of the order's pieces."""
    return min(pieces[first + offset] // (part.per_bundle or 1) for offset, part in enumerate(parts))


def _components(request: NewOrder, index: int, line: NewLine, seen: Snapshot) -> list[Asked]:
    parts = seen.bundles.get(line.sku, ())
    if not parts:
        raise EmptyBundle(f"Bundle {line.sku} has no components yet. Say what is in it before it is sold.")
    total = money.total(line.unit_price, line.quantity, request.currency)
    shares = total.shared([part.worth for part in parts])
    asked = []
    for part, share in zip(parts, shares, strict=True):
        seen.sku(part.sku, f"#/lines/{index}/sku")
        pieces = part.quantity * line.quantity
        price = (share.as_decimal() / pieces).quantize(PRICE_STEP)
        asked.append(Asked(index, part.sku, pieces, price, share.amount, part.quantity))
    return asked
