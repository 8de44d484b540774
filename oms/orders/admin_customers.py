"""Customers in the admin: what applies to their types, and what was agreed with each."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from oms.core.admin_site import Audited
from oms.core.templatetags.ui import money
from oms.orders.models import Customer, CustomerAddress, CustomerContact, CustomerTypePolicy


@admin.register(CustomerTypePolicy)
class CustomerTypePolicyAdmin(Audited):
    """Two workflows by configuration: one row for persons, one for businesses."""

    list_display = (
        *("customer_type", "price_list", "priority", "partial_policy", "backorder_policy", "terms_days"),
        *("requires_po_number", "is_residential"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one of each already."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Orders of the type are placed by it."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A row stays that of its type."""
        return ("customer_type",)


class ContactInline(admin.StackedInline):
    """Who it is; gone once erased."""

    model = CustomerContact
    can_delete = False


class AddressInline(admin.TabularInline):
    """The address book."""

    model = CustomerAddress
    extra = 0


@admin.register(Customer)
class CustomerAdmin(Audited):
    """What was agreed with each customer; the staff page shows orders and what is owed."""

    inlines = (ContactInline, AddressInline)
    list_display = ("code", "customer_type", "price_list", "terms_days", "limit", "owed", "is_active")
    list_filter = ("customer_type", "is_active")
    list_select_related = ("account",)
    search_fields = ("code", "contact__name", "contact__email")
    fields = (
        *("code", "customer_type", "is_active", "currency", "price_list", "priority", "partial_policy"),
        *("backorder_policy", "requires_po_number", "terms_days", "credit_limit_minor", "owed"),
    )

    @admin.display(description="Credit limit", ordering="credit_limit_minor")
    def limit(self, customer: Customer) -> str:
        """Most that may be owed."""
        limit = customer.credit_limit_minor
        return "—" if limit is None else money(limit, customer.currency, show=True)

    @admin.display(description="Owed")
    def owed(self, customer: Customer) -> str:
        """Orders on terms and invoices that are not paid."""
        account = getattr(customer, "account", None)
        return money(account.owed_minor if account else 0, customer.currency, show=True)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Orders and programs name a customer by its code; what is owed is counted."""
        return ("owed",) if obj is None else ("code", "customer_type", "currency", "owed")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its orders stay; a person is erased on the staff page."""
        return False
