"""A rule set as it is being written: fields as they were typed, finished or not; pure.

What a person types is kept as it is. When all of it can be read it becomes a rule book, else each field says what to
do.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from oms.core import money
from oms.core.money import Money
from oms.routing import parsing
from oms.routing.rules import (
    NEEDS_NUMBER,
    NEEDS_SITES,
    NUMBERS,
    Action,
    Condition,
    Does,
    Fact,
    IfNone,
    Rule,
    RuleBook,
    RuleInvalid,
    Test,
)

MOST_RULES = 100
CHOSEN = frozenset({Fact.CHANNEL, Fact.CUSTOMER_TYPE, Fact.ZONE, Fact.SERVICE, Fact.WEEKDAY})
"""Facts whose values are ticked; the values of others are typed."""
_MOST_MINOR = 2**31 - 1


class Asks(msgspec.Struct):
    """A condition as typed; of a range the values are its two ends."""

    fact: str = Fact.CHANNEL.value
    test: str = Test.IS.value
    values: list[str] = []
    number: str = ""


class Acts(msgspec.Struct):
    """An action as typed."""

    does: str = Does.PREFER.value
    codes: list[str] = []
    kinds: list[str] = []
    countries: list[str] = []
    number: str = ""
    note: str = ""


class RuleSketch(msgspec.Struct):
    """A rule as typed."""

    conditions: list[Asks] = []
    actions: list[Acts] = []


class Sketch(msgspec.Struct):
    """A whole version as typed; weights stand beside their criteria and count when it is ``mixed``."""

    rules: list[RuleSketch] = []
    criteria: list[str] = []
    weights: list[str] = []
    mixed: bool = False
    split_penalty: str = "0"
    scarcity: str = "0"
    max_parcels: str = ""
    if_none: str = IfNone.BACKORDER.value
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The sketch as it is stored."""
        return msgspec.to_builtins(self)


class Written(msgspec.Struct):
    """What a sketch says: a rule book when all of it can be read, else what is wrong, by the name of the field."""

    book: RuleBook | None
    errors: dict[str, str]
    rules: list[Rule | None]


def from_json(data: object) -> Sketch:
    """The sketch that was stored."""
    return msgspec.convert(data, Sketch)


def of_book(book: RuleBook, *, note: str, currency: str) -> Sketch:
    """A rule book as somebody would have typed it."""
    weights = [str(each) for each in book.ranking.weights]
    return Sketch(
        rules=[
            RuleSketch(
                [_asks(each, currency) for each in rule.conditions],
                [_acts(each, currency) for each in rule.actions],
            )
            for rule in book.rules
        ],
        criteria=[each.value for each in book.ranking.criteria],
        weights=weights or ["1"] * len(book.ranking.criteria),
        mixed=bool(weights),
        split_penalty=_amount(book.split_penalty_minor, currency),
        scarcity=_amount(book.scarcity_minor, currency),
        max_parcels=str(book.max_parcels or ""),
        if_none=book.if_none.value,
        note=note,
    )


def book_of(sketch: Sketch, currency: str) -> Written:
    """Read a sketch; ``errors`` are said so that a person knows what to do."""
    errors: dict[str, str] = {}
    rules = [_rule(place, rule, currency, errors) for place, rule in enumerate(sketch.rules)]
    ranking = None
    try:
        weights = [_whole(text, f"weight-{i}", errors) for i, text in enumerate(sketch.weights)]
        ranking = parsing.ranking(sketch.criteria, weights if sketch.mixed else [])
    except RuleInvalid as refusal:
        errors["criteria"] = refusal.problems[0][1]
    penalty = _minor(sketch.split_penalty or "0", "split_penalty", currency, errors)
    scarcity = _minor(sketch.scarcity or "0", "scarcity", currency, errors)
    parcels = None
    if sketch.max_parcels.strip():
        parcels = _whole(sketch.max_parcels, "max_parcels", errors)
        if "max_parcels" not in errors and not 1 <= parcels <= 64:
            errors["max_parcels"] = "Write a number from 1 to 64, or leave it empty for no limit."
    if sketch.if_none not in set(IfNone):
        errors["if_none"] = "Choose what happens then."
    if len(sketch.note) > 200:
        errors["note"] = "Say it in at most 200 characters."
    if errors or ranking is None:
        return Written(None, errors, rules)
    whole = tuple(rule for rule in rules if rule is not None)
    book = RuleBook(whole, ranking, penalty, parcels, IfNone(sketch.if_none), scarcity_minor=scarcity)
    return Written(book, {}, rules)


