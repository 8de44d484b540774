"""Customers as staff see them: the list, one of them with orders and credit, and what may be done."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from fulfilment import queries as work_queries
from oms.core import frame, history, money
from oms.core.errors import Invalid
from oms.core.status import DONE, LOOK, STOP, WAIT, Look, fill
from oms.core.views.frame import Action, Form, Record, one_effect
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab
from oms.flows import customers
from oms.flows.customers import NewCustomer
from oms.orders import customer_queries
from oms.orders.forms_customers import KINDS, AddressForm, CustomerForm
from oms.orders.models import Customer
from oms.orders.views import agreed

SHOWN_ORDERS = 20
WHO = ("name", "email", "phone", "tax_number")
DEEDS = {
    "customer.created": ("made the customer", "user", DONE),
    "customer.changed": ("changed what is known", "adjustments", WAIT),
    "customer.address_booked": ("wrote an address", "map-pin", WAIT),
    "customer.address_removed": ("removed an address", "map-pin", LOOK),
    "customer.erased": ("erased who it is", "ban", STOP),
}
fill("customer", {"inactive": Look(WAIT, "Switched off", "ban"), "erased": Look(WAIT, "Erased", "ban")})


def within(rows: QuerySet[Customer], user: Any) -> QuerySet[Customer]:
    """Customers this person may see: all, or those with orders at their sites."""
    codes = user.locations_for("customers.view")
    return rows if codes is None else rows.filter(orders__in=work_queries.order_ids_at(codes)).distinct()


def _kind(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(customer_type=value)


def _credit(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(customer_queries.above_limit())


class CustomerList(ListPage):
    """Customers by code."""

    permission = "customers.view"
    title = "Customers"
    under = "Customers"
    template_name = "customers/customer_list.html"
    page_name = "customers.list"
    noun = "customer,customers"
    order = ("code", "id")
    search_help = "Filter: code, name, mail, telephone"
    tabs = (
        Tab("All", {}),
        Tab("Businesses", {"kind": "b2b"}),
        Tab("Persons", {"kind": "b2c"}),
        Tab("Above their limit", {"credit": "above"}, tone="look"),
    )
    filters = (
        Filter("kind", "Kind", _kind, lambda user: [Choice(*each) for each in KINDS]),
        Filter("credit", "Credit", _credit, lambda user: [Choice("above", "above the limit")]),
    )
    columns: ClassVar = (
        Column("Customer"),
        Column("Name"),
        Column("Kind"),
        Column("Price list"),
        Column("Days to pay", "num"),
        Column("Owed", "num"),
        Column("Limit", "num"),
    )

    def rows(self) -> QuerySet[Any]:
        return within(customer_queries.customers(), self.request.user)

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(customer_queries.matching(text))

    def decorate(self, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.name = row.contact.name if hasattr(row, "contact") else ""
            row.is_above = (
                row.credit_limit_minor is not None and row.account.owed_minor > row.credit_limit_minor
            )
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_change = self.request.user.may("customers.change")
        return super().get_context_data(**kwargs) | {"may_change": may_change}


class OnCustomer:
    """A view on one customer that this person may see."""

    def customer(self) -> Customer:
        """The customer of the address."""
        rows = within(customer_queries.customers(), self.request.user)
        found = rows.filter(code=self.kwargs["code"]).first()
        if found is None:
            raise Http404("There is no such customer.")
        return found


class CustomerPage(OnCustomer, Record):
    """One customer: terms, credit, addresses, orders, and who did what."""

    permission = "customers.view"
    under = "Customers"
    template_name = "customers/customer_detail.html"
    list_url_name = "customers:list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        customer, user = self.customer(), self.request.user
        orders = customer_queries.orders_of(customer)
        open_orders = customer_queries.open_orders(customer)
        limit = customer.credit_limit_minor
        return super().get_context_data(**kwargs) | {
            "title": customer.code,
            "customer": customer,
            "contact": getattr(customer, "contact", None),
            "account": customer.account,
            "left": None if limit is None else limit - customer.account.owed_minor,
            "addresses": customer_queries.addresses(customer),
            "orders": list(orders[:SHOWN_ORDERS]),
            "order_count": orders.count(),
            **agreed.of_customer(customer, user),
            "agreed": customer_queries.applies_to(customer),
            "may_change": user.may("customers.change") and customer.erased_at is None,
            "may_order": customer.is_active and user.locations_for("orders.create") is None,
            "may_erase": user.may("customers.erase") and customer.erased_at is None,
            "no_erase": f"{', '.join(open_orders[:3])} must still be sent." if open_orders else "",
            "timeline": [
                {"entry": entry, "deed": DEEDS.get(entry.action, (entry.action, "note", WAIT))}
                for entry in history.of("customer", customer.code)[:100]
            ],
        }


class _CustomerForm(Form):
    """A form about what was agreed with a customer."""

    permission = "customers.change"
    under = "Customers"
    template_name = "customers/customer_form.html"
    form_class = CustomerForm

    def facts(self, said: dict[str, Any], currency: str) -> tuple[dict[str, Any], dict[str, str]]:
        """What was agreed, and apart from it who it is."""
        who = {name: said[name].strip() for name in WHO}
        facts = {name: value for name, value in said.items() if name not in (*WHO, "credit_limit")}
        limit = said["credit_limit"]
        facts["credit_limit_minor"] = None if limit is None else money.parse(limit, currency).amount
        return facts, who


class NewCustomerPage(_CustomerForm):
    """Make a customer."""

    title = "New customer"

    def carry_out(self, form: Any) -> str:
        said = form.cleaned_data
        facts, who = self.facts(said, said["currency"])
        new = NewCustomer(said["code"], said["customer_type"], said["currency"], who, facts)
        with one_effect(self.request):
            customers.create_customer(new, **self.doing.as_arguments)
        self.done_message = f"{new.code} can buy."
        return reverse("customers:detail", args=[new.code])


class EditCustomerPage(OnCustomer, _CustomerForm):
    """Change a customer."""

    title = "Change customer"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"known": True}

    def get_initial(self) -> dict[str, Any]:
        customer = self.customer()
        contact, limit = getattr(customer, "contact", None), customer.credit_limit_minor
        facts = {
            name: getattr(customer, name) for name in CustomerForm.base_fields if hasattr(customer, name)
        }
        facts["requires_po_number"] = {True: "yes", False: "no"}.get(customer.requires_po_number, "")
        facts["credit_limit"] = None if limit is None else money.Money(limit, customer.currency).as_decimal()
        return facts | {name: getattr(contact, name, "") for name in WHO}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"customer": self.customer()}

    def carry_out(self, form: Any) -> str:
        customer = self.customer()
        facts, who = self.facts(form.cleaned_data, customer.currency)
        with one_effect(self.request):
            customers.change_customer(customer.code, facts=facts, who=who, **self.doing.as_arguments)
        self.done_message = f"{customer.code} is changed. Orders that were placed keep their terms."
        return reverse("customers:detail", args=[customer.code])


class AddressPage(OnCustomer, Form):
    """Write an entry of the address book."""

    permission = "customers.change"
    title = "Address"
    under = "Customers"
    template_name = "customers/address_form.html"
    form_class = AddressForm

    def get_initial(self) -> dict[str, Any]:
        code = self.request.GET.get("entry", "")
        entry = next(
            (each for each in customer_queries.addresses(self.customer()) if each.code == code), None
        )
        if entry is None:
            contact = getattr(self.customer(), "contact", None)
            return {"name": contact.name if contact else ""}
        said = {name: getattr(entry, name) for name in AddressForm.base_fields}
        return said | {"is_residential": {True: "yes", False: "no"}.get(entry.is_residential, "")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"customer": self.customer()}

    def carry_out(self, form: Any) -> str:
        code, said = self.customer().code, dict(form.cleaned_data)
        entry = said.pop("code")
        with one_effect(self.request):
            customers.book_address(code, entry, values=said, **self.doing.as_arguments)
        self.done_message = f"{entry} stands in the address book of {code}."
        return reverse("customers:detail", args=[code])


class _OnCustomerAction(OnCustomer, Action):
    def fallback(self, **kwargs: Any) -> str:
        return reverse("customers:detail", args=[kwargs["code"]])


class RemoveAddress(_OnCustomerAction):
    """Take an entry out of the address book."""

    permission = "customers.change"

    def carry_out(self, **kwargs: Any) -> None:
        customers.unbook_address(self.customer().code, kwargs["entry"], **self.doing.as_arguments)


class Erase(_OnCustomerAction):
    """Forget who a customer is, after a second look."""

    permission = "customers.erase"

    def carry_out(self, **kwargs: Any) -> None:
        code, said = self.customer().code, self.request.POST
        if said.get("code", "").strip() != code:
            raise Invalid(f"Type {code} to erase it: this cannot be taken back.")
        customers.erase_customer(code, reason=said.get("reason", ""), **self.doing.as_arguments)


def found(text: str, user: Any) -> list[frame.Found]:
    """Customers that a text means."""
    rows = within(customer_queries.customers(), user).filter(customer_queries.matching(text))[:5]
    return [
        frame.Found(
            row.code,
            reverse("customers:detail", args=[row.code]),
            "users",
            row.contact.name if hasattr(row, "contact") else "erased",
            exact=row.code.lower() == text.strip().lower(),
        )
        for row in rows
    ]


frame.hang(
    frame.Entry("Customers", "users", "customers:list", "customers.view", letter="c", position=12),
    frame.Finder("customers", found, "customers.view", position=15),
)
