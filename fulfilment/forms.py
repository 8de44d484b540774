"""Forms of the floor."""

from collections.abc import Sequence
from typing import Any

from django import forms

from fulfilment.models import FulfilmentOrderLine
from inventory import queries as stock_queries

BOXES = (
    ("S", "S, 20 × 15 × 10 cm"),
    ("M", "M, 30 × 20 × 15 cm"),
    ("L", "L, 40 × 30 × 20 cm"),
    ("Bag", "Bag, padded"),
)
CARRIERS = (("auspost", "Australia Post"), ("own", "Own delivery"))


class ShortForm(forms.Form):
    """Which item is short, by how many pieces, and why."""

    sku = forms.ChoiceField(label="Item", help_text="The one that is not all there.")
    missing = forms.IntegerField(
        label="Missing pieces", min_value=1, max_value=1_000_000, help_text="Asked for, less what you found."
    )
    reason = forms.ModelChoiceField(
        queryset=None,
        label="Reason",
        empty_label=None,
        help_text="The missing pieces are written off for it.",
    )

    def __init__(self, *args: Any, lines: Sequence[FulfilmentOrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sku"].choices = [
            (
                line.sku.code,
                f"{line.sku.code} {line.sku.name}, {line.left} to pick",
            )
            for line in lines
        ]
        self.fields["reason"].queryset = stock_queries.active_reasons()


class ParcelForm(forms.Form):
    """What a parcel is closed with."""

    box = forms.ChoiceField(choices=BOXES, initial="M", label="Box", help_text="What it is packed in.")
    weight_grams = forms.IntegerField(
        label="Weight in grams",
        min_value=1,
        max_value=100_000,
        required=False,
        help_text="From the scale; may be empty.",
    )
    carrier = forms.ChoiceField(choices=CARRIERS, label="Carrier", help_text="Who takes it.")
    tracking_number = forms.CharField(
        label="Tracking number",
        max_length=64,
        required=False,
        help_text="From the carrier's label. Empty: the parcel's own number.",
    )
