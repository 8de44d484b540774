"""A period of real trade as a demo shop: UCI "Online Retail", a British wholesaler's invoices of 2011 (CC BY 4.0).

The data names countries and customers, no addresses and no stock. A British customer's place is made from their number,
and the three warehouses open with a part each of what the period will ask for, so that some articles run short.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import IO

from django.db import transaction

from inventory.models import StockLevel, StockLocation
from oms.catalogue.models import Sku
from oms.channels.models import Channel
from oms.core.actors import SYSTEM
from oms.core.errors import Refusal
from oms.flows import amending, counting, ordering
from oms.orders.amendments import Amendment, Difference
from oms.orders.models import Order, OrderChange
from oms.orders.requests import Address, NewLine, NewOrder
from oms.routing.models import Rate, RateCard, Zone, ZonePrefix

CHANNEL = "uci"
MOST_LINES = 500
DAY = timedelta(days=1)
# Code: name, city, postcode, latitude, longitude, share of what the period asks for, in per cent.
PLACES = {
    "LON": ("London", "London", "E16 2QU", "51.50", "0.05", 60),
    "MAN": ("Manchester", "Manchester", "M17 1WA", "53.46", "-2.32", 40),
    "GLA": ("Glasgow", "Glasgow", "G51 4TR", "55.86", "-4.33", 20),
}
# Code: name, (country, beginning of the postcode), latitude, longitude.
ZONES = {
    "GB-S": ("South of England", (("GB", ""),), "51.50", "-0.12"),
    "GB-N": ("North of England", (("GB", "M"), ("GB", "LS")), "53.48", "-2.24"),
    "GB-SC": ("Scotland", (("GB", "G"), ("GB", "EH")), "55.95", "-3.19"),
    "EUROPE": (
        "Europe",
        tuple((code, "") for code in "FR DE IE ES CH BE NL IT NO PT SE FI PL AT DK".split()),
        None,
        None,
    ),
    "UCI-WORLD": (
        "Everywhere else",
        tuple((code, "") for code in "CY JP IS AU MT HK CZ".split()),
        None,
        None,
    ),
}
# Pence and days from each place to each zone of up to 5 kg; heavier parcels cost more.
RATES = {
    "LON": {
        "GB-S": (420, 1),
        "GB-N": (560, 2),
        "GB-SC": (690, 3),
        "EUROPE": (1450, 4),
        "UCI-WORLD": (3200, 8),
    },
    "MAN": {
        "GB-S": (560, 2),
        "GB-N": (420, 1),
        "GB-SC": (560, 2),
        "EUROPE": (1580, 5),
        "UCI-WORLD": (3300, 9),
    },
    "GLA": {
        "GB-S": (690, 3),
        "GB-N": (560, 2),
        "GB-SC": (420, 1),
        "EUROPE": (1690, 6),
        "UCI-WORLD": (3400, 9),
    },
}
HEAVIER = ((5_000, 0), (15_000, 350), (None, 1_900))
SPLIT_PENALTY = 250
POSTCODES = ("SW1A 1AA", "E1 6AN", "M1 1AE", "LS1 4DY", "G1 1XQ", "EH1 1BB")
COUNTRIES = {
    "United Kingdom": "GB",
    **dict(
        zip(
            "France Germany EIRE Spain Switzerland Belgium Netherlands Italy Norway".split(),
            "FR DE IE ES CH BE NL IT NO".split(),
            strict=True,
        )
    ),
    **dict(
        zip(
            "Portugal Cyprus Sweden Finland Poland Austria Denmark Japan Iceland Australia Malta".split(),
            "PT CY SE FI PL AT DK JP IS AU MT".split(),
            strict=True,
        )
    ),
    "Hong Kong": "HK",
    "Czech Republic": "CZ",
}


@dataclass(slots=True)
class Invoice:
    """One invoice: pieces per article, below zero where it takes goods back; prices; who and where."""

    number: str
    at: datetime
    customer: str
    country: str
    pieces: Counter[str] = field(default_factory=Counter)
    prices: dict[str, Decimal] = field(default_factory=dict)

    @property
    def is_cancellation(self) -> bool:
        """Whether it takes something back."""
        return self.number.startswith("C")

    @property
    def address(self) -> Address:
        """Where it goes."""
        country = COUNTRIES.get(self.country, "GB")
        place = POSTCODES[int(self.customer or self.number.lstrip("C") or 0) % len(POSTCODES)]
        name = f"Customer {self.customer}" if self.customer else "Walk-in customer"
        postcode = place if country == "GB" else "1000"
        return Address(
            name, "1 High Street", self.country or "Unknown", country, region="", postcode=postcode
        )


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was new: articles, orders, changes after cancellations; and what was refused."""

    skus: int
    orders: int
    waiting: int
    cancellations: int
    refused: int


