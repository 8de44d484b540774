"""The builder's page: each field of a sketch with its choices and its unit, what is wrong with it, what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oms.routing import words
from oms.routing.checking import Finding
from oms.routing.parsing import TESTS
from oms.routing.rules import (
    MUST_NAME_SITES,
    NEEDS_NUMBER,
    NEEDS_SITES,
    NUMBERS,
    Criterion,
    Does,
    Fact,
    IfNone,
    Test,
)
from oms.routing.sketches import CHOSEN, Acts, Asks, Sketch, Written

_HELP = {
    Fact.COUNTRY: "Two letters each, such as AU, NZ",
    Fact.REGION: "Such as WA, NSW",
    Fact.POSTCODE: "Such as 6000, 6050",
    Fact.SKU: "Codes, separated by commas",
    Fact.TAG: "Such as fragile, frozen",
    Fact.CATEGORY: "Separated by commas",
    Fact.HAZARD: "Classes, such as 3, 9",
    Fact.SHIPPING_OPTION: "As orders name it, such as express",
}
_PLAIN = ("criteria", "split_penalty", "scarcity", "max_parcels", "note")
Choices = Mapping[Fact, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Around:
    """What a sketch is shown with."""

    names: Mapping[str, str]
    currency: str
    choices: Choices
    findings: tuple[Finding, ...] = ()


def shown(sketch: Sketch, written: Written, around: Around) -> dict[str, Any]:
    """The whole form for its template."""
    rules = [_rule(place, sketch, written, around) for place in range(len(sketch.rules))]
    used = set(sketch.criteria)
    ranks = [
        {
            "place": place,
            "at": f"weight-{place}",
            "choices": [
                {"value": each.value, "label": words.label(each), "on": each == chosen}
                for each in Criterion
                if each == chosen or each.value not in used
            ],
            "weight": sketch.weights[place],
            "error": written.errors.get(f"weight-{place}", ""),
        }
        for place, chosen in enumerate(sketch.criteria)
    ]
    return {
        "rules": rules,
        "ranks": ranks,
        "may_rank_more": len(sketch.criteria) < len(Criterion),
        "mixed": sketch.mixed,
        "sketch": sketch,
        "if_none": [
            {"value": each.value, "label": words.if_none(each), "on": each == sketch.if_none}
            for each in IfNone
        ],
        "errors": written.errors,
        "plain": [(at, written.errors.get(at, "")) for at in _PLAIN],
        "says": words.book(written.book, currency=around.currency, names=around.names)
        if written.book
        else (),
        "currency": around.currency,
        "whole": [each for each in around.findings if not each.rule],
    }


def _rule(place: int, sketch: Sketch, written: Written, around: Around) -> dict[str, Any]:
    rule, typed = written.rules[place], sketch.rules[place]
    name = f"r{place}"
    return {
        "name": name,
        "place": place,
        "number": place + 1,
        "is_first": place == 0,
        "is_last": place == len(sketch.rules) - 1,
        "conditions": [
            _asks(each, f"{name}-c{i}", written, around) for i, each in enumerate(typed.conditions)
        ],
        "actions": [_acts(each, f"{name}-a{i}", written, around) for i, each in enumerate(typed.actions)],
        "at": f"{name}-actions",
        "error": written.errors.get(f"{name}-actions", ""),
        "says": words.rule(rule, currency=around.currency, names=around.names) if rule else "",
        "findings": [each for each in around.findings if each.rule == place + 1],
    }


def _asks(typed: Asks, name: str, written: Written, around: Around) -> dict[str, Any]:
    fact = Fact(typed.fact) if typed.fact in set(Fact) else Fact.CHANNEL
    kind = "number" if fact in NUMBERS else "ticks" if fact in CHOSEN else "words"
    if fact is Fact.POSTCODE and typed.test == Test.BETWEEN:
        kind = "range"
    low, high = (*typed.values, "", "")[:2]
    folded = {value.casefold() for value in typed.values}
    offered = [*around.choices.get(fact, ())]
    known = {value.casefold() for value, _ in offered}
    offered += [(value, value) for value in typed.values if kind == "ticks" and value.casefold() not in known]
    at = f"{name}-number" if kind == "number" else f"{name}-values"
    return {
        "name": name,
        "fact": fact.value,
        "facts": [{"value": each.value, "label": words.label(each), "on": each is fact} for each in Fact],
        "tests": [
            {"value": each.value, "label": words.label(each), "on": each == typed.test}
            for each in Test
            if each in TESTS[fact]
        ],
        "kind": kind,
        "label": words.label(fact),
        "ticks": [
            {"value": value, "label": label, "on": value.casefold() in folded} for value, label in offered
        ],
        "text": ", ".join(typed.values),
        "low": low,
        "high": high,
        "number": typed.number,
        "unit": words.unit(fact, around.currency),
        "help": _HELP.get(fact, ""),
        "at": at,
        "error": written.errors.get(at) or written.errors.get(f"{name}-test", ""),
    }


def _acts(typed: Acts, name: str, written: Written, around: Around) -> dict[str, Any]:
    does = Does(typed.does) if typed.does in set(Does) else Does.PREFER
    errors = written.errors
    return {
        "name": name,
        "does": does.value,
        "deeds": [{"value": each.value, "label": words.label(each), "on": each is does} for each in Does],
        "label": words.label(does),
        "sites": does in NEEDS_SITES and does is not Does.LOCAL,
        "origin": does is Does.LOCAL,
        "must": does in MUST_NAME_SITES,
        "codes": _sites(typed.codes, around.names),
        "kinds": [
            {"value": kind, "label": label, "on": kind in typed.kinds} for kind, label in words.kinds()
        ],
        "countries": ", ".join(typed.countries),
        "has_number": does in NEEDS_NUMBER,
        "number": typed.number,
        "unit": words.unit(does, around.currency),
        "has_note": does is Does.HOLD,
        "note": typed.note,
        "at": f"{name}-does",
        "error": next(
            (
                errors[f"{name}-{part}"]
                for part in ("does", "sites", "number", "note")
                if f"{name}-{part}" in errors
            ),
            "",
        ),
    }


def _sites(codes: Sequence[str], names: Mapping[str, str]) -> list[dict[str, Any]]:
    offered = [*names.items(), *[(code, code) for code in codes if code not in names]]
    return [{"value": code, "label": name, "on": code in codes} for code, name in offered]
