"""An invoice as PDF: data goes to the typesetter as JSON, never as source text, so no name can be code."""

from collections.abc import Sequence
from pathlib import Path

from fulfilment.documents import printing
from oms.core import seller
from oms.core.money import Money
from oms.invoices.models import Invoice, InvoiceLine

_SHEET = Path(__file__).resolve().parent / "invoice.typ"


def invoice(found: Invoice, lines: Sequence[InvoiceLine]) -> bytes:
    """The invoice on A4, for the customer; of somebody who was erased it names nobody."""
    order, currency = found.order, found.currency
    facts = [
        ["Issued", f"{found.issued_on:%d %b %Y}"],
        ["Due", f"{found.due_on:%d %b %Y}"],
        ["Order", order.number],
        ["Shipment", found.shipment.number],
    ]
    if order.po_number:
        facts.append(["Your order", order.po_number])
    contact = getattr(found.customer, "contact", None)
    if contact is not None and contact.tax_number:
        facts.append(["Your tax number", contact.tax_number])
    rows = [
        [
            line.order_line.sku.code,
            line.order_line.sku.name,
            str(line.quantity),
            f"{line.unit_price.normalize():f}",
            Money(line.total_minor, currency).as_text(),
        ]
        for line in lines
    ]
    charges = found.charges_minor
    return printing.typeset(
        _SHEET,
        {
            "shop": seller.name(),
            "seller": seller.lines(),
            "number": found.number,
            "recipient": printing.address_lines(order.contact.billing_address),
            "facts": facts,
            "rows": rows,
            "sums": [["Shipping and tax", Money(charges, currency).as_text()]] if charges else [],
            "total": str(Money(found.total_minor, currency)),
            "due": f"{found.due_on:%d %b %Y}",
        },
    )
