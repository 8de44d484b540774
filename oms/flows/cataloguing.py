"""Stories of the catalogue: a SKU is made and changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from oms.catalogue import queries
from oms.catalogue.models import Sku
from oms.catalogue.services import bundles, skus
from oms.core import audit
from oms.core.actors import Actor
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
