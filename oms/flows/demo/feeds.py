"""What others keep for the demo shop, and what it sells as one: supplier and partner reports, bundles."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from inventory import queries as stock_queries
from inventory.models import StockLevel
from inventory.rules import ReportPolicy
from oms.core.actors import SYSTEM
from oms.flows import cataloguing, reporting_stock
from oms.flows.demo.catalogue import Article

SUPPLIERS = {"KILN": "kitchen", "LOOM": "textiles"}
PARTNER = "OCEAN"
COLOURS = ("white", "blue", "green", "sand", "charcoal", "rust")
# Name: pieces by family.
SETS = {
    "Tea for two": {"Teapot 1 l": 1, "Mug 350 ml": 2},
    "Bathroom set": {"Bath towel": 2, "Hand towel": 2, "Soap dish": 1},
}


def begin(sold: Sequence[Article], *, at: datetime) -> None:
    """Agree with the suppliers that their reports are sold from, take the first ones and make the bundles."""
    chance = random.Random(2)
    for code, category in SUPPLIERS.items():
        reporting_stock.set_report_policy(code, ReportPolicy.SELL, actor=SYSTEM, at=at)
        pieces = {article.code: chance.randint(18, 60) for article in sold if article.category == category}
        _report(code, pieces, at=at, is_complete=True)
    _compose(sold, at=at)


def report_again(*, at: datetime) -> None:
    """Take this morning's reports: the suppliers have what they said, the partner counts two SKUs otherwise."""
    for code in SUPPLIERS:
        _report(code, {level.sku.code: level.reported for level in _levels(code)}, at=at)
    held = {level.sku.code: level.on_hand for level in _levels(PARTNER)}
    for code in sorted(held)[:2]:
        held[code] = max(0, held[code] - 2)
    _report(PARTNER, held, at=at, is_complete=True)


def _levels(code: str) -> list[StockLevel]:
    return list(stock_queries.levels_of_location(code))


def _report(code: str, pieces: dict[str, int], *, at: datetime, is_complete: bool = False) -> None:
    reporting_stock.take_report(
        code,
        pieces,
        reference=f"{code}-{at:%Y%m%d}",
        reported_at=at - timedelta(minutes=20),
        is_complete=is_complete,
        actor=SYSTEM,
        at=at,
    )


def _compose(sold: Sequence[Article], *, at: datetime) -> None:
    by_name = {article.name: article.code for article in sold}
    for name, families in SETS.items():
        for colour in COLOURS:
            code = f"SET-{name.split()[0].upper()}-{colour.upper()}"
            facts = {"name": f"{name}, {colour}", "category": "sets"}
            cataloguing.create_sku(code, barcode="", facts=facts, actor=SYSTEM, at=at)
            pieces = {by_name[f"{family}, {colour}"]: count for family, count in families.items()}
            cataloguing.compose_bundle(code, pieces, actor=SYSTEM, at=at)
