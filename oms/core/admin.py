"""The admin door of the ground floor: people and rights, tokens, endpoints; messages and audit to read."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import QuerySet, URLField
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from oms.core import dead_letters, tokens, webhooks
from oms.core.admin_site import Audited, ReadOnly
from oms.core.errors import Refusal
from oms.core.models import (
    ApiToken,
    Approval,
    AuditEntry,
    Grant,
    InboxMessage,
    OutboxMessage,
    User,
    WebhookDelivery,
    WebhookEndpoint,
)


class FirstPasswordForm(AdminPasswordChangeForm):
    """A password that somebody else chose must be changed at the next sign-in."""

    def save(self, commit: bool = True) -> User:
        """Keep the password as a first one."""
        self.user.must_change_password = True
        return super().save(commit)


class GrantInline(admin.TabularInline):
    """The roles of a person, here or everywhere."""

    model = Grant
    extra = 1


# Rights come from roles at locations; a second kind of right would only be believed.
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(Audited, UserAdmin):
    """People and their roles."""

    inlines = (GrantInline,)
    change_password_form = FirstPasswordForm
    list_display = ("username", "first_name", "last_name", "is_active", "must_change_password", "last_login")
    list_filter = ("is_active", "grants__role")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "must_change_password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_active", "is_superuser")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Keep the person; a new one has a first password."""
        if not change:
            obj.must_change_password = True
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only a superuser makes another."""
        return () if request.user.is_superuser else ("is_superuser",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser is edited by superusers only."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A person is switched off, never deleted: their deeds stay."""
        return False


class TokenForm(forms.ModelForm):
    """A new token: scopes and locations separated by commas."""

    scopes = SimpleArrayField(forms.CharField(), help_text="orders:read, orders:* or *")
    location_codes = SimpleArrayField(forms.CharField(), required=False, help_text="Empty: every location.")

    class Meta:
        model = ApiToken
        fields = ("name", "scopes", "location_codes", "owner", "expires_at")

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be a token before it is made."""
        given = super().clean() or {}
        problem = tokens.problem_with(
            given.get("name", ""), given.get("scopes", []), given.get("expires_at"), at=timezone.now()
        )
        if problem:
            raise forms.ValidationError(problem)
        return given


@admin.register(ApiToken)
class TokenAdmin(admin.ModelAdmin):
    """Keys of programs; made here, shown once, revoked by an action."""

    form = TokenForm
    list_display = ("name", "prefix", "scopes", "last_used_at", "expires_at", "revoked_at")
    search_fields = ("name", "prefix")
    actions = ("revoke",)

    @admin.action(description="Revoke at once", permissions=["add"])
    def revoke(self, request: HttpRequest, chosen: "QuerySet[ApiToken]") -> None:
        """Make the chosen tokens worthless."""
        for token in chosen:
            tokens.revoke(token.pk, actor=request.user.actor, at=timezone.now())
        self.message_user(request, "Revoked.")

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Make the token; its text goes into this one answer."""
        made, text = tokens.issue(
            obj.name,
            scopes=obj.scopes,
            location_codes=obj.location_codes,
            owner=obj.owner,
            expires_at=obj.expires_at,
            actor=request.user.actor,
            at=timezone.now(),
        )
        obj.pk, request.shown_once = made.pk, text

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: Any = None
    ) -> HttpResponse:
        """Show the token, this once."""
        return shown_once(self, request, f"Token of {obj.name}")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is revoked and made anew, never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is revoked, never deleted."""
        return False


@admin.register(WebhookEndpoint)
class EndpointAdmin(Audited):
    """Who is told our news."""

    fields = ("url", "topics", "description", "enabled", "disabled_reason")
    readonly_fields = ("disabled_reason",)
    list_display = ("url", "topics", "enabled", "disabled_reason")
    actions = ("send_test",)
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    @admin.action(description="Send a test event", permissions=["change"])
    def send_test(self, request: HttpRequest, chosen: "QuerySet[WebhookEndpoint]") -> None:
        """Send each chosen endpoint a test event."""
        each(request, chosen, lambda one, at: webhooks.send_test(one.pk, actor=request.user.actor, at=at))

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        """Keep the endpoint; the secret of a new one goes into this one answer."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made, secret = webhooks.add(
            obj.url,
            topics=obj.topics,
            description=obj.description,
            actor=request.user.actor,
            at=timezone.now(),
        )
        obj.pk, request.shown_once = made.pk, secret

    def response_add(
        self, request: HttpRequest, obj: WebhookEndpoint, post_url_continue: Any = None
    ) -> HttpResponse:
        """Show the signing secret, this once."""
        return shown_once(self, request, f"Signing secret of {obj.url}")

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """A form that refuses addresses we do not call."""
        form = super().get_form(request, obj, **kwargs)
        if "url" in form.base_fields:
            form.base_fields["url"].validators.append(callable_address)
        return form


