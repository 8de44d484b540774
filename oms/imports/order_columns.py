"""The columns of orders: one row for each line; what concerns the whole order stands on its first row or on each."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from import_export.fields import Field

from oms.imports import cells
from oms.imports.columns import Columns
from oms.imports.widgets import Cell, Letters, Number, OneOf, Text
from oms.orders.models import BundleLine, Order, OrderLine
from oms.orders.rules import PARTIAL_POLICIES, CustomerType

PLACE = ("name", "line1", "line2", "city", "region", "postcode", "country")
LINE_COLUMNS = ("sku", "quantity", "unit_price")
_PLACE_ALIASES = {
    "name": ("{0} name", "{0} to name", "{0} full name"),
    "company": ("{0} company",),
    "line1": ("{0} line1", "{0} address1", "{0} address 1", "{0} street", "{0} address"),
    "line2": ("{0} line2", "{0} address2", "{0} address 2"),
    "city": ("{0} city", "{0} town", "{0} suburb"),
    "region": ("{0} region", "{0} province", "{0} state"),
    "postcode": ("{0} postcode", "{0} zip", "{0} postal code", "{0} zip code"),
    "country": ("{0} country", "{0} country code"),
}
# A plain address column is where the parcel goes.
_PLAIN = {
    "name": ("recipient", "ship to"),
    "line1": ("address1", "address 1", "street", "address"),
    "line2": ("address2", "address 2"),
    "city": ("city", "town", "suburb"),
    "region": ("region", "state", "province"),
    "postcode": ("postcode", "zip", "postal code"),
    "country": ("country", "country code"),
}


def _place_aliases() -> dict[str, tuple[str, ...]]:
    found = {}
    for part, patterns in _PLACE_ALIASES.items():
        for kind, words in (("shipping", ("shipping", "delivery", "ship")), ("billing", ("billing", "bill"))):
            plain = _PLAIN.get(part, ()) if kind == "shipping" else ()
            found[f"{kind}_{part}"] = tuple(each.format(word) for word in words for each in patterns) + plain
    return found


class OrderColumns(Columns):
    """One line of an order."""

    channel = Field("channel", "channel", Text(64))
    external_number = Field("external_number", "external_number", Text(64))
    customer = Field("customer", "customer", Text(32))
    customer_type = Field("customer_type", "customer_type", OneOf(tuple(each.value for each in CustomerType)))
    customer_name = Field("customer_name", "customer_name", Text(200))
    customer_email = Field("customer_email", "customer_email", Text(254))
    ship_to = Field("ship_to", "ship_to", Text(32))
    shipping_name = Field("shipping_name", "shipping_name", Text(200))
    shipping_company = Field("shipping_company", "shipping_company", Text(200))
    shipping_line1 = Field("shipping_line1", "shipping_line1", Text(200))
    shipping_line2 = Field("shipping_line2", "shipping_line2", Text(200))
    shipping_city = Field("shipping_city", "shipping_city", Text(200))
    shipping_region = Field("shipping_region", "shipping_region", Text(40))
    shipping_postcode = Field("shipping_postcode", "shipping_postcode", Cell(cells.postcode))
    shipping_country = Field("shipping_country", "shipping_country", Letters(2))
    billing_name = Field("billing_name", "billing_name", Text(200))
    billing_company = Field("billing_company", "billing_company", Text(200))
    billing_line1 = Field("billing_line1", "billing_line1", Text(200))
    billing_line2 = Field("billing_line2", "billing_line2", Text(200))
    billing_city = Field("billing_city", "billing_city", Text(200))
    billing_region = Field("billing_region", "billing_region", Text(40))
    billing_postcode = Field("billing_postcode", "billing_postcode", Cell(cells.postcode))
    billing_country = Field("billing_country", "billing_country", Letters(2))
    currency = Field("currency", "currency", Letters(3))
    sku = Field("sku", "sku", Cell(cells.sku_code))
    quantity = Field("quantity", "quantity", Number(cells.whole_number))
    unit_price = Field("unit_price", "unit_price", Number(cells.not_negative))
    po_number = Field("po_number", "po_number", Text(64))
    gift_message = Field("gift_message", "gift_message", Text(500))
    shipping_option = Field("shipping_option", "shipping_option", Text(32))
    promise_by = Field("promise_by", "promise_by", Cell(cells.instant, reads_marks=True))
    notes = Field("notes", "notes", Text(2000))
    residential = Field("residential", "residential", Cell(cells.flag))
    deliver_from = Field("deliver_from", "deliver_from", Cell(cells.day, reads_marks=True))
    deliver_until = Field("deliver_until", "deliver_until", Cell(cells.day, reads_marks=True))
    partial_policy = Field("partial_policy", "partial_policy", OneOf(PARTIAL_POLICIES))
    priority = Field("priority", "priority", Number(cells.whole_number))
    status = Field("status", "status", Text(32))
    payment_status = Field("payment_status", "payment_status", Text(32))
    cancelled_at = Field("cancelled_at", "cancelled_at", Text(64))

    needed = ("external_number", "sku", "quantity")
    key = ("channel", "external_number")
    read_only = ("shipping_company", "billing_company", "payment_status", "cancelled_at")
    aliases: ClassVar = _place_aliases() | {
        "channel": ("sales channel", "channel code"),
        "external_number": (
            *("order number", "order no", "order name", "order id", "order", "order reference"),
            *("reference", "number", "name"),
        ),
        "customer": ("customer code", "customer number", "customer no", "account", "account code"),
        "customer_type": ("kind of customer",),
        "customer_name": ("buyer name", "buyer", "name"),
        "customer_email": ("email", "e-mail", "mail", "buyer email"),
        "ship_to": ("address book", "address code", "ship to code"),
        "sku": ("lineitem sku", "item", "item code", "product code", "variant sku", "article"),
        "quantity": ("lineitem quantity", "qty", "pieces", "ordered"),
        "unit_price": ("lineitem price", "price"),
        "po_number": ("po", "purchase order", "their order number", "customer reference"),
        "gift_message": ("gift note", "gift text"),
        "shipping_option": ("shipping method", "service"),
        "promise_by": ("promised by", "ship by"),
        "notes": ("note", "comment", "comments"),
        "status": ("fulfillment status", "fulfilment status", "order status"),
        "payment_status": ("financial status",),
        "cancelled_at": ("canceled at",),
    }

    class Meta:
        model = Order
        fields = (
            *("channel", "external_number", "customer", "customer_type", "customer_name", "customer_email"),
            "ship_to",
            *(f"shipping_{part}" for part in ("name", "company", *PLACE[1:])),
            *(f"billing_{part}" for part in ("name", "company", *PLACE[1:])),
            *("currency", "sku", "quantity", "unit_price", "po_number", "gift_message", "shipping_option"),
            *("promise_by", "notes", "residential", "deliver_from", "deliver_until", "partial_policy"),
            *("priority", "status", "payment_status", "cancelled_at"),
        )

    def queryset(self) -> "QuerySet[Any]":
        """Every order with its lines as the customer ordered them, oldest first."""
        return with_lines(Order.objects.order_by("pk"))


def with_lines(orders: "QuerySet[Order]") -> "QuerySet[Order]":
    """These orders with who, where to and what: a bundle is one line, and its components are none."""
    lines = OrderLine.objects.filter(bundle_line__isnull=True).select_related("sku").order_by("position")
    bundles = BundleLine.objects.select_related("sku").order_by("position")
    return orders.select_related("channel", "customer", "contact").prefetch_related(
        Prefetch("lines", queryset=lines), Prefetch("bundle_lines", queryset=bundles)
    )
