"""What of an order can still be changed, row by row, and why not where it cannot."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fulfilment import cancellation_queries
from fulfilment import queries as work_queries
from fulfilment.rules import LIVE_WORK
from oms.orders import address_queries, queries
from oms.orders.models import Order, OrderLine
from oms.orders.rules import whole_bundles

PIECES = "pieces:"
ADDRESS = ("name", "line1", "line2", "city", "region", "postcode", "country")
WORDS = ("notes", "gift_message")
LABELS = {
    "name": "Name",
    "line1": "Street",
    "line2": "Further line",
    "city": "Town",
    "region": "Region",
    "postcode": "Postcode",
    "country": "Country",
    "shipping_option": "Shipping option",
    "notes": "Notes",
    "gift_message": "Gift message",
}


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces of one SKU, or bundles, that are still on the order; never fewer than ``least``, bundles never more."""

    code: str
    name: str
    wanted: int
    least: int
    price: Decimal
    is_bundle: bool
    hints: tuple[str, ...]

    @property
    def field(self) -> str:
        """The name of its field."""
        return PIECES + self.code

    @property
    def is_fixed(self) -> bool:
        """Whether nothing of it can be changed any more."""
        return self.is_bundle and self.least >= self.wanted


@dataclass(frozen=True, slots=True)
class Changeable:
    """The rows of an order, what its other fields say now, why some are closed, and who is asked for an address."""

    rows: tuple[Row, ...]
    values: dict[str, str]
    closed: dict[str, str]
    asks_of: tuple[str, ...] = ()

    def label(self, name: str) -> str:
        """What a field is called."""
        return name.removeprefix(PIECES) if name.startswith(PIECES) else LABELS.get(name, name)


def changeable(order: Order) -> Changeable:
    """What of an order can be changed now."""
    lines = list(queries.lines_of([order.pk]))
    work = list(work_queries.work_of_order(order.pk).prefetch_related(cancellation_queries.newest_first()))
    fixed, hints = _fixed(work)
    groups: defaultdict[str, list[OrderLine]] = defaultdict(list)
    for line in lines:
        groups[line.bundle_line.sku.code if line.bundle_line else line.sku.code].append(line)
    rows = tuple(
        (_bundle if group[0].bundle_line else _own)(group, fixed, _told(group, hints))
        for group in groups.values()
    )
    contact = order.contact
    values = {row.field: str(row.wanted) for row in rows}
    values |= {name: contact.shipping_address.get(name, "") for name in ADDRESS}
    values["shipping_option"] = order.shipping_option
    values |= {name: getattr(contact, name) for name in WORDS}
    confirmed = [
        each
        for each in work
        if each.status in LIVE_WORK and cancellation_queries.is_confirmed_elsewhere(each)
    ]
    asks_of = tuple(dict.fromkeys(each.location.name for each in confirmed))
    closed = _closed(lines, work, confirmed, moving=address_queries.open_change(order.pk) is not None)
    return Changeable(rows, values, closed, asks_of)


def _fixed(work: Sequence[Any]) -> tuple[Counter[int], dict[int, list[str]]]:
    """Pieces of each order line that must stay, and what there is to say of it."""
    fixed: Counter[int] = Counter()
    hints: defaultdict[int, list[str]] = defaultdict(list)
    for each in work:
        asked = any(one.state == "requested" for one in each.cancellations.all())
        confirmed = each.status in LIVE_WORK and cancellation_queries.is_confirmed_elsewhere(each)
        for part in each.lines.all():
            line = part.allocation.order_line_id
            loose = part.quantity - part.quantity_cancelled - part.quantity_packed
            fixed[line] += part.quantity_packed
            if part.quantity_packed:
                hints[line].append(f"{part.quantity_packed} packed or gone")
            if loose and asked:
                fixed[line] += loose
                hints[line].append(f"{each.location.name} has an earlier question to answer first")
            elif loose and confirmed:
                hints[line].append(f"{each.location.name} has confirmed {loose} and would be asked")
    return fixed, hints


def _told(group: Iterable[OrderLine], hints: dict[int, list[str]]) -> tuple[str, ...]:
    return tuple(hint for line in group for hint in hints.get(line.pk, ()))


def _own(group: Sequence[OrderLine], fixed: Counter[int], hints: tuple[str, ...]) -> Row:
    last = group[-1]
    wanted = sum(line.quantity_ordered - line.quantity_cancelled for line in group)
    least = sum(fixed[line.pk] for line in group)
    waiting = sum(line.quantity_waiting for line in group)
    if waiting:
        hints = (f"{waiting} wait for stock", *hints)
    return Row(last.sku.code, last.sku.name, wanted, least, last.unit_price, is_bundle=False, hints=hints)


def _bundle(group: Sequence[OrderLine], fixed: Counter[int], hints: tuple[str, ...]) -> Row:
    bundle = group[0].bundle_line
    assert bundle is not None  # these lines are components
    wanted = bundle.quantity_ordered - whole_bundles(group).cancelled
    least = max(-(-fixed[line.pk] // (line.quantity_per_bundle or 1)) for line in group)
    hints = (*dict.fromkeys(hints), "a set: order more of it anew")
    return Row(
        bundle.sku.code, bundle.sku.name, wanted, least, bundle.unit_price, is_bundle=True, hints=hints
    )


def _closed(
    lines: Sequence[OrderLine], work: Sequence[Any], confirmed: Sequence[Any], *, moving: bool
) -> dict[str, str]:
    """Which parts of the page are closed, and why."""
    packed = [each for each in work if any(part.quantity_packed for part in each.lines.all())]
    closed = {}
    if packed:
        why = f"{packed[0].number} is packed or has left. Unpack it, or write to the carrier."
        closed = {"address": why, "shipping_option": why}
    elif confirmed:
        why = f"{confirmed[0].location.name} has confirmed {confirmed[0].number}. Cancel its pieces first."
        closed = {"shipping_option": why}
    if moving:
        closed["address"] = "Partners are asked for another address. Withdraw that on the order's page first."
    wanted = sum(line.quantity_ordered - line.quantity_cancelled for line in lines)
    if wanted <= sum(part.quantity_packed for each in packed for part in each.lines.all()):
        closed["gift_message"] = "Everything is packed: the card is in the parcel."
    return closed
