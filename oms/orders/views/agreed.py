"""What was agreed and what was billed of it: terms, and the invoices of an order or a customer."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from oms.core import seller
from oms.invoices import queries as invoice_queries
from oms.invoices import rules as invoice_rules
from oms.orders.models import Customer, Order

SHOWN_INVOICES = 20


def of_order(order: Order, user: Any) -> dict[str, Any]:
    """The invoices of an order, and until one is there the day on which it would be due if the promise is kept."""
    invoices = _with_states(invoice_queries.of_order(order.pk))
    return {
        "invoices": invoices,
        "due_if_kept": None if invoices else _due_if_kept(order),
        "may_open_invoices": user.may("finance.view"),
        "may_open_customer": user.may("customers.view"),
    }


def of_customer(customer: Customer, user: Any) -> dict[str, Any]:
    """The newest invoices of a customer, and how many there are."""
    rows = invoice_queries.of_customer(customer.pk)
    return {
        "invoices": _with_states(rows[:SHOWN_INVOICES]),
        "invoice_count": rows.count(),
        "may_open_invoices": user.may("finance.view"),
    }


def _with_states(rows: Iterable[Any]) -> list[Any]:
    today, found = seller.day(datetime.now(UTC)), list(rows)
    for row in found:
        row.state = invoice_rules.state(row.due_on, row.settled_at, today).value
    return found


def _due_if_kept(order: Order) -> date | None:
    if order.terms_days is None or order.promise_by is None or order.state == "cancelled":
        return None
    return seller.day(order.promise_by) + timedelta(days=order.terms_days)
