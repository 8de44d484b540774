"""Every question about routing; what the planner needs is kept in the process until the stamp moves."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

from django.db import connection
from django.db.models import Max, Prefetch, QuerySet

from inventory.models import StockLocation
from inventory.rules import SHIPPING
from oms.core.models import Approval
from oms.core.rules import ApprovalState
from oms.routing import parsing, sketches, words
from oms.routing.models import (
    RateCard,
    RoutingDecision,
    RoutingStamp,
    RuleRow,
    RuleSet,
    RuleSetVersion,
    Zone,
    ZonePrefix,
)
from oms.routing.problem import Band, Service, Site
from oms.routing.rules import DecisionNotFound, IfNone, RuleBook, RuleSetNotFound, RuleSetStatus
from oms.routing.sketches import Sketch
from oms.routing.tables import Addresses, Tables, ZoneFacts

# A rate card begins and ends with a day, which moves no stamp.
_KEPT_SECONDS = 60
DEFAULT_CURRENCY = "AUD"
Rates = dict[int, dict[int, list[Service]]]


@dataclass(slots=True)
class _Kept:
    """All that was read at one value of the stamp."""

    stamp: int | None
    read_at: float
    sites: tuple[Site, ...]
    addresses: Addresses
    rates: Rates
    currency: str
    books: dict[tuple[str, str], RuleBook]
    tables: dict[tuple[str, str], Tables] = field(default_factory=dict)


_lock = Lock()
_kept: list[_Kept] = []


def tables_for(channel: str, customer_type: str, stamp: int | None) -> Tables:
    """Rules and rates for a channel and customer type; no query while the stamp stays the same."""
    kept = _kept[0] if _kept else None
    if (
        kept is None
        or stamp is None
        or kept.stamp != stamp
        or time.monotonic() - kept.read_at > _KEPT_SECONDS
    ):
        with _lock:
            kept = _read(stamp)
            _kept[:] = [kept]
    key = (channel, customer_type)
    tables = kept.tables.get(key)
    if tables is None:
        book = _book_for(kept.books, channel, customer_type)
        tables = Tables(book, kept.sites, kept.addresses, kept.rates, kept.currency)
        kept.tables[key] = tables
    return tables


def stamp() -> int | None:
    """The present value of the stamp."""
    return RoutingStamp.objects.values_list("value", flat=True).first()


def book_of(version: RuleSetVersion) -> RuleBook:
    """The rule book of one version, published or not.

    Raises ``RuleInvalid`` when a rule says something that cannot be carried out.
    """
    return RuleBook(
        rules=tuple(parsing.rule(row.position, row.conditions, row.actions) for row in version.rules.all()),
        ranking=parsing.ranking(version.criteria, version.weights),
        split_penalty_minor=version.split_penalty_minor,
        scarcity_minor=version.scarcity_minor,
        max_parcels=version.max_parcels,
        if_none=IfNone(version.if_none),
        version_id=version.pk,
        number=version.number,
        name=version.rule_set.name,
    )


def sketch_of(version: RuleSetVersion, currency: str) -> Sketch:
    """A version as it was typed, finished or not."""
    if version.sketch is not None:
        return sketches.from_json(version.sketch)
    return sketches.of_book(book_of(version), note=version.note, currency=currency)


def tables_with(book: RuleBook) -> Tables:
    """The present sites and rates under another rule book, such as a draft; nothing is kept."""
    kept = _read(None)
    return Tables(book, kept.sites, kept.addresses, kept.rates, kept.currency)


def sentences(version: RuleSetVersion) -> tuple[str, ...]:
    """The version as a manager reads it.

    Raises ``RuleInvalid`` likewise.
    """
    return words.book(book_of(version), currency=shop_currency(), names=site_names())


def shop_currency() -> str:
    """The currency that all rate cards share."""
    return RateCard.objects.order_by("pk").values_list("currency", flat=True).first() or DEFAULT_CURRENCY


def decisions_of(order_id: int) -> int:
    """How often this order has been routed."""
    return RoutingDecision.objects.filter(order_id=order_id).aggregate(last=Max("attempt"))["last"] or 0


def decision(decision_id: int) -> RoutingDecision:
    """One decision with its order and the version that decided.

    Raises ``DecisionNotFound``.
    """
    found = (
        RoutingDecision.objects.select_related("order", "version__rule_set").filter(pk=decision_id).first()
    )
    if found is None:
        raise DecisionNotFound(f"There is no routing decision {decision_id}.")
    return found


def latest_decision(order_id: int) -> RoutingDecision | None:
    """The decision that an order's present work follows."""
    decisions = RoutingDecision.objects.select_related("order", "version__rule_set").filter(order_id=order_id)
    return decisions.order_by("-attempt").first()


