"""Forms of the stock pages."""

from typing import Any

from django import forms


class AdjustForm(forms.Form):
    """One corrected count."""

    location = forms.ChoiceField(label="Site", help_text="Where you counted.")
    quantity_delta = forms.IntegerField(
        label="Change",
        help_text="+2 when you found two more, −1 when one is gone.",
        widget=forms.NumberInput(attrs={"data-change": "", "data-scan-ok": "", "autofocus": True}),
    )
    bin = forms.CharField(
        required=False,
        max_length=24,
        label="Bin",
        help_text="Where bins are kept; empty: any.",
        widget=forms.TextInput(attrs={"data-scan-ok": ""}),
    )
    lot = forms.CharField(
        required=False,
        max_length=40,
        label="Lot",
        help_text="Where lots are kept.",
        widget=forms.TextInput(attrs={"data-scan-ok": ""}),
    )
    serials = forms.CharField(
        required=False,
        max_length=2000,
        label="Serial numbers",
        help_text="Where each piece has one; separated by blanks.",
        widget=forms.TextInput(attrs={"data-scan-ok": ""}),
    )
    reason = forms.ChoiceField(label="Reason", help_text="From the managed list; auditors read it.")
    note = forms.CharField(
        required=False,
        max_length=300,
        label="Note",
        help_text="What you saw, such as “handle broken”.",
        widget=forms.TextInput(attrs={"data-scan-ok": ""}),
    )

    def __init__(
        self, *args: Any, places: list[tuple[str, str]], reasons: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["location"].choices = places
        self.fields["reason"].choices = [("", "Choose a reason"), *reasons]

    def clean_quantity_delta(self) -> int:
        """Refuse a change of nothing."""
        change = self.cleaned_data["quantity_delta"]
        if change == 0:
            raise forms.ValidationError("A change of 0 pieces changes nothing.")
        return int(change)
