"""Invoices are issued once per shipment and marked as paid once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fulfilment.models import Shipment
from oms.core import numbering
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.transactions import joins_transaction
from oms.invoices.models import Invoice, InvoiceLine
from oms.invoices.rules import AlreadySettled
from oms.orders.models import Order, OrderLine

PREFIX = "INV"


@dataclass(frozen=True, slots=True)
class Billed:
    """Pieces of an order line that left, and what they come to."""

    line: OrderLine
    pieces: int
    amount_minor: int


@joins_transaction
def issue(
    order: Order, shipment: Shipment, lines: Sequence[Billed], *, charges_minor: int, day: date, at: datetime
) -> Invoice:
    """Bill what left with a shipment of an order on terms; its number follows the last one without a gap."""
    assert order.customer_id is not None  # only known customers have terms
    lines_minor = sum(line.amount_minor for line in lines)
    invoice = Invoice.objects.create(
        number=numbering.next_without_gap(PREFIX),
        order=order,
        shipment=shipment,
        customer_id=order.customer_id,
        currency=order.currency,
        lines_minor=lines_minor,
        charges_minor=charges_minor,
        total_minor=lines_minor + charges_minor,
        issued_on=day,
        due_on=day + timedelta(days=order.terms_days or 0),
        issued_at=at,
    )
    InvoiceLine.objects.bulk_create(
        [
            InvoiceLine(
                invoice=invoice,
                position=position,
                order_line=each.line,
                quantity=each.pieces,
                unit_price=each.line.unit_price,
                total_minor=each.amount_minor,
            )
            for position, each in enumerate(lines, start=1)
        ]
    )
    return invoice


@joins_transaction
def settle(invoice: Invoice, *, reference: str, actor: Actor, at: datetime) -> None:
    """Mark a locked invoice as paid.

    Raises ``AlreadySettled``, ``Invalid`` without a reference.
    """
    if invoice.settled_at is not None:
        raise AlreadySettled(f"{invoice.number} was marked as paid on {invoice.settled_at:%d %b %Y}.")
    if not reference.strip():
        message = "Say by which payment: a bank reference, a receipt."
        raise Invalid(message, problems=(("#/reference", message),))
    invoice.settled_at, invoice.settled_by = at, actor.label
    invoice.settled_reference = reference.strip()[:80]
    invoice.save(update_fields=["settled_at", "settled_by", "settled_reference"])
