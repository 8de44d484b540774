"""Forms of the import pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from oms.imports.resources import resource_for
from oms.imports.rules import Choices, Kind

NO_COLUMN = ""


class UploadForm(forms.Form):
    """What the rows tell, and the file."""

    kind = forms.ChoiceField(
        label="What is in the file", help_text="Stock is a count of pieces, with its date."
    )
    file = forms.FileField(
        label="File",
        help_text="CSV or XLSX, up to 1,000,000 rows. Nothing is written before you have seen the difference.",
        widget=forms.ClearableFileInput(
            attrs={"accept": ".csv,.txt,.tsv,.xlsx,text/csv", "data-scan-ok": ""}
        ),
    )

    def __init__(self, *args: Any, kinds: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds

    @property
    def chosen(self) -> tuple[Kind, UploadedFile]:
        """The kind and the file."""
        return Kind(self.cleaned_data["kind"]), self.cleaned_data["file"]


class ColumnsForm(forms.Form):
    """Which column of the file is which, and what a cell alone does not say."""

    date_order = forms.ChoiceField(
        required=False,
        label="Dates with strokes",
        choices=[("", "refuse unclear ones"), ("dmy", "day/month/year"), ("mdy", "month/day/year")],
    )
    decimal_mark = forms.ChoiceField(
        required=False,
        label="Decimal mark",
        choices=[("", "refuse unclear ones"), (".", "point: 1,234.50"), (",", "comma: 1.234,50")],
    )
    create_skus = forms.BooleanField(
        required=False,
        label="Make SKUs that are not there yet",
        help_text="A row of a Shopify export without a SKU is named after its handle and options.",
    )

    channel = forms.ChoiceField(
        required=False, label="Channel of rows that name none", help_text="Whose rules they follow."
    )
    take_finished = forms.BooleanField(
        required=False,
        label="Take orders that have ended elsewhere",
        help_text="Fulfilled, cancelled or refunded, as the file says. They would be sent again.",
    )

    def __init__(
        self,
        *args: Any,
        kind: Kind,
        headers: Sequence[str],
        words: Sequence[str],
        places: Sequence[tuple[str, str]],
        may_create: bool,
        channels: Sequence[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        resource = resource_for(kind)
        choices = [(NO_COLUMN, "not in the file")]
        choices += [(str(at), f"{header or 'column'} ({at + 1})") for at, header in enumerate(headers)]
        self.columns = list(resource.columns())
        self.words = list(words)
        for name in self.columns:
            self.fields[f"column_{name}"] = forms.ChoiceField(
                required=False,
                label=name.replace("_", " "),
                choices=choices,
                widget=forms.Select(attrs={"class": "select"}),
            )
        for number, word in enumerate(words):
            self.fields[f"place_{number}"] = forms.ChoiceField(
                required=False, label=f"“{word}” means", choices=[("", "refuse these rows"), *places]
            )
        if kind is not Kind.STOCK or not may_create:
            del self.fields["create_skus"]
        if kind is Kind.ORDERS:
            self.fields["channel"].choices = [("", "refuse these orders"), *channels]
        else:
            del self.fields["channel"], self.fields["take_finished"]

    @property
    def mapping(self) -> dict[str, str]:
        """Our columns with their position, as text."""
        chosen = {name: self.cleaned_data.get(f"column_{name}", "") for name in self.columns}
        return {name: at for name, at in chosen.items() if at != NO_COLUMN}

    @property
    def choices(self) -> Choices:
        """What was decided beside the columns."""
        told = {word: self.cleaned_data.get(f"place_{number}", "") for number, word in enumerate(self.words)}
        return Choices(
            self.cleaned_data["date_order"],
            self.cleaned_data["decimal_mark"],
            {word: code for word, code in told.items() if code},
            self.cleaned_data.get("create_skus", False),
            self.cleaned_data.get("channel", ""),
            self.cleaned_data.get("take_finished", False),
        )

    def map_fields(self) -> list[tuple[str, forms.BoundField]]:
        """The fields that name columns, with the name of ours."""
        return [(name, self[f"column_{name}"]) for name in self.columns]

    def other_fields(self) -> list[forms.BoundField]:
        """Every other field."""
        return [bound for bound in self.visible_fields() if not bound.name.startswith("column_")]
