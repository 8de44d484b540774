"""Where is it? One sentence for the customer, then the facts it rests on; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

STEPS = {"packed": "Hand over in {}", "picked": "Pack in {}", "picking": "Pick in {}", "open": "Pick in {}"}


@dataclass(frozen=True, slots=True)
class Leg:
    """One site's part of an order, as its answer needs it."""

    place: str
    status: str
    pieces: int
    tracking: tuple[str, ...] = ()
    carrier: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an order when somebody asks."""

    number: str
    status: str
    legs: tuple[Leg, ...]
    waiting: tuple[str, ...] = field(default=())
    hold_reason: str = ""
    promise: str = ""
    late: bool = False
    decides: bool = False
    whole: bool = False


def listed(words: Iterable[str]) -> str:
    """Join words as people do: "a, b and c"."""
    found = list(words)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}" if found else ""


def answer(facts: Facts) -> str:
    """Say in words for the customer where the order is and what comes next."""
    start = f"Your order {facts.number} "
    if facts.status == "cancelled":
        return start + "was cancelled. Nothing will be sent."
    said = [_gone(facts), _here(facts)]
    if facts.hold_reason:
        said = [_gone(facts), "is on hold until we have checked a detail with you"]
    told = [words for words in said if words]
    if not told and not facts.waiting:
        return start + "has reached us and is being planned."
    sentence = start + listed(told) + "." if told else f"Your order {facts.number} has reached us."
    if facts.waiting:
        rest = listed(facts.waiting)
        if facts.whole:
            sentence += f" It waits here for {rest}, and is then sent whole."
        elif not facts.decides:
            sentence += f" {rest} will follow when stock arrives."
    if facts.promise and facts.status != "shipped":
        late = "It should have left by" if facts.late else "It leaves by"
        sentence += f" {late} {facts.promise}."
    return sentence


def _gone(facts: Facts) -> str:
    legs = [leg for leg in facts.legs if leg.status == "shipped"]
    if not legs:
        return ""
    part = "" if facts.status == "shipped" else "in part "
    numbers = [number for leg in legs for number in leg.tracking if number]
    tracked = f" with tracking number{'s' if len(numbers) > 1 else ''} {listed(numbers)}" if numbers else ""
    return f"has left {part}from {listed(dict.fromkeys(leg.place for leg in legs))}{tracked}"


def _here(facts: Facts) -> str:
    words = {
        "packed": "is packed in {}",
        "picked": "is picked and waits for its box in {}",
        "picking": "is being picked in {}",
        "open": "is waiting to be picked in {}",
    }
    for status, sentence in words.items():
        places = [leg.place for leg in facts.legs if leg.status == status]
        if places:
            return sentence.format(listed(dict.fromkeys(places)))
    return ""


def next_step(facts: Facts) -> str:
    """Say what a person does next."""
    if facts.decides:
        return "Decide what ships"
    if facts.hold_reason:
        return "Release it"
    for status, words in STEPS.items():
        places = [leg.place for leg in facts.legs if leg.status == status]
        if places:
            return words.format(listed(dict.fromkeys(places)))
    return "Wait for stock" if facts.waiting else "Nothing is left to do"


def is_late(promise_by: datetime | None, *, status: str, at: datetime) -> bool:
    """Tell whether a promise has passed while goods are still here."""
    return promise_by is not None and promise_by < at and status not in {"shipped", "cancelled"}
