"""Stock in the admin: places and reasons to edit, figures to read; what moves them stands elsewhere."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from inventory import admin_books, admin_counts, admin_floor  # noqa: F401  # Django looks for this module only
from inventory.models import (
    AdjustmentReason,
    Bin,
    DeliveryChange,
    ExpectedReceipt,
    Reservation,
    SpecialDay,
    StockAdjustment,
    StockLevel,
    StockLocation,
    StockMovement,
    StockReport,
    WorkCalendar,
)
from inventory.rules import ReportPolicy
from oms.core.admin import each
from oms.core.admin_site import AtLocations, Audited, ReadOnly, ReadOnlyInline, WithFiles
from oms.flows import reporting_stock, shelving


class BinInline(admin.TabularInline):
    """The shelves of a location, as a picker walks by them."""

    model = Bin
    extra = 1
    show_change_link = False
    # A warehouse has thousands of shelves: a page shows the first, the list of bins finds the others.
    max_num = 100

    def get_queryset(self, request: HttpRequest) -> Any:
        """Take no more than a page can show."""
        rows = super().get_queryset(request)
        location = request.resolver_match.kwargs.get("object_id")
        shown = Bin.objects.filter(location_id=location).values("pk")[: self.max_num] if location else []
        return rows.filter(pk__in=shown)


class CalendarInline(admin.StackedInline):
    """When the location works; without one Monday to Friday until 14:00."""

    model = WorkCalendar
    extra = 0


class SpecialDayInline(admin.TabularInline):
    """Days on which it is closed, or open, against its calendar."""

    model = SpecialDay
    extra = 0


@admin.register(StockLocation)
class LocationAdmin(WithFiles, AtLocations, Audited):
    """A place that holds stock; switched off rather than deleted."""

    file_kind = "locations"
    location_path = "code"
    inlines = (CalendarInline, SpecialDayInline, BinInline)
    fields = (
        *("code", "name", "is_active", "kind", "line1", "city", "region", "postcode", "country"),
        *("latitude", "longitude", "timezone", "priority", "orders_per_day", "is_insured"),
        *("is_bin_managed", "adjustment_limit", "report_policy", "report_counts_our_orders"),
    )
    list_display = ("code", "name", "kind", "city", "region", "timezone", "priority", "is_active")
    list_filter = ("is_active", "kind", "region")
    search_fields = ("code", "name", "city")
    actions = ("manage_by_bins", "manage_without_bins", "sell_from_reports", "compare_reports")

    @admin.action(description="Manage this location by bins", permissions=["change"])
    def manage_by_bins(self, request: HttpRequest, chosen: Any) -> None:
        """Put everything on hand into its bin."""
        actor = request.user.actor
        each(request, chosen, lambda one, at: shelving.manage_by_bins(one.code, actor=actor, at=at))

    @admin.action(description="Manage this location without bins", permissions=["change"])
    def manage_without_bins(self, request: HttpRequest, chosen: Any) -> None:
        """Lift everything out of its bin."""
        actor = request.user.actor
        each(request, chosen, lambda one, at: shelving.manage_without_bins(one.code, actor=actor, at=at))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Rights and files name a location by its code, so it never changes."""
        moved_by_action = ("is_bin_managed", "report_policy")
        return moved_by_action if obj is None else ("code", *moved_by_action)

    @admin.action(description="Sell from what it reports", permissions=["change"])
    def sell_from_reports(self, request: HttpRequest, chosen: QuerySet[StockLocation]) -> None:
        """Count what the chosen partners or suppliers report as sellable, from their next report on."""
        self._set_policy(request, chosen, ReportPolicy.SELL)

    @admin.action(description="Only compare what it reports", permissions=["change"])
    def compare_reports(self, request: HttpRequest, chosen: QuerySet[StockLocation]) -> None:
        """Sell nothing from the reports of the chosen locations any more."""
        self._set_policy(request, chosen, ReportPolicy.COMPARE)

    def _set_policy(
        self, request: HttpRequest, chosen: QuerySet[StockLocation], policy: ReportPolicy
    ) -> None:
        actor = request.user.actor
        each(
            request,
            chosen,
            lambda place, at: reporting_stock.set_report_policy(place.code, policy, actor=actor, at=at),
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Movements name it for ever."""
        return False


@admin.register(Bin)
class BinAdmin(WithFiles, AtLocations, Audited):
    """A shelf."""

    file_kind = "bins"
    list_display = ("code", "location", "kind", "path_position", "is_pickable", "capacity")
    list_filter = ("kind", "is_pickable", "location")
    list_select_related = ("location",)
    search_fields = ("code", "location__code")
    autocomplete_fields = ("location",)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One that nobody picks from is switched off; deleting is done in its location, one by one."""
        return False


@admin.register(StockReport)
class StockReportAdmin(AtLocations, ReadOnly):
    """What partners and suppliers said; the staff pages compare it with our books."""

    list_display = ("reference", "location", "reported_at", "received_at", "received_by", "is_complete")
    list_filter = ("location", "reported_at")
    list_select_related = ("location",)
    search_fields = ("reference",)
    show_full_result_count = False


@admin.register(AdjustmentReason)
class ReasonAdmin(Audited):
    """The managed list of reasons to correct a count."""

    fields = ("code", "name", "is_active")
    list_display = ("code", "name", "is_active")
    list_filter = ("is_active",)
    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Files and programs name a reason by its code, so it never changes."""
        return () if obj is None else ("code",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Movements name it for ever."""
        return False


class LevelForm(forms.ModelForm):
    """What people set on a level."""

    class Meta:
        model = StockLevel
        fields = ("safety_stock", "pick_bin")

    def clean_pick_bin(self) -> Bin | None:
        """Refuse a bin that stands elsewhere."""
        chosen = self.cleaned_data["pick_bin"]
        if chosen and chosen.location_id != self.instance.location_id:
            raise forms.ValidationError(f"Bin {chosen} stands at another location.")
        return chosen


@admin.register(StockLevel)
class LevelAdmin(WithFiles, AtLocations, Audited):
    """What is where. Only safety stock and the bin are set here; the counts are totals of movements."""

    file_kind = "stock"
    form = LevelForm
    fields = (
        *("sku", "location", "on_hand", "reserved", "quarantined", "available"),
        *("safety_stock", "pick_bin"),
    )
    readonly_fields = ("sku", "location", "on_hand", "reserved", "quarantined", "available")
    list_display = (
        *("sku_code", "location_code", "on_hand", "reserved", "quarantined", "safety_stock", "available"),
        "pick_bin",
    )
    list_filter = ("location",)
    list_select_related = ("sku", "location", "pick_bin")
    search_fields = ("sku__code", "sku__name")
    raw_id_fields = ("pick_bin",)
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="SKU", ordering="sku__code")
    def sku_code(self, level: StockLevel) -> str:
        """The code alone, so that rows stay short."""
        return level.sku.code

    @admin.display(description="Location", ordering="location__code")
    def location_code(self, level: StockLevel) -> str:
        """The code alone."""
        return level.location.code

    def save_model(self, request: HttpRequest, obj: StockLevel, form: Any, change: bool) -> None:
        """Write only what was changed: the database refuses every other column."""
        if form.changed_data:
            obj.save(update_fields=form.changed_data)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A level appears with its first movement."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A level stays."""
        return False


