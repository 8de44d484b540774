"""What was agreed, billed and written: terms, invoices and letters of an order or a customer."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from oms.core import seller
from oms.invoices import queries as invoice_queries
from oms.invoices import rules as invoice_rules
from oms.letters import queries as letter_queries
from oms.letters.models import Letter
from oms.letters.views import pages as letters
from oms.orders.models import Customer, Order

SHOWN_INVOICES = 20
SHOWN_LETTERS = 10


def of_order(order: Order, user: Any) -> dict[str, Any]:
    """The invoices of an order, and until one is there the day on which it would be due if the promise is kept."""
    invoices = _with_states(invoice_queries.of_order(order.pk))
    return {
        "invoices": invoices,
        "due_if_kept": None if invoices else _due_if_kept(order),
        "may_open_invoices": user.may("finance.view"),
        "may_open_customer": user.may("customers.view"),
        **_letters(letter_queries.of_order(order.pk), order.number, user),
        "no_letters": "" if order.contact.customer_email else "The order has no mail address.",
    }


def of_customer(customer: Customer, user: Any) -> dict[str, Any]:
    """The newest invoices of a customer, and how many there are."""
    rows = invoice_queries.of_customer(customer.pk)
    return {
        "invoices": _with_states(rows[:SHOWN_INVOICES]),
        "invoice_count": rows.count(),
        "may_open_invoices": user.may("finance.view"),
        **_letters(letter_queries.of_customer(customer.pk), customer.code, user),
        "no_letters": "What its orders are written about stands here.",
    }


def _letters(rows: QuerySet[Letter], about: str, user: Any) -> dict[str, Any]:
    if not user.may("letters.view"):
        return {"may_see_letters": False}
    shown = letters.shown(list(rows[: SHOWN_LETTERS + 1]))
    more = len(shown) > SHOWN_LETTERS
    return {
        "may_see_letters": True,
        "letters": shown[:SHOWN_LETTERS],
        "letter_count": rows.count() if more else len(shown),
        "letters_about": about,
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
