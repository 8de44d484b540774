"""The form that sets the pace of re-planning."""

from django import forms

from oms.replanning.models import ReplanningPolicy
from oms.replanning.rules import EVERY_MINUTES, LEFT_ALONE_MINUTES
from oms.replanning.services.runs import Pace


class PaceForm(forms.ModelForm):
    """Whether, how often, and how close to the hand-over."""

    every_minutes = forms.IntegerField(
        label="Minutes between passes",
        min_value=EVERY_MINUTES[0],
        max_value=EVERY_MINUTES[1],
        help_text="From 5.",
    )
    left_alone_minutes = forms.IntegerField(
        label="Leave work alone that is due within, minutes",
        min_value=LEFT_ALONE_MINUTES[0],
        max_value=LEFT_ALONE_MINUTES[1],
        help_text="What is about to be handed over stays where it is.",
    )

    class Meta:
        model = ReplanningPolicy
        fields = ("is_on", "every_minutes", "left_alone_minutes")
        labels = {"is_on": "Plan unreleased orders again"}

    def pace(self) -> Pace:
        """What was chosen."""
        said = self.cleaned_data
        return Pace(said["is_on"], said["every_minutes"], said["left_alone_minutes"])
