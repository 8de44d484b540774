"""Two people change one order: what both have seen, what the other has made of it, what this one wants; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that somebody has changed since this person opened the page; ``both`` when they both have."""

    name: str
    before: str
    theirs: str
    yours: str

    @property
    def both(self) -> bool:
        """Whether a person must choose."""
        return self.before not in (self.theirs, self.yours) and self.theirs != self.yours


def clashes(before: Values, theirs: Values, yours: Values) -> list[Clash]:
    """Every field that is not what this person saw any more, or that they changed themselves."""
    names = [*before, *(name for name in theirs if name not in before)]
    found = []
    for name in names:
        was, now = before.get(name, ""), theirs.get(name, "")
        wanted = yours.get(name, was)
        if was != now or was != wanted:
            found.append(Clash(name, was, now, wanted))
    return found


def merged(before: Values, theirs: Values, yours: Values) -> dict[str, str]:
    """What the form goes on with: this person's words where they changed something, else the present ones."""
    names = [*theirs, *(name for name in yours if name not in theirs)]
    wanted = {name: yours.get(name, before.get(name, "")) for name in names}
    return {
        name: value if value != before.get(name, "") else theirs.get(name, value)
        for name, value in wanted.items()
    }
