"""What a SKU costs a customer."""

from datetime import date
from decimal import Decimal

from oms.catalogue.models import Price
from oms.orders import agreeing, customer_queries
from oms.orders.agreeing import STANDARD, ListPrice
from oms.orders.models import Customer


def price_for(sku: str, *, customer: str, currency: str, quantity: int, day: date) -> Decimal | None:
    """The price of one piece when so many are ordered, on the lists that apply to a customer (or to nobody known)."""
    found = Customer.objects.filter(code=customer).first() if customer else None
    own = customer_queries.applies_to(found).price_list if found else STANDARD
    rows = Price.objects.filter(sku__code=sku, price_list__in=[own, STANDARD])
    prices = [
        ListPrice(
            row.price_list,
            row.currency,
            row.unit_price,
            row.from_quantity,
            row.valid_from,
            row.valid_until,
        )
        for row in rows
    ]
    return agreeing.list_price(prices, dict.fromkeys([own, STANDARD]), currency, quantity, day)
