"""Routing in the admin: rules, zones and rates to edit, decisions to read."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from oms.core.errors import Refusal
from oms.flows import ruling
from oms.routing import parsing, queries, rule_queries, words
from oms.routing.forms import RuleForm, VersionForm
from oms.routing.models import (
    Rate,
    RateCard,
    RoutingDecision,
    RuleRow,
    RuleSet,
    RuleSetVersion,
    Zone,
    ZonePrefix,
)
from oms.routing.rules import RULE_SET_EDITABLE, RuleInvalid
from oms.routing.services import rule_sets


class VersionInline(admin.TabularInline):
    """The versions of a rule set, to open."""

    model = RuleSetVersion
    extra = 0
    can_delete = False
    show_change_link = True
    fields = readonly_fields = ("number", "status", "note", "created_by", "approved_by", "published_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A draft is started by an action, so that it has a number and a wording."""
        return False


@admin.register(RuleSet)
class RuleSetAdmin(admin.ModelAdmin):
    """Whose orders a set of rules is for."""

    list_display = ("name", "channel", "customer_type")
    list_select_related = ("channel",)
    inlines = (VersionInline,)

    def save_model(self, request: HttpRequest, obj: RuleSet, form: Any, change: bool) -> None:
        """A new rule set begins with a draft."""
        if change:
            super().save_model(request, obj, form, change)
            return
        draft = rule_sets.create(
            obj.name, channel=obj.channel, customer_type=obj.customer_type, by=request.user, at=timezone.now()
        )
        obj.pk = draft.rule_set_id

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History stays."""
        return False


class RuleInline(admin.TabularInline):
    """The rules of a version, from the top."""

    model = RuleRow
    form = RuleForm
    extra = 0
    fields = ("position", "conditions", "actions", "reads_as")
    readonly_fields = ("reads_as",)

    @admin.display(description="Reads as")
    def reads_as(self, row: RuleRow) -> str:
        """The rule as a sentence."""
        if row.pk is None:
            return ""
        try:
            rule = parsing.rule(row.position, row.conditions, row.actions)
        except RuleInvalid as refusal:
            return str(refusal)
        return words.rule(rule, currency=queries.shop_currency(), names={})

    def has_add_permission(self, request: HttpRequest, obj: RuleSetVersion | None = None) -> bool:
        """Only a draft grows."""
        return (
            obj is not None and obj.status in RULE_SET_EDITABLE and super().has_add_permission(request, obj)
        )

    def has_change_permission(self, request: HttpRequest, obj: RuleSetVersion | None = None) -> bool:
        """Only a draft changes, and what somebody has not finished in the builder is finished there."""
        editable = obj is None or (obj.status in RULE_SET_EDITABLE and obj.sketch is None)
        return editable and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: RuleSetVersion | None = None) -> bool:
        """Only a draft shrinks."""
        return self.has_change_permission(request, obj)


@admin.register(RuleSetVersion)
class RuleSetVersionAdmin(admin.ModelAdmin):
    """One wording: drafted here, published by somebody else."""

    form = VersionForm
    inlines = (RuleInline,)
    list_display = ("__str__", "status", "note", "created_by", "approved_by", "published_at")
    list_filter = ("status", "rule_set")
    list_select_related = ("rule_set", "created_by", "approved_by")
    actions = ("test", "ask_to_publish", "publish", "start_a_draft")
    readonly_fields = (
        "rule_set",
        "number",
        "status",
        "builder",
        "reads_as",
        "to_mend",
        "created_by",
        "requested_by",
        "approved_by",
    )
    fields = (
        *("rule_set", "number", "status", "builder", "reads_as", "to_mend"),
        *("criteria", "weights", "split_penalty_minor", "scarcity_minor"),
        *("max_parcels", "if_none", "note", "created_by", "requested_by", "approved_by"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleSetVersion]:
        """With the rules, for their sentences."""
        return super().get_queryset(request).prefetch_related("rules")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A draft is started from another version."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: RuleSetVersion | None = None) -> bool:
        """Only a draft changes, and what somebody has not finished in the builder is finished there."""
        editable = obj is None or (obj.status in RULE_SET_EDITABLE and obj.sketch is None)
        return editable and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History stays."""
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """What was tested or asked for counts no more once the wording has changed."""
        super().save_related(request, form, formsets, change)
        rule_sets.edited(form.instance.pk, by=request.user, at=timezone.now())

    @admin.display(description="Without code")
    def builder(self, version: RuleSetVersion) -> str:
        """Where the rules are written with choices instead of JSON."""
        if version.status not in RULE_SET_EDITABLE:
            return format_html('<a href="{}">Read it</a>', reverse("routing:version", args=[version.pk]))
        says = (
            "Finish it in the rules builder"
            if version.sketch is not None
            else "Write it in the rules builder"
        )
        return format_html('<a href="{}">{}</a>', reverse("routing:edit", args=[version.pk]), says)

    @admin.display(description="Reads as")
    def reads_as(self, version: RuleSetVersion) -> str:
        """The whole version as sentences."""
        try:
            says = queries.sentences(version)
        except RuleInvalid as refusal:
            return str(refusal)
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{}</li>", ((line,) for line in says)))

    @admin.display(description="To mend")
    def to_mend(self, version: RuleSetVersion) -> str:
        """What is wrong or odd about it as things are now."""
        try:
            found = rule_queries.findings(version)
        except RuleInvalid as refusal:
            return str(refusal)
        lines = ((f"{each.where}: " if each.where else "", each.says, each.stops) for each in found)
        marked = (
            (where, says, " Must be mended before testing." if stops else "") for where, says, stops in lines
        )
        return (
            format_html("<ul>{}</ul>", format_html_join("", "<li>{}{}{}</li>", marked))
            if found
            else "Nothing."
        )

    @admin.action(description="Test the rules")
    def test(self, request: HttpRequest, versions: QuerySet[RuleSetVersion]) -> None:
        """Read every rule as the planner will."""
        self._each(request, versions, ruling.test, "tested")

    @admin.action(description="Ask a second person to publish")
    def ask_to_publish(self, request: HttpRequest, versions: QuerySet[RuleSetVersion]) -> None:
        """Ask for the second person's word."""
        self._each(request, versions, ruling.ask_to_publish, "waits for a second person")

    @admin.action(description="Publish what somebody else asked for")
    def publish(self, request: HttpRequest, versions: QuerySet[RuleSetVersion]) -> None:
        """Give the second person's word."""
        self._each(request, versions, ruling.publish, "is live")

    @admin.action(description="Start a draft from this version")
    def start_a_draft(self, request: HttpRequest, versions: QuerySet[RuleSetVersion]) -> None:
        """Copy the wording into a new draft."""
        self._each(request, versions, ruling.draft_from, "has a new draft")

    def _each(
        self, request: HttpRequest, versions: QuerySet[RuleSetVersion], flow: Callable[..., Any], said: str
    ) -> None:
        for version in versions:
            try:
                flow(version.pk, actor=request.user.actor, at=timezone.now())
            except Refusal as refusal:
                messages.error(request, f"{version}: {refusal}")
            else:
                messages.success(request, f"{version} {said}.")


