"""The tables of orders, by noun."""

from oms.orders.models.changes import OrderChange
from oms.orders.models.customers import Customer
from oms.orders.models.holds import Hold
from oms.orders.models.orders import BundleLine, Order, OrderContact, OrderLine
from oms.orders.models.promises import Promise
from oms.orders.models.scarcity import ServingPolicy, SupplyClaim, Turn

__all__ = [
    "BundleLine",
    "Customer",
    "Hold",
    "Order",
    "OrderChange",
    "OrderContact",
    "OrderLine",
    "Promise",
    "ServingPolicy",
    "SupplyClaim",
    "Turn",
]
