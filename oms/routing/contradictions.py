"""Whether the conditions of one rule can hold together, and whether one rule's orders are all another's; pure."""

from collections.abc import Iterable, Sequence
from functools import partial

from oms.routing.asking import sortable
from oms.routing.rules import NUMBERS, ONE_OF, WEEKDAYS, Condition, Fact, Test

_FEW: dict[Fact, frozenset[str]] = {
    Fact.CUSTOMER_TYPE: frozenset({"b2c", "b2b"}),
    Fact.WEEKDAY: frozenset(WEEKDAYS),
}
_LEAST, _MOST = -1, 1 << 60
_LAST_HOUR = 23
_SINGLE = frozenset(_FEW) | ONE_OF


def impossible(asked: Sequence[Condition]) -> tuple[int, str] | None:
    """The place of a condition that cannot hold beside the earlier ones, and why; None when all can."""
    for place, condition in enumerate(asked):
        beside = [each for each in asked[: place + 1] if each.fact is condition.fact]
        why = _numbers(beside) if condition.fact in NUMBERS else _texts(beside)
        if why:
            return place, why
    return None


def implied(wider: Sequence[Condition], narrower: Sequence[Condition]) -> bool:
    """Whether everything that meets the narrower conditions meets the wider ones too; when unsure, no."""
    return all(any(_follows(each, given) for given in narrower) for each in wider)


def _numbers(asked: Sequence[Condition]) -> str:
    """Why no whole number is both above and below what they say; empty when one is."""
    above = max([each.number for each in asked if each.test is Test.ABOVE], default=_LEAST)
    most = _LAST_HOUR + 1 if asked[0].fact is Fact.HOUR else _MOST
    below = min([each.number for each in asked if each.test is Test.BELOW], default=most)
    if above + 1 < min(below, most):
        return ""
    if len(asked) == 1:
        return "No figure is that low." if asked[0].test is Test.BELOW else "No hour is that late."
    return "No figure meets this and an earlier condition of the rule."


def _texts(asked: Sequence[Condition]) -> str:
    fact = asked[0].fact
    if fact is Fact.POSTCODE:
        return _postcodes(asked)
    if fact not in _SINGLE:
        return ""
    left = _left(asked)
    if left is None or left:
        return ""
    return "This leaves nothing that an earlier condition of the rule allows."


def _left(asked: Sequence[Condition]) -> frozenset[str] | None:
    """The values that all of them allow; None when nobody has listed them."""
    listed = [_folded(each.values) for each in asked if each.test is Test.IS]
    left = frozenset.intersection(*listed) if listed else _FEW.get(asked[0].fact) if asked else None
    never = [_folded(each.values) for each in asked if each.test is Test.IS_NOT]
    return None if left is None else left.difference(*never)


def _postcodes(asked: Sequence[Condition]) -> str:
    for each in asked:
        if each.test is Test.BETWEEN and len({sortable(value)[0] for value in each.values}) > 1:
            return "A range begins and ends with figures, or begins and ends with letters."
    listed = _left([each for each in asked if each.test in (Test.IS, Test.IS_NOT)])
    others = [each for each in asked if each.test in (Test.STARTS_WITH, Test.BETWEEN)]
    if listed is not None:
        holds = any(all(_meets(value, each) for each in others) for value in listed)
    else:
        holds = _overlap(others)
    return "" if holds else "No postcode meets this and an earlier condition of the rule."


def _meets(postcode: str, asked: Condition) -> bool:
    if asked.test is Test.STARTS_WITH:
        return postcode.startswith(tuple(_folded(asked.values)))
    low, high = _ends(asked)
    return low <= sortable(postcode) <= high


def _ends(asked: Condition) -> tuple[tuple[int, int, str], tuple[int, int, str]]:
    ends = [sortable(value) for value in _folded(asked.values)]
    return min(ends), max(ends)


def _overlap(asked: Sequence[Condition]) -> bool:
    """Whether a postcode can be in all these ranges and begin in all these ways."""
    spans = [_ends(each) for each in asked if each.test is Test.BETWEEN]
    low = max([span[0] for span in spans], default=None)
    high = min([span[1] for span in spans], default=None)
    if low is not None and high is not None and low > high:
        return False
    beginnings: frozenset[str] | None = None
    for each in asked:
        if each.test is Test.STARTS_WITH:
            own = _folded(each.values)
            beginnings = own if beginnings is None else _joined(beginnings, own)
    if beginnings is None:
        return True
    if low is None or high is None:
        return bool(beginnings)
    return any(_reaches(beginning, low, high) for beginning in beginnings)


def _joined(some: Iterable[str], others: Iterable[str]) -> frozenset[str]:
    """The longer of each two beginnings of which one begins with the other."""
    pairs = [(a, b) for a in some for b in others]
    return frozenset(max(a, b, key=len) for a, b in pairs if a.startswith(b) or b.startswith(a))


def _reaches(beginning: str, low: tuple[int, int, str], high: tuple[int, int, str]) -> bool:
    """Whether postcodes with this beginning come into the range; only figures of one length can tell."""
    length = len(str(low[1]))
    if low[0] or length != len(str(high[1])) or len(beginning) > length or not beginning.isdigit():
        return True
    first, last = int(beginning.ljust(length, "0")), int(beginning.ljust(length, "9"))
    return first <= high[1] and last >= low[1]


def _follows(wider: Condition, given: Condition) -> bool:
    """Whether meeting ``given`` is enough to meet ``wider``."""
    if wider == given:
        return True
    if wider.fact is not given.fact:
        return False
    if wider.fact in NUMBERS:
        if wider.test is not given.test:
            return False
        return given.number >= wider.number if wider.test is Test.ABOVE else given.number <= wider.number
    return _text_follows(wider, given)


def _text_follows(wider: Condition, given: Condition) -> bool:
    mine, theirs = _folded(wider.values), _folded(given.values)
    match given.test, wider.test:
        case Test.IS, Test.IS:
            follows = theirs <= mine
        case Test.IS_NOT, Test.IS_NOT:
            follows = mine <= theirs
        case Test.IS, Test.IS_NOT:
            # An order may have both of two tags, but only one country.
            follows = wider.fact in _SINGLE and theirs.isdisjoint(mine)
        case Test.IS, (Test.STARTS_WITH | Test.BETWEEN):
            follows = all(map(partial(_meets, asked=wider), theirs))
        case Test.STARTS_WITH, Test.STARTS_WITH:
            follows = all(each.startswith(tuple(mine)) for each in theirs)
        case Test.BETWEEN, Test.BETWEEN:
            (low, high), (inner_low, inner_high) = _ends(wider), _ends(given)
            follows = low <= inner_low and inner_high <= high
        case _:
            follows = False
    return follows


def _folded(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value.casefold() for value in values)