class ReasonForm(ActionForm):
    """Actions on messages may need a reason."""

    reason = forms.CharField(required=False, label="Reason")


@admin.register(OutboxMessage)
class OutboxAdmin(ReadOnly):
    """News on its way out; dead letters are replayed or discarded."""

    list_display = ("id", "topic", "aggregate", "state", "attempts", "due_at", "last_error")
    list_filter = ("state", "topic")
    search_fields = ("aggregate",)
    action_form = ReasonForm
    actions = ("replay", "discard")
    show_full_result_count = False

    @admin.action(description="Try again now", permissions=["replay"])
    def replay(self, request: HttpRequest, chosen: "QuerySet[OutboxMessage]") -> None:
        """Let the chosen messages try again."""
        each(request, chosen, lambda one, at: dead_letters.replay(one.pk, actor=request.user.actor, at=at))

    @admin.action(description="Discard, with a reason", permissions=["replay"])
    def discard(self, request: HttpRequest, chosen: "QuerySet[OutboxMessage]") -> None:
        """Give the chosen messages up."""
        why, actor = request.POST.get("reason", ""), request.user.actor
        each(request, chosen, lambda one, at: dead_letters.discard(one.pk, reason=why, actor=actor, at=at))

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Whether this person may move messages."""
        return request.user.may("messages.replay")


@admin.register(InboxMessage)
class InboxAdmin(OutboxAdmin):
    """What came in; dead letters are replayed or discarded."""

    list_display = ("id", "source", "event_id", "topic", "state", "attempts", "due_at", "last_error")
    list_filter = ("state", "source")
    search_fields = ("event_id",)
    # The body may hold a customer's name and address: its page is not for everybody who sees messages.
    exclude = ("body",)

    @admin.action(description="Try again now", permissions=["replay"])
    def replay(self, request: HttpRequest, chosen: "QuerySet[InboxMessage]") -> None:
        """Let the chosen events try again."""
        actor = request.user.actor
        each(request, chosen, lambda one, at: dead_letters.replay_incoming(one.pk, actor=actor, at=at))

    @admin.action(description="Discard, with a reason", permissions=["replay"])
    def discard(self, request: HttpRequest, chosen: "QuerySet[InboxMessage]") -> None:
        """Give the chosen events up."""
        why, actor = request.POST.get("reason", ""), request.user.actor
        each(
            request,
            chosen,
            lambda one, at: dead_letters.discard_incoming(one.pk, reason=why, actor=actor, at=at),
        )


@admin.register(AuditEntry)
class AuditAdmin(ReadOnly):
    """Who did what."""

    list_display = ("id", "happened_at", "action", "subject_kind", "subject_id", "actor_name", "note")
    list_filter = ("subject_kind", "actor_kind")
    search_fields = ("subject_id", "actor_name")
    show_full_result_count = False


@admin.register(Approval)
class ApprovalAdmin(ReadOnly):
    """Whose word was asked for, and given."""

    list_display = ("id", "action", "subject_kind", "subject_id", "state", "requested_by", "decided_by")
    list_select_related = ("requested_by", "decided_by")
    list_filter = ("state", "action")
    exclude = ("content_hash",)


@admin.register(WebhookDelivery)
class DeliveryAdmin(ReadOnly):
    """Each try to tell an endpoint something."""

    list_display = ("id", "endpoint", "topic", "attempted_at", "answer_status", "milliseconds", "error")
    list_select_related = ("endpoint",)
    list_filter = ("answer_status",)
    show_full_result_count = False


def callable_address(text: str) -> None:
    """Refuse an address that we would not call."""
    try:
        webhooks.addresses.checked_url(text)
    except Refusal as refusal:
        raise forms.ValidationError(str(refusal)) from refusal


def each(request: HttpRequest, chosen: "QuerySet[Any]", act: Callable[[Any, Any], object]) -> None:
    """Act on every chosen row; those that refuse say why."""
    done = 0
    for one in chosen:
        try:
            act(one, timezone.now())
            done += 1
        except Refusal as refusal:
            messages.error(request, f"{one}: {refusal}")
    if done:
        messages.success(request, f"Done for {done}.")


def shown_once(holder: admin.ModelAdmin, request: HttpRequest, title: str) -> HttpResponse:
    """A page with a secret that nobody can read again."""
    context = holder.admin_site.each_context(request) | {
        "title": title,
        "secret": request.shown_once,
        "opts": holder.opts,
    }
    return TemplateResponse(request, "admin/core/shown_once.html", context)
