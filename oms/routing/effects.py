"""What the rules do to an order and to each site, in words as well; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from oms.routing import words
from oms.routing.problem import Demand, OrderFacts, Site
from oms.routing.rules import (
    ABOUT_SITES,
    WEEKDAYS,
    Action,
    Condition,
    Does,
    Fact,
    IfNone,
    Rule,
    Sites,
    Test,
)

Asked = Callable[[OrderFacts, Demand], bool]


@dataclass(frozen=True, slots=True)
class SiteView:
    """One site as rules about sites see it: the least it has of any SKU, orders given today, and its own clock."""

    site: Site
    least: int
    orders_today: int
    here: datetime | None

    @property
    def orders_left(self) -> int:
        """Orders that it may still be given today."""
        limit = self.site.orders_per_day
        return NO_LIMIT if limit is None else max(0, limit - self.orders_today)


SiteAsked = Callable[[SiteView], bool]
NO_LIMIT = 1 << 40


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule ready to be asked, with the words that its actions leave behind."""

    rule: Rule
    asks: tuple[Asked, ...]
    site_asks: tuple[SiteAsked, ...]
    says: tuple[tuple[Action, str], ...]


@dataclass(slots=True)
class Verdict:
    """What the rules that fired do to one order as a whole."""

    fired: tuple[Compiled, ...] = ()
    max_parcels: int | None = None
    holds: tuple[str, ...] = ()
    split_rule: str = ""


@dataclass(slots=True)
class Treatment:
    """What the rules that fired do to one site."""

    stock: list[int]
    dropped: bool = False
    unpreferred: tuple[int, ...] = ()
    effects: tuple[str, ...] = ()


def compiled(rule: Rule, *, currency: str, names: Mapping[str, str], zone: str = "") -> Compiled:
    """Prepare a rule for the orders to one zone: a callable per condition about the order or about a site."""
    asks = [_asked(each, zone) for each in rule.conditions if each.fact not in ABOUT_SITES]
    site_asks = [_asked_of_site(each) for each in rule.conditions if each.fact in ABOUT_SITES]
    says = tuple((action, f"Rule {rule.position}: {_effect(action, names)}") for action in rule.actions)
    return Compiled(rule, tuple(asks), tuple(site_asks), says)


def verdict(
    rules: tuple[Compiled, ...], order: OrderFacts, demand: Demand, max_parcels: int | None
) -> Verdict:
    """Ask each rule once about the order."""
    found = Verdict(max_parcels=max_parcels)
    for rule in rules:
        if not all(ask(order, demand) for ask in rule.asks):
            continue
        found.fired += (rule,)
        for action, says in rule.says:
            if action.does is Does.HOLD:
                found.holds += (says,)
            elif action.does is Does.ALLOW_SPLIT:
                found.max_parcels, found.split_rule = None, says
            limit = _parcels(action, order)
            if limit is not None and (found.max_parcels is None or limit < found.max_parcels):
                found.max_parcels, found.split_rule = limit, says
    return found


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _parcels(action: Action, order: OrderFacts) -> int | None:
    """The most parcels that an action lets the order have; None when it says nothing."""
    if action.does is Does.LIMIT_PARCELS:
        return action.number
    if action.does is Does.FORBID_SPLIT:
        return 1
    return 1 if action.does is Does.SPLIT_FROM_VALUE and order.value_minor < action.number else None


def treat(
    site: Site, stock: list[int], order: OrderFacts, fired: tuple[Compiled, ...], countries: frozenset[str]
) -> Treatment:
    """Apply the rules that fired to one site, from the top; ``countries`` are those that have a site at all."""
    found = Treatment(stock)
    view = _view(site, stock, order)
    for rule in fired:
        touches = all(ask(view) for ask in rule.site_asks)
        for action, says in rule.says:
            _apply(action, says, view, touches, found)
            if touches and _is_out(action, view, order.destination.country, countries):
                found.dropped = True
                found.effects += (says,)
    return found


def _view(site: Site, stock: list[int], order: OrderFacts) -> SiteView:
    here = order.asked_at.astimezone(_zone(site.timezone)) if order.asked_at else None
    return SiteView(site, min(stock), order.loads.get(site.id, 0), here)


def _is_out(action: Action, view: SiteView, to: str, countries: frozenset[str]) -> bool:
    """Whether an action drops a site for what it is, and not for being named."""
    site = view.site
    if action.does is Does.CAP_ORDERS:
        return _means(action.sites, site) and view.orders_today >= action.number
    if action.does is Does.INSURED:
        return _means(action.sites, site) and not site.is_insured
    if action.does is Does.LOCAL:
        if to in countries:
            return site.country != to
        return bool(action.sites.countries) and site.country not in action.sites.countries
    return False


def preferences(treatments: Sequence[Treatment]) -> list[int]:
    """How little each kept site is preferred; an earlier rule outweighs any number of later ones.

    A preference that no kept site meets counts for none.
    """
    counts = [
        index
        for index, column in enumerate(zip(*[each.unpreferred for each in treatments], strict=True))
        if 0 in column
    ]
    return [
        sum(each.unpreferred[i] << (8 * (len(counts) - place)) for place, i in enumerate(counts))
        for each in treatments
    ]


def nobody_left(if_none: IfNone) -> tuple[str, ...]:
    """The hold that follows when the rules leave no site."""
    return ("The rules leave no site for this order.",) if if_none is IfNone.ASK else ()


