"""Stories of invoices: what leaves is billed, payments are marked, and what is late raises an alert."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from fulfilment.models import FulfilmentOrderLine, Shipment
from oms.alerts import queries as alert_queries
from oms.alerts.services import alerts
from oms.core import audit, outbox, seller
from oms.core.actors import SYSTEM, Actor
from oms.core.money import Money
from oms.core.transactions import joins_transaction, owns_transaction
from oms.invoices import queries, rules
from oms.invoices.models import Invoice
from oms.invoices.services import invoices
from oms.invoices.services.invoices import Billed
from oms.orders import queries as order_queries
from oms.orders.models import Order

MOST_AT_ONCE = 500
OVERDUE = "overdue_invoice"


@joins_transaction
def bill(
    order: Order,
    shipment: Shipment,
    lines: Sequence[FulfilmentOrderLine],
    *,
    shipped: Counter[int],
    actor: Actor,
    at: datetime,
) -> Invoice | None:
    """Bill what has just left (pieces by work line) when the order is on terms; nothing for what is free."""
    if order.terms_days is None or order.customer_id is None:
        return None
    # Read anew: its lines have been counted as shipped since it was loaded, and another shipment may have been billed.
    order = order_queries.lock_order(order.number)
    billed = _billed(order, lines, shipped)
    first = not order.invoiced_minor
    charges = order.shipping_minor + order.tax_minor - order.discount_minor if first else 0
    if not charges + sum(each.amount_minor for each in billed):
        return None
    invoice = invoices.issue(order, shipment, billed, charges_minor=charges, day=seller.day(at), at=at)
    told = {
        "number": invoice.number,
        "order": order.number,
        "shipment": shipment.number,
        "total": Money(invoice.total_minor, invoice.currency).as_text(),
        "currency": invoice.currency,
        "due_on": invoice.due_on.isoformat(),
    }
    note = f"{invoice.number} over {told['total']} {invoice.currency}, due {invoice.due_on:%d %b %Y}"
    audit.record("invoice.issued", "order", order.number, actor=actor, at=at, changes=told, note=note)
    outbox.record("invoice.issued", aggregate=f"order:{order.number}", payload=told, at=at)
    return invoice


def _billed(order: Order, lines: Sequence[FulfilmentOrderLine], shipped: Counter[int]) -> list[Billed]:
    left: Counter[int] = Counter()
    for line in lines:
        left[line.allocation.order_line_id] += shipped[line.pk]
    billed = []
    for sold in order_queries.lines_of([order.pk]):
        pieces = left[sold.pk]
        if pieces:
            before = sold.quantity_shipped - pieces
            amount = rules.billed(sold.total_minor, sold.quantity_ordered, before, pieces)
            billed.append(Billed(sold, pieces, amount))
    return billed


@owns_transaction()
def settle(number: str, *, reference: str, actor: Actor, at: datetime) -> Invoice:
    """Mark an invoice as paid by a payment; its customer owes that much less.

    Raises ``InvoiceNotFound``, ``AlreadySettled``, ``Invalid`` without a reference.
    """
    invoice = queries.lock_invoice(number)
    invoices.settle(invoice, reference=reference, actor=actor, at=at)
    order = queries.invoice(number).order.number
    note = f"{number} is paid: {invoice.settled_reference}"
    audit.record("invoice.settled", "order", order, actor=actor, at=at, note=note)
    outbox.record(
        "invoice.settled", aggregate=f"order:{order}", payload={"number": number, "order": order}, at=at
    )
    _close_alerts({number}, why="It is paid.", actor=actor, at=at)
    return invoice


@owns_transaction()
def watch_overdue(*, today: date, at: datetime) -> int:
    """Alert on invoices past their day that nobody has paid; says how many."""
    late = list(queries.overdue(today)[:MOST_AT_ONCE])
    for invoice in late:
        amount = Money(invoice.total_minor, invoice.currency)
        alerts.open_alert(
            OVERDUE,
            "invoice",
            invoice.number,
            at=at,
            message=f"{invoice.number} of {invoice.customer.code} over {amount} was due on {invoice.due_on:%d %b %Y}.",
            url=f"/invoices/{invoice.number}",
        )
    return len(late)


def _close_alerts(numbers: set[str], *, why: str, actor: Actor, at: datetime) -> None:
    for alert in alert_queries.lock_open(OVERDUE):
        if alert.subject_id in numbers:
            alerts.close(alert, note=why, actor=actor, at=at)
            audit.record("alert.closed", "alert", alert.pk, actor=SYSTEM, at=at, note=why)
