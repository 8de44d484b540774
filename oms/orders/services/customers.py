"""Customers: what was agreed with them, who they are, their address book, and that they are forgotten."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from oms.core.transactions import joins_transaction
from oms.orders.models import AddressChange, Customer, CustomerAddress, CustomerContact, OrderContact
from oms.orders.rules import AddressNotFound, CustomerErased, DuplicateCustomer

FACTS = frozenset(
    {
        *("price_list", "priority", "partial_policy", "backorder_policy", "requires_po_number"),
        *("terms_days", "credit_limit_minor", "is_active"),
    }
)
WHO = frozenset({"name", "email", "phone", "tax_number"})
PLACE = frozenset(
    {
        *("label", "name", "line1", "line2", "city", "region", "postcode", "country"),
        *("is_residential", "is_billing"),
    }
)


@joins_transaction
def create(
    code: str, customer_type: str, currency: str, *, facts: Mapping[str, Any], who: Mapping[str, str]
) -> Customer:
    """Make a customer with what was agreed and who it is.

    Raises ``DuplicateCustomer``.
    """
    if Customer.objects.filter(code=code).exists():
        raise DuplicateCustomer(f"Customer {code} exists already. Change it with PATCH.")
    customer = Customer.objects.create(
        code=code, customer_type=customer_type, currency=currency, **_known(facts, FACTS)
    )
    CustomerContact.objects.create(customer=customer, **_known(who, WHO))
    return customer


@joins_transaction
def change(customer: Customer, *, facts: Mapping[str, Any], who: Mapping[str, str]) -> dict[str, Any]:
    """Change some of what is known of a locked customer: was → now of facts, and which of its own words changed.

    Raises ``CustomerErased``.
    """
    _refuse_erased(customer)
    changes: dict[str, Any] = {}
    for name, value in _known(facts, FACTS).items():
        if getattr(customer, name) != value:
            changes[name] = [getattr(customer, name), value]
            setattr(customer, name, value)
    if changes:
        customer.save(update_fields=[*changes])
    contact, _ = CustomerContact.objects.get_or_create(customer=customer, defaults={"name": customer.code})
    words = [name for name, value in _known(who, WHO).items() if getattr(contact, name) != value]
    for name in words:
        setattr(contact, name, who[name])
    if words:
        contact.save(update_fields=words)
        changes["who"] = sorted(words)
    return changes


@joins_transaction
def book(customer: Customer, code: str, values: Mapping[str, Any]) -> CustomerAddress:
    """Write an entry of a locked customer's address book, new or in place of what it was.

    Raises ``CustomerErased``.
    """
    _refuse_erased(customer)
    if values.get("is_billing"):
        customer.addresses.exclude(code=code).filter(is_billing=True).update(is_billing=False)
    entry, _ = CustomerAddress.objects.update_or_create(
        customer=customer, code=code, defaults=_known(values, PLACE)
    )
    return entry


@joins_transaction
def unbook(customer: Customer, code: str) -> None:
    """Take an entry out of a locked customer's address book; orders keep their copies.

    Raises ``AddressNotFound``.
    """
    gone, _ = CustomerAddress.objects.filter(customer=customer, code=code).delete()
    if not gone:
        raise AddressNotFound(f"The address book of {customer.code} has no {code}.")


@joins_transaction
def erase(customer: Customer, order_ids: list[int], *, at: datetime) -> None:
    """Forget who a locked customer is, here and on its orders; facts and sums stay."""
    CustomerContact.objects.filter(customer=customer).delete()
    CustomerAddress.objects.filter(customer=customer).delete()
    customer.is_active, customer.erased_at = False, at
    customer.save(update_fields=["is_active", "erased_at"])
    OrderContact.objects.filter(order_id__in=order_ids).update(
        customer_name="",
        customer_email="",
        shipping_address={},
        billing_address={},
        gift_message="",
        notes="",
        erased_at=at,
    )
    AddressChange.objects.filter(order_id__in=order_ids).exclude(state="requested").update(address={})


def _refuse_erased(customer: Customer) -> None:
    if customer.erased_at is not None:
        raise CustomerErased(f"Customer {customer.code} was erased on {customer.erased_at:%d %b %Y}.")


def _known(values: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}
