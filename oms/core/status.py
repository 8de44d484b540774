"""What a state looks like: one tone, one icon, one word for each, in one table.

The ground floor knows no business word, so each room fills in its own rows when its doors load:
``status.fill("order", {"shipped": Look(DONE, "Shipped")})``. No template picks a colour.
"""

from collections.abc import Mapping
from dataclasses import dataclass

WAIT, WORK, DONE, LOOK, STOP = "wait", "work", "done", "look", "stop"

ICON_OF_TONE = {
    WAIT: "circle-dashed",
    WORK: "progress",
    DONE: "circle-check",
    LOOK: "alert-triangle",
    STOP: "hand-stop",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How one state is shown: what it asks of people, and the word for it."""

    tone: str
    word: str
    icon: str = ""

    @property
    def sign(self) -> str:
        """Name the icon: the state's own, or the one of its tone."""
        return self.icon or ICON_OF_TONE[self.tone]


_LOOKS: dict[tuple[str, str], Look] = {}


def fill(kind: str, looks: Mapping[str, Look]) -> None:
    """Say how the states of one kind of thing look; filling twice replaces."""
    if kind in ICON_OF_TONE:
        raise ValueError(f"{kind!r} is the name of a tone; a kind needs another.")
    for state, look in looks.items():
        if look.tone not in ICON_OF_TONE:
            raise ValueError(f"{kind}.{state}: there is no tone {look.tone!r}.")
        _LOOKS[(kind, str(state))] = look


def look_of(kind: str, state: str) -> Look:
    """Return how a state looks; one that nobody described is shown as waiting, in its own word."""
    known = _LOOKS.get((kind, str(state)))
    return known or Look(WAIT, str(state).replace("_", " ").capitalize())


def kinds() -> frozenset[str]:
    """Name the kinds that have been described."""
    return frozenset(kind for kind, _ in _LOOKS)


fill(
    "message",
    {
        "waiting": Look(WAIT, "Queued"),
        "leased": Look(WORK, "Sending"),
        "delivered": Look(DONE, "Sent"),
        "dead": Look(STOP, "Stopped"),
        "discarded": Look(WAIT, "Discarded", "ban"),
    },
)
