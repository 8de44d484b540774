"""Stories of what would have been: a period is played again under other rules, sites, stock or rates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from inventory import history
from oms.core import audit
from oms.core.actors import Actor
from oms.core.errors import Refusal
from oms.core.transactions import owns_transaction
from oms.replays import queries
from oms.replays.models import Replay
from oms.replays.rules import Fate, NewSite, ReplayInvalid, Scenario, Tally
from oms.replays.services import replays
from oms.replays.simulation import Memory, Sale, Shift, Stock, play
from oms.routing import queries as routing_queries
from oms.routing.network import Network
from oms.routing.problem import Band, OrderFacts, Service
from oms.routing.queries import World
from oms.routing.tables import Tables

CHUNK = 500
MOST_ORDERS = 200_000
NEW_SITE = -1
Clock = Callable[[], datetime]
NOBODY = Fate((), 0, 0, 0, 0)


@owns_transaction()
def ask(
    name: str, period: tuple[datetime, datetime], scenario: Scenario, *, actor: Actor, at: datetime
) -> Replay:
    """Queue a replay of a past period.

    Raises ``ReplayInvalid``, ``RuleSetNotFound``, ``RuleInvalid``, ``TooManyReplays``.
    """
    _check(period, scenario, at)
    said = asdict(scenario) | {"rates_on": scenario.rates_on.isoformat() if scenario.rates_on else None}
    replay = replays.ask(
        name.strip() or "Replay",
        period,
        said,
        currency=routing_queries.shop_currency(),
        actor=actor,
        at=at,
    )
    audit.record("replay.asked", "replay", str(replay.pk), actor=actor, at=at, changes=said)
    return replay


def run(replay_id: UUID, *, clock: Clock) -> bool:
    """Work on one replay until it is done; whether this worker did it."""
    fence = _hold(replay_id, at=clock())
    if fence is None:
        return False
    try:
        _run(replay_id, fence, clock)
    except Refusal as refusal:
        _finish(replay_id, fence, {}, at=clock(), failure=str(refusal))
    return True


def _run(replay_id: UUID, fence: int, clock: Clock) -> None:
    replay = queries.replay(replay_id)
    scenario = scenario_of(replay.scenario)
    begins_at, ends_at = replay.begins_at, replay.ends_at
    stamp = routing_queries.stamp() or 0
    world = changed(routing_queries.world(scenario.rates_on), scenario)
    stock, shifts = _stocked(world, scenario, begins_at, ends_at)
    tables: dict[tuple[str, str], Tables] = {}

    def network_of(facts: OrderFacts) -> Network:
        key = (facts.channel, facts.customer_type)
        if key not in tables:
            tables[key] = world.tables(*key)
        return tables[key].network(facts.destination)

    sold = sorted({sku_id for _, sku_id in stock})
    memory = Memory(lambda at: history.paces(sold, at=at))
    fates = play(queries.sales(begins_at, ends_at, stamp), shifts, stock, network_of, memory)
    before, after = Tally(), Tally()
    changed_orders = 0
    while chunk := list(islice(fates, CHUNK)):
        actual = queries.actual_fates([sale.order_id for sale, _ in chunk])
        rows = [(sale, actual.get(sale.order_id, NOBODY), fate) for sale, fate in chunk]
        for _, was, would_be in rows:
            before.add(was)
            after.add(would_be)
            changed_orders += (was.sites, was.unfilled) != (would_be.sites, would_be.unfilled)
        if not _keep(replay_id, fence, rows, at=clock()):
            return
    summary = {"before": before.as_dict(), "after": after.as_dict(), "changed": changed_orders}
    _finish(replay_id, fence, summary, at=clock())


def scenario_of(said: Mapping[str, object]) -> Scenario:
    """The scenario that was stored."""
    site, rates_on = said.get("new_site"), said.get("rates_on")
    return Scenario(
        versions=tuple(said.get("versions", ())),  # type: ignore[arg-type]  # JSON of our own making
        without=tuple(said.get("without", ())),  # type: ignore[arg-type]
        new_site=NewSite(**site) if isinstance(site, dict) else None,
        stock_percent=int(str(said.get("stock_percent", 100))),
        rate_percent=tuple((code, percent) for code, percent in said.get("rate_percent", ())),  # type: ignore[attr-defined]
        rates_on=date.fromisoformat(str(rates_on)) if rates_on else None,
    )


def changed(world: World, scenario: Scenario) -> World:
    """The world with other rules, sites and rates.

    Raises ``RuleSetNotFound``, ``RuleInvalid``.
    """
    books = dict(world.books)
    for version_id in scenario.versions:
        key, book = routing_queries.book_with_key(version_id)
        books[key] = book
    sites = [
        replace(site, enabled=site.enabled and site.code not in scenario.without) for site in world.sites
    ]
    ids = {site.code: site.id for site in sites}
    percents = {ids[code]: percent for code, percent in scenario.rate_percent if code in ids}
    rates = {
        zone: {
            site: [_scaled(each, percents.get(site, 100)) for each in services]
            for site, services in at.items()
        }
        for zone, at in world.rates.items()
    }
    new = scenario.new_site
    if new is not None:
        like = next(site for site in sites if site.code == new.rates_of)
        sites.append(replace(like, id=NEW_SITE, code=new.code, name=new.code, enabled=True))
        for at in rates.values():
            if like.id in at:
                at[NEW_SITE] = at[like.id]
    return World(tuple(sites), world.addresses, rates, world.currency, books)


def _scaled(service: Service, percent: int) -> Service:
    if percent == 100:
        return service
    bands = tuple(
        Band(each.up_to_grams, each.cost_minor * percent // 100, each.days) for each in service.bands
    )
    return Service(service.code, service.name, service.carrier, bands)


def _stocked(
    world: World, scenario: Scenario, begins_at: datetime, ends_at: datetime
) -> tuple[Stock, list[Shift]]:
    """Opening stock and what moved since, scaled, with the new site's share taken from everybody."""
    stock = {
        place: _percent(pieces, scenario.stock_percent)
        for place, pieces in queries.stock_at(begins_at).items()
    }
    shifts = [
        Shift(each.at, each.place, _percent(each.pieces, scenario.stock_percent))
        for each in queries.shifts(begins_at, ends_at)
    ]
    if scenario.new_site is None:
        return stock, shifts
    share = scenario.new_site.stock_percent
    for (site, sku), pieces in list(stock.items()):
        moved = _percent(max(0, pieces), share)
        stock[site, sku] -= moved
        stock[NEW_SITE, sku] = stock.get((NEW_SITE, sku), 0) + moved
    dealt: list[Shift] = []
    for each in shifts:
        moved = _percent(each.pieces, share) if each.pieces > 0 else 0
        dealt.append(Shift(each.at, each.place, each.pieces - moved))
        dealt += [Shift(each.at, (NEW_SITE, each.place[1]), moved)] if moved else []
    return stock, dealt