class DeliveryChangeInline(ReadOnlyInline):
    """What became of it before it came."""

    model = DeliveryChange
    fields = (
        "changed_at",
        "day_before",
        "day_after",
        "pieces_before",
        "pieces_after",
        "reason",
        "changed_by",
    )


@admin.register(ExpectedReceipt)
class ExpectedReceiptAdmin(AtLocations, ReadOnly):
    """What was announced, to read: the page of deliveries announces, moves and calls off."""

    inlines = (DeliveryChangeInline,)
    location_path = "level__location__code"
    list_display = (
        *("reference", "sku_code", "location_code", "expected_on", "quantity_expected", "quantity_received"),
        *("quantity_bound", "page"),
    )
    list_filter = ("expected_on", "level__location")
    list_select_related = ("level__sku", "level__location")
    search_fields = ("reference", "level__sku__code")
    fields = (
        *("reference", "level", "expected_on", "quantity_expected", "quantity_received", "quantity_bound"),
        "page",
    )
    readonly_fields = ("page",)
    show_full_result_count = False

    @admin.display(description="SKU", ordering="level__sku__code")
    def sku_code(self, receipt: ExpectedReceipt) -> str:
        """What is announced."""
        return receipt.level.sku.code

    @admin.display(description="Location", ordering="level__location__code")
    def location_code(self, receipt: ExpectedReceipt) -> str:
        """Where it will arrive."""
        return receipt.level.location.code

    @admin.display(description="Delivery")
    def page(self, receipt: ExpectedReceipt) -> str:
        """Where it is changed, and who counts on it."""
        address = reverse("inventory:delivery", args=[receipt.pk])
        return format_html('<a href="{}">{}</a>', address, receipt.reference)


