"""What would be decided for an order, with as much of the world assumed as the asker likes; nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from oms.catalogue import queries as sku_queries
from oms.channels import queries as channel_queries
from oms.channels.queries import ChannelPolicy, UnknownChannel
from oms.core.errors import Invalid
from oms.routing import preview_queries, queries, tables
from oms.routing.network import Network, network
from oms.routing.preview_queries import KnownSku
from oms.routing.problem import Band, Destination, Line, OrderFacts, Partial, Service, Site
from oms.routing.rules import Criterion, Ranking, Rule, RuleBook

PATIENCE = 400_000
"""Sets looked at for a preview, twenty times as many as for an order that is placed: a second or two."""


class UnknownSku(Invalid):
    """No active SKU has this code."""

    code = "unknown-sku"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Pieces of one SKU."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Wish:
    """An order to be tried; ``value_minor`` in the currency of the rate cards, an empty policy is the channel's."""

    channel: str
    customer_type: str
    destination: Destination
    lines: tuple[Wanted, ...]
    value_minor: int = 0
    currency: str = "AUD"
    shipping_option: str = ""
    partial_policy: str = ""


@dataclass(frozen=True, slots=True)
class AssumedRate:
    """What one parcel of any weight costs from a location, in minor units, and how many days it takes."""

    location: str
    service: str
    cost_minor: int
    days: int


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is taken for true instead of what is; None leaves it as it is.

    ``levels`` has the available pieces by (SKU, location), and nothing is anywhere else. ``rates`` are all there are:
    a location without one sends nothing. With ``rules`` the cheapest plan is the best one.
    """

    levels: Mapping[tuple[str, str], int] | None = None
    rates: Sequence[AssumedRate] | None = None
    rules: tuple[Rule, ...] | None = None
    split_penalty_minor: int | None = None
    max_parcels: int | None = None


@dataclass(frozen=True, slots=True)
class World:
    """Everything the planner is asked about."""

    facts: OrderFacts
    stock: Mapping[tuple[int, int], int]
    network: Network
    skus: Mapping[str, KnownSku] = field(default_factory=dict)


def world_of(wish: Wish, assumed: Assumed, *, at: datetime) -> World:
    """The order, the stock and the network that a preview is planned on.

    Raises ``UnknownChannel``, ``UnknownSku``.
    """
    stamp = queries.stamp()
    policy = channel_queries.policies(stamp or 0).get(wish.channel)
    if policy is None or not policy.is_active:
        message = f"There is no active channel {wish.channel}."
        raise UnknownChannel(message, problems=(("#/channel", message),))
    live = queries.tables_for(wish.channel, wish.customer_type, stamp)
    skus = _skus(wish, assumed)
    lines = _lines(wish, skus, assumed)
    sites = _sites(live.sites, assumed)
    facts = replace(_facts(wish, lines, policy, assumed), placed_at=at, asked_at=at)
    if assumed.levels is None:
        stock = preview_queries.available(line.sku_id for line in lines)
    else:
        ids = {site.code: site.id for site in sites}
        known = {line.sku: line.sku_id for line in lines}
        stock = {
            (ids[location], known[sku]): pieces
            for (sku, location), pieces in assumed.levels.items()
            if sku in known
        }
    return World(facts, stock, _network(wish, sites, live, assumed), skus)


def _skus(wish: Wish, assumed: Assumed) -> dict[str, KnownSku]:
    codes = {line.sku for line in wish.lines}
    named = {sku for sku, _ in assumed.levels} if assumed.levels is not None else set()
    skus = preview_queries.known_skus(codes)
    bundles = sku_queries.components_of(
        [code for code, sku in skus.items() if sku.is_bundle and code not in named]
    )
    skus |= preview_queries.known_skus({part.sku for parts in bundles.values() for part in parts} - set(skus))
    for code, parts in bundles.items():
        skus[code] = replace(skus[code], parts=tuple((part.sku, part.quantity) for part in parts))
    if assumed.levels is not None:
        for place, code in enumerate(sorted(codes - set(skus)), start=1):
            skus[code] = KnownSku(-place, code)
    return skus


def _lines(wish: Wish, skus: Mapping[str, KnownSku], assumed: Assumed) -> tuple[Line, ...]:
    lines: list[Line] = []
    for index, wanted in enumerate(wish.lines):
        sku = skus.get(wanted.sku)
        if sku is None:
            message = f"There is no active SKU {wanted.sku}."
            raise UnknownSku(message, problems=((f"#/lines/{index}/sku", message),))
        for code, each in sku.parts or ((sku.code, 1),):
            part = skus[code]
            sizes = (part.category, part.hazard, part.longest_mm, part.volume_ml)
            pieces = wanted.quantity * each
            lines.append(Line(len(lines), part.id, part.code, pieces, part.weight_grams, part.tags, *sizes))
    return tuple(lines)


def _sites(live: Sequence[Site], assumed: Assumed) -> tuple[Site, ...]:
    """All locations; what is assumed of one that is switched off, or that nobody knows, counts all the same."""
    named = {location for _, location in assumed.levels} if assumed.levels is not None else set()
    sites = [replace(site, enabled=True) if site.code in named else site for site in live]
    unknown = sorted(named - {site.code for site in live})
    return (*sites, *[Site(-place, code, code) for place, code in enumerate(unknown, start=1)])


def _facts(wish: Wish, lines: tuple[Line, ...], policy: ChannelPolicy, assumed: Assumed) -> OrderFacts:
    """Assumed pieces are what this order may have: the channel's buffer and its choice of locations are in them."""
    assumes_stock = assumed.levels is not None
    own = "" if assumed.rules is None else Partial.SPLIT.value
    return OrderFacts(
        channel=wish.channel,
        customer_type=wish.customer_type,
        destination=wish.destination,
        lines=lines,
        value_minor=wish.value_minor,
        currency=wish.currency,
        partial=Partial(wish.partial_policy or own or policy.partial_policy),
        buffer=0 if assumes_stock else policy.stock_buffer,
        allowed_sites=None if assumes_stock else policy.sites,
        shipping_option=wish.shipping_option,
    )


def _network(wish: Wish, sites: Sequence[Site], live: tables.Tables, assumed: Assumed) -> Network:
    book = _book(live.book, assumed)
    if assumed == Assumed():
        return live.network(wish.destination)
    zone = tables.zone_of(wish.destination, live.addresses)
    services: Mapping[int, Sequence[Service]]
    if assumed.rates is None:
        services = live.rates.get(zone.id, {}) if zone else {}
    else:
        services = _services(sites, assumed.rates)
    return network(
        sites,
        services,
        book,
        currency=live.currency,
        centre=zone.centre if zone else None,
        serve_unpriced=assumed.rates is None,
        zone=zone.code if zone else "",
    )


def _book(live: RuleBook, assumed: Assumed) -> RuleBook:
    book = live
    if assumed.rules is not None:
        book = RuleBook(rules=assumed.rules, ranking=Ranking((Criterion.COST,)), name="assumed rules")
    if assumed.split_penalty_minor is not None:
        book = replace(book, split_penalty_minor=assumed.split_penalty_minor)
    if assumed.max_parcels is not None:
        book = replace(book, max_parcels=assumed.max_parcels)
    return book


def _services(sites: Sequence[Site], rates: Sequence[AssumedRate]) -> dict[int, list[Service]]:
    ids = {site.code: site.id for site in sites}
    services: dict[int, list[Service]] = {}
    for rate in rates:
        if rate.location in ids:
            service = Service(rate.service, rate.service, "", (Band(None, rate.cost_minor, rate.days),))
            services.setdefault(ids[rate.location], []).append(service)
    return services
