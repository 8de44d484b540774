"""What the rules do to an order and to each site, in words as well; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oms.routing import asking, words
from oms.routing.asking import Asked, ServiceAsked, SiteAsked, SiteView
from oms.routing.problem import UNPRICED, Demand, OrderFacts, Service, Site
from oms.routing.rules import ABOUT_SITES, Action, Does, Fact, IfNone, Rule, Sites


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule ready to be asked, with the words that its actions leave behind."""

    rule: Rule
    asks: tuple[Asked, ...]
    site_asks: tuple[SiteAsked, ...]
    service_asks: tuple[ServiceAsked, ...]
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
    """What the rules that fired do to one site; ``without`` has the (carrier, service) pairs that may not be used."""

    stock: list[int]
    dropped: bool = False
    unpreferred: tuple[int, ...] = ()
    effects: tuple[str, ...] = ()
    without: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """An order in front of the rules that fired for it; ``countries`` are those that have a site at all."""

    order: OrderFacts
    demand: Demand
    fired: tuple[Compiled, ...]
    countries: frozenset[str]


def compiled(rule: Rule, *, currency: str, names: Mapping[str, str], zone: str = "") -> Compiled:
    """Prepare a rule for the orders to one zone: a callable per condition about the order or about a site."""
    about_order = [each for each in rule.conditions if each.fact not in ABOUT_SITES | {Fact.SERVICE}]
    about_service = [each for each in rule.conditions if each.fact is Fact.SERVICE]
    service = words.services(about_service)
    return Compiled(
        rule,
        tuple(asking.asked(each, zone) for each in about_order),
        tuple(asking.asked_of_site(each) for each in rule.conditions if each.fact in ABOUT_SITES),
        tuple(asking.asked_of_service(each) for each in about_service),
        tuple(
            (action, f"Rule {rule.position}: {_effect(action, names, service)}") for action in rule.actions
        ),
    )


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


def _parcels(action: Action, order: OrderFacts) -> int | None:
    """The most parcels that an action lets the order have; None when it says nothing."""
    if action.does is Does.LIMIT_PARCELS:
        return action.number
    if action.does is Does.FORBID_SPLIT:
        return 1
    return 1 if action.does is Does.SPLIT_FROM_VALUE and order.value_minor < action.number else None


def treat(site: Site, stock: list[int], services: Sequence[Service], question: Question) -> Treatment:
    """Apply the rules that fired to one site and the services it has, from the top."""
    found = Treatment(stock)
    order = question.order
    view = asking.view(site, stock, order, question.demand)
    for rule in question.fired:
        touches = all(ask(view) for ask in rule.site_asks)
        for action, says in rule.says:
            if rule.service_asks:
                _narrow(rule, action, says, [*services, UNPRICED], (view, touches, found))
                continue
            _apply(action, says, (view, touches, stock), found)
            if touches and _is_out(action, view, order.destination.country, question.countries):
                found.dropped = True
                found.effects += (says,)
    if found.without and all((each.carrier, each.code) in found.without for each in services or (UNPRICED,)):
        found.dropped = True
    return found


def _narrow(
    rule: Compiled,
    action: Action,
    says: str,
    services: Sequence[Service],
    at: tuple[SiteView, bool, Treatment],
) -> None:
    """Take away the services that an action means, or all that it does not mean; having no rate is one too."""
    view, touches, found = at
    here = touches and means(action.sites, view.site)
    out = frozenset(
        (each.carrier, each.code)
        for each in services
        if (here and all(ask(each) for ask in rule.service_asks)) is (action.does is Does.EXCLUDE)
    )
    if not out <= found.without:
        found.without |= out
        found.effects += (says,)


def _is_out(action: Action, view: SiteView, to: str, countries: frozenset[str]) -> bool:
    """Whether an action drops a site for what it is, and not for being named."""
    site = view.site
    if action.does is Does.CAP_ORDERS:
        return means(action.sites, site) and view.orders_today >= action.number
    if action.does is Does.INSURED:
        return means(action.sites, site) and not site.is_insured
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


def _apply(action: Action, says: str, at: tuple[SiteView, bool, list[int]], found: Treatment) -> None:
    view, touches, has = at
    meant = touches and means(action.sites, view.site)
    if (action.does is Does.REQUIRE and not meant) or (action.does is Does.EXCLUDE and meant):
        found.dropped = True
        found.effects += (says,)
    elif action.does is Does.PREFER:
        found.unpreferred += (0 if meant else 1,)
        found.effects += (says,) if meant else ()
    elif action.does is Does.KEEP and meant:
        seen = ", ".join(str(pieces) for pieces in has)
        # Of several rules the one that keeps the most counts: what one keeps, the other keeps too.
        left = [max(0, pieces - action.number) for pieces in has]
        found.stock = [min(pair) for pair in zip(found.stock, left, strict=True)]
        found.effects += (f"{says}, has {seen}",)


def drops(action: Action, site: Site) -> bool:
    """Whether an action drops this site from every order that its rule is about."""
    meant = means(action.sites, site)
    if action.does is Does.INSURED:
        return meant and not site.is_insured
    return (action.does is Does.EXCLUDE and meant) or (action.does is Does.REQUIRE and not meant)


def means(chosen: Sites, site: Site) -> bool:
    """Whether an action that chose these sites means this one."""
    if chosen.codes and chosen.kinds:
        named = site.code in chosen.codes or site.kind in chosen.kinds
    elif chosen.codes:
        named = site.code in chosen.codes
    else:
        named = not chosen.kinds or site.kind in chosen.kinds
    return named and (not chosen.countries or site.country in chosen.countries)


def _effect(action: Action, names: Mapping[str, str], service: str = "") -> str:
    if action.does is Does.PREFER:
        return "preferred"
    if action.does is Does.KEEP:
        return f"keep {action.number} on the shelf"
    return words.action(action, names, service=service)
