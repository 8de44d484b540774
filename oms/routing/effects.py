"""What the rules do to an order and to each site, in words as well; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from oms.routing import words
from oms.routing.problem import Demand, OrderFacts, Site
from oms.routing.rules import ABOUT_SITES, Action, Condition, Does, Fact, IfNone, Rule, Sites, Test

Asked = Callable[[OrderFacts, Demand], bool]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule ready to be asked, with the words that its actions leave behind."""

    rule: Rule
    asks: tuple[Asked, ...]
    below: int | None
    above: int | None
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


def compiled(rule: Rule, *, currency: str, names: Mapping[str, str]) -> Compiled:
    """Prepare a rule: one callable per condition about the order, limits for those about a site."""
    below = above = None
    asks: list[Asked] = []
    for condition in rule.conditions:
        if condition.fact not in ABOUT_SITES:
            asks.append(_asked(condition))
        elif condition.test is Test.BELOW:
            below = condition.number
        else:
            above = condition.number
    says = tuple((action, f"Rule {rule.position}: {_effect(action, names)}") for action in rule.actions)
    return Compiled(rule, tuple(asks), below, above, says)


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
            limit = 1 if action.does is Does.FORBID_SPLIT else action.number
            if action.does not in (Does.FORBID_SPLIT, Does.LIMIT_PARCELS):
                continue
            if found.max_parcels is None or limit < found.max_parcels:
                found.max_parcels, found.split_rule = limit, says
    return found


def treat(site: Site, stock: list[int], demand: Demand, fired: tuple[Compiled, ...]) -> Treatment:
    """Apply the rules that fired to one site, from the top."""
    found = Treatment(stock)
    for rule in fired:
        touches = _touches(rule, stock)
        for action, says in rule.says:
            _apply(action, says, site, touches, found)
    return found


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


def _apply(action: Action, says: str, site: Site, touches: bool, found: Treatment) -> None:
    meant = touches and _means(action.sites, site)
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


def _touches(rule: Compiled, stock: list[int]) -> bool:
    least = min(stock)
    return (rule.below is None or least < rule.below) and (rule.above is None or least > rule.above)


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


def _number(fact: Fact) -> Callable[[OrderFacts, Demand], int]:
    if fact is Fact.VALUE:
        return lambda order, demand: order.value_minor
    return lambda order, demand: demand.weight_grams


_TEXT: dict[Fact, Callable[[OrderFacts], str]] = {
    Fact.CHANNEL: lambda order: order.channel,
    Fact.CUSTOMER_TYPE: lambda order: order.customer_type,
    Fact.COUNTRY: lambda order: order.destination.country,
    Fact.REGION: lambda order: order.destination.region,
    Fact.POSTCODE: lambda order: order.destination.postcode,
}


def _asked(condition: Condition) -> Asked:
    fact, values, number = condition.fact, frozenset(map(str.casefold, condition.values)), condition.number
    if condition.test is Test.ABOVE:
        read = _number(fact)
        return lambda order, demand: read(order, demand) > number
    if condition.test is Test.BELOW:
        read = _number(fact)
        return lambda order, demand: read(order, demand) < number
    if fact in _TEXT:
        return _asked_text(_TEXT[fact], condition.test, values)
    wanted = condition.test is Test.IS
    if fact is Fact.SKU:
        return lambda order, demand: (not values.isdisjoint(map(str.casefold, demand.codes))) is wanted
    return lambda order, demand: _tagged(order, values) is wanted


def _asked_text(text: Callable[[OrderFacts], str], test: Test, values: frozenset[str]) -> Asked:
    if test is Test.STARTS_WITH:
        starts = tuple(values)
        return lambda order, demand: text(order).casefold().startswith(starts)
    wanted = test is Test.IS
    return lambda order, demand: (text(order).casefold() in values) is wanted


def _tagged(order: OrderFacts, values: frozenset[str]) -> bool:
    tags = order.tags.union(*[line.tags for line in order.lines])
    return any(tag.casefold() in values for tag in tags)
