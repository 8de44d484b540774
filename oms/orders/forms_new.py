"""The form of a new order: the same body that a program would send, typed by a person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms

from oms.core import shapes
from oms.core.errors import Invalid
from oms.core.money import CURRENCIES
from oms.orders.forms_customers import KINDS, TEXT, YES_NO
from oms.orders.intake import OrderBody
from oms.orders.models.customers import PARTIAL_WORDS
from oms.orders.requests import NewOrder
from oms.orders.rules import FIRST_PRIORITY, LAST_PRIORITY

FIRST_ROWS, MOST_ROWS = 3, 200
ADDRESS = ("line1", "line2", "city", "region", "postcode", "country")
# Where a problem of the body is shown on the form; what stands nowhere is said at its head.
FIELDS = {
    "#/channel": "channel",
    "#/customer/code": "customer",
    "#/customer/name": "name",
    "#/customer/email": "email",
    "#/ship_to": "ship_to",
    "#/shipping_address": "line1",
    "#/shipping_address/name": "name",
    "#/billing_address": "line1",
    **{f"#/shipping_address/{part}": part for part in ADDRESS},
    **{
        f"#/{name}": name
        for name in (
            *("currency", "po_number", "gift_message", "notes", "shipping_option", "residential", "priority"),
            *("deliver_from", "deliver_until", "partial_policy"),
        )
    },
}


def _text(label: str, help_text: str = "", *, most: int = 200, **attrs: Any) -> forms.CharField:
    return forms.CharField(
        required=False,
        label=label,
        help_text=help_text,
        max_length=most,
        widget=forms.TextInput(attrs=TEXT | attrs),
    )


def _day(label: str, help_text: str) -> forms.DateField:
    return forms.DateField(
        required=False, label=label, help_text=help_text, widget=forms.DateInput(attrs={"type": "date"})
    )


class OrderForm(forms.Form):
    """Everything of an order but its lines."""

    channel = forms.ChoiceField(label="Channel", help_text="Whose rules it follows.")
    external_number = _text("Reference", "Empty: made up. Once per channel.", most=64)
    customer = _text("Customer", "Code of a known one; empty for somebody new.", most=32, list="customers")
    name = _text("Name", "Who takes the parcel.")
    email = forms.EmailField(
        required=False, label="Mail", help_text="To be reached by.", widget=forms.EmailInput(attrs=TEXT)
    )
    customer_type = forms.ChoiceField(choices=KINDS[::-1], required=False, label="Kind")
    ship_to = forms.ChoiceField(
        required=False, label="Address book", help_text="Of a known customer; or type an address below."
    )
    line1 = _text("Street and number")
    line2 = _text("Floor, dock or company")
    city = _text("Town")
    region = _text("State", most=40)
    postcode = _text("Postcode", most=16)
    country = _text("Country", "Two letters, such as AU.", most=2)
    residential = forms.ChoiceField(choices=YES_NO, required=False, label="Somebody's home")
    currency = forms.ChoiceField(choices=[(code, code) for code in sorted(CURRENCIES)], label="Currency")
    po_number = _text("Their order number", "Printed on slip and invoice.", most=64)
    partial_policy = forms.ChoiceField(
        choices=(("", "as agreed"), *PARTIAL_WORDS), required=False, label="When not all can leave at once"
    )
    priority = forms.TypedChoiceField(
        choices=(("", "as agreed"), *((n, str(n)) for n in range(FIRST_PRIORITY, LAST_PRIORITY + 1))),
        coerce=int,
        empty_value=None,
        required=False,
        label="Priority",
        help_text="1 is served first.",
    )
    deliver_from = _day("Deliver from", "Not before this day.")
    deliver_until = _day("Deliver until", "Not after this day.")
    shipping_option = _text("Shipping option", "What was bought, such as express.", most=32)
    gift_message = forms.CharField(
        required=False,
        max_length=500,
        label="Gift message",
        help_text="On the packing slip.",
        widget=forms.Textarea(attrs=TEXT | {"rows": 2}),
    )
    notes = forms.CharField(
        required=False,
        max_length=2000,
        label="Notes",
        help_text="For staff.",
        widget=forms.Textarea(attrs=TEXT | {"rows": 2}),
    )

    def __init__(
        self,
        *args: Any,
        channels: list[tuple[str, str]],
        entries: Iterable[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = channels
        self.fields["ship_to"].choices = [("", "an address typed below"), *entries]

    def show(self, problems: Iterable[tuple[str, str]], lines: "list[LineRow]") -> None:
        """Put what is wrong at the fields where it can be mended."""
        for pointer, why in problems:
            name, _, rest = pointer.removeprefix("#/lines/").partition("/")
            if name.isdecimal() and int(name) < len(lines):
                lines[int(name)].errors[rest or "sku"] = why
            else:
                self.add_error(FIELDS.get(pointer), why)


@dataclass(slots=True)
class LineRow:
    """One line as it was typed; ``number`` names its fields."""

    number: int
    sku: str = ""
    quantity: str = "1"
    unit_price: str = ""
    name: str = ""
    errors: dict[str, str] = field(default_factory=dict)


def rows_of(said: Mapping[str, str]) -> list[LineRow]:
    """The lines that were typed, and a few empty ones to go on with."""
    numbers = sorted(
        {int(name[4:]) for name in said if name.startswith("sku-") and name[4:].isdecimal()}
        | set(range(FIRST_ROWS))
    )
    return [
        LineRow(
            number,
            said.get(f"sku-{number}", "").strip(),
            said.get(f"quantity-{number}", "1").strip() or "1",
            said.get(f"unit_price-{number}", "").strip(),
        )
        for number in numbers[:MOST_ROWS]
    ]


def to_request(said: Mapping[str, Any], rows: Iterable[LineRow], number: str) -> NewOrder:
    """The order as a plain value, read by the same types as over REST.

    Raises ``Invalid`` with pointers.
    """
    lines = [
        {"sku": row.sku, "quantity": row.quantity}
        | ({"unit_price": row.unit_price.replace(",", ".")} if row.unit_price else {})
        for row in rows
        if row.sku
    ]
    if not lines:
        message = "An order has a line at least."
        raise Invalid(message, problems=(("#/lines/0/sku", message),))
    body: dict[str, Any] = {
        "channel": said["channel"],
        "external_number": said["external_number"] or number,
        "currency": said["currency"],
        "customer": _customer(said),
        "lines": lines,
    }
    if said["ship_to"]:
        body["ship_to"] = said["ship_to"]
    elif any(said[part] for part in ADDRESS if part != "country"):
        body["shipping_address"] = {"name": said["name"]} | {part: said[part] for part in ADDRESS}
    for name in ("po_number", "partial_policy", "priority", "shipping_option", "gift_message", "notes"):
        if said[name]:
            body[name] = said[name]
    for name in ("deliver_from", "deliver_until"):
        if said[name]:
            body[name] = said[name].isoformat()
    if said["residential"]:
        body["residential"] = said["residential"] == "yes"
    return shapes.fitted(body, OrderBody).to_request()


def _customer(said: Mapping[str, Any]) -> dict[str, str]:
    if said["customer"]:
        typed = {"code": said["customer"], "email": said["email"]}
        return typed | ({"name": said["name"]} if said["name"] else {})
    return {"name": said["name"], "email": said["email"], "type": said["customer_type"] or "b2c"}
