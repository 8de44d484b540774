"""What a preview reads of SKUs and stock, without drawing numbers or taking locks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from inventory.models import StockLevel
from oms.catalogue.models import Sku
from oms.routing.models import Allocation

LEVEL_FACTS = """
select v.location_id, v.on_hand, v.reported, v.reserved, v.quarantined, v.safety_stock, v.available, v.sellable_until,
       coalesce(coming.pieces, 0)::int, coming.first_on
  from inventory_stocklevel v
  left join lateral (
    select sum(r.quantity_expected - r.quantity_received) as pieces, min(r.expected_on) as first_on
      from inventory_expectedreceipt r where r.level_id = v.id and r.quantity_expected <> r.quantity_received
  ) coming on true
 where v.sku_id = %s
"""


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


def held_by(order_id: int) -> dict[tuple[int, int], int]:
    """Pieces that an order has reserved and that have not left, by (location id, SKU id)."""
    held = Allocation.objects.filter(order_line__order=order_id).annotate(
        open=F("reservation__quantity")
        - F("reservation__quantity_released")
        - F("reservation__quantity_issued")
    )
    found: Counter[tuple[int, int]] = Counter()
    places = ("reservation__level__location_id", "reservation__level__sku_id", "open")
    for site, sku, pieces in held.filter(open__gt=0).values_list(*places):
        found[site, sku] += pieces
    return found


@dataclass(frozen=True, slots=True)
class LevelFacts:
    """What one location has of a SKU, piece by piece, and what is announced."""

    site_id: int
    on_hand: int
    reported: int
    reserved: int
    quarantined: int
    safety_stock: int
    available: int
    unsellable_since: datetime | None
    expected: int
    expected_on: date | None


def level_facts(sku_id: int) -> list[LevelFacts]:
    """Everything that keeps pieces of a SKU from being sold, location by location."""
    with connection.cursor() as cursor:
        cursor.execute(LEVEL_FACTS, [sku_id])
        return [LevelFacts(*row) for row in cursor.fetchall()]
