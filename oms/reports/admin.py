"""Proofs in the admin: to read."""

from django.contrib import admin

from oms.core.admin_site import ReadOnly
from oms.reports.models import InvariantRun


@admin.register(InvariantRun)
class InvariantRunAdmin(ReadOnly):
    """Each recomputation of each invariant, newest first."""

    list_display = ("code", "finished_at", "rows_checked", "differences")
    list_filter = ("code", "finished_at")
    search_fields = ("code__exact",)
    ordering = ("-finished_at", "code")
    list_per_page = 50
    show_full_result_count = False
