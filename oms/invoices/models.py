"""Invoices: what a customer on terms owes for what has left; never changed, only marked as paid."""

from django.db import models
from django.db.models import F, Q


class Invoice(models.Model):
    """One shipment billed to a customer on terms; the numbers have no gap."""

    number = models.CharField(max_length=24, unique=True)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="invoices")
    shipment = models.OneToOneField("fulfilment.Shipment", on_delete=models.PROTECT, related_name="invoice")
    customer = models.ForeignKey("orders.Customer", on_delete=models.PROTECT, related_name="invoices")
    currency = models.CharField(max_length=3)
    lines_minor = models.BigIntegerField()
    # Shipping and tax less discounts of the order; on its first invoice.
    charges_minor = models.BigIntegerField(default=0, db_default=0)
    total_minor = models.BigIntegerField()
    issued_on = models.DateField()
    due_on = models.DateField()
    issued_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=80, blank=True, default="", db_default="")
    settled_reference = models.CharField(max_length=80, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-issued_on", "-id"]
        indexes = [
            models.Index(
                fields=["due_on", "id"], name="open_invoices_by_day", condition=Q(settled_at__isnull=True)
            ),
            models.Index(fields=["-issued_on", "-id"], name="invoices_newest_first"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(total_minor=F("lines_minor") + F("charges_minor")),
                name="an_invoice_total_is_the_sum_of_its_parts",
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("issued_on")), name="an_invoice_is_due_after_it_is_issued"
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | ~Q(settled_reference=""),
                name="a_payment_has_a_reference",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    """Pieces of one order line that left, at the price of that line."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="invoice_lines")
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=19, decimal_places=4)
    total_minor = models.BigIntegerField()

    class Meta:
        ordering = ["invoice", "position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="one_invoice_line_per_position"),
            models.UniqueConstraint(
                fields=["invoice", "order_line"], name="an_invoice_names_an_order_line_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="an_invoice_line_bills_something"),
        ]

    def __str__(self) -> str:
        return f"line {self.position} of invoice {self.invoice_id}"
