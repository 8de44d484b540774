"""Rules, rankings and plans as sentences that a manager reads; pure."""

from collections.abc import Mapping, Sequence

from oms.core.money import Money
from oms.routing.rules import (
    NUMBERS,
    Action,
    Condition,
    Criterion,
    Does,
    Fact,
    IfNone,
    Ranking,
    Rule,
    RuleBook,
    Sites,
    Test,
)

_FACTS = {
    Fact.CHANNEL: "the channel",
    Fact.CUSTOMER_TYPE: "the customer type",
    Fact.COUNTRY: "the destination country",
    Fact.REGION: "the destination region",
    Fact.POSTCODE: "the destination postcode",
    Fact.VALUE: "the order value",
    Fact.WEIGHT: "the order weight",
    Fact.SKU: "a SKU",
    Fact.TAG: "a tag",
    Fact.AVAILABLE: "the stock at a site",
    Fact.ZONE: "the destination zone",
    Fact.CATEGORY: "a category",
    Fact.HAZARD: "a hazard class",
    Fact.LONGEST_SIDE: "the longest side",
    Fact.VOLUME: "the order volume",
    Fact.SHIPPING_OPTION: "the shipping option",
    Fact.ORDER_AGE: "the order's age",
    Fact.ORDERS_LEFT: "what a site can still take today",
    Fact.HOUR: "the hour at a site",
    Fact.WEEKDAY: "the day at a site",
    Fact.COVER: "the stock at a site",
    Fact.SERVICE: "the carrier's service",
}
_TESTS = {
    Test.IS: "is",
    Test.IS_NOT: "is not",
    Test.STARTS_WITH: "starts with",
    Test.ABOVE: "is above",
    Test.BELOW: "is below",
    Test.BETWEEN: "is from",
}
_CRITERIA = {
    Criterion.PARCELS: "fewest parcels",
    Criterion.COST: "lowest cost",
    Criterion.DAYS: "fewest days",
    Criterion.DISTANCE: "nearest site",
    Criterion.UTILISATION: "least busy site",
}
_UNITS = {
    Fact.WEIGHT: " g",
    Fact.LONGEST_SIDE: " mm",
    Fact.VOLUME: " ml",
    Fact.ORDER_AGE: " hours",
    Fact.ORDERS_LEFT: " orders",
    Fact.HOUR: ":00",
}
_IF_NONE = {
    IfNone.BACKORDER: "the order waits for stock",
    IfNone.ASK: "the order is held for a person",
    IfNone.REFUSE: "the order is refused",
    IfNone.ANY_SITE: "any site may ship, as if there were no rules",
}
_KINDS = {"own": "own sites", "3pl": "3PL partners", "supplier": "suppliers"}
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_LABELS = {
    Does.PREFER: "Prefer",
    Does.EXCLUDE: "Never ship from",
    Does.REQUIRE: "Ship only from",
    Does.KEEP: "Keep on the shelf",
    Does.CAP_ORDERS: "Cap orders a day",
    Does.FORBID_SPLIT: "Do not split",
    Does.LIMIT_PARCELS: "Limit parcels",
    Does.ALLOW_SPLIT: "Allow splitting",
    Does.SPLIT_FROM_VALUE: "Split only from a value",
    Does.INSURED: "Only insured sites",
    Does.LOCAL: "Domestic to local",
    Does.HOLD: "Hold for a person",
}

Names = Mapping[str, str]


def amount(minor: int, currency: str) -> str:
    """The amount as a decimal string, such as ``6.00``."""
    return Money(minor, currency).as_text()


def listed(words: Sequence[str], *, last: str = "and") -> str:
    """One thing, ``a and b``, or ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def counted(number: int, noun: str) -> str:
    """``one parcel``, ``two parcels``, ``12 parcels``."""
    word = _COUNTS[number] if 0 <= number < len(_COUNTS) else str(number)
    return f"{word} {noun}" if number == 1 else f"{word} {noun}s"


def days(number: int) -> str:
    """``1 day``, ``3 days``."""
    return "1 day" if number == 1 else f"{number} days"


def condition(asked: Condition, currency: str) -> str:
    """The question as a clause: ``the order value is above 500.00``."""
    if asked.fact is Fact.COVER:
        return f"{_FACTS[asked.fact]} lasts {'more' if asked.test is Test.ABOVE else 'less'} than {days(asked.number)}"
    if asked.fact is Fact.VALUE:
        value = f"{amount(asked.number, currency)} {currency}"
    elif asked.fact in NUMBERS:
        value = f"{asked.number}{_UNITS.get(asked.fact, '')}"
    elif asked.test is Test.BETWEEN:
        value = " to ".join(asked.values)
    else:
        value = listed(asked.values, last="or")
    return f"{_FACTS[asked.fact]} {_TESTS[asked.test]} {value}"


def sites(chosen: Sites, names: Names) -> str:
    """The sites by name: ``Perth or Sydney``, ``suppliers in AU``, ``any site``."""
    parts = [names.get(code, code) for code in chosen.codes] + [
        _KINDS.get(kind, kind) for kind in chosen.kinds
    ]
    where = f"in {listed(chosen.countries, last='or')}" if chosen.countries else ""
    return " ".join(part for part in (listed(parts, last="or") if parts else "any site", where) if part)


def services(asked: Sequence[Condition]) -> str:
    """The carriers' services that conditions mean: ``express or auspost/road``, ``any service but express``."""
    says = [
        f"{'any service but ' if each.test is Test.IS_NOT else ''}{listed(each.values, last='or')}"
        for each in asked
    ]
    return " that is also ".join(says)