def latest_decisions(order_ids: Iterable[int]) -> dict[int, int]:
    """The ids of the decisions that these orders follow, by order id."""
    newest = RoutingDecision.objects.filter(order_id__in=list(order_ids)).order_by("order_id", "-attempt")
    return dict(newest.distinct("order_id").values_list("order_id", "pk"))


def rule_sets() -> QuerySet[RuleSet]:
    """All rule sets with their versions, newest first, and their rules."""
    versions = RuleSetVersion.objects.select_related("created_by", "requested_by", "approved_by", "rule_set")
    versions = versions.order_by("-number").prefetch_related("rules")
    return RuleSet.objects.select_related("channel").prefetch_related(Prefetch("versions", versions))


def version(version_id: int) -> RuleSetVersion:
    """One version with its rules.

    Raises ``RuleSetNotFound``.
    """
    versions = RuleSetVersion.objects.select_related(
        "rule_set__channel", "created_by", "requested_by", "approved_by"
    )
    found = versions.prefetch_related("rules").filter(pk=version_id).first()
    if found is None:
        raise RuleSetNotFound(f"There is no version {version_id} of any rule set.")
    return found


def lock_version(version_id: int) -> RuleSetVersion:
    """One version, locked, with its rule set.

    Raises ``RuleSetNotFound``.
    """
    locked = RuleSetVersion.objects.select_for_update(of=("self",)).select_related("rule_set")
    found = locked.filter(pk=version_id).first()
    if found is None:
        raise RuleSetNotFound(f"There is no version {version_id} of any rule set.")
    return found


def lock_rule_set(rule_set_id: int) -> RuleSet:
    """One rule set, locked.

    Raises ``RuleSetNotFound``.
    """
    found = RuleSet.objects.select_for_update().filter(pk=rule_set_id).first()
    if found is None:
        raise RuleSetNotFound(f"There is no rule set {rule_set_id}.")
    return found


def published_version(rule_set_id: int) -> RuleSetVersion | None:
    """The version that is live."""
    return RuleSetVersion.objects.filter(
        rule_set_id=rule_set_id, status=RuleSetStatus.PUBLISHED.value
    ).first()


def last_number(rule_set_id: int) -> int:
    """The highest version number of a rule set so far."""
    return RuleSetVersion.objects.filter(rule_set_id=rule_set_id).aggregate(last=Max("number"))["last"] or 0


def was_ever_live(rule_set_id: int) -> bool:
    """Whether any version of this rule set has been published."""
    return RuleSetVersion.objects.filter(rule_set_id=rule_set_id, published_at__isnull=False).exists()


def publishing_request(version_id: int) -> Approval | None:
    """The open request to publish this version."""
    requests = Approval.objects.filter(
        action="routing.publish", subject_kind="rule_set_version", subject_id=str(version_id)
    )
    return requests.filter(state=ApprovalState.REQUESTED.value).first()


def zones() -> list[Zone]:
    """All zones."""
    return list(Zone.objects.all())


def site_names() -> dict[str, str]:
    """What staff call each location, by its code."""
    return dict(_shipping().values_list("code", "name"))


def sites() -> tuple[Site, ...]:
    """All locations that can ship, as the planner sees them."""
    return _sites()


def _shipping() -> QuerySet[StockLocation]:
    return StockLocation.objects.filter(kind__in=SHIPPING)


@dataclass(frozen=True, slots=True)
class World:
    """Sites, rates and the live rule books by (channel, customer type); empty texts mean all."""

    sites: tuple[Site, ...]
    addresses: Addresses
    rates: Rates
    currency: str
    books: dict[tuple[str, str], RuleBook]

    def tables(self, channel: str, customer_type: str) -> Tables:
        """What the planner needs for the orders of a channel and customer type."""
        book = _book_for(self.books, channel, customer_type)
        return Tables(book, self.sites, self.addresses, self.rates, self.currency)


