"""Forms of the ground floor: signing in, second factor, profile, dead letters."""

import json
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm

from oms.core.models import Theme, User


class SignInForm(AuthenticationForm):
    """User name and password, as a password manager fills them."""

    error_messages: ClassVar[dict[str, Any]] = {
        "invalid_login": "This user name and password do not match. Capitals count.",
        "inactive": "This account is switched off. Ask an administrator.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"
        self.fields["username"].widget.attrs |= {"data-scan-ok": "", "autocomplete": "username"}
        self.fields["password"].widget.attrs |= {"data-scan-ok": "", "autocomplete": "current-password"}


class CodeForm(forms.Form):
    """The six digits of the app, or one recovery code."""

    code = forms.CharField(
        max_length=16,
        label="Code",
        help_text="Six digits from your app, or one recovery code.",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "text",
                "autofocus": True,
                "spellcheck": "false",
                "data-scan-ok": "",
            }
        ),
    )

    def clean_code(self) -> str:
        """Drop the spaces and dashes people put into codes."""
        return self.cleaned_data["code"].replace(" ", "").replace("-", "").lower()


class NewPasswordForm(PasswordChangeForm):
    """A new password; with it a first password has been changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["data-scan-ok"] = ""
        self.fields["old_password"].label = "Password now"
        self.fields["new_password1"].label = "New password"
        self.fields["new_password1"].help_text = "12 characters or more, not your name, not a common one."
        self.fields["new_password2"].label = "New password again"
        self.fields["new_password2"].help_text = ""

    def save(self, commit: bool = True) -> User:
        """Set the password and lift the duty to change it."""
        self.user.must_change_password = False
        return super().save(commit)


class ProfileForm(forms.Form):
    first_name = forms.CharField(max_length=150, required=False, label="First name")
    last_name = forms.CharField(max_length=150, required=False, label="Last name")
    email = forms.EmailField(
        required=False, label="Mail", help_text="For digests and for resetting your password."
    )
    theme = forms.ChoiceField(
        choices=Theme.choices, label="Theme", help_text="Light and dark also stand in the side bar."
    )
    single_letter_keys = forms.BooleanField(
        required=False,
        label="Single-letter keys (j, k, x, /, g o)",
        help_text="Ctrl K and Esc work either way.",
    )


class MendForm(forms.Form):
    """What a message says, put right by a person."""

    payload = forms.CharField(
        label="Payload",
        help_text="JSON. What the house had written is kept beside it.",
        widget=forms.Textarea(attrs={"class": "raw-edit", "spellcheck": "false", "data-scan-ok": ""}),
    )
    reason = forms.CharField(max_length=300, label="Reason", help_text="What was wrong and how you know.")

    def clean_payload(self) -> Any:
        """Read the payload as JSON."""
        try:
            payload = json.loads(self.cleaned_data["payload"])
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from error
        if not isinstance(payload, dict):
            raise forms.ValidationError("A payload is an object: {…}.")
        return payload


class DiscardForm(forms.Form):
    reason = forms.CharField(
        max_length=300, label="Reason", help_text="Nobody will send this message. Say why that is right."
    )
