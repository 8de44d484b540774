"""Orders in the admin: to read, and to nudge by the flows. Never to edit a total."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from fulfilment import queries as work_queries
from oms.core.admin import ReasonForm, each
from oms.core.admin_site import Audited, ReadOnly, ReadOnlyInline
from oms.core.templatetags.ui import money
from oms.flows import ordering, standing
from oms.orders import admin_customers  # noqa: F401  # Django looks for this module only
from oms.orders.models import (
    AddressChange,
    Hold,
    Order,
    OrderLine,
    OrderReason,
    PartialQuestion,
    Promise,
    ServingPolicy,
)
from oms.orders.rules import OrderProgress, OrderState


class StatusFilter(admin.SimpleListFilter):
    """By the one word that people see; read from the table of states, not from the rows."""

    title = parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        """Offer the states that win over progress, then progress."""
        words = [
            OrderState.ON_HOLD.value,
            OrderState.CANCELLED.value,
            *(step.value for step in OrderProgress),
        ]
        return [(word, word.replace("_", " ").capitalize()) for word in words]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Keep the orders of the chosen status."""
        return queryset.filter(status=self.value()) if self.value() else queryset


class LineInline(ReadOnlyInline):
    """What was ordered, and what became of it."""

    model = OrderLine
    beside = ("sku",)
    fields = (
        *("position", "sku", "quantity_ordered", "quantity_allocated", "quantity_waiting"),
        *("quantity_shipped", "quantity_cancelled", "unit_price"),
    )


class HoldInline(ReadOnlyInline):
    """Why it stood still."""

    model = Hold
    fields = ("code", "reason", "owner", "placed_by", "placed_at", "released_by", "released_at")


class PartialInline(ReadOnlyInline):
    """Whether a part of it might ship, and who decided what."""

    model = PartialQuestion
    fields = ("reason", "asked_at", "decision", "note", "decided_by", "decided_at")


class AddressInline(ReadOnlyInline):
    """That it was to go elsewhere, and how that ended; where to is on the staff page."""

    model = AddressChange
    fields = ("state", "reason", "requested_by", "requested_at", "settled_by", "settled_at", "outcome")


class PromiseInline(ReadOnlyInline):
    """What the customer was told, the first time and since."""

    model = Promise
    fields = ("sequence", "promised_by", "arrives_on", "cause", "made_at")


@admin.register(ServingPolicy)
class ServingPolicyAdmin(Audited):
    """Who is served first when stock arrives; there is one such policy."""

    list_display = ("__str__",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Make the one that counts, and no other."""
        return super().has_add_permission(request) and not ServingPolicy.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: ServingPolicy | None = None) -> bool:
        """It is changed, not taken away."""
        return False


@admin.register(Order)
class OrderAdmin(ReadOnly):
    """Orders, newest first; customers' names and addresses are on the staff page."""

    inlines = (LineInline, HoldInline, PartialInline, AddressInline, PromiseInline)
    fields = readonly_fields = (
        *("number", "channel", "external_number", "po_number", "customer_type", "status"),
        *("ship_country", "ship_region", "ship_postcode", "shipping_option", "placed_at", "promise_by"),
        *("lines", "discount", "shipping", "tax", "total"),
    )
    list_display = (
        *("number", "channel", "external_number", "customer_type", "status", "total"),
        *("placed_at", "promise_by"),
    )
    list_filter = (StatusFilter, "channel", "customer_type", "placed_at")
    list_select_related = ("channel",)
    search_fields = ("number__exact", "external_number__exact", "po_number__exact")
    search_help_text = "A whole order number, channel number or purchase order number."
    list_per_page = 50
    show_full_result_count = False
    action_form = ReasonForm
    actions: ClassVar = ("hold", "release", "cancel", "serve_backorders")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Leave out what is served elsewhere."""
        rows = super().get_queryset(request)
        codes = request.user.locations_for("orders.view")
        return rows if codes is None else rows.filter(pk__in=work_queries.order_ids_at(codes))

    @admin.display(description="Lines")
    def lines(self, order: Order) -> str:
        """What the lines come to."""
        return money(order.lines_minor, order.currency, show=True)

    @admin.display(description="Discount")
    def discount(self, order: Order) -> str:
        """What is taken off."""
        return money(order.discount_minor, order.currency, show=True)

    @admin.display(description="Shipping")
    def shipping(self, order: Order) -> str:
        """What the customer pays for shipping."""
        return money(order.shipping_minor, order.currency, show=True)

    @admin.display(description="Tax")
    def tax(self, order: Order) -> str:
        """What goes to the state."""
        return money(order.tax_minor, order.currency, show=True)

    @admin.display(description="Total", ordering="total_minor")
    def total(self, order: Order) -> str:
        """What the customer pays."""
        return money(order.total_minor, order.currency, show=True)

    @admin.action(description="Hold, with a reason", permissions=["hold"])
    def hold(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        """Stop the chosen orders and their work."""
        why, actor = request.POST.get("reason", ""), request.user.actor
        each(request, chosen, lambda one, at: standing.hold_order(one.number, reason=why, actor=actor, at=at))

    @admin.action(description="Release from hold", permissions=["hold"])
    def release(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        """Let the chosen orders go on."""
        actor = request.user.actor
        each(request, chosen, lambda one, at: standing.release_order(one.number, actor=actor, at=at))

    @admin.action(description="Cancel, with a reason", permissions=["cancel"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        """Cancel the chosen orders and free their stock."""
        why, actor = request.POST.get("reason", ""), request.user.actor
        each(
            request, chosen, lambda one, at: ordering.cancel_order(one.number, reason=why, actor=actor, at=at)
        )

    @admin.action(description="Try to serve the backorders again", permissions=["change_by_flow"])
    def serve_backorders(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        """Give the chosen orders the stock they wait for."""
        actor = request.user.actor
        each(request, chosen, lambda one, at: ordering.serve_backorders(one.number, actor=actor, at=at))

    def has_hold_permission(self, request: HttpRequest) -> bool:
        """Whether this person may stop orders and let them go on."""
        return request.user.may("orders.hold")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Whether this person may cancel orders."""
        return request.user.may("orders.cancel")

    def has_change_by_flow_permission(self, request: HttpRequest) -> bool:
        """Whether this person may have orders served again."""
        return request.user.may("orders.change")


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    """Why orders stand or stood still."""

    list_display = (
        "order",
        "code",
        "reason",
        "owner",
        "placed_by",
        "placed_at",
        "released_by",
        "released_at",
    )
    list_filter = (("released_at", admin.EmptyFieldListFilter), "code", "placed_at")
    list_select_related = ("order",)
    search_fields = ("order__number__exact", "reason")
    ordering = ("-id",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        """Leave out the orders that are served elsewhere."""
        rows = super().get_queryset(request)
        codes = request.user.locations_for("orders.view")
        return rows if codes is None else rows.filter(order__in=work_queries.order_ids_at(codes))


@admin.register(OrderReason)
class ReasonAdmin(Audited):
    """The managed list of reasons to hold, change and cancel orders."""

    fields = ("kind", "code", "name", "customer_sees", "released_by", "is_active")
    list_display = ("kind", "code", "name", "customer_sees", "released_by", "is_active")
    list_display_links = ("code",)
    list_filter = ("kind", "is_active")
    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Programs name a reason by its code, so it never changes."""
        return () if obj is None else ("kind", "code")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Holds and cancellations name it for ever."""
        return False
