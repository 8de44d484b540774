"""SKUs come into being and change; their code never does."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from oms.catalogue.models import Barcode, Pack, Sku
from oms.catalogue.rules import checked_barcode, checked_sku_code
from oms.core.errors import Conflict
from oms.core.transactions import joins_transaction

CHANGEABLE = frozenset(
    {
        *(
            "name",
            "weight_grams",
            *("length_mm", "width_mm", "height_mm", "hazard"),
            "unit_cost",
            "currency",
            "category",
            "tags",
            "backorder_policy",
            "backorder_limit",
            "is_active",
        ),
        *("base_unit", "is_lot_tracked", "is_serial_tracked", "shelf_life_margin_days"),
    }
)


class DuplicateSku(Conflict):
    """The code names another SKU."""

    code = "duplicate-sku"


class DuplicateBarcode(Conflict):
    """The barcode names another SKU."""

    code = "duplicate-barcode"


@joins_transaction
def create(code: str, *, barcode: str, facts: Mapping[str, Any], at: datetime) -> Sku:
    """Make a SKU with its facts and, unless empty, its first barcode.

    Raises ``DuplicateSku``, ``DuplicateBarcode``, ``MisreadBarcode``, ``Invalid``.
    """
    checked = checked_sku_code(code)
    if Sku.objects.filter(code=checked).exists():
        raise DuplicateSku(f"SKU {checked} exists already. Change it with PATCH.")
    sku = Sku.objects.create(code=checked, created_at=at, updated_at=at, **_known(facts))
    if barcode:
        name_by(sku, barcode=barcode)
    return sku


@joins_transaction
def change(sku: Sku, *, facts: Mapping[str, Any], at: datetime) -> dict[str, list[Any]]:
    """Change some facts of a SKU and return was → now of each that differs."""
    changes = {}
    for name, value in _known(facts).items():
        was = getattr(sku, name)
        if was != value:
            changes[name] = [was, value]
            setattr(sku, name, value)
    if changes:
        sku.updated_at = at
        sku.save(update_fields=[*changes, "updated_at"])
    return changes


@joins_transaction
def name_by(sku: Sku, *, barcode: str) -> Barcode:
    """Let a barcode name this SKU first; those it had still name it.

    Raises ``DuplicateBarcode``, ``MisreadBarcode``, ``Invalid``.
    """
    checked = checked_barcode(barcode)
    other = Barcode.objects.filter(code=checked).exclude(sku=sku).select_related("sku").first()
    if other is not None:
        raise DuplicateBarcode(f"Barcode {checked} names SKU {other.sku.code} already.")
    sku.barcodes.filter(is_primary=True).exclude(code=checked).update(is_primary=False)
    named, _ = Barcode.objects.update_or_create(code=checked, defaults={"sku": sku, "is_primary": True})
    return named


@joins_transaction
def add_barcodes(sku: Sku, codes: Iterable[str], *, pack: Pack | None = None) -> None:
    """Let more barcodes name this SKU, or one pack of it; those it has stay.

    Raises ``DuplicateBarcode``, ``MisreadBarcode``, ``Invalid``.
    """
    for code in codes:
        checked = checked_barcode(code)
        other = Barcode.objects.filter(code=checked).exclude(sku=sku, pack=pack).select_related("sku").first()
        if other is not None and (other.sku_id != sku.pk or other.is_primary):
            raise DuplicateBarcode(f"Barcode {checked} names {other.sku.code} already.")
        Barcode.objects.update_or_create(code=checked, defaults={"sku": sku, "pack": pack})


@joins_transaction
def set_pack(sku: Sku, name: str, quantity: int, *, barcodes: Iterable[str]) -> Pack:
    """Say how many base units a pack holds, and which barcodes stand on it.

    Raises ``DuplicateBarcode``, ``MisreadBarcode``, ``Invalid``.
    """
    pack, _ = Pack.objects.update_or_create(sku=sku, name=name.strip(), defaults={"quantity": quantity})
    add_barcodes(sku, barcodes, pack=pack)
    return pack


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name in CHANGEABLE}
