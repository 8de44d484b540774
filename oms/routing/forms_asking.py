"""The forms that ask: a draft tried on an order, and why something is not available."""

import re
from decimal import Decimal
from typing import Any

from django import forms

from oms.core import money
from oms.flows.availability import Question
from oms.routing import queries, rule_queries
from oms.routing.preview import Wanted, Wish
from oms.routing.problem import Destination
from oms.routing.rules import Fact

_PIECES = re.compile(r"^(?P<sku>\S+?)(?:\s*[x×*]\s*|\s+)(?P<pieces>\d{1,6})$", re.IGNORECASE)
_MOST_LINES = 50


class DestinationForm(forms.Form):
    """A channel, a kind of customer and where the parcel goes."""

    channel = forms.ChoiceField(label="Channel")
    customer_type = forms.ChoiceField(label="Customer")
    country = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label="Country",
        initial="AU",
        error_messages={"invalid": "Write two letters, such as AU."},
    )
    region = forms.CharField(required=False, max_length=40, label="State")
    postcode = forms.CharField(required=False, max_length=16, label="Postcode")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = rule_queries.choices()
        self.fields["channel"].choices = choices[Fact.CHANNEL]
        self.fields["customer_type"].choices = choices[Fact.CUSTOMER_TYPE]

    def destination(self) -> Destination:
        """Where it goes."""
        said = self.cleaned_data
        return Destination(said["country"].upper(), said["region"].upper(), said["postcode"].upper())


class TryForm(DestinationForm):
    """An order by its number, or one that is made up."""

    order = forms.CharField(
        required=False,
        max_length=32,
        label="Order number",
        help_text="Planned as if it came in now; the rest of the form is then left alone.",
    )
    lines = forms.CharField(
        required=False,
        label="SKUs",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line, with the pieces: MUG x 2.",
    )
    value = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=12,
        label="Order value",
        help_text="For rules about the value.",
    )
    shipping_option = forms.CharField(required=False, max_length=32, label="Shipping option")

    field_order = (
        *("order", "channel", "customer_type", "country", "region", "postcode", "lines", "value"),
        "shipping_option",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.data.get("order", "").strip():
            for name in ("channel", "customer_type", "country"):
                self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """An order has a number or at least one line."""
        said = super().clean() or {}
        if said.get("order", "").strip():
            return said
        texts = [text.strip() for text in said.get("lines", "").splitlines() if text.strip()]
        if not texts:
            self.add_error("lines", "Write a number of an order above, or at least one SKU here.")
        if len(texts) > _MOST_LINES:
            self.add_error("lines", f"At most {_MOST_LINES} lines are tried at once.")
        wanted = []
        for text in texts[:_MOST_LINES]:
            read = _PIECES.match(text)
            pieces = int(read["pieces"]) if read else 1
            sku = read["sku"] if read else text
            if pieces < 1 or " " in sku:
                self.add_error("lines", f"“{text}” is not a SKU with its pieces, such as MUG x 2.")
            wanted.append(Wanted(sku, pieces))
        said["wanted"] = tuple(wanted)
        return said

    def to_wish(self) -> Wish:
        """The made-up order."""
        said, currency = self.cleaned_data, queries.shop_currency()
        return Wish(
            channel=said["channel"],
            customer_type=said["customer_type"],
            destination=self.destination(),
            lines=said["wanted"],
            value_minor=money.rounded(said["value"] or Decimal(0), currency).amount,
            currency=currency,
            shipping_option=said["shipping_option"],
        )


class WhyForm(DestinationForm):
    """A SKU, and for whom it should be there."""

    sku = forms.CharField(max_length=64, label="SKU")
    quantity = forms.IntegerField(min_value=1, max_value=1_000_000, initial=1, label="Pieces")

    field_order = ("sku", "quantity", "channel", "customer_type", "country", "region", "postcode")

    def to_question(self) -> Question:
        """What is asked."""
        said = self.cleaned_data
        return Question(
            said["sku"], said["channel"], self.destination(), said["quantity"], said["customer_type"]
        )