def _rule(place: int, sketch: RuleSketch, currency: str, errors: dict[str, str]) -> Rule | None:
    before = len(errors)
    asked = [_condition(each, f"r{place}-c{i}", currency, errors) for i, each in enumerate(sketch.conditions)]
    done = [_action(each, f"r{place}-a{i}", currency, errors) for i, each in enumerate(sketch.actions)]
    if len(errors) > before:
        return None
    try:
        return parsing.rule(place + 1, asked, done)
    except RuleInvalid as refusal:
        at, what = refusal.problems[0]
        errors[_named(f"r{place}", at)] = what
        return None


def _named(rule: str, at: str) -> str:
    """The field that a place in a rule's JSON is typed into."""
    parts = at.removeprefix("#/").split("/")
    kind = {"conditions": "c", "actions": "a"}[parts[0]]
    if len(parts) == 1:
        return f"{rule}-actions"
    field = parts[2] if len(parts) > 2 else {"c": "values", "a": "does"}[kind]
    return f"{rule}-{kind}{parts[1]}-{field}"


def _condition(sketch: Asks, name: str, currency: str, errors: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"fact": sketch.fact, "test": sketch.test}
    if sketch.fact == Fact.VALUE:
        entry["number"] = _minor(sketch.number, f"{name}-number", currency, errors)
    elif sketch.fact in NUMBERS:
        entry["number"] = _whole(sketch.number, f"{name}-number", errors)
    else:
        entry["values"] = [value for value in sketch.values if value.strip()]
        if not entry["values"]:
            ticked = sketch.fact in CHOSEN
            errors[f"{name}-values"] = "Tick at least one." if ticked else "Write at least one."
    return entry


def _action(sketch: Acts, name: str, currency: str, errors: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"does": sketch.does}
    if sketch.does in NEEDS_SITES:
        parts = {"codes": sketch.codes, "kinds": sketch.kinds, "countries": sketch.countries}
        entry["sites"] = {key: part for key, part in parts.items() if part}
    if sketch.does == Does.SPLIT_FROM_VALUE:
        entry["number"] = _minor(sketch.number, f"{name}-number", currency, errors)
    elif sketch.does in NEEDS_NUMBER:
        entry["number"] = _whole(sketch.number, f"{name}-number", errors)
    if sketch.does == Does.HOLD and sketch.note.strip():
        entry["note"] = sketch.note.strip()
    return entry


def _whole(text: str, name: str, errors: dict[str, str]) -> int:
    text = text.strip()
    if text.isdecimal() and len(text) <= 12:
        return int(text)
    errors[name] = "Write a whole number, such as 5."
    return 0


def _minor(text: str, name: str, currency: str, errors: dict[str, str]) -> int:
    """An amount in minor units."""
    try:
        amount = Decimal(text.strip())
        minor = money.rounded(amount, currency) if amount.is_finite() and amount >= 0 else None
    except (InvalidOperation, ValueError):
        minor = None
    if minor is None or minor.as_decimal() != Decimal(text.strip()) or minor.amount > _MOST_MINOR:
        errors[name] = f"Write an amount of {currency}, such as {_amount(50_000, currency)}."
        return 0
    return minor.amount


def _asks(asked: Condition, currency: str) -> Asks:
    number = ""
    if asked.fact is Fact.VALUE:
        number = _amount(asked.number, currency)
    elif asked.fact in NUMBERS:
        number = str(asked.number)
    return Asks(asked.fact.value, asked.test.value, list(asked.values), number)


def _acts(done: Action, currency: str) -> Acts:
    number = ""
    if done.does is Does.SPLIT_FROM_VALUE:
        number = _amount(done.number, currency)
    elif done.does in NEEDS_NUMBER:
        number = str(done.number)
    sites = done.sites
    return Acts(
        done.does.value, list(sites.codes), list(sites.kinds), list(sites.countries), number, done.note
    )


def _amount(minor: int, currency: str) -> str:
    return Money(minor, currency).as_text()
