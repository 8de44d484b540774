"""Invoices as the accountant sees them: what is due, one of them, and that it was paid."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse

from oms.core import frame, seller
from oms.core.money import Money
from oms.core.status import DONE, STOP, WAIT, Look, fill
from oms.core.views.frame import Action, Guarded, Record
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab
from oms.flows import invoicing
from oms.imports import exports
from oms.invoices import printing, queries, rules
from oms.invoices.models import Invoice
from oms.invoices.rules import InvoiceNotFound

fill(
    "invoice",
    {"open": Look(WAIT, "Open"), "overdue": Look(STOP, "Overdue"), "settled": Look(DONE, "Paid")},
)
HEADS = (
    *("number", "customer", "order", "po_number", "shipment", "issued_on", "due_on", "state", "currency"),
    *("total", "settled_on", "reference"),
)


def _today() -> Any:
    return seller.day(datetime.now(UTC))


def state_of(invoice: Invoice) -> str:
    """Open, overdue or settled, today."""
    return rules.state(invoice.due_on, invoice.settled_at, _today()).value


def _state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(queries.in_state(value, _today()))


STATES = (Choice("open", "open"), Choice("overdue", "overdue"), Choice("settled", "paid"))


class InvoiceList(ListPage):
    """Invoices, newest first."""

    permission = "finance.view"
    title = "Invoices"
    under = "Invoices"
    template_name = "invoices/invoice_list.html"
    page_name = "invoices.list"
    noun = "invoice,invoices"
    order = ("-issued_on", "-id")
    orders: ClassVar = {"due": ("due_on", "id")}
    search_help = "Filter: number, order, customer, their number"
    tabs = (
        Tab("Open", {"state": "open"}),
        Tab("Overdue", {"state": "overdue"}, tone="stop"),
        Tab("Paid", {"state": "settled"}),
        Tab("All", {}),
    )
    filters = (Filter("state", "State", _state, lambda user: STATES),)
    columns: ClassVar = (
        Column("Invoice"),
        Column("Customer"),
        Column("Order"),
        Column("Issued"),
        Column("Due", "", "due"),
        Column("State"),
        Column("Total", "num"),
    )

    def rows(self) -> QuerySet[Any]:
        return queries.invoices()

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(queries.matching(text))

    def decorate(self, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.state = state_of(row)
            row.who = row.customer.contact.name if hasattr(row.customer, "contact") else ""
        return rows


class InvoiceCsv(InvoiceList):
    """The same invoices as a file; days are ISO, money has a point."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write what the filters leave, oldest first."""
        rows = self.narrowed(self.asked).order_by("issued_on", "id")
        response = StreamingHttpResponse(
            exports.as_csv(self._lines(rows), separator=","), content_type="text/csv; charset=utf-8"
        )
        response.headers["Content-Disposition"] = 'attachment; filename="invoices.csv"'
        return response

    def _lines(self, rows: QuerySet[Any]) -> Iterator[list[str]]:
        yield list(HEADS)
        for row in rows.iterator(chunk_size=500):
            settled = row.settled_at.date().isoformat() if row.settled_at else ""
            yield [
                *(row.number, row.customer.code, row.order.number, row.order.po_number, row.shipment.number),
                *(row.issued_on.isoformat(), row.due_on.isoformat(), state_of(row), row.currency),
                *(Money(row.total_minor, row.currency).as_text(), settled, row.settled_reference),
            ]


def _found(number: str) -> Invoice:
    try:
        return queries.invoice(number)
    except InvoiceNotFound as missing:
        raise Http404(str(missing)) from missing


class InvoicePage(Record):
    """One invoice: what was billed, when it is due, and by which payment it was paid."""

    permission = "finance.view"
    under = "Invoices"
    template_name = "invoices/invoice_detail.html"
    list_url_name = "invoices:list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = _found(self.kwargs["number"])
        return super().get_context_data(**kwargs) | {
            "title": found.number,
            "invoice": found,
            "state": state_of(found),
            "lines": queries.lines_of(found),
            "contact": getattr(found.customer, "contact", None),
            "may_settle": found.settled_at is None and self.request.user.may("finance.change"),
        }


class InvoicePdf(Guarded):
    """The invoice on paper."""

    permission = "finance.view"

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        """Print it, again if need be."""
        found = _found(number)
        content = printing.invoice(found, queries.lines_of(found))
        response = HttpResponse(content, content_type="application/pdf")
        response.headers["Content-Disposition"] = f'inline; filename="{number}.pdf"'
        return response


class Settle(Action):
    """Mark an invoice as paid."""

    permission = "finance.change"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("invoices:detail", kwargs=kwargs)

    def carry_out(self, **kwargs: Any) -> None:
        invoicing.settle(
            kwargs["number"], reference=self.request.POST.get("reference", ""), **self.doing.as_arguments
        )


def _overdue(standing: frame.Standing) -> int:
    return queries.overdue(_today()).count()


def found(text: str, user: Any) -> list[frame.Found]:
    """The invoice that a text names."""
    hits = queries.invoices().filter(number__iexact=text.strip())[:1]
    return [
        frame.Found(
            hit.number, reverse("invoices:detail", args=[hit.number]), "note", hit.customer.code, exact=True
        )
        for hit in hits
    ]


frame.hang(
    frame.Entry("Invoices", "note", "invoices:list", "finance.view", letter="i", position=14),
    frame.Finder("invoices", found, "finance.view", position=26),
    frame.Tile(
        "Overdue invoices",
        "note",
        url=lambda standing: f"{reverse('invoices:list')}?state=overdue",
        count=_overdue,
        permission="finance.change",
        tone="stop",
        hint="past their day",
        position=16,
    ),
)
