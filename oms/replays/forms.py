"""The form that asks for a replay."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from oms.replays.rules import NewSite, Scenario
from oms.routing import queries as routing_queries
from oms.routing.models import RuleSetVersion


class VersionField(forms.ModelChoiceField):
    """Versions of rule sets, with what became of each."""

    def label_from_instance(self, version: RuleSetVersion) -> str:
        if version.retired_at and not version.published_at:
            return f"{version} (discarded)"
        return f"{version} ({'live' if version.status == 'published' else version.status})"


class ReplayForm(forms.Form):
    """A period and what is to be different in it."""

    name = forms.CharField(max_length=120, label="Name", help_text="Such as: without Melbourne in November.")
    first_day = forms.DateField(
        label="First day", widget=forms.DateInput(attrs={"type": "date"}), help_text="UTC."
    )
    last_day = forms.DateField(
        label="Last day", widget=forms.DateInput(attrs={"type": "date"}), help_text="UTC; included."
    )
    version = VersionField(
        RuleSetVersion.objects.none(),
        required=False,
        label="Rules",
        empty_label="As they are now",
        help_text="A draft, or any version, instead of the live one of its set.",
    )
    without = forms.MultipleChoiceField(
        required=False,
        label="Without",
        widget=forms.CheckboxSelectMultiple,
        help_text="Locations that ship nothing.",
    )
    new_code = forms.SlugField(
        required=False,
        max_length=16,
        label="New location",
        help_text="A code that is not in use, such as ADL.",
    )
    new_like = forms.ChoiceField(
        required=False, label="Ships at the rates of", help_text="For the new location."
    )
    new_share = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=100,
        label="Share of everybody's stock, %",
        help_text="For the new location.",
    )
    stock_percent = forms.IntegerField(
        min_value=0,
        max_value=1000,
        initial=100,
        label="Stock, %",
        help_text="100 is the stock as it then stood; 80 a fifth less.",
    )
    rate_location = forms.ChoiceField(
        required=False, label="Other rates from", help_text="Change what parcels cost from one location."
    )
    rate_percent = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1000,
        label="Cost from there, %",
        help_text="110 is a tenth dearer.",
    )
    rates_on = forms.DateField(
        required=False,
        label="Rate cards of",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Cards that are valid on this day; empty for today's.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = sorted(routing_queries.site_names().items())
        self.fields["without"].choices = [(code, f"{name} ({code})") for code, name in sites]
        for name in ("new_like", "rate_location"):
            self.fields[name].choices = [("", "—"), *sites]
        self.fields["version"].queryset = RuleSetVersion.objects.select_related("rule_set").order_by(
            "rule_set__name", "-number"
        )
        today = timezone.now().date()
        self.fields["first_day"].initial = today - timedelta(days=28)
        self.fields["last_day"].initial = today - timedelta(days=1)

    def clean(self) -> dict[str, Any]:
        """Half a new location, or half a rate, is none."""
        said = super().clean() or {}
        if said.get("new_code") and not (said.get("new_like") and said.get("new_share") is not None):
            self.add_error("new_code", "Say also at whose rates it ships, and its share of the stock.")
        if bool(said.get("rate_location")) != (said.get("rate_percent") is not None):
            self.add_error("rate_percent", "Say both: from where, and how many per cent.")
        return said

    def period(self) -> tuple[datetime, datetime]:
        """From the beginning of the first day to the end of the last, at most until now."""
        zone = timezone.get_default_timezone()
        begins = datetime.combine(self.cleaned_data["first_day"], time.min, zone)
        ends = datetime.combine(self.cleaned_data["last_day"] + timedelta(days=1), time.min, zone)
        return begins, min(ends, timezone.now())

    def scenario(self) -> Scenario:
        """What is different."""
        said = self.cleaned_data
        new = (
            NewSite(said["new_code"].upper(), said["new_like"], said["new_share"])
            if said["new_code"]
            else None
        )
        return Scenario(
            versions=(said["version"].pk,) if said["version"] else (),
            without=tuple(said["without"]),
            new_site=new,
            stock_percent=said["stock_percent"],
            rate_percent=((said["rate_location"], said["rate_percent"]),) if said["rate_location"] else (),
            rates_on=said["rates_on"],
        )
