"""What a template may name, by occasion, each with a word on what it is; pure.

Facts are texts, whole numbers or yes and no; what is not known is empty, so that ``{% if po_number %}`` is enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from oms.letters.rules import Occasion


@dataclass(frozen=True, slots=True)
class Variable:
    """Something a template may name; a list says what each of its entries has (nothing: each is a text)."""

    says: str
    is_list: bool = False
    parts: "Mapping[str, Variable] | None" = None


def _one(says: str) -> Variable:
    return Variable(says)


_PIECES: dict[str, Variable] = {
    "sku": _one("code of the article"),
    "name": _one("name of the article"),
    "pieces": _one("how many, as a number"),
}
_LINE: dict[str, Variable] = _PIECES | {
    "unit_price": _one("price of one, such as 12.50"),
    "total": _one("price of all of them"),
}
_PARCEL: dict[str, Variable] = {
    "number": _one("our number of the parcel"),
    "carrier": _one("who carries it"),
    "tracking_number": _one("the carrier's number; empty when there is none"),
    "lines": Variable("what is in it", True, _PIECES),
}
_COMMON: dict[str, Variable] = {
    "shop_name": _one("your name, from OMS_SELLER_NAME"),
    "shop_address": Variable("your name, address and tax number, line by line", True),
    "order_number": _one("our number, such as SO-1001"),
    "their_number": _one("the number it has at the channel"),
    "po_number": _one("a business's own order number; empty when there is none"),
    "placed_on": _one("the day of the order"),
    "customer_name": _one("who ordered; empty when not said"),
    "is_business": _one("yes for a business"),
    "gift_message": _one("what the card says; empty when there is none"),
    "ship_to": Variable("where it goes, line by line", True),
    "bill_to": Variable("who pays, line by line", True),
    "deliver_from": _one("first day on which it is wanted; empty when not said"),
    "deliver_until": _one("last day on which it is wanted; empty when not said"),
    "leaves_on": _one("the day by which it leaves; empty while nothing is promised"),
    "arrives_on": _one("the day by which it arrives; empty when not known"),
    "terms_days": _one("days to pay, as a number; empty when it is paid before"),
    "due_on": _one("the day on which it is due; before the invoice: if it leaves as promised"),
    "currency": _one("such as AUD"),
    "goods": _one("sum of the lines"),
    "shipping": _one("what sending costs"),
    "tax": _one("tax"),
    "discount": _one("discount; empty when there is none"),
    "total": _one("what it comes to"),
    "lines": Variable("what was ordered", True, _LINE),
}
VARIABLES: Mapping[Occasion, Mapping[str, Variable]] = {
    Occasion.CONFIRMED: _COMMON,
    Occasion.SHIPPED: _COMMON
    | {
        "left_on": _one("the day on which it left"),
        "parcels": Variable("the parcels of this shipment", True, _PARCEL),
        "all_has_left": _one("yes when nothing is still to come"),
        "still_to_come": Variable("what has not left yet", True, _PIECES),
    },
    Occasion.DELAYED: _COMMON
    | {"old_day": _one("the day that was promised"), "new_day": _one("the day that is promised now")},
    Occasion.CANCELLED: _COMMON
    | {
        "is_whole": _one("yes when the whole order is cancelled"),
        "cancelled": Variable("what was cancelled this time", True, _PIECES),
    },
    Occasion.INVOICED: _COMMON
    | {
        "invoice_number": _one("number of the invoice, which is attached as PDF"),
        "invoice_total": _one("what it comes to"),
        "issued_on": _one("its day"),
        "billed": Variable("what it bills", True, _LINE),
    },
}


def named(occasion: Occasion) -> list[tuple[str, str]]:
    """Everything a template for this occasion may name, parts of lists as ``line.sku`` within their loop."""
    found: list[tuple[str, str]] = []
    for name, variable in VARIABLES[occasion].items():
        found.append((name, f"list: {variable.says}" if variable.is_list else variable.says))
        found += _parts(name, variable)
    return found


def _parts(name: str, variable: Variable) -> list[tuple[str, str]]:
    one = name.removesuffix("s") if name.endswith("s") else f"one of {name}"
    found: list[tuple[str, str]] = []
    for part, meant in (variable.parts or {}).items():
        found.append((f"{one}.{part}", meant.says))
        found += _parts(part, meant)
    return found
