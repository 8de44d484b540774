"""The tables of orders, by noun."""

from oms.orders.models.addresses import AddressChange
from oms.orders.models.changes import OrderChange
from oms.orders.models.customers import (
    Customer,
    CustomerAccount,
    CustomerAddress,
    CustomerContact,
    CustomerTypePolicy,
)
from oms.orders.models.holds import Hold
from oms.orders.models.jobs import OrderJob, OrderJobItem
from oms.orders.models.orders import BundleLine, Order, OrderContact, OrderLine
from oms.orders.models.partials import PartialQuestion
from oms.orders.models.promises import Promise
from oms.orders.models.reasons import OrderReason
from oms.orders.models.risks import LateRisk
from oms.orders.models.scarcity import ServingPolicy, SupplyClaim, Turn

__all__ = [
    "AddressChange",
    "BundleLine",
    "Customer",
    "CustomerAccount",
    "CustomerAddress",
    "CustomerContact",
    "CustomerTypePolicy",
    "Hold",
    "LateRisk",
    "Order",
    "OrderChange",
    "OrderContact",
    "OrderJob",
    "OrderJobItem",
    "OrderLine",
    "OrderReason",
    "PartialQuestion",
    "Promise",
    "ServingPolicy",
    "SupplyClaim",
    "Turn",
]
