"""Invoices over REST, to read."""

from datetime import date, datetime
from typing import Any

import msgspec
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, DateFilter, FilterSet
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import seller
from oms.core.api import page_of
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.money import Money
from oms.invoices import queries
from oms.invoices.models import Invoice
from oms.invoices.rules import InvoiceState


class InvoiceLineAnswer(msgspec.Struct):
    """Pieces of one SKU that left, at the price of their order line."""

    sku: str
    quantity: int
    unit_price: str
    total: str


class InvoiceAnswer(msgspec.Struct):
    """An invoice; money as decimal strings. In a list without its lines."""

    number: str
    order: str
    shipment: str
    customer: str
    po_number: str
    currency: str
    charges: str
    total: str
    issued_on: date
    due_on: date
    settled_at: datetime | None
    settled_reference: str
    lines: list[InvoiceLineAnswer] | None = None


class InvoiceFilter(FilterSet):
    """Filters of invoices."""

    customer = CharFilter(field_name="customer__code", label="Customer")
    order = CharFilter(field_name="order__number", label="Order")
    state = ChoiceFilter(
        method="in_state",
        choices=[(state.value, state.value) for state in InvoiceState],
        label="open (overdue ones too), overdue or settled",
    )
    issued_from = DateFilter(field_name="issued_on", lookup_expr="gte", label="Issued on this day or later")
    due_before = DateFilter(field_name="due_on", lookup_expr="lt", label="Due before this day")

    class Meta:
        model = Invoice
        fields: tuple[str, ...] = ()

    def in_state(self, rows: Any, name: str, state: str) -> Any:
        """Invoices in a state today."""
        return rows.filter(queries.in_state(state, seller.day(timezone.now())))


class Invoices(ApiView):
    """All invoices, newest first."""

    scope = "invoices:read"

    @documented(
        "List invoices",
        answers={200: list_of(InvoiceAnswer)},
        query={name: str(each.label) for name, each in InvoiceFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the invoices that the filters leave."""
        rows = filtered(InvoiceFilter, queries.invoices(), request)
        return page_of(rows, request, render=_answer, ordering=("-issued_on", "-id"))


class OneInvoice(ApiView):
    """One invoice."""

    scope = "invoices:read"

    @documented("Read an invoice", answers={200: InvoiceAnswer})
    def get(self, request: Request, number: str) -> Response:
        """The invoice with its lines."""
        found = queries.invoice(number)
        answer = _answer(found)
        answer.lines = [
            InvoiceLineAnswer(
                line.order_line.sku.code,
                line.quantity,
                f"{line.unit_price:f}",
                Money(line.total_minor, found.currency).as_text(),
            )
            for line in queries.lines_of(found)
        ]
        return Response(answer)


def _answer(invoice: Invoice) -> InvoiceAnswer:
    return InvoiceAnswer(
        invoice.number,
        invoice.order.number,
        invoice.shipment.number,
        invoice.customer.code,
        invoice.order.po_number,
        invoice.currency,
        Money(invoice.charges_minor, invoice.currency).as_text(),
        Money(invoice.total_minor, invoice.currency).as_text(),
        invoice.issued_on,
        invoice.due_on,
        invoice.settled_at,
        invoice.settled_reference,
    )
