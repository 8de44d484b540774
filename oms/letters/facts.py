"""What a letter may say about an order, read anew each time: see ``variables`` for what each name means."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fulfilment.models import Parcel
from oms.core import seller
from oms.core.money import Money
from oms.invoices import queries as invoice_queries
from oms.invoices.models import Invoice
from oms.letters.rules import Occasion
from oms.orders import queries as order_queries
from oms.orders.amendments import cancelled_value
from oms.orders.models import BundleLine, Order, OrderLine
from oms.orders.rules import CustomerType, whole_bundles

Facts = dict[str, Any]


def gather(order: Order, occasion: Occasion, about: Mapping[str, Any]) -> Facts:
    """Every fact that a template for this occasion may name."""
    lines = list(order_queries.lines_of([order.pk]))
    known = _common(order, lines)
    match occasion:
        case Occasion.SHIPPED:
            known |= _shipped(str(about["shipment"]), lines)
        case Occasion.DELAYED:
            known |= _delayed(about)
        case Occasion.CANCELLED:
            known |= _cancelled(about, lines)
        case Occasion.INVOICED:
            known |= _invoiced(invoice_queries.invoice(str(about["invoice"])))
    return known


def _common(order: Order, lines: Sequence[OrderLine]) -> Facts:
    contact = order.contact
    return {
        "shop_name": seller.name(),
        "shop_address": seller.lines(),
        "order_number": order.number,
        "their_number": order.external_number,
        "po_number": order.po_number,
        "placed_on": _day(seller.day(order.placed_at)),
        "customer_name": contact.customer_name,
        "is_business": order.customer_type == CustomerType.B2B,
        "gift_message": contact.gift_message,
        "ship_to": _address(contact.shipping_address),
        "bill_to": _address(contact.billing_address or contact.shipping_address),
        "deliver_from": _day(order.deliver_from),
        "deliver_until": _day(order.deliver_until),
        "leaves_on": _day(seller.day(order.promise_by) if order.promise_by else None),
        "arrives_on": _day(_arrives_on(order)),
        "terms_days": "" if order.terms_days is None else order.terms_days,
        "due_on": _day(_due_if_kept(order)),
    } | _money(order, lines)


def _money(order: Order, lines: Sequence[OrderLine]) -> Facts:
    def amount(minor: int) -> str:
        return Money(minor, order.currency).as_text()

    return {
        "currency": order.currency,
        "goods": amount(order.lines_minor - order.cancelled_minor),
        "shipping": amount(order.shipping_minor),
        "tax": amount(order.tax_minor),
        "discount": amount(order.discount_minor) if order.discount_minor else "",
        "total": amount(order.total_minor),
        "lines": [each for each in _ordered(lines, order.currency) if each["pieces"]],
    }


def _ordered(lines: Sequence[OrderLine], currency: str) -> list[Facts]:
    """The lines as the customer ordered them, a bundle as one, less what was cancelled."""
    rows: list[Facts] = []
    told: set[int] = set()
    for line in lines:
        bundle = line.bundle_line
        if bundle is None:
            rows.append(_row(line, line.quantity_cancelled, currency))
        elif bundle.pk not in told:
            told.add(bundle.pk)
            parts = [each for each in lines if each.bundle_line_id == bundle.pk]
            rows.append(_row(bundle, whole_bundles(parts).cancelled, currency))
    return rows


def _row(line: OrderLine | BundleLine, cancelled: int, currency: str) -> Facts:
    ordered = line.quantity_ordered
    left_minor = line.total_minor - cancelled_value(line.total_minor, ordered, cancelled)
    return {
        **_pieces(line.sku.code, line.sku.name, ordered - cancelled),
        "unit_price": _price(line.unit_price),
        "total": Money(left_minor, currency).as_text(),
    }


def _shipped(shipment: str, lines: Sequence[OrderLine]) -> Facts:
    rows = Parcel.objects.filter(shipment__number=shipment).select_related("shipment").order_by("id")
    parcels = list(rows.prefetch_related("lines__work_line__sku"))
    owed = [
        _pieces(line.sku.code, line.sku.name, left)
        for line in lines
        if (left := line.quantity_ordered - line.quantity_cancelled - line.quantity_shipped)
    ]
    left_at = [parcel.shipment.shipped_at for parcel in parcels if parcel.shipment is not None]
    return {
        "left_on": _day(seller.day(left_at[0]) if left_at else None),
        "parcels": [
            {
                "number": parcel.number,
                "carrier": parcel.carrier,
                "tracking_number": parcel.tracking_number,
                "lines": [
                    _pieces(held.work_line.sku.code, held.work_line.sku.name, held.quantity)
                    for held in parcel.lines.all()
                ],
            }
            for parcel in parcels
        ],
        "all_has_left": not owed,
        "still_to_come": owed,
    }


def _delayed(about: Mapping[str, Any]) -> Facts:
    before, after = (seller.day(datetime.fromisoformat(str(about[name]))) for name in ("from", "to"))
    arrives = date.fromisoformat(about["arrives_on"]) if about.get("arrives_on") else None
    return {"old_day": _day(before), "new_day": _day(after), "arrives_on": _day(arrives)}


def _cancelled(about: Mapping[str, Any], lines: Sequence[OrderLine]) -> Facts:
    names = {line.sku.code: line.sku.name for line in lines}
    names |= {line.bundle_line.sku.code: line.bundle_line.sku.name for line in lines if line.bundle_line}
    pieces: Mapping[str, int] | None = about.get("pieces")
    if pieces is None:
        gone = [_pieces(line.sku.code, line.sku.name, line.quantity_cancelled) for line in lines]
        return {"is_whole": True, "cancelled": [each for each in gone if each["pieces"]]}
    return {
        "is_whole": False,
        "cancelled": [_pieces(code, names.get(code, code), count) for code, count in pieces.items()],
    }


def _invoiced(invoice: Invoice) -> Facts:
    return {
        "invoice_number": invoice.number,
        "invoice_total": Money(invoice.total_minor, invoice.currency).as_text(),
        "issued_on": _day(invoice.issued_on),
        "due_on": _day(invoice.due_on),
        "billed": [
            {
                **_pieces(line.order_line.sku.code, line.order_line.sku.name, line.quantity),
                "unit_price": _price(line.unit_price),
                "total": Money(line.total_minor, invoice.currency).as_text(),
            }
            for line in invoice_queries.lines_of(invoice)
        ],
    }


def _pieces(sku: str, name: str, count: int) -> Facts:
    return {"sku": sku, "name": name, "pieces": count}


def _arrives_on(order: Order) -> date | None:
    now = order_queries.promises_of(order.pk).first()
    return None if now is None else now.arrives_on


def _due_if_kept(order: Order) -> date | None:
    if order.terms_days is None or order.promise_by is None:
        return None
    return seller.day(order.promise_by) + timedelta(days=order.terms_days)


def _day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


def _price(price: Decimal) -> str:
    text = f"{price.normalize():f}"
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest.ljust(2, '0')}"


def _address(written: Mapping[str, str]) -> list[str]:
    town = " ".join(_filled(written.get(name, "") for name in ("city", "region", "postcode")))
    return _filled(
        [*(written.get(name, "") for name in ("name", "line1", "line2")), town, written.get("country", "")]
    )


def _filled(parts: Iterable[str]) -> list[str]:
    return [part for part in parts if part]
