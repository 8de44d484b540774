"""What a preview reads of SKUs and stock, without drawing numbers or taking locks."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Now

from inventory.models import StockLevel
from oms.catalogue.models import Sku


@dataclass(frozen=True, slots=True)
class KnownSku:
    """A SKU as the planner needs it; ``parts`` are the (SKU, pieces) of a bundle."""

    id: int
    code: str
    weight_grams: int = 0
    tags: frozenset[str] = frozenset()
    is_bundle: bool = False
    category: str = ""
    hazard: str = ""
    longest_mm: int = 0
    volume_ml: int = 0
    parts: tuple[tuple[str, int], ...] = ()


def known_skus(codes: Iterable[str]) -> dict[str, KnownSku]:
    """The active SKUs with these codes."""
    rows = Sku.objects.filter(code__in=list(codes), is_active=True)
    return {
        sku.code: KnownSku(
            sku.pk,
            sku.code,
            sku.weight_grams or 0,
            frozenset(sku.tags),
            sku.is_bundle,
            sku.category,
            sku.hazard,
            max(sku.length_mm or 0, sku.width_mm or 0, sku.height_mm or 0),
            (sku.length_mm or 0) * (sku.width_mm or 0) * (sku.height_mm or 0) // 1_000,
        )
        for sku in rows
    }


def available(sku_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    """Pieces that could be promised now, by (location id, SKU id)."""
    sellable = Q(sellable_until__isnull=True) | Q(sellable_until__gt=Now())
    levels = StockLevel.objects.filter(sellable, sku__in=list(sku_ids), available__gt=0)
    return {(site, sku): pieces for site, sku, pieces in levels.values_list("location", "sku", "available")}
