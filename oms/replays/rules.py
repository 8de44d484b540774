"""The words of a replay: what is changed, what happened, what would have happened; pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from oms.core.errors import Conflict, Invalid, NotFound


class ReplayState(StrEnum):
    """How far a replay is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


WORKING = frozenset({ReplayState.QUEUED, ReplayState.RUNNING})


class ReplayNotFound(NotFound):
    """No replay has this id."""

    code = "replay-not-found"


class ReplayInvalid(Invalid):
    """This cannot be replayed."""

    code = "replay-invalid"


class TooManyReplays(Conflict):
    """Others are being worked on; this one can be asked for when they are done."""

    code = "too-many-replays"


@dataclass(frozen=True, slots=True)
class NewSite:
    """A warehouse that was not there: it ships at the rates of another and is given a share of everybody's stock."""

    code: str
    rates_of: str
    stock_percent: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is different from what happened; what is left out stays as it is now.

    ``versions`` are ids of rule set versions that count instead of the published ones of their sets, ``without`` codes
    of locations that ship nothing, ``stock_percent`` scales what was there and came, ``rate_percent`` what a parcel
    costs by the code of its location, ``rates_on`` names the day whose rate cards count.
    """

    versions: tuple[int, ...] = ()
    without: tuple[str, ...] = ()
    new_site: NewSite | None = None
    stock_percent: int = 100
    rate_percent: tuple[tuple[str, int], ...] = ()
    rates_on: date | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """How an order was served: by whom, in how many parcels, for how much, in how many days, and what was missing."""

    sites: tuple[str, ...]
    parcels: int
    cost_minor: int
    days: int
    unfilled: int


@dataclass(slots=True)
class Tally:
    """What many orders came to."""

    orders: int = 0
    parcels: int = 0
    split: int = 0
    cost_minor: int = 0
    days: int = 0
    unfilled: int = 0
    stock_outs: int = 0

    def add(self, fate: Fate) -> None:
        """Count one more order."""
        self.orders += 1
        self.parcels += fate.parcels
        self.split += fate.parcels > 1
        self.cost_minor += fate.cost_minor
        self.days += fate.days
        self.unfilled += fate.unfilled
        self.stock_outs += fate.unfilled > 0

    def as_dict(self) -> dict[str, int]:
        """The figures for storage."""
        return {name: getattr(self, name) for name in self.__slots__}