class PrefixInline(admin.TabularInline):
    """The addresses of a zone."""

    model = ZonePrefix
    extra = 1


@admin.register(Zone)
class ZoneAdmin(admin.ModelAdmin):
    """Destinations that cost the same to reach."""

    list_display = ("code", "name")
    search_fields = ("code", "name", "prefixes__postcode_prefix")
    inlines = (PrefixInline,)


class RateInline(admin.TabularInline):
    """What a card charges by zone and weight."""

    model = Rate
    extra = 1
    autocomplete_fields = ("zone",)


@admin.register(RateCard)
class RateCardAdmin(admin.ModelAdmin):
    """What one carrier's service charges from one location."""

    list_display = ("name", "location", "carrier", "service", "currency", "valid_from", "valid_until")
    list_filter = ("carrier", "location")
    list_select_related = ("location",)
    search_fields = ("name", "carrier", "service", "location__code")
    inlines = (RateInline,)


@admin.register(RoutingDecision)
class RoutingDecisionAdmin(admin.ModelAdmin):
    """Why orders went where they went; to read only."""

    list_display = ("id", "order", "attempt", "decided_at", "version", "cost_minor", "parcels", "days")
    list_select_related = ("order", "version__rule_set")
    search_fields = ("order__number",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The planner decides."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A decision never changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A decision is never deleted."""
        return False
