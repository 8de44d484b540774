"""Stories of the catalogue: a SKU is made and changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from inventory import queries as stock_queries
from oms.catalogue import queries
from oms.catalogue.models import Sku
from oms.catalogue.services import bundles, skus
from oms.core import audit
from oms.core.actors import Actor
from oms.core.errors import Conflict
from oms.core.transactions import owns_transaction


@owns_transaction()
def create_sku(code: str, *, barcode: str, facts: Mapping[str, Any], actor: Actor, at: datetime) -> Sku:
    """Make a SKU that every channel can sell as soon as it has stock.

    Raises ``DuplicateSku``, ``DuplicateBarcode``, ``MisreadBarcode``, ``Invalid``.
    """
    sku = skus.create(code, barcode=barcode, facts=facts, at=at)
    audit.record("sku.created", "sku", sku.code, actor=actor, at=at, note=sku.name)
    return sku


@owns_transaction()
def change_sku(
    code: str, *, barcode: str | None, facts: Mapping[str, Any], actor: Actor, at: datetime
) -> Sku:
    """Change some facts of a SKU, and its first barcode unless that is None.

    Raises ``SkuNotFound``, ``DuplicateBarcode``, ``MisreadBarcode``.
    """
    sku = queries.sku(code)
    _check_tracking(sku, facts)
    changes = skus.change(sku, facts=facts, at=at)
    if barcode:
        skus.name_by(sku, barcode=barcode)
    told = {name: [str(was), str(now)] for name, (was, now) in changes.items()}
    audit.record(
        "sku.changed",
        "sku",
        sku.code,
        actor=actor,
        at=at,
        changes=told | ({"barcode": barcode} if barcode else {}),
    )
    return sku


@owns_transaction()
def compose_bundle(code: str, pieces: Mapping[str, int], *, actor: Actor, at: datetime) -> Sku:
    """Let a SKU be a bundle of so many pieces of others (code → pieces); none makes it an ordinary SKU again.

    Raises ``SkuNotFound``, ``NotABundle``, ``Invalid``.
    """
    sku = queries.sku(code)
    changes = bundles.compose(sku, pieces=pieces)
    if changes:
        audit.record("sku.composed", "sku", sku.code, actor=actor, at=at, changes=changes)
    return sku


@owns_transaction()
def name_sku(
    code: str,
    *,
    barcodes: Sequence[str],
    packs: Sequence[tuple[str, int, Sequence[str]]],
    actor: Actor,
    at: datetime,
) -> Sku:
    """Let more barcodes name a SKU, and its packs: (name, pieces, barcodes).

    Raises ``SkuNotFound``, ``DuplicateBarcode``, ``MisreadBarcode``.
    """
    sku = queries.sku(code)
    skus.add_barcodes(sku, barcodes)
    for name, quantity, codes in packs:
        skus.set_pack(sku, name, quantity, barcodes=codes)
    changes = {"barcodes": list(barcodes), "packs": [f"{name}: {quantity}" for name, quantity, _ in packs]}
    audit.record("sku.named", "sku", sku.code, actor=actor, at=at, changes=changes)
    return sku


def _check_tracking(sku: Sku, facts: Mapping[str, Any]) -> None:
    for name in ("is_lot_tracked", "is_serial_tracked"):
        if name in facts and facts[name] != getattr(sku, name) and stock_queries.is_kept(sku.pk):
            raise Conflict(f"Pieces of {sku.code} are in stock. Change how it is kept when none is.")
