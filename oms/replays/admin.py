"""Replays in the admin: to read."""

from django.contrib import admin

from oms.core.admin_site import ReadOnly
from oms.replays.models import Replay


@admin.register(Replay)
class ReplayAdmin(ReadOnly):
    """A period played again; the staff page shows what came out."""

    list_display = ("name", "state", "begins_at", "ends_at", "orders", "asked_by", "asked_at")
    list_filter = ("state",)
    search_fields = ("name",)
