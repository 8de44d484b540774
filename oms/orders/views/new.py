"""A new order taken down by staff: drafted as it is typed, tried before it is placed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from inventory import queries as stock_queries
from oms.catalogue import queries as sku_queries
from oms.core import preferences, seller
from oms.core.errors import Invalid, Refusal
from oms.core.money import Money
from oms.core.views.frame import Guarded, Page, one_effect
from oms.flows import ordering, sketching
from oms.flows.sketching import Tried
from oms.orders import customer_queries, price_queries, queries
from oms.orders.forms_new import LineRow, OrderForm, rows_of, to_request
from oms.orders.models import Customer
from oms.orders.requests import NewOrder

DRAFT = "order-new"
SUGGESTED = 8


class _ForAllSites(Guarded):
    """Only who may place orders everywhere: nobody knows yet where it will ship from."""

    permission = "orders.create"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Turn away who may do so at some sites only."""
        if request.user.locations_for("orders.create") is not None:
            raise PermissionDenied("You may place orders at some sites only; a new one may ship from any.")
        return super().dispatch(request, *args, **kwargs)


class NewOrderPage(_ForAllSites, Page):
    """Take an order down by keyboard or scanner."""

    title = "New order"
    under = "Orders"
    template_name = "orders/order_new.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form, with what was typed before."""
        kept = preferences.draft_of(request.user, form=DRAFT)
        said = {"country": "AU", "currency": "AUD"} | kept
        if code := request.GET.get("customer", ""):
            said["customer"] = code
        return self._shown(self._form(said, bound=False), _named(rows_of(said)), has_draft=bool(kept))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Forget the draft, try the order, or place it."""
        if request.POST.get("do") == "clear":
            preferences.drop_draft(request.user, form=DRAFT)
            return HttpResponseRedirect(reverse("orders:new"))
        said = request.POST.dict()
        form, rows = self._form(said, bound=True), _named(rows_of(said))
        if not form.is_valid():
            return self._shown(form, rows, status=422)
        try:
            wanted = to_request(_with_name(form.cleaned_data), rows, _reference(said))
            if said.get("do") != "place":
                return self._shown(form, rows, tried=sketching.try_order(wanted, **self.doing.as_arguments))
            return HttpResponseRedirect(reverse("orders:detail", args=[self._place(wanted)]))
        except Refusal as refusal:
            filled = [row for row in rows if row.sku] or rows
            problems = refusal.problems if isinstance(refusal, Invalid) else ()
            form.show(problems or [("", str(refusal))], filled)
            return self._shown(form, rows, status=422)

    def _place(self, wanted: NewOrder) -> str:
        with one_effect(self.request):
            placed = ordering.place_order(wanted, **self.doing.as_arguments)
            messages.success(self.request, f"{placed.number} is placed.")
        preferences.drop_draft(self.request.user, form=DRAFT)
        # The same form sent twice finds the order of the first time.
        return queries.number_of(wanted.channel, wanted.external_number)

    def _form(self, said: Mapping[str, str], *, bound: bool) -> OrderForm:
        entries = [(each.code, _label(each)) for each in _addresses(said.get("customer", ""))]
        known = {"channels": queries.channels_for_staff(), "entries": entries}
        return OrderForm(said, **known) if bound else OrderForm(initial=dict(said), **known)

    def _shown(
        self,
        form: OrderForm,
        rows: list[LineRow],
        *,
        tried: Tried | None = None,
        has_draft: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        currency = form["currency"].value() or "AUD"
        context = self.get_context_data(
            form=form,
            rows=rows,
            has_draft=has_draft,
            tried=tried,
            zone=_zone(tried),
            tried_lines=_tried_lines(tried, rows),
            currency=currency,
            terms=_terms(form["customer"].value() or ""),
            page_help="Scan items anywhere: each is a line, or one piece more. Preview shows prices, sites and why.",
        )
        return self.render_to_response(context, status=status)


class FindSkus(_ForAllSites):
    """What a typed or scanned code means, and what it costs this customer; for the form."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """The SKU that is meant exactly, and a few that are near."""
        text = request.GET.get("q", "").strip()[:64]
        if not text:
            return JsonResponse({"sku": None, "near": []})
        exact = sku_queries.by_code_or_barcode(text)
        near = [] if exact else list(sku_queries.search(text).filter(is_active=True)[:SUGGESTED])
        return JsonResponse(
            {
                "sku": self._priced(exact) if exact else None,
                "near": [{"code": sku.code, "name": sku.name} for sku in near],
            }
        )

    def _priced(self, sku: Any) -> dict[str, Any]:
        asked = self.request.GET
        quantity = asked.get("quantity", "1")
        price = price_queries.price_for(
            sku.code,
            customer=asked.get("customer", ""),
            currency=asked.get("currency", "AUD"),
            quantity=int(quantity) if quantity.isdecimal() else 1,
            day=seller.day(self.doing.at),
        )
        return {"code": sku.code, "name": sku.name, "price": None if price is None else f"{price:f}"}


class FindCustomers(_ForAllSites):
    """Customers that a text means, and of one the address book and terms; for the form."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """A few customers, or everything about the one that is named exactly."""
        text = request.GET.get("q", "").strip()[:64]
        rows = customer_queries.customers().filter(customer_queries.matching(text), is_active=True)
        found = list(rows[:SUGGESTED]) if text else []
        exact = next((each for each in found if each.code == text), None)
        return JsonResponse(
            {
                "customer": _told(exact) if exact else None,
                "near": [{"code": each.code, "name": _name(each)} for each in found],
            }
        )


def _told(customer: Customer) -> dict[str, Any]:
    entries = customer_queries.addresses(customer)
    return {
        "code": customer.code,
        "name": _name(customer),
        "addresses": [{"code": entry.code, "label": _label(entry)} for entry in entries],
        "currency": customer.currency,
        "terms": _terms(customer.code),
    }


def _terms(code: str) -> str:
    """What applies to a customer, in a sentence for whoever takes the order down."""
    customer = customer_queries.customers().filter(code=code).first() if code else None
    if customer is None:
        return ""
    agreed = customer_queries.applies_to(customer)
    said = [_name(customer), f"prices of {agreed.price_list}"]
    said.append("pays before" if agreed.terms_days is None else f"pays within {agreed.terms_days} days")
    if customer.credit_limit_minor is not None:
        left = customer.credit_limit_minor - customer.account.owed_minor
        said.append(f"{Money(left, customer.currency)} of credit left")
    if agreed.requires_po_number:
        said.append("their order number is required")
    return ", ".join(said) + "."


def _addresses(code: str) -> list[Any]:
    customer = customer_queries.customers().filter(code=code).first() if code else None
    return customer_queries.addresses(customer) if customer else []


def _label(entry: Any) -> str:
    return f"{entry.label or entry.code}: {entry.name}, {entry.line1}, {entry.city}"


def _name(customer: Customer) -> str:
    return customer.contact.name if hasattr(customer, "contact") else customer.code


def _named(rows: list[LineRow]) -> list[LineRow]:
    """The rows with the names of their SKUs; a barcode becomes the code that it means."""
    for row in rows:
        sku = sku_queries.by_code_or_barcode(row.sku) if row.sku else None
        if sku is not None:
            row.sku, row.name = sku.code, sku.name
    return rows


def _with_name(said: dict[str, Any]) -> dict[str, Any]:
    """A known customer takes its own parcels unless somebody else is named."""
    if said["name"] or not said["customer"]:
        return said
    customer = customer_queries.customers().filter(code=said["customer"]).first()
    return said | {"name": _name(customer) if customer else said["customer"]}


def _reference(said: Mapping[str, str]) -> str:
    """A number of the channel for an order that came without one: the same as often as the form is sent."""
    return f"DESK-{said.get('idempotency_key', '')[:8].upper()}"


def _zone(tried: Tried | None) -> str:
    """The time zone of the site that sends first, as on the page of the order that it would be."""
    zones = {code: zone for code, _, zone in stock_queries.working_sites()} if tried else {}
    return zones.get(tried.placed.work[0].location, "UTC") if tried and tried.placed.work else "UTC"


def _tried_lines(tried: Tried | None, rows: list[LineRow]) -> list[dict[str, Any]]:
    names = {row.sku: row.name for row in rows}
    lines = tried.placed.lines if tried else ()
    return [
        {"line": line, "name": names.get(line.sku, ""), "price": Decimal(line.unit_price)} for line in lines
    ]
