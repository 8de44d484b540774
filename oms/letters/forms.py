"""The form of a template: what it cannot say is refused with its line, and nobody overwrites somebody else."""

from typing import Any, ClassVar

from django import forms

from oms.letters import queries, wording
from oms.letters.models import OCCASIONS, ChannelLetters, CustomerTypeLetters, LetterTemplate
from oms.letters.rules import Occasion
from oms.letters.wording import Wording


class TemplateForm(forms.ModelForm):
    """One template; ``draft`` is what was typed before it was previewed."""

    draft: ClassVar[dict[str, str]] = {}
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = LetterTemplate
        fields = ("letter_set", "occasion", "subject", "text", "html")
        labels: ClassVar[dict[str, str]] = {"html": "HTML"}
        widgets: ClassVar[dict[str, Any]] = {
            "subject": forms.TextInput(attrs={"class": "vLargeTextField", "spellcheck": "true"}),
            "text": forms.Textarea(attrs={"rows": 24, "class": "vLargeTextField", "spellcheck": "true"}),
            "html": forms.Textarea(attrs={"rows": 10, "class": "vLargeTextField", "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial |= self.draft
        self.initial["seen"] = self.draft.get("seen") or self.instance.version

    def said(self) -> Wording:
        """What was typed, with the line ends of texts and not of forms."""
        typed = (self.cleaned_data.get(name) or "" for name in ("subject", "text", "html"))
        return Wording(*("\n".join(each.splitlines()) for each in typed))

    def clean(self) -> dict[str, Any]:
        """Refuse what the occasion does not know, each problem at its field."""
        cleaned = super().clean() or {}
        occasion = cleaned.get("occasion") or self.instance.occasion
        if occasion in set(Occasion):
            for problem in wording.problems(Occasion(occasion), self.said()):
                self.add_error(problem.part, str(problem))
        seen = cleaned.get("seen")
        if self.instance.pk and seen is not None and seen != queries.version_now(self.instance.pk):
            self.add_error(
                None, "Somebody has changed this template meanwhile. Copy your text and open it again."
            )
        return cleaned


class _OccasionsForm(forms.ModelForm):
    """Occasions are ticked."""

    ticked: ClassVar[str] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.ticked in self.fields:
            self.fields[self.ticked] = forms.MultipleChoiceField(
                choices=OCCASIONS,
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=self.fields[self.ticked].help_text,
            )


class ChannelLettersForm(_OccasionsForm):
    """What a channel writes on."""

    ticked = "occasions"

    class Meta:
        model = ChannelLetters
        fields = ("channel", "customer_type", "occasions", "letter_set", "since")


class CustomerTypeLettersForm(_OccasionsForm):
    """What a customer type is never written about."""

    ticked = "silent_on"

    class Meta:
        model = CustomerTypeLetters
        fields = ("customer_type", "letter_set", "silent_on")
