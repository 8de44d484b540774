"""Forms of counts: asking for one, and the plans."""

from typing import Any, ClassVar

from django import forms

from inventory.models import CountPlan, StockLocation

DAYS = ((0, "Mon"), (1, "Tue"), (2, "Wed"), (3, "Thu"), (4, "Fri"), (5, "Sat"), (6, "Sun"))
_SCANNED = {"data-scan-ok": "", "autocapitalize": "characters", "spellcheck": "false", "autocomplete": "off"}


class AskForm(forms.Form):
    """A bin, bins up to another, or a SKU; and why."""

    location = forms.ChoiceField(
        required=False, label="Site", help_text="Empty: every site that has the SKU."
    )
    bin = forms.CharField(
        required=False,
        max_length=24,
        label="Bin",
        help_text="Counted whole. Where no bins are kept: the SKUs picked there.",
        widget=forms.TextInput(attrs=_SCANNED),
    )
    upto_bin = forms.CharField(
        required=False,
        max_length=24,
        label="Up to bin",
        help_text="All bins between the two on the walk.",
        widget=forms.TextInput(attrs=_SCANNED),
    )
    sku = forms.CharField(
        required=False,
        max_length=64,
        label="SKU",
        help_text="Instead of a bin: wherever it stands.",
        widget=forms.TextInput(attrs=_SCANNED),
    )
    cause = forms.CharField(
        max_length=120,
        label="Why",
        help_text="The counter reads it, such as “customer got one too few”.",
        widget=forms.TextInput(attrs={"data-scan-ok": ""}),
    )

    def __init__(self, *args: Any, places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["location"].choices = [("", "Every site"), *places]

    def clean(self) -> dict[str, Any]:
        """Ask for one thing, and a site for a bin."""
        said = super().clean() or {}
        if bool(said.get("bin")) == bool(said.get("sku")):
            raise forms.ValidationError("Name a bin or a SKU, one of the two.")
        if said.get("bin") and not said.get("location"):
            self.add_error("location", "Choose the site where the bin stands.")
        return said


class PlanForm(forms.ModelForm):
    """How often a site counts what, and what difference needs no second look."""

    weekdays = forms.TypedMultipleChoiceField(
        required=False,
        coerce=int,
        choices=DAYS,
        label="Weekdays",
        help_text="On which days counts are opened; none means every day.",
        widget=forms.SelectMultiple(attrs={"size": 7}),
    )

    class Meta:
        model = CountPlan
        fields = (
            *("location", "name", "days_a", "days_b", "days_c", "tasks_per_day", "weekdays"),
            *("tolerance_pieces", "tolerance_value_minor", "is_active"),
        )
        labels: ClassVar = {
            "location": "Site",
            "name": "Name",
            "days_a": "Days between counts of class A",
            "days_b": "Days between counts of class B",
            "days_c": "Days between counts of class C",
            "tasks_per_day": "New counts a day",
            "tolerance_pieces": "Pieces that need no second count",
            "tolerance_value_minor": "Value that needs no second count",
            "is_active": "The plan is in use",
        }
        help_texts: ClassVar = {
            "location": "Where it is counted.",
            "name": "What staff call it; the counter reads it.",
            "tasks_per_day": "At most so many are opened on a day: class A and the longest uncounted first.",
            "is_active": "Off: it opens no counts.",
        }

    def __init__(self, *args: Any, codes: frozenset[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = StockLocation.objects.filter(kind__in=("own", "3pl"))
        self.fields["location"].queryset = places if codes is None else places.filter(code__in=sorted(codes))
        self.fields["name"].widget.attrs["data-scan-ok"] = ""
