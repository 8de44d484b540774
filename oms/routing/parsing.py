"""Rules as JSON, as the database and the doors hold them, and as dataclasses for the planner; pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from oms.routing.rules import (
    ABOUT_SITES,
    CAN_NARROW_SERVICES,
    GROUPS,
    MUST_NAME_SITES,
    NEEDS_NUMBER,
    NEEDS_SITES,
    NUMBERS,
    WEEKDAYS,
    WORDS,
    Action,
    Condition,
    Criterion,
    Does,
    Fact,
    Ranking,
    Rule,
    RuleInvalid,
    Sites,
    Test,
)

TESTS = (
    dict.fromkeys(WORDS, frozenset({Test.IS, Test.IS_NOT}))
    | dict.fromkeys(NUMBERS, frozenset({Test.ABOVE, Test.BELOW}))
    | dict.fromkeys(GROUPS, frozenset({Test.IS, Test.IS_NOT}))
    | {Fact.POSTCODE: frozenset({Test.IS, Test.IS_NOT, Test.STARTS_WITH, Test.BETWEEN})}
)
_MOST = 1 << 53
_LONGEST_NOTE = 200
_MOST_PER_RULE = 20

Word = TypeVar("Word", bound=StrEnum)


def rule(position: int, conditions: object, actions: object) -> Rule:
    """The rule that this JSON says.

    Raises ``RuleInvalid`` with what is wrong and where.
    """
    asked = tuple(
        condition(each, f"#/conditions/{i}") for i, each in enumerate(_list(conditions, "#/conditions"))
    )
    done = tuple(action(each, f"#/actions/{i}") for i, each in enumerate(_list(actions, "#/actions")))
    if not done:
        raise _wrong("#/actions", "A rule does at least one thing.")
    about_sites = any(each.fact in ABOUT_SITES for each in asked)
    about_services = any(each.fact is Fact.SERVICE for each in asked)
    for i, each in enumerate(done):
        if about_sites and each.does not in NEEDS_SITES:
            raise _wrong(f"#/actions/{i}", "What depends on the stock of a site can only change that site.")
        if about_services and each.does not in CAN_NARROW_SERVICES:
            raise _wrong(f"#/actions/{i}", "A carrier's service can be excluded or required.")
        if each.does in MUST_NAME_SITES and each.sites == Sites() and not about_services:
            raise _wrong(f"#/actions/{i}/sites", "Say which sites.")
    return Rule(position, asked, done)


def condition(data: object, at: str = "#") -> Condition:
    """One condition.

    Raises ``RuleInvalid``.
    """
    entry = _entry(data, at, {"fact", "test", "values", "number"})
    fact, test = _word(Fact, entry.get("fact"), f"{at}/fact"), _word(Test, entry.get("test"), f"{at}/test")
    if test not in TESTS[fact]:
        allowed = ", ".join(sorted(TESTS[fact]))
        raise _wrong(f"{at}/test", f"{fact} can be asked with {allowed}.")
    if fact in NUMBERS:
        return Condition(fact, test, number=_number(entry.get("number"), f"{at}/number"))
    values = _texts(entry.get("values"), f"{at}/values")
    if not values:
        raise _wrong(f"{at}/values", "Say at least one value.")
    if test is Test.BETWEEN and len(values) != 2:
        raise _wrong(f"{at}/values", "A range has a first and a last value.")
    if fact is Fact.WEEKDAY and not set(map(str.casefold, values)) <= set(WEEKDAYS):
        raise _wrong(f"{at}/values", f"Weekdays are {', '.join(WEEKDAYS)}.")
    return Condition(fact, test, values)


def action(data: object, at: str = "#") -> Action:
    """One action.

    Raises ``RuleInvalid``.
    """
    entry = _entry(data, at, {"does", "sites", "number", "note"})
    does = _word(Does, entry.get("does"), f"{at}/does")
    sites = _sites(entry.get("sites", {}), f"{at}/sites") if does in NEEDS_SITES else Sites()
    number = _number(entry.get("number"), f"{at}/number") if does in NEEDS_NUMBER else 0
    if does is Does.LIMIT_PARCELS and number < 1:
        raise _wrong(f"{at}/number", "At least one parcel is allowed.")
    note = entry.get("note", "")
    if not isinstance(note, str) or len(note) > _LONGEST_NOTE:
        raise _wrong(f"{at}/note", f"A note is a text of at most {_LONGEST_NOTE} characters.")
    return Action(does, sites, number, note)


def ranking(criteria: Sequence[str], weights: Sequence[int]) -> Ranking:
    """The ranking.

    Raises ``RuleInvalid``.
    """
    words = tuple(_word(Criterion, each, f"#/criteria/{i}") for i, each in enumerate(criteria))
    if not words or len(set(words)) != len(words):
        raise _wrong("#/criteria", "Name at least one criterion, each of them once.")
    if weights and len(weights) != len(words):
        raise _wrong("#/weights", "Give each criterion a weight, or none.")
    if (
        not weights
        and Criterion.UTILISATION in words
        and Criterion.DAYS in words[: words.index(Criterion.UTILISATION)]
    ):
        raise _wrong("#/criteria", "Balanced use of sites counts before fewest days, or in a mix.")
    return Ranking(words, tuple(_number(each, f"#/weights/{i}") for i, each in enumerate(weights)))


def conditions_as_json(written: Rule) -> list[dict[str, Any]]:
    """The conditions as they are stored."""
    return [
        {"fact": str(each.fact), "test": str(each.test)}
        | ({"number": each.number} if each.fact in NUMBERS else {"values": list(each.values)})
        for each in written.conditions
    ]


def actions_as_json(written: Rule) -> list[dict[str, Any]]:
    """The actions as they are stored, without what they do not need."""
    stored = []
    for each in written.actions:
        entry: dict[str, Any] = {"does": str(each.does)}
        if each.does in NEEDS_SITES:
            parts = {"codes": each.sites.codes, "kinds": each.sites.kinds, "countries": each.sites.countries}
            entry["sites"] = {key: list(part) for key, part in parts.items() if part}
        if each.does in NEEDS_NUMBER:
            entry["number"] = each.number
        if each.note:
            entry["note"] = each.note
        stored.append(entry)
    return stored


def _sites(data: object, at: str) -> Sites:
    entry = _entry(data, at, {"codes", "kinds", "countries"})
    return Sites(**{key: _texts(part, f"{at}/{key}") for key, part in entry.items()})


def _entry(data: object, at: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise _wrong(at, f"This is an object with {', '.join(sorted(known))}.")
    strange = sorted(set(data) - known)
    if strange:
        raise _wrong(f"{at}/{strange[0]}", f"Known here are {', '.join(sorted(known))}.")
    return data


def _list(data: object, at: str) -> Sequence[object]:
    if not isinstance(data, list | tuple) or len(data) > _MOST_PER_RULE:
        raise _wrong(at, f"This is a list of at most {_MOST_PER_RULE} entries.")
    return data


def _word(words: type[Word], data: object, at: str) -> Word:
    try:
        return words(str(data))
    except ValueError:
        raise _wrong(at, f"This is one of {', '.join(words)}.") from None


def _number(data: object, at: str) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or not 0 <= data <= _MOST:
        raise _wrong(at, "This is a whole number from 0 up.")
    return data


def _texts(data: object, at: str) -> tuple[str, ...]:
    if not isinstance(data, list | tuple) or not all(isinstance(each, str) and each.strip() for each in data):
        raise _wrong(at, "This is a list of texts.")
    return tuple(each.strip() for each in data)


def _wrong(at: str, what: str) -> RuleInvalid:
    return RuleInvalid(f"{at}: {what}", problems=((at, what),))
