"""Forms of bins, transfers, lots and arrivals."""

from typing import Any

from django import forms

LINES_HELP = "One per line: SKU, pieces, and the lot when it matters which. Such as: 4427 12"
_TEXT = {"data-scan-ok": "", "autocomplete": "off", "spellcheck": "false"}


class Placed(forms.Form):
    """A form whose places are those of the person."""

    def __init__(self, *args: Any, places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("place", "origin", "location"):
            if name in self.fields:
                self.fields[name].choices = places


class DocumentForm(Placed):
    """Which document the goods came with."""

    place = forms.ChoiceField(label="Site", help_text="Where they are.")
    reference = forms.SlugField(
        max_length=40,
        label="Document",
        help_text="Number on the delivery note or order.",
        widget=forms.TextInput(attrs=_TEXT),
    )


class TransferForm(Placed):
    """A new transfer."""

    origin = forms.ChoiceField(label="From", help_text="Its goods are set aside at once.")
    destination = forms.ChoiceField(label="To", help_text="Where they are wanted.")
    expected_on = forms.DateField(
        label="Should arrive",
        help_text="Late ones raise an alert.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    lines = forms.CharField(
        label="Goods", help_text=LINES_HELP, widget=forms.Textarea(attrs=_TEXT | {"rows": 6})
    )
    note = forms.CharField(
        required=False, max_length=300, label="Note", help_text="Why.", widget=forms.TextInput(attrs=_TEXT)
    )

    def __init__(self, *args: Any, everywhere: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["destination"].choices = everywhere

    def clean_lines(self) -> tuple[tuple[str, int, str], ...]:
        """Read each line."""
        rows = []
        for number, line in enumerate(self.cleaned_data["lines"].splitlines(), start=1):
            words = line.replace(",", " ").replace(";", " ").split()
            if not words:
                continue
            if len(words) not in {2, 3} or not words[1].isascii() or not words[1].isdigit():
                raise forms.ValidationError(
                    f"Line {number}: write the SKU, then the pieces. Such as 4427 12."
                )
            rows.append((words[0], int(words[1]), words[2] if len(words) == 3 else ""))
        return tuple(rows)


class SendForm(forms.Form):
    """The serial numbers that leave, where a SKU has them."""

    serials = forms.CharField(
        required=False,
        label="Serial numbers",
        help_text="One per line: SKU and serial number. Empty when no SKU has them.",
        widget=forms.Textarea(attrs=_TEXT | {"rows": 6}),
    )

    def clean_serials(self) -> dict[str, list[str]]:
        """Read each line."""
        found: dict[str, list[str]] = {}
        for number, line in enumerate(self.cleaned_data["serials"].splitlines(), start=1):
            words = line.split()
            if words and len(words) != 2:
                raise forms.ValidationError(f"Line {number}: write the SKU, then one serial number.")
            if words:
                found.setdefault(words[0], []).append(words[1])
        return found


class ReasonForm(forms.Form):
    """Why, from the managed list."""

    reason = forms.ChoiceField(label="Reason", help_text="From the managed list; auditors read it.")

    def __init__(self, *args: Any, reasons: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [("", "Choose a reason"), *reasons]


class RecallForm(forms.Form):
    """Why a lot is recalled."""

    reason = forms.CharField(
        max_length=200,
        label="Reason",
        help_text="Everybody who meets the lot reads it.",
        widget=forms.TextInput(attrs=_TEXT),
    )


class HoldForm(Placed):
    """Pieces that are set aside or given back."""

    place = forms.ChoiceField(label="Site", help_text="Where they stand.")
    what = forms.ChoiceField(
        label="Do",
        help_text="Set aside: nobody can sell them. Newest orders give way when there are too few.",
        choices=(
            ("inspect", "Set aside to be looked at"),
            ("damage", "Set aside as damaged"),
            ("inspected", "Give back: looked at, it is fine"),
            ("mended", "Give back: mended"),
        ),
    )
    pieces = forms.IntegerField(min_value=1, max_value=1_000_000, label="Pieces", help_text="How many.")
    bin = forms.CharField(
        required=False,
        max_length=24,
        label="Bin",
        help_text="Empty: any.",
        widget=forms.TextInput(attrs=_TEXT),
    )
    lot = forms.CharField(
        required=False,
        max_length=40,
        label="Lot",
        help_text="Empty: any.",
        widget=forms.TextInput(attrs=_TEXT),
    )
    note = forms.CharField(
        max_length=300, label="Reason", help_text="What you saw.", widget=forms.TextInput(attrs=_TEXT)
    )
