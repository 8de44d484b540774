"""Lots, numbered pieces and transfers in the admin: to read; the staff pages move them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from inventory.models import Lot, SerialNumber, Transfer, TransferLine
from oms.core.admin_site import ReadOnly, ReadOnlyInline


@admin.register(Lot)
class LotAdmin(ReadOnly):
    """Pieces that were made together."""

    list_display = ("code", "sku", "expires_on", "recalled_at")
    list_filter = (("recalled_at", admin.EmptyFieldListFilter), "expires_on")
    list_select_related = ("sku",)
    search_fields = ("code", "sku__code")
    show_full_result_count = False


@admin.register(SerialNumber)
class SerialAdmin(ReadOnly):
    """Numbered pieces, and where each is."""

    list_display = ("code", "sku", "status", "level", "changed_at")
    list_filter = ("status",)
    list_select_related = ("sku", "level__sku", "level__location")
    search_fields = ("code", "sku__code")
    show_full_result_count = False


class TransferLineInline(ReadOnlyInline):
    """What goes, what came, what was lost."""

    model = TransferLine
    fields = ("sku", "lot", "quantity", "quantity_sent", "quantity_received", "quantity_lost", "loss_reason")
    beside = ("sku", "lot", "loss_reason")


@admin.register(Transfer)
class TransferAdmin(ReadOnly):
    """Goods from one location to another."""

    inlines = (TransferLineInline,)
    list_display = ("number", "origin", "destination", "status", "expected_on", "planned_at")
    list_filter = ("status", "origin", "destination")
    list_select_related = ("origin", "destination")
    search_fields = ("number",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out what neither leaves nor reaches this person's locations."""
        rows = super().get_queryset(request)
        codes = request.user.locations_for("stock.view")
        if codes is None:
            return rows
        return rows.filter(origin__code__in=codes) | rows.filter(destination__code__in=codes)