def read(file: IO[str]) -> list[Invoice]:
    """The invoices of goods, oldest first; postage, fees and samples are left out."""
    invoices: dict[str, Invoice] = {}
    for row in csv.DictReader(file):
        code = row["StockCode"].strip().upper()
        if not code[:5].isdigit() or Decimal(row["UnitPrice"]) < 0:
            continue
        number = row["InvoiceNo"]
        if number not in invoices:
            at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
            customer = row["CustomerID"].split(".")[0]
            invoices[number] = Invoice(number, at, customer, row["Country"].strip())
        if len(invoices[number].pieces) < MOST_LINES or code in invoices[number].pieces:
            invoices[number].pieces[code] += int(row["Quantity"])
            invoices[number].prices[code] = Decimal(row["UnitPrice"]).quantize(Decimal("0.01"))
    return sorted(invoices.values(), key=lambda each: (each.at, each.number))


def load(invoices: list[Invoice], *, now: datetime, say: Callable[[str], None]) -> Loaded:
    """Play the period so that it ended within the last week, on its own weekdays and hours; again changes nothing."""
    weeks = (now - invoices[-1].at) // timedelta(weeks=1)
    shift = _shift_before() or timedelta(weeks=weeks)
    begins = invoices[0].at + shift - DAY
    skus = _set_up(invoices, at=begins)
    say(f"{skus} articles are new; playing {len(invoices):,} invoices from {begins + DAY:%d %b %Y}")
    known = set(Order.objects.filter(channel__code=CHANNEL).values_list("external_number", flat=True))
    fresh = [each for each in invoices if each.is_cancellation or each.number not in known]
    placed = waiting = refused = taken = 0
    for at, group in groupby(fresh, key=lambda each: each.at + shift):
        sold = list(group)
        requests = [request for each in sold if not each.is_cancellation and (request := _request(each))]
        for fate in ordering.place_orders(requests, actor=SYSTEM, at=at) if requests else ():
            if isinstance(fate, Refusal):
                refused += 1
            else:
                placed += 1
                waiting += any(line.waiting for line in fate.lines)
        taken += sum(_take_back(each, at=at) for each in sold if each.is_cancellation)
    return Loaded(skus, placed, waiting, taken, refused)


def demand(invoices: Iterable[Invoice]) -> Counter[str]:
    """Pieces of each article that the period asks for."""
    asked: Counter[str] = Counter()
    for each in invoices:
        asked.update({code: pieces for code, pieces in each.pieces.items() if pieces > 0})
    return asked