def action(done: Action, names: Names, currency: str = "AUD", service: str = "") -> str:
    """What is done, as a command: ``keep 5 of each SKU at Melbourne``, ``never ship by express``."""
    where = sites(done.sites, names)
    if service:
        ships = "never ship by" if done.does is Does.EXCLUDE else "ship only by"
        return f"{ships} {service}{f' from {where}' if done.sites != Sites() else ''}"
    return {
        Does.PREFER: f"prefer {where}",
        Does.EXCLUDE: f"never ship from {where}",
        Does.REQUIRE: f"ship only from {where}",
        Does.KEEP: f"keep {done.number} of each SKU at {where}",
        Does.FORBID_SPLIT: "do not split the order",
        Does.LIMIT_PARCELS: f"ship at most {counted(done.number, 'parcel')}",
        Does.ALLOW_SPLIT: "allow the order to be split, whatever was said before",
        Does.SPLIT_FROM_VALUE: f"split only from {amount(done.number, currency)} {currency}",
        Does.CAP_ORDERS: f"give {where} at most {done.number} orders a day",
        Does.LOCAL: f"ship from the destination's own country, else {_origin(done.sites)}",
        Does.INSURED: "ship only from insured sites",
        Does.HOLD: f"hold the order for a person{f' ({done.note})' if done.note else ''}",
    }[done.does]


def _origin(origin: Sites) -> str:
    return f"from {listed(origin.countries, last='or')}" if origin.countries else "from anywhere"


def rule(written: Rule, *, currency: str, names: Names) -> str:
    """The rule as one sentence."""
    asked, done = parts(written, currency=currency, names=names)
    return f"When {listed(asked)}, {listed(done)}." if asked else f"Always {listed(done)}."


def parts(written: Rule, *, currency: str, names: Names) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The rule's conditions and actions, each as a phrase of its own; a carrier's service is part of the action."""
    service = services([each for each in written.conditions if each.fact is Fact.SERVICE])
    asked = tuple(condition(each, currency) for each in written.conditions if each.fact is not Fact.SERVICE)
    return asked, tuple(action(each, names, currency, service) for each in written.actions)


def criteria(chosen: Ranking) -> tuple[str, ...]:
    """What counts, strongest first, each as a phrase of its own."""
    if not chosen.weights:
        return tuple(_CRITERIA[each] for each in chosen.criteria)
    pairs = zip(chosen.criteria, chosen.weights, strict=True)
    return tuple(f"{weight} × {_CRITERIA[each]}" for each, weight in pairs)


def ranking(chosen: Ranking) -> str:
    """The ranking as a phrase: ``lowest cost, then fewest days``."""
    if chosen.weights:
        pairs = zip(chosen.criteria, chosen.weights, strict=True)
        return "a mix of " + listed([f"{weight} × {_CRITERIA[criterion]}" for criterion, weight in pairs])
    return ", then ".join(_CRITERIA[criterion] for criterion in chosen.criteria)


def label(word: Fact | Test | Does | Criterion) -> str:
    """A word as a choice on a form: ``Order value``, ``is above``, ``Lowest cost``."""
    if isinstance(word, Does):
        return _LABELS[word]
    if isinstance(word, Test):
        return _TESTS[word]
    text = _CRITERIA[word] if isinstance(word, Criterion) else _FACTS[word]
    text = text.removeprefix("the ").removeprefix("a ").replace("what a site can", "orders a site can")
    return "Days of cover at a site" if word is Fact.COVER else text[0].upper() + text[1:]


def unit(word: Fact | Does, currency: str) -> str:
    """What a number on a form counts."""
    if word in (Fact.VALUE, Does.SPLIT_FROM_VALUE):
        return currency
    more = {Does.KEEP: "pieces", Does.CAP_ORDERS: "orders", Does.LIMIT_PARCELS: "parcels"}
    facts = {Fact.COVER: "days", Fact.HOUR: "o'clock", Fact.AVAILABLE: "pieces"}
    if isinstance(word, Does):
        return more.get(word, "")
    return facts.get(word) or _UNITS.get(word, "").strip()


def kinds() -> tuple[tuple[str, str], ...]:
    """The kinds of sites, as forms offer them."""
    return tuple(_KINDS.items())


def if_none(then: IfNone) -> str:
    """What becomes of an order that no site is left for."""
    return _IF_NONE[then]


def book(written: RuleBook, *, currency: str, names: Names) -> tuple[str, ...]:
    """The whole rule book as sentences, rules first."""
    says = [rule(each, currency=currency, names=names) for each in written.rules]
    says.append(f"What is left is ranked by {ranking(written.ranking)}.")
    if written.split_penalty_minor:
        each = f"{amount(written.split_penalty_minor, currency)} {currency}"
        says.append(f"Each parcel after the first counts {each} more.")
    if written.scarcity_minor:
        most = f"{amount(written.scarcity_minor, currency)} {currency}"
        says.append(f"A piece of stock that soon runs out counts up to {most} more.")
    if written.max_parcels:
        says.append(f"No order ships in more than {counted(written.max_parcels, 'parcel')}.")
    says.append(f"With no site left {_IF_NONE[written.if_none]}.")
    return tuple(says)
