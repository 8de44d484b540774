"""Re-planning in the admin: to read; its pace is set on its own page."""

from django.contrib import admin

from oms.core.admin_site import ReadOnly
from oms.replanning.models import ReplannedOrder, ReplanningPolicy, ReplanningRun


@admin.register(ReplanningPolicy)
class ReplanningPolicyAdmin(ReadOnly):
    """Whether and how often."""

    list_display = ("is_on", "every_minutes", "left_alone_minutes")


@admin.register(ReplanningRun)
class ReplanningRunAdmin(ReadOnly):
    """Passes, newest first."""

    list_display = (
        *("started_at", "started_by", "orders", "split_orders", "exchanges", "overtaken"),
        *("saved_parcels", "saved_minor", "currency"),
    )
    date_hierarchy = "started_at"


@admin.register(ReplannedOrder)
class ReplannedOrderAdmin(ReadOnly):
    """Orders that were served otherwise."""

    list_display = ("order", "run", "exchange", "sites_before", "sites_after", "replanned_at")
    list_select_related = ("order", "run")
    search_fields = ("order__number",)
