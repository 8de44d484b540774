"""Customers and their address books over REST."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from django_filters import BooleanFilter, CharFilter, FilterSet
from msgspec import UNSET, Meta, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import idempotency, money
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.errors import Invalid
from oms.core.money import CURRENCIES, Money
from oms.flows import customers
from oms.flows.customers import NewCustomer
from oms.orders import customer_queries
from oms.orders.intake import Country, Line, Optional
from oms.orders.models import Customer, CustomerAddress
from oms.orders.rules import FIRST_PRIORITY, LAST_PRIORITY, CustomerType

Code = Annotated[str, Meta(pattern="^[-a-zA-Z0-9_]{1,32}$")]
Listed = Annotated[str, Meta(pattern="^[-a-zA-Z0-9_]{0,32}$")]
Mail = Annotated[str, Meta(max_length=254, pattern=r"^$|^[^@\s]+@[^@\s]+$")]
Phone = Annotated[str, Meta(max_length=40)]
Priority = Annotated[int, Meta(ge=FIRST_PRIORITY, le=LAST_PRIORITY)]
Partial = Literal["", "split", "together", "ask"]
Backorder = Literal["", "backorder", "block"]
Days = Annotated[int, Meta(ge=0, le=365)]


class CustomerBodyNew(msgspec.Struct, frozen=True):
    """A new customer; what is empty or null is left to its type."""

    code: Code
    type: CustomerType
    name: Line
    email: Mail = ""
    phone: Phone = ""
    tax_number: Phone = ""
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "AUD"
    price_list: Listed = ""
    priority: Priority | None = None
    partial_policy: Partial = ""
    backorder_policy: Backorder = ""
    requires_po_number: bool | None = None
    terms_days: Days | None = None
    credit_limit: Decimal | None = None


class CustomerChanges(msgspec.Struct, frozen=True):
    """What is to change; what is absent stays."""

    name: Line | UnsetType = UNSET
    email: Mail | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    tax_number: Phone | UnsetType = UNSET
    price_list: Listed | UnsetType = UNSET
    priority: Priority | UnsetType | None = UNSET
    partial_policy: Partial | UnsetType = UNSET
    backorder_policy: Backorder | UnsetType = UNSET
    requires_po_number: bool | UnsetType | None = UNSET
    terms_days: Days | UnsetType | None = UNSET
    credit_limit: Decimal | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET


class AddressEntryBody(msgspec.Struct, frozen=True):
    """An entry of an address book."""

    code: Code
    name: Line
    line1: Line
    city: Line
    country: Country
    label: Annotated[str, Meta(max_length=80)] = ""
    line2: Optional = ""
    region: Annotated[str, Meta(max_length=40)] = ""
    postcode: Annotated[str, Meta(max_length=16)] = ""
    residential: bool | None = None
    billing: bool = False


class KnownCustomerAnswer(msgspec.Struct):
    """A customer; money as decimal strings in its currency, its own words empty once erased."""

    code: str
    type: str
    name: str
    email: str
    phone: str
    tax_number: str
    currency: str
    price_list: str
    priority: int | None
    partial_policy: str
    backorder_policy: str
    requires_po_number: bool | None
    terms_days: int | None
    credit_limit: str | None
    owed: str
    is_active: bool
    erased: bool


class CustomerFilter(FilterSet):
    """Filters of customers."""

    type = CharFilter(field_name="customer_type", label="b2b or b2c")
    is_active = BooleanFilter(label="Buys now")
    email = CharFilter(field_name="contact__email", lookup_expr="iexact", label="Mail address")
    q = CharFilter(method="search", label="Code, part of the name, mail or telephone")

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()

    def search(self, rows: Any, name: str, text: str) -> Any:
        """Customers that a text means."""
        return rows.filter(customer_queries.matching(text))


class Customers(ApiView):
    """All customers by code; new ones are made here."""

    scope = {"GET": "customers:read", "POST": "customers:write"}

    @documented(
        "List customers",
        answers={200: list_of(KnownCustomerAnswer)},
        query={name: str(each.label) for name, each in CustomerFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the customers that the filters leave."""
        rows = filtered(CustomerFilter, customer_queries.customers(), request)
        return page_of(rows, request, render=_answer, ordering=("code", "id"))

    @documented("Make a customer", body=CustomerBodyNew, answers={201: KnownCustomerAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Make a customer that orders can name."""
        claim = keyed(request, required=False)
        body = read_body(request, CustomerBodyNew)
        if body.currency not in CURRENCIES:
            raise _wrong("#/currency", f"{body.currency} is not an ISO 4217 currency.")
        facts, who = _split(body, body.currency)
        new = NewCustomer(body.code, body.type.value, body.currency, who, facts)
        with idempotency.claimed(claim, render=lambda made: (201, _answer(made))) as answer:
            customers.create_customer(new, actor=self.actor, at=timezone.now())
        return answered(answer)


class OneCustomer(ApiView):
    """One customer."""

    scope = {"GET": "customers:read", "PATCH": "customers:write"}

    @documented("Read a customer", answers={200: KnownCustomerAnswer})
    def get(self, request: Request, code: str) -> Response:
        """The customer with what it owes."""
        return Response(_answer(customer_queries.customer(code)))

    @documented("Change a customer", body=CustomerChanges, answers={200: KnownCustomerAnswer})
    def patch(self, request: Request, code: str) -> Response:
        """Change what is given and leave the rest; orders that were placed keep their terms."""
        body = read_body(request, CustomerChanges)
        facts, who = _split(body, customer_queries.customer(code).currency)
        changed = customers.change_customer(code, facts=facts, who=who, actor=self.actor, at=timezone.now())
        return Response(_answer(changed))


class CustomerAddresses(ApiView):
    """The address book of one customer."""

    scope = {"GET": "customers:read", "POST": "customers:write"}

    @documented("List a customer's addresses", answers={200: list_of(AddressEntryBody)})
    def get(self, request: Request, code: str) -> Response:
        """A page of the address book, by code."""
        rows = CustomerAddress.objects.filter(customer=customer_queries.customer(code))
        return page_of(rows, request, render=_entry, ordering=("code", "id"))

    @documented("Book a customer's address", body=AddressEntryBody, answers={200: AddressEntryBody})
    def post(self, request: Request, code: str) -> HttpResponse:
        """Write an entry, new or in place of what it was under this code."""
        claim = keyed(request, required=False)
        body = read_body(request, AddressEntryBody)
        values = msgspec.structs.asdict(body)
        values |= {"is_residential": body.residential, "is_billing": body.billing}
        with idempotency.claimed(claim, render=lambda booked: (200, _entry(booked))) as answer:
            customers.book_address(code, body.code, values=values, actor=self.actor, at=timezone.now())
        return answered(answer)


class OneCustomerAddress(ApiView):
    """One entry of an address book."""

    scope = {"DELETE": "customers:write"}

    @documented("Remove a customer's address", answers={204: None})
    def delete(self, request: Request, code: str, entry: str) -> Response:
        """Take the entry out; orders keep their copies."""
        customers.unbook_address(code, entry, actor=self.actor, at=timezone.now())
        return Response(status=204)


def _split(body: CustomerBodyNew | CustomerChanges, currency: str) -> tuple[dict[str, Any], dict[str, str]]:
    said = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    if "credit_limit" in said:
        said["credit_limit_minor"] = _minor(said.pop("credit_limit"), currency)
    who = {name: said.pop(name) for name in ("name", "email", "phone", "tax_number") if name in said}
    return said, who


def _minor(limit: Decimal | None, currency: str) -> int | None:
    if limit is None:
        return None
    amount = money.parse(limit, currency).amount
    if amount < 0:
        raise _wrong("#/credit_limit", "A limit is not negative.")
    return amount


def _answer(customer: Any) -> KnownCustomerAnswer:
    contact = getattr(customer, "contact", None)
    limit, currency = customer.credit_limit_minor, customer.currency
    return KnownCustomerAnswer(
        customer.code,
        customer.customer_type,
        *([contact.name, contact.email, contact.phone, contact.tax_number] if contact else [""] * 4),
        currency,
        customer.price_list,
        customer.priority,
        customer.partial_policy,
        customer.backorder_policy,
        customer.requires_po_number,
        customer.terms_days,
        None if limit is None else Money(limit, currency).as_text(),
        Money(customer.account.owed_minor, currency).as_text(),
        customer.is_active,
        customer.erased_at is not None,
    )


def _entry(booked: Any) -> AddressEntryBody:
    return AddressEntryBody(
        booked.code,
        booked.name,
        booked.line1,
        booked.city,
        booked.country,
        booked.label,
        booked.line2,
        booked.region,
        booked.postcode,
        booked.is_residential,
        booked.is_billing,
    )


def _wrong(pointer: str, message: str) -> Invalid:
    return Invalid(message, problems=((pointer, message),))
