"""Documents as PDF: data goes to the typesetter as JSON, never as source text, so no name can be code."""

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import barcode
import typst
from barcode.writer import SVGWriter

from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine, Parcel
from inventory.models import StockLocation

_HERE = Path(__file__).resolve().parent
SHOP = "Tidewater"


def label(parcel: Parcel) -> bytes:
    """The address label of a parcel, 100 × 150 mm, with its tracking number as Code 128."""
    work = parcel.fulfilment_order
    return _set(
        "label",
        {
            "shop": SHOP,
            "service": parcel.service or "standard",
            "sender": _sender(work.location),
            "recipient": _recipient(work),
            "order": work.order.number,
            "number": parcel.number,
            "weight": f"{parcel.weight_grams / 1000:.2f} kg" if parcel.weight_grams else "not weighed",
            "carrier": parcel.carrier or "own delivery",
            "tracking": parcel.tracking_number or parcel.number,
            "barcode": _code128(parcel.tracking_number or parcel.number),
        },
    )


def packing_slip(work: FulfilmentOrder, lines: Sequence[FulfilmentOrderLine]) -> bytes:
    """What is in the box, for the customer: A4, without prices."""
    rows = [
        [line.sku.code, line.sku.name, str(line.quantity - line.quantity_cancelled)]
        for line in lines
        if line.quantity > line.quantity_cancelled
    ]
    heads, widths = ["Item", "", "Pieces"], [28, 0, 20]
    po_number = f"Your order {work.order.po_number}" if work.order.po_number else ""
    message = work.order.contact.gift_message
    return _sheet("Packing slip", work, heads, widths, rows, message=message, reference=po_number)


def pick_list(work: FulfilmentOrder, lines: Sequence[FulfilmentOrderLine]) -> bytes:
    """The walk on paper, for when there is no network: bin, item, pieces and a box to tick."""
    rows = []
    for line in lines:
        left = line.quantity - line.quantity_cancelled - line.quantity_picked
        place = line.allocation.reservation.level.pick_bin
        if left:
            rows.append([place.code if place else "—", line.sku.code, line.sku.name, str(left), "☐"])
    heads, widths = ["Bin", "Item", "", "Pieces", "Done"], [24, 28, 0, 18, 14]
    return _sheet("Pick list", work, heads, widths, rows)


def _sheet(
    title: str,
    work: FulfilmentOrder,
    heads: list[str],
    widths: list[int],
    rows: list[list[str]],
    *,
    message: str = "",
    reference: str = "",
) -> bytes:
    return _set(
        "packing_slip",
        {
            "shop": SHOP,
            "title": title,
            "number": work.number,
            "order": work.order.number,
            "barcode": _code128(work.number),
            "recipient": _recipient(work),
            "sender": _sender(work.location),
            "heads": heads,
            "widths": widths,
            "rows": rows,
            "message": message,
            "reference": reference,
        },
    )


def _set(name: str, data: Mapping[str, Any]) -> bytes:
    return typeset(_HERE / f"{name}.typ", data)


def typeset(sheet: Path, data: Mapping[str, Any]) -> bytes:
    """The PDF of a sheet with these data."""
    pdf: bytes = typst.compile(
        str(sheet),
        font_paths=[str(_HERE / "fonts")],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
    )
    return pdf


def _code128(text: str) -> str:
    svg = BytesIO()
    writer = SVGWriter()
    barcode.get("code128", text, writer=writer).write(
        svg, {"write_text": False, "module_height": 14, "quiet_zone": 4, "module_width": 0.3}
    )
    return svg.getvalue().decode()


def _recipient(work: FulfilmentOrder) -> list[str]:
    return address_lines(work.order.contact.shipping_address)


def address_lines(address: Mapping[str, Any]) -> list[str]:
    """An address as it is printed, line by line; of somebody who was erased it says so."""
    town = " ".join(
        part for part in (address.get("city"), address.get("region"), address.get("postcode")) if part
    )
    parts = [address.get("name"), address.get("line1"), address.get("line2"), town, address.get("country")]
    return [part for part in parts if part] or ["(erased)"]


def _sender(location: StockLocation) -> list[str]:
    town = " ".join(part for part in (location.city, location.region, location.postcode) if part)
    return [part for part in (SHOP, location.line1, town, location.country) if part]
