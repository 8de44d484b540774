"""The books of stock in the admin: to read; a day is signed on its own page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from inventory.models import CloseSignature, StockClose, StockCloseLine
from oms.core.admin_site import AtLocations, ReadOnly, ReadOnlyInline


class SignatureInline(ReadOnlyInline):
    """Who stands for the day."""

    model = CloseSignature
    fields = ("signed_by", "signed_at", "note")
    beside = ("signed_by",)


@admin.register(StockClose)
class CloseAdmin(AtLocations, ReadOnly):
    """Closed days, the newest first."""

    inlines = (SignatureInline,)
    list_display = (
        "day",
        "location",
        "levels_moved",
        "pieces_closing",
        "pieces_gap",
        "gap_share",
        "levels_gap",
    )
    list_filter = ("location",)
    list_select_related = ("location",)
    date_hierarchy = "day"
    ordering = ("-day", "location")
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="Of all pieces")
    def gap_share(self, closed: StockClose) -> str:
        """The figure that stays under one per cent."""
        return f"{closed.gap_percent} %"


@admin.register(StockCloseLine)
class CloseLineAdmin(AtLocations, ReadOnly):
    """What closed days say, level by level."""

    location_path = "level__location__code"
    list_display = (
        *("day", "sku_code", "opening", "received", "shipped", "adjusted", "returned", "transferred"),
        *("closing", "gap"),
    )
    list_filter = ("close__location",)
    list_select_related = ("close__location", "level__sku")
    search_fields = ("level__sku__code__exact",)
    search_help_text = "A whole SKU code."
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="Day", ordering="closed_at")
    def day(self, line: StockCloseLine) -> str:
        """Which day, and where."""
        return str(line.close)

    @admin.display(description="SKU")
    def sku_code(self, line: StockCloseLine) -> str:
        """What moved."""
        return line.level.sku.code

    def get_queryset(self, request: HttpRequest) -> Any:
        """Fetch what a line's own page names."""
        return super().get_queryset(request).select_related("level__location")
