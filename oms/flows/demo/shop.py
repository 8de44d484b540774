"""The demo shop before its first order: places, bins, channels, SKUs, staff, rules and stock."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product

from django.db import transaction

from inventory.models import AdjustmentReason, Bin, StockLevel, StockLocation
from oms.catalogue.models import Barcode, Sku
from oms.channels.models import Channel
from oms.core.actors import SYSTEM
from oms.core.models import Grant, User
from oms.core.roles import Role
from oms.flows import counting, ruling
from oms.flows.demo import feeds
from oms.flows.demo.catalogue import Article, articles

REASONS = {
    "damaged": "Damaged",
    "lost": "Lost",
    "found": "Found",
    "returned": "Returned",
    "promotional_sample": "Promotional sample",
    "count_correction": "Count correction",
}
# Code: (name, kind, street, city, region, postcode, latitude, longitude, zone, priority)
PLACES = {
    "PER": ("Perth", "own", "8 Dock Road", "Fremantle", "WA", "6160", -32.05, 115.75, "Australia/Perth", 10),
    "SYD": (
        "Sydney",
        "own",
        "41 Botany Road",
        "Alexandria",
        "NSW",
        "2015",
        -33.90,
        151.19,
        "Australia/Sydney",
        20,
    ),
    "MEL": (
        "Melbourne",
        "own",
        "17 Somerville Road",
        "Yarraville",
        "VIC",
        "3013",
        -37.82,
        144.88,
        "Australia/Melbourne",
        30,
    ),
    "OCEAN": (
        "Ocean 3PL",
        "3pl",
        "2 Logistics Place",
        "Brisbane",
        "QLD",
        "4008",
        -27.38,
        153.17,
        "Australia/Brisbane",
        40,
    ),
    "KILN": (
        "Kiln & Clay",
        "supplier",
        "5 Potter Lane",
        "Bendigo",
        "VIC",
        "3550",
        -36.76,
        144.28,
        "Australia/Melbourne",
        50,
    ),
    "LOOM": (
        "Loom Mills",
        "supplier",
        "90 Mill Street",
        "Geelong",
        "VIC",
        "3220",
        -38.15,
        144.36,
        "Australia/Melbourne",
        60,
    ),
}
CHANNELS = (
    ("api", "REST API", "rest", "split"),
    ("shop", "Tidewater web shop", "storefront", "split"),
    ("market", "Marketplace", "marketplace", "split"),
    ("wholesale", "Wholesale", "wholesale", "together"),
)
STAFF = {
    "mai": ("Mai", "Tran", ((Role.PICKER, "PER"), (Role.PACKER, "PER"))),
    "ben": ("Ben", "Costa", ((Role.PICKER, "SYD"), (Role.PACKER, "SYD"), (Role.RECEIVER, "SYD"))),
    "ruth": ("Ruth", "Osei", ((Role.MANAGER, ""),)),
    "dan": ("Dan", "Walker", ((Role.MANAGER, ""),)),
    "ines": ("Ines", "Moreau", ((Role.ACCOUNTANT, ""),)),
}
AISLES, BAYS, SHELVES = "ABCDEF", 12, 4
# Of a hundred SKUs so many are in short supply.
SCARCE = 6


def open_shop(*, at: datetime, say: Callable[[str], None]) -> list[Article]:
    """Make everything that the first order needs, as it was at that instant."""
    sold = list(articles())
    with transaction.atomic():
        _lists()
        _staff()
        skus = _skus(sold, at=at)
    ruling.set_up(at=at)
    say(f"{len(sold)} SKUs, {len(PLACES)} locations, {len(CHANNELS)} channels")
    _deliver(sold, at=at)
    feeds.begin(sold, at=at)
    with transaction.atomic():
        _give_bins(skus)
    say("Opening stock received and put into bins")
    return sold


def deliver_again(sold: list[Article], *, at: datetime) -> None:
    """A delivery that tops up what sells; it came every week or two."""
    chance = random.Random(at.toordinal())
    for code, share in (("PER", 0.3), ("SYD", 0.3), ("MEL", 0.3), ("OCEAN", 0.15)):
        lines = {
            article.code: chance.randint(3, 6) if _scarce(article) else chance.randint(2, 8)
            for article in sold
            if chance.random() < share
        }
        counting.receive_delivery(
            lines, location=code, reference=f"DEL-{code}-{at:%m%d}", actor=SYSTEM, at=at
        )


def announce(sold: list[Article], *, at: datetime) -> None:
    """What suppliers have promised for the coming days: it shows as incoming."""
    scarce = [article for article in sold if _scarce(article)]
    for number, article in enumerate(scarce[:24]):
        counting.expect_stock(
            article.code,
            location=("PER", "SYD", "MEL")[number % 3],
            quantity=24,
            actor=SYSTEM,
            at=at,
            reference=f"ASN-{700 + number // 8}",
            expected_on=(at + timedelta(days=3 + number % 9)).date(),
        )


def _lists() -> None:
    AdjustmentReason.objects.bulk_create(
        AdjustmentReason(code=code, name=name) for code, name in REASONS.items()
    )
    Channel.objects.bulk_create(
        Channel(code=code, name=name, kind=kind, partial_policy=partial)
        for code, name, kind, partial in CHANNELS
    )
    for code, (
        name,
        kind,
        line1,
        city,
        region,
        postcode,
        latitude,
        longitude,
        zone,
        priority,
    ) in PLACES.items():
        place = StockLocation.objects.create(
            code=code,
            name=name,
            kind=kind,
            line1=line1,
            city=city,
            region=region,
            postcode=postcode,
            latitude=latitude,
            longitude=longitude,
            timezone=zone,
            priority=priority,
        )
        if kind == "own":
            spots = product(AISLES, range(1, BAYS + 1), range(1, SHELVES + 1))
            Bin.objects.bulk_create(
                Bin(location=place, code=f"{aisle}-{bay:02d}-{shelf}", path_position=position)
                for position, (aisle, bay, shelf) in enumerate(spots)
            )


def _staff() -> None:
    for username, (given, family, grants) in STAFF.items():
        user = User.objects.create_user(username, first_name=given, last_name=family)
        Grant.objects.bulk_create(Grant(user=user, role=role, location_code=code) for role, code in grants)


def _skus(sold: list[Article], *, at: datetime) -> dict[str, int]:
    made = Sku.objects.bulk_create(
        Sku(
            code=article.code,
            name=article.name,
            category=article.category,
            weight_grams=article.grams,
            unit_cost=article.cost,
            tags=list(article.tags),
            created_at=at,
            updated_at=at,
        )
        for article in sold
    )
    Barcode.objects.bulk_create(
        Barcode(sku=sku, code=article.barcode, is_primary=True)
        for sku, article in zip(made, sold, strict=True)
    )
    return {sku.code: sku.pk for sku in made}


def _deliver(sold: list[Article], *, at: datetime) -> None:
    chance = random.Random(1)
    for code, (_, kind, *_) in PLACES.items():
        if kind == "supplier":
            continue
        lines = {}
        for article in sold:
            if _held(code, kind, article):
                lines[article.code] = chance.randint(1, 3) if _scarce(article) else chance.randint(18, 60)
        counting.receive_delivery(lines, location=code, reference=f"OPEN-{code}", actor=SYSTEM, at=at)


def _held(code: str, kind: str, article: Article) -> bool:
    if kind == "3pl":
        return int(article.code) % 2 == 0
    return int(article.code) % 7 != len(code) + ord(code[0]) % 5


def _scarce(article: Article) -> bool:
    return int(article.code) % 100 < SCARCE


def _give_bins(skus: dict[str, int]) -> None:
    for place in StockLocation.objects.filter(kind="own"):
        spots = list(
            Bin.objects.filter(location=place).order_by("path_position").values_list("pk", flat=True)
        )
        levels = list(
            StockLevel.objects.filter(location=place, sku_id__in=skus.values()).order_by("sku__code")
        )
        for number, level in enumerate(levels):
            level.pick_bin_id = spots[number % len(spots)]
        StockLevel.objects.bulk_update(levels, ["pick_bin"], batch_size=200)
