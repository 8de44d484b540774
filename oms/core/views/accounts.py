"""Signing in and out, the second factor, passwords, and a person's own settings."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.safestring import mark_safe
from django.views.generic import FormView

from oms.core import preferences, second_factor
from oms.core.forms import CodeForm, NewPasswordForm, ProfileForm, SignInForm
from oms.core.models import User
from oms.core.views.frame import Form, Guarded, Page, own_path

HALF_SIGNED_IN = "half_signed_in"
PATIENCE = timedelta(minutes=5)


class Login(LoginView):
    """User name and password; whoever has a second factor is asked for it before anything opens."""

    public = True
    template_name = "core/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    extra_context: ClassVar[dict[str, Any]] = {"title": "Sign in"}

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if not second_factor.is_enrolled(user):
            login(self.request, user)
            return HttpResponseRedirect(self._after(user))
        self.request.session[HALF_SIGNED_IN] = {
            "user": user.pk,
            "backend": user.backend,
            "at": datetime.now(UTC).isoformat(),
            "next": self.get_success_url(),
        }
        return HttpResponseRedirect(reverse("core:challenge"))

    def _after(self, user: User) -> str:
        if settings.TWO_FACTOR == "required" and user.needs_second_factor:
            return reverse("core:enrol")
        return self.get_success_url()


class Challenge(FormView):
    """The second half of signing in: a code of the app, or one recovery code."""

    public = True
    template_name = "core/challenge.html"
    form_class = CodeForm
    extra_context: ClassVar[dict[str, Any]] = {"title": "Second step"}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.half = request.session.get(HALF_SIGNED_IN)
        if not self.half or datetime.now(UTC) - datetime.fromisoformat(self.half["at"]) > PATIENCE:
            request.session.pop(HALF_SIGNED_IN, None)
            return HttpResponseRedirect(reverse("core:login"))
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        user = User.objects.filter(pk=self.half["user"], is_active=True).first()
        device = second_factor.check(user, form.cleaned_data["code"]) if user else None
        if user is None or device is None:
            form.add_error("code", "This code is wrong or was used already. Wait for the next one.")
            return self.form_invalid(form)
        target = own_path(self.request, self.half["next"], otherwise=reverse("core:home"))
        self.request.session.pop(HALF_SIGNED_IN, None)
        login(self.request, user, backend=self.half["backend"])
        second_factor.remember(self.request, device)
        return HttpResponseRedirect(target)


class Logout(Guarded):
    """Sign out; by POST, so that no picture on another page can do it."""

    public = True
    http_method_names: ClassVar[list[str]] = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        return HttpResponseRedirect(reverse("core:login"))


class ChangePassword(PasswordChangeView):
    permission = ""
    template_name = "core/change_password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("core:home")
    extra_context: ClassVar[dict[str, Any]] = {"title": "Change your password"}

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, "Password changed. Your other sessions are signed out.")
        return response


class Enrol(Form):
    """Set up an app that shows codes; nothing changes until one of its codes has been typed here."""

    permission = ""
    title = "Second step for signing in"
    template_name = "core/enrol.html"
    form_class = CodeForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if second_factor.is_enrolled(self.request.user):
            return context | {"enrolled": True, "left": second_factor.recovery_codes_left(self.request.user)}
        secret, address = second_factor.begin(self.request.user)
        picture = segno.make(address, error="m").svg_inline(omitsize=True, border=0)
        return context | {"secret": secret, "qr": mark_safe(picture), "enrolled": False}

    def carry_out(self, form: Any) -> str:
        codes = second_factor.confirm(self.request, form.cleaned_data["code"])
        self.request.session["recovery_codes"] = codes
        return reverse("core:recovery_codes")


class RecoveryCodes(Page):
    """Ten codes, shown this once."""

    permission = ""
    title = "Recovery codes"
    template_name = "core/recovery_codes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"codes": self.request.session.pop("recovery_codes", [])}

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make ten new ones; the old ones stop working."""
        if not second_factor.is_enrolled(request.user):
            return HttpResponseRedirect(reverse("core:enrol"))
        request.session["recovery_codes"] = second_factor.new_recovery_codes(request.user)
        return HttpResponseRedirect(reverse("core:recovery_codes"))


class Profile(Form):
    """What a person sets for themselves."""

    permission = ""
    title = "Your profile"
    template_name = "core/profile.html"
    form_class = ProfileForm
    done_message = "Profile saved."

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.request.user, name) for name in ProfileForm.base_fields}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        return super().get_context_data(**kwargs) | {
            "grants": user.held_grants,
            "enrolled": second_factor.is_enrolled(user),
        }

    def carry_out(self, form: Any) -> str:
        preferences.change_profile(self.request.user, fields=form.cleaned_data)
        return reverse("core:profile")
