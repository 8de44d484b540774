"""The builder's form: the fields of a sketch by name, and what each of its buttons does; pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from oms.routing.parsing import TESTS
from oms.routing.rules import Criterion, Fact, Test
from oms.routing.sketches import CHOSEN, MOST_RULES, Acts, Asks, RuleSketch, Sketch

_MOST_PARTS = 20
Row = TypeVar("Row")


class Posted(Protocol):
    """A form as it was sent."""

    def get(self, name: str, default: str = "", /) -> str: ...

    def getlist(self, name: str, /) -> list[str]: ...


def read(form: Posted) -> Sketch:
    """The sketch that these fields say."""
    rules = [_rule(form, f"r{place}") for place in range(_count(form, "rules", MOST_RULES))]
    many = _count(form, "ranked", len(Criterion))
    sketch = Sketch(
        rules=rules,
        criteria=[form.get(f"criterion-{i}", "") for i in range(many)],
        weights=[form.get(f"weight-{i}", "1") for i in range(many)],
        mixed=form.get("mixed", "") == "on",
        split_penalty=form.get("split_penalty", ""),
        scarcity=form.get("scarcity", ""),
        max_parcels=form.get("max_parcels", ""),
        if_none=form.get("if_none", ""),
        note=form.get("note", ""),
    )
    for place in range(len(rules)):
        wanted = form.get(f"r{place}-position", "")
        if wanted.isdecimal() and int(wanted) != place + 1:
            _move(sketch.rules, place, int(wanted) - 1)
            break
    return sketch


def press(sketch: Sketch, button: str) -> None:
    """Do what a button says: ``add``, ``up:2``, ``to:2:0``, ``r1-condition``, ``r1-c0-drop``, ``rank-up:1``."""
    word, *rest = button.split(":")
    places = [int(each) for each in rest if each.isdecimal()]
    if word == "add" and len(sketch.rules) < MOST_RULES:
        sketch.rules.append(RuleSketch([Asks()], [Acts()]))
    elif word in _ON_RULES and _within(places, sketch.rules):
        _ON_RULES[word](sketch.rules, places)
    elif word in _ON_RANKS:
        _ON_RANKS[word](sketch, places)
    elif "-" in word:
        _press_within(sketch, word)


def _press_within(sketch: Sketch, word: str) -> None:
    rule_name, _, what = word.partition("-")
    number = rule_name.removeprefix("r")
    if not number.isdecimal() or int(number) >= len(sketch.rules):
        return
    rule = sketch.rules[int(number)]
    if what == "condition" and len(rule.conditions) < _MOST_PARTS:
        rule.conditions.append(Asks())
    elif what == "action" and len(rule.actions) < _MOST_PARTS:
        rule.actions.append(Acts())
    elif what.endswith("-drop") and what[1:2].isdecimal():
        parts: list[Asks] | list[Acts] = rule.conditions if what[0] == "c" else rule.actions
        place = int(what[1:].removesuffix("-drop"))
        if place < len(parts):
            del parts[place]


def _rule(form: Posted, name: str) -> RuleSketch:
    conditions = range(_count(form, f"{name}-conditions", _MOST_PARTS))
    actions = range(_count(form, f"{name}-actions", _MOST_PARTS))
    return RuleSketch(
        [_asks(form, f"{name}-c{i}") for i in conditions], [_acts(form, f"{name}-a{i}") for i in actions]
    )


def _asks(form: Posted, name: str) -> Asks:
    fact, test = form.get(f"{name}-fact", ""), form.get(f"{name}-test", "")
    if fact in set(Fact) and test not in TESTS[Fact(fact)]:
        test = next(each.value for each in Test if each in TESTS[Fact(fact)])
    values = form.getlist(f"{name}-values")
    if form.get(f"{name}-was", fact) != fact:
        # What was typed for another question answers none of the new one.
        return Asks(fact, test)
    if fact not in CHOSEN and test != Test.BETWEEN:
        values = _split(values)
    return Asks(fact, test, [value.strip() for value in values], form.get(f"{name}-number", ""))


def _acts(form: Posted, name: str) -> Acts:
    does = form.get(f"{name}-does", "")
    same = form.get(f"{name}-was", does) == does
    return Acts(
        does,
        form.getlist(f"{name}-codes"),
        form.getlist(f"{name}-kinds"),
        [each.upper() for each in _split(form.getlist(f"{name}-countries"))],
        form.get(f"{name}-number", "") if same else "",
        form.get(f"{name}-note", ""),
    )


def _split(texts: Sequence[str]) -> list[str]:
    parts = [part.strip() for text in texts for part in text.replace("\n", ",").split(",")]
    return [part for part in parts if part]


def _count(form: Posted, name: str, most: int) -> int:
    text = form.get(name, "")
    return min(int(text), most) if text.isdecimal() and len(text) < 6 else 0


def _within(places: Sequence[int], rows: Sequence[object]) -> bool:
    return bool(places) and places[0] < len(rows)


def _move(rows: list[Row], place: int, to: int) -> None:
    rows.insert(max(0, min(to, len(rows) - 1)), rows.pop(place))


_ON_RULES: Mapping[str, Callable[[list[RuleSketch], Sequence[int]], None]] = {
    "up": lambda rules, places: _move(rules, places[0], places[0] - 1),
    "down": lambda rules, places: _move(rules, places[0], places[0] + 1),
    "to": lambda rules, places: _move(rules, places[0], places[-1]),
    "drop": lambda rules, places: rules.__delitem__(places[0]),
}


def _rank_add(sketch: Sketch, places: Sequence[int]) -> None:
    free = [each.value for each in Criterion if each.value not in sketch.criteria]
    if free:
        sketch.criteria.append(free[0])
        sketch.weights.append("1")


def _rank_drop(sketch: Sketch, places: Sequence[int]) -> None:
    if _within(places, sketch.criteria) and len(sketch.criteria) > 1:
        del sketch.criteria[places[0]], sketch.weights[places[0]]


def _rank_up(sketch: Sketch, places: Sequence[int]) -> None:
    if _within(places, sketch.criteria):
        _move(sketch.criteria, places[0], places[0] - 1)
        _move(sketch.weights, places[0], places[0] - 1)


_ON_RANKS: Mapping[str, Callable[[Sketch, Sequence[int]], None]] = {
    "rank-add": _rank_add,
    "rank-drop": _rank_drop,
    "rank-up": _rank_up,
}
