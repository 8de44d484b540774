"""Orders that are there already, held against what a file says of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from oms.channels.models import Channel
from oms.imports.order_columns import PLACE, with_lines
from oms.imports.order_reading import Told, place_said
from oms.imports.rules import Line
from oms.orders.models import BundleLine, Order, OrderLine

# Our columns that an order holds under the same or another name; an address is held part by part.
FACTS = {
    "currency": "currency",
    "po_number": "po_number",
    "shipping_option": "shipping_option",
    "promise_by": "first_promise_by",
    "residential": "is_residential",
    "deliver_from": "deliver_from",
    "deliver_until": "deliver_until",
    "partial_policy": "partial_policy",
    "priority": "priority",
}
WORDS = {
    "customer_name": "customer_name",
    "customer_email": "customer_email",
    "gift_message": "gift_message",
    "notes": "notes",
}


def channels_by_word() -> dict[str, str]:
    """The code of every channel by what files call it, in lower case: its code, or its name where no other has it."""
    rows = list(Channel.objects.values_list("code", "name"))
    times = Counter(name.lower() for _, name in rows)
    by_name = {name.lower(): code for code, name in rows if times[name.lower()] == 1}
    return by_name | {code.lower(): code for code, _ in rows}


def existing(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Order]:
    """The orders that have these channels and numbers, with who, where to and what."""
    wanted = set(keys)
    rows = Order.objects.filter(
        channel__code__in=sorted({channel for channel, _ in wanted}),
        external_number__in=sorted({number for _, number in wanted}),
    )
    found = {(order.channel.code, order.external_number): order for order in with_lines(rows)}
    return {key: order for key, order in found.items() if key in wanted}


def contradiction(told: Told, order: Order) -> str:
    """The first column in which a file says something else than an order holds; what it leaves empty agrees."""
    said = told.said
    if "customer" in said and (order.customer is None or order.customer.code != said["customer"]):
        return "customer"
    if "customer" not in said and said.get("customer_type", order.customer_type) != order.customer_type:
        return "customer_type"
    for held, names in ((order, FACTS), (order.contact, WORDS)):
        for column, name in names.items():
            if column in said and getattr(held, name) != said[column]:
                return column
    return _elsewhere(said, order) or ("" if _same_lines(told.lines, order) else "line")


def customer_lines(order: Order) -> list[OrderLine | BundleLine]:
    """An order's lines as its customer ordered them, where ``with_lines`` has fetched them."""
    return sorted([*order.lines.all(), *order.bundle_lines.all()], key=lambda line: line.position)


def _elsewhere(said: Mapping[str, Any], order: Order) -> str:
    for kind in ("shipping", "billing"):
        held = getattr(order.contact, f"{kind}_address")
        place = place_said(said, kind)
        for part in PLACE:
            if part in place and held.get(part, "") != place[part].strip():
                return f"{kind}_{part}"
    return ""


def _same_lines(lines: Sequence[Line], order: Order) -> bool:
    held: dict[tuple[str, int], Counter[Decimal]] = {}
    for each in customer_lines(order):
        held.setdefault((each.sku.code, each.quantity_ordered), Counter())[each.unit_price] += 1
    wanted: Counter[tuple[str, int]] = Counter()
    priced: dict[tuple[str, int], Counter[Decimal]] = {}
    for line in lines:
        key = (line.values["sku"], line.values["quantity"])
        wanted[key] += 1
        if (price := line.values.get("unit_price")) is not None:
            priced.setdefault(key, Counter())[price] += 1
    if wanted != Counter({key: prices.total() for key, prices in held.items()}):
        return False
    return all(prices <= held[key] for key, prices in priced.items())
