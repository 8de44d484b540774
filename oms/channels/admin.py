"""Channels in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from oms.channels.models import Channel
from oms.core.admin_site import Audited


@admin.register(Channel)
class ChannelAdmin(Audited):
    """Where orders come from; switched off rather than deleted."""

    list_display = (
        *("code", "name", "kind", "currency", "backorder_policy", "partial_policy", "stock_buffer"),
        "is_active",
    )
    list_filter = ("is_active", "kind")
    search_fields = ("code", "name")
    fields = (
        *("code", "name", "is_active", "kind", "currency", "backorder_policy", "partial_policy"),
        *("cut_off", "handling_days", "stock_buffer", "locations"),
    )
    autocomplete_fields = ("locations",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Orders name a channel by its code, so it never changes."""
        return () if obj is None else ("code",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Orders name it for ever."""
        return False