def opening(asked: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """What each place opens with: plenty, and of every eighth article half of that, so that it runs short."""
    ranked = {code: n for n, code in enumerate(sorted(asked))}
    return {
        place: {
            code: pieces
            for code, wanted in asked.items()
            if (pieces := wanted * share // (200 if ranked[code] % 8 == 0 else 100))
        }
        for place, (*_, share) in PLACES.items()
    }


def grams(code: str) -> int:
    """An article's weight, made from its number: the data has none."""
    return 60 + 17 * (int(code[:5]) % 40)


def _shift_before() -> timedelta | None:
    """By how much an earlier load has moved the period, so that the next one moves it alike."""
    order = Order.objects.filter(channel__code=CHANNEL).order_by("pk").first()
    made = Sku.objects.filter(category=CHANNEL).order_by("pk").first()
    if order is None or made is None:
        return None
    return timedelta(days=int(made.tags[0].removeprefix("shift-"))) if made.tags else None


def _set_up(invoices: list[Invoice], *, at: datetime) -> int:
    asked = demand(invoices)
    shift = (at + DAY - invoices[0].at).days
    with transaction.atomic():
        Channel.objects.get_or_create(code=CHANNEL, defaults={"name": "UCI Online Retail"})
        for code, (name, city, postcode, latitude, longitude, _) in PLACES.items():
            StockLocation.objects.get_or_create(
                code=code,
                defaults={
                    "name": name,
                    "city": city,
                    "postcode": postcode,
                    "country": "GB",
                    "latitude": latitude,
                    "longitude": longitude,
                    "timezone": "Europe/London",
                },
            )
        _rates(at.date())
        known = set(Sku.objects.filter(code__in=asked).values_list("code", flat=True))
        new = [
            Sku(
                code=code,
                name=f"Article {code}",
                weight_grams=grams(code),
                category=CHANNEL,
                tags=[f"shift-{shift}"],
                created_at=at,
                updated_at=at,
            )
            for code in sorted(set(asked) - known)
        ]
        Sku.objects.bulk_create(new)
    for place, lines in opening(asked).items():
        there = StockLevel.objects.filter(location__code=place, sku__code__in=lines, on_hand__gt=0)
        had = set(there.values_list("sku__code", flat=True))
        missing = {code: pieces for code, pieces in lines.items() if code not in had}
        if missing and len(missing) == len(lines):
            counting.receive_delivery(missing, location=place, reference=f"UCI-{place}", actor=SYSTEM, at=at)
    return len(new)


def _rates(valid_from: date) -> None:
    zones = {}
    for code, (name, addresses, latitude, longitude) in ZONES.items():
        zones[code], _ = Zone.objects.get_or_create(
            code=code, defaults={"name": name, "latitude": latitude, "longitude": longitude}
        )
        for country, prefix in addresses:
            ZonePrefix.objects.get_or_create(
                country=country, region="", postcode_prefix=prefix, defaults={"zone": zones[code]}
            )
    currency = RateCard.objects.values_list("currency", flat=True).first() or "GBP"
    for place, lanes in RATES.items():
        site = StockLocation.objects.get(code=place)
        if RateCard.objects.filter(location=site).exists():
            continue
        card = RateCard.objects.create(
            location=site,
            carrier="royalmail",
            service="tracked",
            name="Tracked",
            currency=currency,
            valid_from=valid_from,
        )
        Rate.objects.bulk_create(
            Rate(rate_card=card, zone=zones[zone], up_to_grams=most, cost_minor=cost + more, days=days)
            for zone, (cost, days) in lanes.items()
            for most, more in HEAVIER
        )


def _request(invoice: Invoice) -> NewOrder | None:
    lines = tuple(
        NewLine(code, pieces, invoice.prices[code]) for code, pieces in invoice.pieces.items() if pieces > 0
    )
    if not lines:
        return None
    return NewOrder(
        channel=CHANNEL,
        external_number=invoice.number,
        customer_name=invoice.address.name,
        shipping=invoice.address,
        currency="GBP",
        lines=lines,
    )


def _take_back(invoice: Invoice, *, at: datetime) -> int:
    """Take what a cancellation names off the customer's last order that has it; how many changes that made."""
    reason = f"Invoice {invoice.number}."
    if OrderChange.objects.filter(reason=reason).exists() or not invoice.customer:
        return 0
    by_order: defaultdict[str, list[Difference]] = defaultdict(list)
    for code, pieces in invoice.pieces.items():
        orders = Order.objects.filter(
            channel__code=CHANNEL,
            contact__customer_name=invoice.address.name,
            lines__sku__code=code,
            lines__quantity_ordered__gte=-pieces,
            state="open",
            placed_at__lt=at,
        )
        number = orders.order_by("-pk").values_list("number", flat=True).first()
        if number is not None and pieces < 0:
            by_order[number].append(Difference(code, pieces))
    made = 0
    for number, differences in by_order.items():
        amendment = Amendment(differences=tuple(differences))
        try:
            amending.amend_order(number, amendment, reason=reason, actor=SYSTEM, at=at)
            made += len(differences)
        except Refusal:
            continue
    return made
