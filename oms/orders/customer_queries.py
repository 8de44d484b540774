"""Questions about customers; what applies to their types is kept in the process until the routing stamp moves."""

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock

from django.db.models import F, Q, QuerySet

from oms.core.models import User
from oms.core.roles import Role
from oms.orders.agreeing import STANDARD, TypePolicy
from oms.orders.models import (
    AddressChange,
    Customer,
    CustomerAddress,
    CustomerContact,
    CustomerTypePolicy,
    Order,
    OrderContact,
)
from oms.orders.rules import CustomerNotFound, CustomerType

_lock = Lock()
_kept: list[tuple[int, Mapping[CustomerType, TypePolicy]]] = []


def type_policies(stamp: int) -> Mapping[CustomerType, TypePolicy]:
    """What applies to each customer type, as it was when the stamp had this value or later."""
    kept = _kept[0] if _kept else None
    if kept is not None and kept[0] == stamp:
        return kept[1]
    with _lock:
        fresh = {kind: TypePolicy() for kind in CustomerType} | _read()
        _kept[:] = [(stamp, fresh)]
    return fresh


def _read() -> dict[CustomerType, TypePolicy]:
    accountant = _accountant()
    rows = CustomerTypePolicy.objects.all()
    return {CustomerType(row.customer_type): _policy(row, accountant) for row in rows}


def _policy(row: CustomerTypePolicy, accountant: str) -> TypePolicy:
    return TypePolicy(
        row.price_list,
        row.priority,
        row.partial_policy,
        row.backorder_policy,
        row.terms_days,
        row.requires_po_number,
        row.is_residential,
        row.credit_owner or accountant,
    )


def _accountant() -> str:
    """Who answers for money when nobody is named: the first accountant."""
    people = User.objects.filter(is_active=True, grants__role=Role.ACCOUNTANT.value).order_by("pk")
    return people.values_list("username", flat=True).first() or ""


def customers() -> QuerySet[Customer]:
    """All customers with who they are and what they owe, by code."""
    return Customer.objects.select_related("contact", "account").order_by("code")


def customer(code: str) -> Customer:
    """The customer with this code.

    Raises ``CustomerNotFound``.
    """
    found = customers().filter(code=code).first()
    if found is None:
        raise CustomerNotFound(f"There is no customer {code}.")
    return found


def lock_customer(code: str) -> Customer:
    """The customer with this code, locked until the transaction ends.

    Raises ``CustomerNotFound``.
    """
    found = Customer.objects.select_for_update(no_key=True).filter(code=code).first()
    if found is None:
        raise CustomerNotFound(f"There is no customer {code}.")
    return found


def matching(text: str) -> Q:
    """A filter for customers by code, name, mail or telephone."""
    wanted = text.strip()
    return (
        Q(code__iexact=wanted)
        | Q(code__istartswith=wanted)
        | Q(contact__name__icontains=wanted)
        | Q(contact__email__iexact=wanted)
        | Q(contact__phone=wanted)
    )


def above_limit() -> Q:
    """A filter for customers that owe more than they may."""
    return Q(credit_limit_minor__lt=F("account__unbilled_minor") + F("account__unpaid_minor"))


def addresses(found: Customer) -> list[CustomerAddress]:
    """A customer's address book, by code."""
    return list(CustomerAddress.objects.filter(customer=found).order_by("code"))


def orders_of(found: Customer) -> QuerySet[Order]:
    """A customer's orders, newest first."""
    return (
        Order.objects.filter(customer=found)
        .select_related("channel", "contact")
        .order_by("-placed_at", "-id")
    )


def open_orders(found: Customer) -> list[str]:
    """Numbers of orders of which something is still to be sent, those under its mail address among them."""
    rows = Order.objects.filter(_theirs(found), state__in=["open", "on_hold"])
    return list(rows.order_by("id").values_list("number", flat=True))


def words_of(found: Customer) -> tuple[list[str], list[int]]:
    """Everything that says who a customer is, and the ids of the orders that say it too."""
    words: set[str] = set()
    contact = CustomerContact.objects.filter(customer=found).first()
    if contact is not None:
        words |= {contact.name, contact.email, contact.phone, contact.tax_number}
    for entry in addresses(found):
        words |= {entry.name, entry.line1, entry.line2}
    contacts = list(OrderContact.objects.filter(order__in=Order.objects.filter(_theirs(found))))
    for each in contacts:
        words |= {each.customer_name, each.customer_email, each.gift_message, each.notes}
        for address in (each.shipping_address, each.billing_address):
            words |= {address.get(name, "") for name in ("name", "line1", "line2")}
    ids = [each.order_id for each in contacts]
    for address in AddressChange.objects.filter(order_id__in=ids).values_list("address", flat=True):
        words |= {address.get(name, "") for name in ("name", "line1", "line2")}
    return sorted(word for word in words if word), ids


def _theirs(found: Customer) -> Q:
    """Orders that name a customer, and those that came under its mail address without naming it."""
    mail = CustomerContact.objects.filter(customer=found).values_list("email", flat=True).first()
    theirs = Q(customer=found)
    return theirs | Q(customer__isnull=True, contact__customer_email__iexact=mail) if mail else theirs


def applies_to(found: Customer) -> TypePolicy:
    """What applies to a customer's next order: its own terms, else those of its type."""
    row = CustomerTypePolicy.objects.filter(customer_type=found.customer_type).first()
    of_type = _policy(row, "") if row else TypePolicy()
    needs_po = found.requires_po_number
    return replace(
        of_type,
        price_list=found.price_list or of_type.price_list or STANDARD,
        priority=found.priority or of_type.priority,
        partial_policy=found.partial_policy or of_type.partial_policy,
        backorder_policy=found.backorder_policy or of_type.backorder_policy,
        terms_days=of_type.terms_days if found.terms_days is None else found.terms_days,
        requires_po_number=of_type.requires_po_number if needs_po is None else needs_po,
    )
