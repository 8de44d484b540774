"""Questions about invoices."""

from datetime import date

from django.db.models import Q, QuerySet

from oms.invoices.models import Invoice, InvoiceLine
from oms.invoices.rules import InvoiceNotFound


def invoices() -> QuerySet[Invoice]:
    """All invoices with their order, customer and shipment, newest first."""
    return Invoice.objects.select_related("order", "customer", "customer__contact", "shipment").order_by(
        "-issued_on", "-id"
    )


def invoice(number: str) -> Invoice:
    """The invoice with this number.

    Raises ``InvoiceNotFound``.
    """
    found = invoices().select_related("order__contact").filter(number=number).first()
    if found is None:
        raise InvoiceNotFound(f"There is no invoice {number}.")
    return found


def lock_invoice(number: str) -> Invoice:
    """The invoice with this number, locked until the transaction ends.

    Raises ``InvoiceNotFound``.
    """
    found = Invoice.objects.select_for_update(no_key=True).filter(number=number).first()
    if found is None:
        raise InvoiceNotFound(f"There is no invoice {number}.")
    return found


def lines_of(found: Invoice) -> list[InvoiceLine]:
    """The lines of an invoice with their SKUs, in order."""
    rows = InvoiceLine.objects.filter(invoice=found).select_related("order_line__sku")
    return list(rows.order_by("position"))


def in_state(state: str, today: date) -> Q:
    """A filter for invoices that are open, overdue or settled on a day; overdue ones are open too."""
    if state == "settled":
        return Q(settled_at__isnull=False)
    unpaid = Q(settled_at__isnull=True)
    return unpaid & Q(due_on__lt=today) if state == "overdue" else unpaid


def matching(text: str) -> Q:
    """A filter for invoices by number, order, customer or the customer's own number."""
    wanted = text.strip()
    return (
        Q(number__iexact=wanted)
        | Q(order__number__iexact=wanted)
        | Q(order__po_number__iexact=wanted)
        | Q(customer__code__iexact=wanted)
        | Q(customer__contact__name__icontains=wanted)
    )


def of_customer(customer_id: int) -> QuerySet[Invoice]:
    """A customer's invoices, newest first."""
    return invoices().filter(customer_id=customer_id)


def of_order(order_id: int) -> QuerySet[Invoice]:
    """An order's invoices, the first one first."""
    return invoices().filter(order_id=order_id).order_by("id")


def overdue(today: date) -> QuerySet[Invoice]:
    """Invoices that should have been paid before today, the oldest first."""
    return invoices().filter(in_state("overdue", today)).order_by("due_on", "id")