def _percent(pieces: int, percent: int) -> int:
    return pieces * percent // 100 if pieces >= 0 else -(-pieces * percent // 100)


def _check(period: tuple[datetime, datetime], scenario: Scenario, at: datetime) -> None:
    begins_at, ends_at = period
    if not begins_at < ends_at <= at:
        raise _wrong("#/from", "A period lies in the past and ends after it begins.")
    orders = queries.orders_between(*period).count()
    if not orders:
        raise _wrong("#/from", "No order was placed in that period.")
    if orders > MOST_ORDERS:
        raise _wrong("#/until", f"{orders:,} orders are too many: choose at most {MOST_ORDERS:,}.")
    known = {site.code for site in routing_queries.world(None).sites}
    for code in (*scenario.without, *[code for code, _ in scenario.rate_percent]):
        if code not in known:
            raise _wrong("#/without", f"There is no location {code}.")
    if scenario.new_site is not None and scenario.new_site.rates_of not in known:
        raise _wrong("#/new_location/rates_of", f"There is no location {scenario.new_site.rates_of}.")
    if scenario.new_site is not None and scenario.new_site.code in known:
        raise _wrong("#/new_location/code", f"{scenario.new_site.code} is there already.")
    for version_id in scenario.versions:
        routing_queries.book_with_key(version_id)


def _wrong(at: str, what: str) -> ReplayInvalid:
    return ReplayInvalid(what, problems=((at, what),))


@owns_transaction()
def _hold(replay_id: UUID, *, at: datetime) -> int | None:
    replay = queries.lock_replay(replay_id)
    orders = queries.orders_between(replay.begins_at, replay.ends_at).count()
    return replays.hold(replay, orders=orders, at=at)


@owns_transaction()
def _keep(replay_id: UUID, fence: int, rows: Sequence[tuple[Sale, Fate, Fate]], *, at: datetime) -> bool:
    replay = queries.lock_replay(replay_id)
    if replay.fence != fence:
        return False
    replays.keep(replay, rows, at=at)
    return True


@owns_transaction()
def _finish(
    replay_id: UUID, fence: int, summary: Mapping[str, object], *, at: datetime, failure: str = ""
) -> None:
    replay = queries.lock_replay(replay_id)
    if replay.fence == fence:
        replays.finish(replay, summary, at=at, failure=failure)
