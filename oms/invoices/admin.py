"""Invoices in the admin: to read."""

from django.contrib import admin

from oms.core.admin_site import ReadOnly, ReadOnlyInline
from oms.core.templatetags.ui import money
from oms.invoices.models import Invoice, InvoiceLine


class LineInline(ReadOnlyInline):
    """What was billed."""

    model = InvoiceLine
    beside = ("order_line__sku",)
    fields = ("position", "order_line", "quantity", "unit_price", "total_minor")


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly):
    """Invoices, newest first; the staff page marks them as paid."""

    inlines = (LineInline,)
    fields = readonly_fields = (
        *("number", "order", "shipment", "customer", "issued_on", "due_on", "total"),
        *("settled_at", "settled_by", "settled_reference"),
    )
    list_display = ("number", "customer", "order", "issued_on", "due_on", "total", "settled_at")
    list_filter = (("settled_at", admin.EmptyFieldListFilter), "issued_on", "due_on")
    list_select_related = ("customer", "order")
    search_fields = ("number__exact", "order__number__exact", "customer__code__exact")
    show_full_result_count = False

    @admin.display(description="Total", ordering="total_minor")
    def total(self, invoice: Invoice) -> str:
        """What is to be paid."""
        return money(invoice.total_minor, invoice.currency, show=True)
