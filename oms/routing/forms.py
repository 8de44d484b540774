"""What people type about rules, checked as the planner will read it."""

from typing import Any

from django import forms

from oms.routing import parsing
from oms.routing.models import RuleRow, RuleSetVersion
from oms.routing.rules import RuleInvalid


class RuleForm(forms.ModelForm):
    """One rule as JSON; what the planner could not carry out is refused here."""

    class Meta:
        model = RuleRow
        fields = ("position", "conditions", "actions")

    def clean(self) -> dict[str, Any]:
        """Read the rule once."""
        found = super().clean() or {}
        if not self.errors:
            try:
                parsing.rule(found["position"], found["conditions"] or [], found["actions"])
            except RuleInvalid as refusal:
                field = "actions" if str(refusal).startswith("#/actions") else "conditions"
                self.add_error(field, str(refusal))
        return found


class VersionForm(forms.ModelForm):
    """The ranking of a draft."""

    class Meta:
        model = RuleSetVersion
        fields = (
            "criteria",
            "weights",
            "split_penalty_minor",
            "scarcity_minor",
            "max_parcels",
            "if_none",
            "note",
        )

    def clean(self) -> dict[str, Any]:
        """Read the ranking once."""
        found = super().clean() or {}
        if not self.errors:
            try:
                parsing.ranking(found["criteria"], found["weights"] or [])
            except RuleInvalid as refusal:
                self.add_error("criteria", str(refusal))
        return found