def _apply(action: Action, says: str, view: SiteView, touches: bool, found: Treatment) -> None:
    meant = touches and _means(action.sites, view.site)
    if (action.does is Does.REQUIRE and not meant) or (action.does is Does.EXCLUDE and meant):
        found.dropped = True
        found.effects += (says,)
    elif action.does is Does.PREFER:
        found.unpreferred += (0 if meant else 1,)
        found.effects += (says,) if meant else ()
    elif action.does is Does.KEEP and meant:
        seen = ", ".join(str(pieces) for pieces in found.stock)
        found.stock = [max(0, pieces - action.number) for pieces in found.stock]
        found.effects += (f"{says}, has {seen}",)


def _means(chosen: Sites, site: Site) -> bool:
    if chosen.codes and chosen.kinds:
        named = site.code in chosen.codes or site.kind in chosen.kinds
    elif chosen.codes:
        named = site.code in chosen.codes
    else:
        named = not chosen.kinds or site.kind in chosen.kinds
    return named and (not chosen.countries or site.country in chosen.countries)


def _effect(action: Action, names: Mapping[str, str]) -> str:
    if action.does is Does.PREFER:
        return "preferred"
    if action.does is Does.KEEP:
        return f"keep {action.number} on the shelf"
    return words.action(action, names)


def _age(order: OrderFacts) -> int:
    """Whole hours since the order was placed."""
    if order.asked_at is None or order.placed_at is None:
        return 0
    return int((order.asked_at - order.placed_at).total_seconds() // 3600)


_NUMBER: dict[Fact, Callable[[OrderFacts, Demand], int]] = {
    Fact.VALUE: lambda order, demand: order.value_minor,
    Fact.WEIGHT: lambda order, demand: demand.weight_grams,
    Fact.LONGEST_SIDE: lambda order, demand: max(line.longest_mm for line in order.lines),
    Fact.VOLUME: lambda order, demand: sum(line.volume_ml * line.quantity for line in order.lines),
    Fact.ORDER_AGE: lambda order, demand: _age(order),
}
_SITE_NUMBER: dict[Fact, Callable[[SiteView], int]] = {
    Fact.AVAILABLE: lambda view: view.least,
    Fact.ORDERS_LEFT: lambda view: view.orders_left,
    Fact.HOUR: lambda view: view.here.hour if view.here else 0,
}
_GROUP: dict[Fact, Callable[[OrderFacts], frozenset[str]]] = {
    Fact.SKU: lambda order: frozenset(line.sku.casefold() for line in order.lines),
    Fact.TAG: lambda order: frozenset(
        tag.casefold() for tag in order.tags.union(*[line.tags for line in order.lines])
    ),
    Fact.CATEGORY: lambda order: frozenset(line.category.casefold() for line in order.lines),
    Fact.HAZARD: lambda order: frozenset(line.hazard.casefold() for line in order.lines),
}


_TEXT: dict[Fact, Callable[[OrderFacts], str]] = {
    Fact.CHANNEL: lambda order: order.channel,
    Fact.CUSTOMER_TYPE: lambda order: order.customer_type,
    Fact.COUNTRY: lambda order: order.destination.country,
    Fact.REGION: lambda order: order.destination.region,
    Fact.POSTCODE: lambda order: order.destination.postcode,
    Fact.SHIPPING_OPTION: lambda order: order.shipping_option,
}


def _asked_of_site(condition: Condition) -> SiteAsked:
    if condition.fact is Fact.WEEKDAY:
        wanted, values = condition.test is Test.IS, frozenset(map(str.casefold, condition.values))
        return lambda view: (view.here is not None and WEEKDAYS[view.here.weekday()] in values) is wanted
    read, number = _SITE_NUMBER[condition.fact], condition.number
    if condition.test is Test.ABOVE:
        return lambda view: read(view) > number
    return lambda view: read(view) < number


def _asked(condition: Condition, zone: str) -> Asked:
    fact, values, number = condition.fact, frozenset(map(str.casefold, condition.values)), condition.number
    if condition.test is Test.ABOVE:
        read = _NUMBER[fact]
        return lambda order, demand: read(order, demand) > number
    if condition.test is Test.BELOW:
        read = _NUMBER[fact]
        return lambda order, demand: read(order, demand) < number
    if fact in _TEXT:
        return _asked_text(_TEXT[fact], condition.test, values)
    wanted = condition.test is Test.IS
    if fact is Fact.ZONE:
        holds = (zone.casefold() in values) is wanted
        return lambda order, demand: holds
    group = _GROUP[fact]
    return lambda order, demand: (not values.isdisjoint(group(order))) is wanted


def _asked_text(text: Callable[[OrderFacts], str], test: Test, values: frozenset[str]) -> Asked:
    if test is Test.STARTS_WITH:
        starts = tuple(values)
        return lambda order, demand: text(order).casefold().startswith(starts)
    if test is Test.BETWEEN:
        low, high = sorted(values, key=_sortable) if len(values) > 1 else (*values, *values)
        return lambda order, demand: _sortable(low) <= _sortable(text(order).casefold()) <= _sortable(high)
    wanted = test is Test.IS
    return lambda order, demand: (text(order).casefold() in values) is wanted


def _sortable(postcode: str) -> tuple[int, int, str]:
    """Postcodes of digits by their number, others by their letters; the two kinds never mix."""
    text = postcode.replace(" ", "")
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
