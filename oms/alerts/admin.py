"""Alerts in the admin: to read, to take; closed with a note."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest

from oms.alerts.models import Alert
from oms.core.admin import each
from oms.core.admin_site import AtLocations, ReadOnly
from oms.flows import alerting


class NoteForm(ActionForm):
    """Closing needs a note on what was done."""

    note = forms.CharField(required=False, label="Note", max_length=500)


@admin.register(Alert)
class AlertAdmin(AtLocations, ReadOnly):
    """What needs a person, and what needed one."""

    location_path = "location_code"
    list_display = (
        "message",
        "kind",
        "severity",
        "location_code",
        "times",
        "owner",
        "opened_at",
        "closed_at",
    )
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "kind", "severity", "location_code")
    list_select_related = ("owner",)
    search_fields = ("message", "subject_id")
    list_per_page = 50
    show_full_result_count = False
    action_form = NoteForm
    actions: ClassVar = ("take", "close")

    @admin.action(description="Take", permissions=["act"])
    def take(self, request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        """Answer for the chosen alerts."""
        user = request.user
        each(
            request,
            self._within_reach(request, chosen),
            lambda one, at: alerting.take_alert(one.pk, owner=user, actor=user.actor, at=at),
        )

    @admin.action(description="Close, with a note", permissions=["act"])
    def close(self, request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        """Close the chosen alerts."""
        note, actor = request.POST.get("note", ""), request.user.actor
        each(
            request,
            self._within_reach(request, chosen),
            lambda one, at: alerting.close_alert(one.pk, note=note, actor=actor, at=at),
        )

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether this person may act on alerts."""
        return request.user.may("alerts.change")

    def _within_reach(self, request: HttpRequest, chosen: QuerySet[Alert]) -> QuerySet[Alert]:
        codes = request.user.locations_for("alerts.change")
        return chosen if codes is None else chosen.filter(location_code__in=codes)
