"""Counts in the admin: plans to edit, counts to read; people and the clock move them elsewhere."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from inventory.count_rules import BLIND_COUNTS
from inventory.forms_counts import PlanForm
from inventory.models import CountLine, CountPlan, CountTask
from oms.core.admin_site import AtLocations, Audited, ReadOnly, ReadOnlyInline


@admin.register(CountPlan)
class CountPlanAdmin(AtLocations, Audited):
    """How often a site counts what; switched off rather than deleted."""

    form = PlanForm
    list_display = ("name", "location", "days_a", "days_b", "days_c", "tasks_per_day", "is_active")
    list_filter = ("is_active", "location")
    list_select_related = ("location",)
    search_fields = ("name", "location__code")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its counts name it."""
        return False


class CountLineInline(ReadOnlyInline):
    """What was counted; nothing of it while somebody still counts."""

    model = CountLine
    beside = ("level__sku", "level__location", "lot")
    fields = (
        *("level", "lot", "is_found", "first_count", "first_expected", "first_counted_at"),
        *("second_count", "second_expected", "second_counted_at", "movement"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave out the figures of counts that are blind."""
        return super().get_queryset(request).exclude(task__status__in=BLIND_COUNTS)


@admin.register(CountTask)
class CountTaskAdmin(AtLocations, ReadOnly):
    """Counts, newest first."""

    inlines = (CountLineInline,)
    list_display = (
        *("number", "location", "bin", "status", "cause", "due_on", "first_counter", "second_counter"),
        *("decided_by", "posted_at"),
    )
    list_filter = ("status", "location")
    list_select_related = ("location", "bin", "first_counter", "second_counter", "decided_by")
    search_fields = ("number__exact", "bin__code__exact")
    search_help_text = "A whole number of a count or a whole bin code."
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
