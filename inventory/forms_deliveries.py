"""Forms of announced deliveries."""

from typing import Any

from django import forms

from inventory.forms_floor import Placed

MOVE, PIECES, OFF = "move", "pieces", "off"
CHOICES = (
    (MOVE, "It comes on another day"),
    (PIECES, "It brings fewer or more pieces"),
    (OFF, "It does not come: call it off"),
)
MOST_PIECES = 1_000_000
_TEXT = {"data-scan-ok": "", "autocomplete": "off"}


class ChangeForm(forms.Form):
    """What becomes of an announced delivery."""

    what = forms.ChoiceField(label="What changes", choices=CHOICES)
    expected_on = forms.DateField(
        required=False,
        label="New day",
        help_text="When it comes on another day.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    to_come = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_PIECES,
        label="Pieces still to come",
        help_text="When it brings fewer or more; what has come already stays.",
    )
    whole = forms.BooleanField(
        required=False,
        label="The whole document",
        help_text="Every SKU that is still to come on it: for another day, or when nothing comes.",
    )
    reason = forms.CharField(
        max_length=200,
        label="Why",
        help_text="It stands on every order that is touched.",
        widget=forms.TextInput(attrs=_TEXT),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Ask for what the choice needs, and drop what it does not."""
        said = super().clean() or self.cleaned_data
        what = said.get("what")
        if what == MOVE and not said.get("expected_on") and "expected_on" not in self.errors:
            self.add_error("expected_on", "Say the new day.")
        if what == PIECES and not said.get("to_come") and "to_come" not in self.errors:
            self.add_error("to_come", "Say how many pieces are still to come.")
        if what == PIECES and said.get("whole"):
            self.add_error("whole", "Pieces are changed SKU by SKU.")
        return said


class AnnounceForm(Placed):
    """Pieces that a supplier has promised."""

    location = forms.ChoiceField(label="Site", help_text="Where they will arrive.")
    sku = forms.CharField(
        max_length=64, label="SKU", help_text="Its code.", widget=forms.TextInput(attrs=_TEXT)
    )
    quantity = forms.IntegerField(min_value=1, max_value=MOST_PIECES, label="Pieces")
    reference = forms.SlugField(
        max_length=40,
        label="Document",
        help_text="The number on the delivery note: letters, digits, - and _.",
        widget=forms.TextInput(attrs=_TEXT),
    )
    expected_on = forms.DateField(
        label="Should arrive", help_text="The day.", widget=forms.DateInput(attrs={"type": "date"})
    )
