"""What is wrong or odd about a rule book, found before any order meets it; pure.

A finding that *stops* means that a rule can never do anything, or names what is not there: such a draft is not tested.
The others only want to be looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from oms.routing import words
from oms.routing.contradictions import implied, impossible
from oms.routing.effects import drops, means
from oms.routing.network import counts_scarcity
from oms.routing.problem import Site
from oms.routing.rules import (
    ABOUT_SITES,
    Action,
    Condition,
    Criterion,
    Does,
    Fact,
    IfNone,
    Rule,
    RuleBook,
    Test,
)

_ON_SITES = frozenset({Does.PREFER, Does.EXCLUDE, Does.KEEP, Does.CAP_ORDERS})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a rule (0: about the version), where in it, and what to do."""

    rule: int
    at: str
    says: str
    stops: bool = True

    @property
    def where(self) -> str:
        """``Rule 3``, or nothing when it is about the whole."""
        return f"Rule {self.rule}" if self.rule else ""


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to name. Texts are folded; of SKUs, tags, categories and hazards only those that the book names.

    ``skus`` and ``channels`` tell whether each is active; ``elsewhere`` has the (channel, customer type) of other live
    rule sets, which take those orders away from a set that is for more.
    """

    channel: str = ""
    customer_type: str = ""
    sites: tuple[Site, ...] = ()
    channels: Mapping[str, bool] = field(default_factory=dict)
    skus: Mapping[str, bool] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    hazards: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    elsewhere: frozenset[tuple[str, str]] = frozenset()

    @property
    def active(self) -> tuple[Site, ...]:
        """The sites that may ship."""
        return tuple(site for site in self.sites if site.enabled)


def findings(book: RuleBook, known: Known) -> tuple[Finding, ...]:
    """All there is to say, rule by rule, and then about the whole."""
    found: list[Finding] = []
    for rule in book.rules:
        found += _conditions(rule, known)
        found += _actions(rule, known)
    found += _shadows(book, known)
    found += _whole(book, known)
    return tuple(sorted(found, key=lambda each: (each.rule == 0, each.rule, not each.stops)))


def _conditions(rule: Rule, known: Known) -> Iterator[Finding]:
    never = impossible(rule.conditions)
    if never:
        place, why = never
        yield Finding(rule.position, f"conditions/{place}", f"{why} It can never fire: change one of them.")
    for place, asked in enumerate(rule.conditions):
        for says, stops in (*_scope(asked, known), *_unknown(asked, known)):
            yield Finding(rule.position, f"conditions/{place}", says, stops)
    facts = {each.fact for each in rule.conditions}
    ranges = [each for each in rule.conditions if each.fact is Fact.POSTCODE and each.test is not Test.IS_NOT]
    if ranges and not facts & {Fact.COUNTRY, Fact.ZONE, Fact.REGION}:
        place = rule.conditions.index(ranges[0])
        says = "Other countries have such postcodes too: add the destination country."
        yield Finding(rule.position, f"conditions/{place}", says, stops=False)


def _scope(asked: Condition, known: Known) -> Iterator[tuple[str, bool]]:
    """A channel or customer type that this rule set never sees, or always does."""
    own = {Fact.CHANNEL: known.channel, Fact.CUSTOMER_TYPE: known.customer_type}.get(asked.fact, "")
    if own:
        meets = (own.casefold() in map(str.casefold, asked.values)) is (asked.test is Test.IS)
        if not meets:
            yield (
                f"This rule set is only for {own}, so the rule can never fire: take the condition out.",
                True,
            )
        else:
            yield f"This rule set is only for {own} anyway: the condition can go.", False
    if asked.fact is Fact.CHANNEL and not known.channel and asked.test is Test.IS:
        types = (known.customer_type,) if known.customer_type else ("", "b2c", "b2b")
        taken = [each for each in asked.values if any((each, kind) in known.elsewhere for kind in types)]
        if taken:
            yield f"{words.listed(taken)} has a live rule set of its own: write this rule there.", False


def _unknown(asked: Condition, known: Known) -> Iterator[tuple[str, bool]]:
    if asked.fact in (Fact.SKU, Fact.CHANNEL):
        yield from _unknown_codes(asked, known)
    lists = {
        Fact.ZONE: (known.zones, f"There is no zone {{}}: choose one of {_some(known.zones)}.", True),
        Fact.SERVICE: (known.services, "No rate card has the service {}: choose one that has rates.", True),
        Fact.TAG: (known.tags, "No SKU has the tag {} yet.", False),
        Fact.CATEGORY: (known.categories, "No SKU is of the category {} yet.", False),
        Fact.HAZARD: (known.hazards, "No SKU is of the hazard class {} yet.", False),
    }
    if asked.fact in lists:
        there, says, stops = lists[asked.fact]
        yield from ((says.format(value), stops) for value in asked.values if value.casefold() not in there)
    if asked.fact is Fact.COUNTRY:
        strange = [value for value in asked.values if len(value) != 2 or not value.isalpha()]
        yield from (
            (f"{value} is no country code: write two letters, such as AU.", True) for value in strange
        )
    if asked.fact is Fact.CUSTOMER_TYPE and not {each.casefold() for each in asked.values} <= {"b2c", "b2b"}:
        yield "Customer types are b2c and b2b.", True
    if asked.fact is Fact.ORDERS_LEFT and not _counted(known):
        yield "No active site has a figure of orders per day: set it on the location first.", False


def _unknown_codes(asked: Condition, known: Known) -> Iterator[tuple[str, bool]]:
    there, noun = (known.skus, "SKU") if asked.fact is Fact.SKU else (known.channels, "channel")
    for value in asked.values:
        active = there.get(value.casefold())
        if active is None:
            yield f"There is no {noun} {value}: choose one that exists.", True
        elif not active:
            yield f"The {noun} {value} is not active, so no new order has it.", False


def _counted(known: Known) -> bool:
    return any(site.orders_per_day is not None for site in known.active)


def _actions(rule: Rule, known: Known) -> Iterator[Finding]:
    codes = {site.code: site for site in known.sites}
    kinds = {site.kind for site in known.sites} | {"own", "3pl", "supplier"}
    countries = {site.country for site in known.sites}
    for place, done in enumerate(rule.actions):
        at = f"actions/{place}"
        for code in done.sites.codes:
            if code not in codes:
                yield Finding(rule.position, at, f"No location is called {code}: choose one that exists.")
            elif not codes[code].enabled:
                yield Finding(
                    rule.position, at, f"{codes[code].name} is not active and ships nothing.", False
                )
        for kind in done.sites.kinds:
            if kind not in kinds:
                yield Finding(rule.position, at, f"Locations are own, 3pl or supplier, not {kind}.")
        for country in done.sites.countries:
            if country not in countries:
                yield Finding(rule.position, at, f"No location stands in {country}.", stops=False)


def _shadows(book: RuleBook, known: Known) -> Iterator[Finding]:
    """Rules that nothing is left for, and those that leave nothing themselves."""
    if not known.active:
        return
    for place, rule in enumerate(book.rules):
        before, last = _left(book.rules[:place], rule, known)
        after, _ = _left(book.rules[: place + 1], rule, known)
        others = [done for done in rule.actions if done.does is not Does.HOLD]
        if not before:
            if others:
                says = (
                    f"Rule {last} leaves no site for these orders, so this does nothing: move or change one."
                )
                yield Finding(rule.position, "", says)
            continue
        if not after:
            yield _nothing_left(rule, book)
        elif last:
            yield from _gone(rule, before, last, known)


def _left(rules: Sequence[Rule], to: Rule, known: Known) -> tuple[list[Site], int]:
    """The active sites that these rules leave for all orders that ``to`` is about, and the rule that dropped the last.

    Rules that ask about a site or a service are left out: they may drop nothing.
    """
    left, last = list(known.active), 0
    for rule in rules:
        if any(each.fact in ABOUT_SITES | {Fact.SERVICE} for each in rule.conditions):
            continue
        if not implied(rule.conditions, to.conditions):
            continue
        kept = [site for site in left if not any(drops(done, site) for done in rule.actions)]
        last = rule.position if len(kept) < len(left) else last
        left = kept
        if not left:
            break
    return left, last


def _nothing_left(rule: Rule, book: RuleBook) -> Finding:
    if not rule.conditions:
        says = "With this rule no site is left for any order: name fewer sites, or give it a condition."
        return Finding(rule.position, "", says)
    then = {
        IfNone.BACKORDER: "they wait for stock",
        IfNone.ASK: "they are held for a person",
        IfNone.REFUSE: "they are refused",
        IfNone.ANY_SITE: "any site may ship them",
    }[book.if_none]
    return Finding(rule.position, "", f"No site is left for these orders: {then}.", stops=False)


def _gone(rule: Rule, left: Sequence[Site], last: int, known: Known) -> Iterator[Finding]:
    """Actions that mean only sites which earlier rules have dropped."""
    for place, done in enumerate(rule.actions):
        meant = [site for site in known.active if means(done.sites, site)]
        if done.does in _ON_SITES and meant and not any(site in left for site in meant):
            says = f"Rule {last} has dropped every site that this names: it does nothing."
            yield Finding(rule.position, f"actions/{place}", says, stops=False)


def _whole(book: RuleBook, known: Known) -> Iterator[Finding]:
    ranking = book.ranking
    if ranking.weights and not any(ranking.weights):
        yield Finding(0, "weights", "Every weight is 0, so nothing counts: give one of them a weight.")
    if Criterion.UTILISATION in ranking.criteria and not _counted(known):
        says = "No active site has a figure of orders per day, so the least busy site is not known."
        yield Finding(0, "criteria", says, stops=False)
    if book.split_penalty_minor and Criterion.COST not in ranking.criteria:
        says = "The cost of a split counts only where lowest cost is ranked."
        yield Finding(0, "split_penalty", says, stops=False)
    if book.scarcity_minor and not counts_scarcity(ranking):
        says = "Scarce stock counts only where lowest cost is ranked, and before fewest days: change that, or write 0."
        yield Finding(0, "scarcity", says)
    seen: dict[tuple[tuple[Condition, ...], tuple[Action, ...]], int] = {}
    for rule in book.rules:
        first = seen.setdefault((rule.conditions, rule.actions), rule.position)
        if first != rule.position:
            yield Finding(
                rule.position, "", f"This says the same as rule {first}: one of them can go.", False
            )
        for place, done in enumerate(rule.actions):
            if done.does is Does.LIMIT_PARCELS and book.max_parcels and done.number >= book.max_parcels:
                says = f"No order has more than {words.counted(book.max_parcels, 'parcel')} anyway."
                yield Finding(rule.position, f"actions/{place}", says, stops=False)


def _some(values: frozenset[str]) -> str:
    shown = [value.upper() for value in sorted(values)]
    return ", ".join(shown[:8]) + (" …" if len(shown) > 8 else "") if shown else "none yet"
