"""What two wordings say differently, as sentences; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from oms.routing import words
from oms.routing.rules import RuleBook
from oms.routing.words import Names


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: what was said before and what is said now; empty where there is nothing."""

    kind: str
    before: str
    after: str


def changes(old: RuleBook, new: RuleBook, *, currency: str, names: Names) -> list[Change]:
    """The rules that were added, removed, changed or moved, and what else is said otherwise."""
    before = [words.rule(each, currency=currency, names=names) for each in old.rules]
    after = [words.rule(each, currency=currency, names=names) for each in new.rules]
    found = list(_rules(before, after))
    rest_before = words.book(old, currency=currency, names=names)[len(before) :]
    rest_after = words.book(new, currency=currency, names=names)[len(after) :]
    return found + list(_rules(rest_before, rest_after))


def _rules(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    for step, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if step == "equal":
            continue
        gone = [each for each in before[a:b] if each not in after]
        come = [each for each in after[c:d] if each not in before]
        for was, now in zip_longest(gone, come, fillvalue=""):
            yield Change("changed" if was and now else "added" if now else "removed", was, now)
        yield from (Change("moved", "", each) for each in after[c:d] if each in before)
