"""Questions about SKUs."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

from oms.catalogue.models import Barcode, BundleComponent, Sku
from oms.core.errors import NotFound


class SkuNotFound(NotFound):
    """No SKU has this code."""

    code = "sku-not-found"


def sku(code: str) -> Sku:
    """The SKU with this code.

    Raises ``SkuNotFound``.
    """
    found = Sku.objects.filter(code=code).first()
    if found is None:
        raise SkuNotFound(f"There is no SKU {code}.")
    return found


def skus_by_code(codes: Iterable[str]) -> dict[str, Sku]:
    """The SKUs with these codes.

    Raises ``SkuNotFound``, naming those that are missing.
    """
    wanted = set(codes)
    found = {sku.code: sku for sku in Sku.objects.filter(code__in=wanted)}
    if missing := sorted(wanted - found.keys()):
        raise SkuNotFound(f"There is no SKU {', '.join(missing[:10])}.")
    return found


@dataclass(frozen=True, slots=True)
class Component:
    """So many pieces of a SKU in one bundle; ``worth`` is its part of the bundle's price, in no unit."""

    sku: str
    name: str
    quantity: int
    worth: int


def components_of(bundle_codes: Iterable[str]) -> dict[str, tuple[Component, ...]]:
    """What is in each of these bundles, by the bundle's code; codes of other SKUs are left out.

    A component is worth what it costs; where a cost is not known, all are worth the same by the piece.
    """
    rows: dict[str, list[BundleComponent]] = {}
    found = BundleComponent.objects.filter(bundle__code__in=list(bundle_codes)).order_by("pk")
    for row in found.select_related("bundle", "component"):
        rows.setdefault(row.bundle.code, []).append(row)
    return {code: _valued(parts) for code, parts in rows.items()}


def _valued(parts: list[BundleComponent]) -> tuple[Component, ...]:
    costs = [part.component.unit_cost for part in parts]
    known = [int(cost * 10_000) for cost in costs if cost]
    each = known if len(known) == len(parts) else [1] * len(parts)
    return tuple(
        Component(part.component.code, part.component.name, part.quantity, cost * part.quantity)
        for part, cost in zip(parts, each, strict=True)
    )


def is_kept(sku_id: int) -> bool:
    """Whether there is stock of a SKU or it is in a bundle, so that how it is kept cannot change."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from inventory_stocklevel where sku_id = %s and (on_hand > 0 or reported > 0))"
            " or exists (select from catalogue_bundlecomponent where component_id = %s)",
            [sku_id, sku_id],
        )
        return bool(cursor.fetchone()[0])


def by_code_or_barcode(scanned: str) -> Sku | None:
    """The SKU that a scanned or typed code means, or None."""
    return Sku.objects.filter(Q(code=scanned) | Q(barcodes__code=scanned)).distinct().first()


def search(text: str) -> QuerySet[Sku]:
    """SKUs whose code, name or barcode holds the text, by code."""
    wanted = text.strip().upper()
    skus = Sku.objects.alias(upper_code=Upper("code"), upper_name=Upper("name"))
    matches = Q(upper_code__contains=wanted) | Q(upper_name__contains=wanted)
    return skus.filter(matches | Q(pk__in=Barcode.objects.filter(code=text.strip()).values("sku"))).order_by(
        "code"
    )
