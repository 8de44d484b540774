"""Forms of customers and their address books."""

from typing import Any

from django import forms

from oms.core.money import CURRENCIES
from oms.orders.models.customers import BACKORDER_WORDS, PARTIAL_WORDS
from oms.orders.rules import FIRST_PRIORITY, LAST_PRIORITY, CustomerType

TEXT = {"data-scan-ok": "", "autocomplete": "off"}
OF_TYPE = ("", "as its type says")
YES_NO = (OF_TYPE, ("yes", "yes"), ("no", "no"))
KINDS = ((CustomerType.B2B.value, "business"), (CustomerType.B2C.value, "person"))


def _text(label: str, help_text: str = "", *, most: int = 200, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=most,
        required=more.pop("required", False),
        widget=forms.TextInput(attrs=TEXT | more),
    )


class CustomerForm(forms.Form):
    """What was agreed with a customer, and who it is."""

    code = forms.SlugField(
        max_length=32,
        label="Code",
        help_text="Named in orders; it never changes. Letters, digits, - and _.",
        widget=forms.TextInput(attrs=TEXT),
    )
    customer_type = forms.ChoiceField(choices=KINDS, label="Kind", help_text="Its terms.")
    name = _text("Name", "A person or a company.", required=True)
    email = forms.EmailField(
        required=False,
        label="Mail",
        help_text="Where invoices go.",
        widget=forms.EmailInput(attrs=TEXT),
    )
    phone = _text("Telephone", "For a question about an order.", most=40)
    tax_number = _text("Tax number", "Printed on their invoices.", most=40)
    currency = forms.ChoiceField(
        choices=[(code, code) for code in sorted(CURRENCIES)],
        initial="AUD",
        label="Currency",
        help_text="Of prices and credit.",
    )
    price_list = forms.SlugField(
        max_length=32,
        required=False,
        label="Price list",
        help_text="Empty: that of its kind.",
        widget=forms.TextInput(attrs=TEXT),
    )
    terms_days = forms.IntegerField(
        min_value=0, max_value=365, required=False, label="Days to pay", help_text="Empty: those of its kind."
    )
    credit_limit = forms.DecimalField(
        min_value=0,
        max_digits=15,
        decimal_places=4,
        required=False,
        label="Credit limit",
        help_text="An order above it is held. Empty: none.",
    )
    priority = forms.IntegerField(
        min_value=FIRST_PRIORITY,
        max_value=LAST_PRIORITY,
        required=False,
        label="Priority",
        help_text="1 is served first, 9 last.",
    )
    partial_policy = forms.ChoiceField(
        choices=(OF_TYPE, *PARTIAL_WORDS), required=False, label="When not all can leave at once"
    )
    backorder_policy = forms.ChoiceField(
        choices=(OF_TYPE, *BACKORDER_WORDS), required=False, label="What stock cannot serve"
    )
    requires_po_number = forms.ChoiceField(
        choices=YES_NO, required=False, label="Needs their own order number"
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Buys: new orders are taken")

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            for name in ("code", "customer_type", "currency"):
                del self.fields[name]

    def clean_requires_po_number(self) -> bool | None:
        """Read yes, no or nothing."""
        return {"yes": True, "no": False}.get(self.cleaned_data["requires_po_number"])


class AddressForm(forms.Form):
    """An entry of an address book."""

    code = forms.SlugField(
        max_length=32,
        label="Code",
        help_text="Named in orders as ship_to.",
        widget=forms.TextInput(attrs=TEXT),
    )
    label = _text("Label", "What staff pick from.", most=80)
    name = _text("Name", "Who takes the parcel.", required=True)
    line1 = _text("Street and number", required=True)
    line2 = _text("Floor, dock or company")
    city = _text("Town", required=True)
    region = _text("State", most=40)
    postcode = _text("Postcode", most=16)
    country = forms.RegexField(
        "^[A-Z]{2}$",
        initial="AU",
        label="Country",
        help_text="Two letters, such as AU.",
        widget=forms.TextInput(attrs=TEXT | {"maxlength": 2}),
    )
    is_residential = forms.ChoiceField(choices=YES_NO, required=False, label="Somebody's home")
    is_billing = forms.BooleanField(required=False, label="Invoices go here")

    def clean_is_residential(self) -> bool | None:
        """Read yes, no or nothing."""
        return {"yes": True, "no": False}.get(self.cleaned_data["is_residential"])