class MovementInline(ReadOnlyInline):
    """What a reservation moved."""

    model = StockMovement
    fields = ("kind", "on_hand_delta", "reserved_delta", "moved_at", "actor", "source", "source_key")


@admin.register(StockMovement)
class MovementAdmin(AtLocations, ReadOnly):
    """The ledger of stock, newest first."""

    location_path = "level__location__code"
    list_display = (
        *("moved_at", "kind", "sku_code", "location_code", "on_hand_delta", "reserved_delta"),
        *("quarantined_delta", "reference", "reason", "actor"),
    )
    list_filter = ("kind", "level__location", "reason")
    list_select_related = ("level__sku", "level__location", "reason")
    search_fields = ("reference__exact", "level__sku__code__exact")
    search_help_text = "A whole document number or a whole SKU code."
    ordering = ("-moved_at", "-id")
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="SKU")
    def sku_code(self, movement: StockMovement) -> str:
        """What moved."""
        return movement.level.sku.code

    @admin.display(description="Location")
    def location_code(self, movement: StockMovement) -> str:
        """Where it moved."""
        return movement.level.location.code


@admin.register(Reservation)
class ReservationAdmin(AtLocations, ReadOnly):
    """What is set aside, and what became of it."""

    location_path = "level__location__code"
    inlines = (MovementInline,)
    list_display = (
        *("reference", "sku_code", "location_code", "quantity", "quantity_released", "quantity_issued"),
        *("still_held", "reserved_at"),
    )
    list_filter = ("level__location",)
    list_select_related = ("level__sku", "level__location")
    search_fields = ("reference__exact", "level__sku__code__exact")
    search_help_text = "A whole document number or a whole SKU code."
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="SKU")
    def sku_code(self, held: Reservation) -> str:
        """What is held."""
        return held.level.sku.code

    @admin.display(description="Location")
    def location_code(self, held: Reservation) -> str:
        """Where it is held."""
        return held.level.location.code

    @admin.display(description="Still held")
    def still_held(self, held: Reservation) -> int:
        """What is neither released nor issued."""
        return held.quantity_open


@admin.register(StockAdjustment)
class AdjustmentAdmin(AtLocations, ReadOnly):
    """Corrected counts, each with its reason."""

    location_path = "level__location__code"
    list_display = ("number", "sku_code", "location_code", "on_hand_before", "on_hand_after", "reason", "at")
    list_filter = ("level__location", "movement__reason")
    list_select_related = ("level__sku", "level__location", "movement__reason")
    search_fields = ("number__exact", "level__sku__code__exact")
    search_help_text = "A whole number of an adjustment or a whole SKU code."
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="SKU")
    def sku_code(self, adjustment: StockAdjustment) -> str:
        """What was counted."""
        return adjustment.level.sku.code

    @admin.display(description="Location")
    def location_code(self, adjustment: StockAdjustment) -> str:
        """Where it was counted."""
        return adjustment.level.location.code

    @admin.display(description="Reason")
    def reason(self, adjustment: StockAdjustment) -> str:
        """Why it was corrected."""
        return str(adjustment.movement.reason)

    @admin.display(description="When")
    def at(self, adjustment: StockAdjustment) -> Any:
        """When it was corrected."""
        return adjustment.movement.moved_at