def world(rates_on: date | None) -> World:
    """All that routing knows, with the rate cards of a day; None is today."""
    cards = _cards(rates_on)
    currency = cards[0].currency if cards else DEFAULT_CURRENCY
    return World(_sites(), _addresses(), _rates(cards), currency, _books())


def book_with_key(version_id: int) -> tuple[tuple[str, str], RuleBook]:
    """One version's rule book, and for which (channel, customer type) it is meant.

    Raises ``RuleSetNotFound``, ``RuleInvalid``.
    """
    found = version(version_id)
    channel = found.rule_set.channel
    return (channel.code if channel else "", found.rule_set.customer_type), book_of(found)


def _book_for(books: dict[tuple[str, str], RuleBook], channel: str, customer_type: str) -> RuleBook:
    for key in ((channel, customer_type), (channel, ""), ("", customer_type), ("", "")):
        if key in books:
            return books[key]
    return RuleBook()


def _read(stamp: int | None) -> _Kept:
    cards = _cards()
    currency = cards[0].currency if cards else DEFAULT_CURRENCY
    return _Kept(stamp, time.monotonic(), _sites(), _addresses(), _rates(cards), currency, _books())


def _sites() -> tuple[Site, ...]:
    return tuple(
        Site(
            id=place.pk,
            code=place.code,
            name=place.name,
            kind=place.kind,
            country=place.country,
            region=place.region,
            postcode=place.postcode,
            priority=place.priority,
            enabled=place.is_active,
            latitude=_degrees(place.latitude),
            longitude=_degrees(place.longitude),
            timezone=place.timezone,
            orders_per_day=place.orders_per_day,
            is_insured=place.is_insured,
        )
        for place in _shipping()
    )


def _addresses() -> Addresses:
    return {
        (entry.country, entry.region.upper(), entry.postcode_prefix.replace(" ", "").upper()): ZoneFacts(
            entry.zone_id, entry.zone.code, entry.zone.name, _centre(entry) or _centre(entry.zone)
        )
        for entry in ZonePrefix.objects.select_related("zone")
    }


def _cards(on: date | None = None) -> list[RateCard]:
    """The cards that count on a day (None is today), of one service from one place the newest."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(%s::date, current_date)", [on])
        today = cursor.fetchone()[0]
    cards = RateCard.objects.filter(valid_from__lte=today).exclude(valid_until__lte=today)
    newest: dict[tuple[int, str, str], RateCard] = {}
    for card in cards.prefetch_related("rates").order_by("valid_from", "pk"):
        newest[card.location_id, card.carrier, card.service] = card
    return sorted(newest.values(), key=lambda card: card.pk)


def _rates(cards: Iterable[RateCard]) -> Rates:
    rates: Rates = {}
    for card in cards:
        bands: dict[int, list[Band]] = {}
        for rate in card.rates.all():
            bands.setdefault(rate.zone_id, []).append(Band(rate.up_to_grams, rate.cost_minor, rate.days))
        for zone_id, steps in bands.items():
            service = Service(card.service, card.name, card.carrier, tuple(steps))
            rates.setdefault(zone_id, {}).setdefault(card.location_id, []).append(service)
    return rates


def _books() -> dict[tuple[str, str], RuleBook]:
    published = RuleSetVersion.objects.filter(status=RuleSetStatus.PUBLISHED.value)
    published = published.select_related("rule_set__channel").prefetch_related(
        Prefetch("rules", RuleRow.objects.order_by("position"))
    )
    return {
        (each.rule_set.channel.code if each.rule_set.channel else "", each.rule_set.customer_type): book_of(
            each
        )
        for each in published
    }


def _centre(zone: Zone | ZonePrefix) -> tuple[float, float] | None:
    if zone.latitude is None or zone.longitude is None:
        return None
    return (float(zone.latitude), float(zone.longitude))


def _degrees(value: object) -> float | None:
    return None if value is None else float(str(value))
