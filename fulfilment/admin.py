"""Fulfilment in the admin: work, parcels and shipments to read; work moved by the flows."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from fulfilment.models import (
    AddressRequest,
    CancellationLine,
    CancellationRequest,
    CarrierService,
    FulfilmentOrder,
    FulfilmentOrderLine,
    Parcel,
    ParcelLine,
    Shipment,
)
from oms.core.admin import ReasonForm, each
from oms.core.admin_site import AtLocations, Audited, ReadOnly, ReadOnlyInline
from oms.core.errors import Forbidden
from oms.flows import picking, shipping


class WorkLineInline(ReadOnlyInline):
    """What is asked for, and how far it is."""

    model = FulfilmentOrderLine
    beside = ("sku",)
    fields = (
        *("sku", "quantity", "quantity_picked", "quantity_packed", "quantity_shipped"),
        "quantity_cancelled",
    )


class ParcelInline(ReadOnlyInline):
    """The boxes of this work."""

    model = Parcel
    show_change_link = True
    fields = ("number", "carrier", "tracking_number", "packed_at", "packed_by", "voided_at")


@admin.register(FulfilmentOrder)
class FulfilmentOrderAdmin(AtLocations, ReadOnly):
    """One order's work at one location."""

    inlines = (WorkLineInline, ParcelInline)
    list_display = (
        *("number", "order", "location", "status", "request_status", "carrier", "service"),
        *("opened_at", "due_at", "claimed_by"),
    )
    list_filter = ("status", "request_status", "location")
    list_select_related = ("order", "location", "claimed_by")
    search_fields = ("number__exact", "order__number__exact")
    search_help_text = "A whole fulfilment order number or order number."
    ordering = ("-opened_at", "-id")
    list_per_page = 50
    show_full_result_count = False
    action_form = ReasonForm
    actions: ClassVar = ("put_back", "acknowledge", "reject")

    @admin.action(description="Put back into the queue", permissions=["dispatch"])
    def put_back(self, request: HttpRequest, chosen: QuerySet[FulfilmentOrder]) -> None:
        """Take the chosen work from whoever has it."""
        self._each(request, chosen, "fulfilment.dispatch", picking.put_back)

    @admin.action(description="Acknowledge for the location", permissions=["accept"])
    def acknowledge(self, request: HttpRequest, chosen: QuerySet[FulfilmentOrder]) -> None:
        """Say that the locations have the chosen work."""
        self._each(request, chosen, "fulfilment.accept", shipping.acknowledge)

    @admin.action(description="Reject for the location, with a reason", permissions=["accept"])
    def reject(self, request: HttpRequest, chosen: QuerySet[FulfilmentOrder]) -> None:
        """Say that the locations will not do the chosen work; it is sourced elsewhere."""
        why = request.POST.get("reason", "")
        self._each(request, chosen, "fulfilment.accept", shipping.reject, reason=why)

    def has_dispatch_permission(self, request: HttpRequest) -> bool:
        """Whether this person may hand out work."""
        return request.user.may("fulfilment.dispatch")

    def has_accept_permission(self, request: HttpRequest) -> bool:
        """Whether this person may answer for a location."""
        return request.user.may("fulfilment.accept")

    def _each(
        self, request: HttpRequest, chosen: QuerySet[FulfilmentOrder], right: str,
        flow: Callable[..., object], **facts: str,
    ) -> None:  # fmt: skip
        def act(work: FulfilmentOrder, at: datetime) -> None:
            if not request.user.may(right, location=work.location.code):
                raise Forbidden(f"Your roles do not reach {work.location.name}.")
            flow(work.number, actor=request.user.actor, at=at, **facts)

        each(request, chosen.select_related("location"), act)


class CancellationLineInline(ReadOnlyInline):
    """Which pieces are meant."""

    model = CancellationLine
    beside = ("work_line__sku",)
    fields = ("sku", "quantity")

    @admin.display(description="SKU")
    def sku(self, line: CancellationLine) -> str:
        """What it is."""
        return str(line.work_line.sku)


@admin.register(CancellationRequest)
class CancellationRequestAdmin(AtLocations, ReadOnly):
    """What partners were asked to leave out of confirmed work, and what they said."""

    location_path = "fulfilment_order__location__code"
    inlines = (CancellationLineInline,)
    list_display = (
        *("fulfilment_order", "state", "reason_code", "reason", "requested_at", "requested_by"),
        *("answer_by", "answered_at", "answered_by", "answer"),
    )
    list_filter = ("state", "reason_code", "fulfilment_order__location")
    list_select_related = ("fulfilment_order",)
    search_fields = ("fulfilment_order__number__exact", "fulfilment_order__order__number__exact")
    search_help_text = "A whole fulfilment order number or order number."
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False


@admin.register(AddressRequest)
class AddressRequestAdmin(AtLocations, ReadOnly):
    """Which partners were asked to send confirmed work elsewhere, and what they said; where to is on the staff page."""

    location_path = "fulfilment_order__location__code"
    fields = readonly_fields = (
        *("fulfilment_order", "state", "requested_at", "answer_by", "answered_at", "answered_by", "answer"),
    )
    list_display = fields
    list_filter = ("state", "fulfilment_order__location")
    list_select_related = ("fulfilment_order",)
    search_fields = ("fulfilment_order__number__exact", "fulfilment_order__order__number__exact")
    search_help_text = "A whole fulfilment order number or order number."
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False


class ContentInline(ReadOnlyInline):
    """What is in the box."""

    model = ParcelLine
    beside = ("work_line__sku",)
    fields = ("sku", "quantity")

    @admin.display(description="SKU")
    def sku(self, content: ParcelLine) -> str:
        """What it is."""
        return str(content.work_line.sku)


@admin.register(Parcel)
class ParcelAdmin(AtLocations, ReadOnly):
    """Boxes, packed and perhaps gone."""

    location_path = "fulfilment_order__location__code"
    inlines = (ContentInline,)
    list_display = (
        *("number", "fulfilment_order", "shipment", "carrier", "service", "tracking_number"),
        *("weight_grams", "packed_at", "packed_by"),
    )
    list_filter = (("shipment", admin.EmptyFieldListFilter), "fulfilment_order__location")
    list_select_related = ("fulfilment_order", "shipment")
    search_fields = ("number__exact", "tracking_number__exact", "fulfilment_order__number__exact")
    search_help_text = "A whole parcel number, tracking number or fulfilment order number."
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False


class GoneInline(ParcelInline):
    """The boxes that left together."""

    fields = ("number", "carrier", "tracking_number", "weight_grams", "packed_at")


@admin.register(Shipment)
class ShipmentAdmin(AtLocations, ReadOnly):
    """What left, newest first."""

    location_path = "fulfilment_order__location__code"
    inlines = (GoneInline,)
    list_display = ("number", "fulfilment_order", "location", "shipped_at", "shipped_by")
    list_filter = ("fulfilment_order__location", "shipped_at")
    list_select_related = ("fulfilment_order__location",)
    search_fields = ("number__exact", "fulfilment_order__number__exact")
    search_help_text = "A whole shipment number or fulfilment order number."
    ordering = ("-shipped_at", "-id")
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="Location")
    def location(self, shipment: Shipment) -> Any:
        """Where it left."""
        return shipment.fulfilment_order.location


@admin.register(CarrierService)
class CarrierServiceAdmin(Audited):
    """On which days a service delivers; one that is not listed rests on weekends and public holidays."""

    list_display = ("carrier", "service", "name", "weekdays", "rests_on_holidays")
    list_filter = ("carrier",)
    search_fields = ("carrier", "service", "name")
