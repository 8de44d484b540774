"""What the planner answers: shares, parcels, and why; pure."""

from dataclasses import dataclass
from typing import Any

from msgspec import Struct

SHORT_FORM = 1
"""Version of the stored explanation's shape."""


ASK_FIRST = "Not all of it can leave at once: ask before part of it ships."
"""What a plan holds an order for whose policy is to ask a person."""


class Share(Struct, frozen=True):
    """Pieces of one order line that one site sends."""

    line: int | str
    sku_id: int
    sku: str
    site_id: int
    site: str
    quantity: int


class Parcel(Struct, frozen=True):
    """What one site sends, by which service; without a rate ``priced`` is false and the cost is nothing."""

    site_id: int
    site: str
    name: str
    carrier: str
    service: str
    cost_minor: int
    days: int
    priced: bool
    grams: int
    lines: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """The parcel for storage."""
        return {
            "site": self.site,
            "name": self.name,
            "carrier": self.carrier,
            "service": self.service,
            "cost": self.cost_minor,
            "days": self.days,
            "priced": self.priced,
            "grams": self.grams,
            "lines": [{"sku": sku, "quantity": pieces} for sku, pieces in self.lines],
        }


class Candidate(Struct, frozen=True):
    """One site as the planner saw it; cost, days, score and rank are those of serving the order alone.

    ``able`` are the pieces of each SKU that the rules leave it to send; it is not stored.
    """

    site_id: int
    site: str
    name: str
    kept: bool
    outcome: str
    effects: tuple[str, ...]
    stock: tuple[tuple[str, int], ...]
    covers: int
    lines: int
    cost_minor: int | None
    days: int | None
    km: int | None
    score: int | None
    rank: int | None
    able: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The candidate for storage."""
        return {
            "site": self.site,
            "name": self.name,
            "kept": self.kept,
            "outcome": self.outcome,
            "effects": list(self.effects),
            "stock": dict(self.stock),
            "covers": self.covers,
            "lines": self.lines,
            "cost": self.cost_minor,
            "days": self.days,
            "km": self.km,
            "score": self.score,
            "rank": self.rank,
        }


class Outline(Struct, frozen=True):
    """A plan in short: who sends, for how much, how fast, and what it leaves unfilled.

    ``scarcity_minor`` is what its pieces counted for being scarce; nobody pays it.
    """

    sites: tuple[str, ...]
    names: tuple[str, ...]
    cost_minor: int
    days: int
    unfilled: int
    priced: bool = True
    scarcity_minor: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The outline for storage."""
        return {
            "sites": list(self.sites),
            "names": list(self.names),
            "cost": self.cost_minor,
            "days": self.days,
            "unfilled": self.unfilled,
            "priced": self.priced,
        } | ({"scarcity": self.scarcity_minor} if self.scarcity_minor else {})


@dataclass(frozen=True, slots=True)
class Plan:
    """Who sends what, what nobody can send (by line and by SKU), and the proof.

    ``cost_minor`` is the parcels plus the split penalty for each after the first. When ``optimal`` is false,
    no plan costs less than ``bound_minor``. ``is_refused``: the rules leave no site and want it refused.
    """

    shares: tuple[Share, ...]
    parcels: tuple[Parcel, ...]
    shortfall: tuple[tuple[int | str, int], ...]
    missing: tuple[tuple[str, int], ...]
    cost_minor: int
    days: int
    currency: str
    optimal: bool
    bound_minor: int
    candidates: tuple[Candidate, ...]
    winner: Outline | None
    runner_up: Outline | None
    why: str
    holds: tuple[str, ...]
    ranked_by: str
    rules_version_id: int | None
    rules_number: int
    rules_name: str
    is_refused: bool = False

    @property
    def unfilled(self) -> int:
        """Pieces that no site can send."""
        return sum(pieces for _, pieces in self.shortfall)

    @property
    def gap_minor(self) -> int:
        """How much cheaper a plan could be at most; 0 with proof."""
        return self.cost_minor - self.bound_minor

    def explained(self) -> dict[str, Any]:
        """The decision as JSON for ever: money in minor units, as short as it can be read."""
        return {
            "v": SHORT_FORM,
            "rules": {"version": self.rules_version_id, "number": self.rules_number, "name": self.rules_name},
            "ranked_by": self.ranked_by,
            "currency": self.currency,
            "cost": self.cost_minor,
            "days": self.days,
            "optimal": self.optimal,
            "bound": self.bound_minor,
            "why": self.why,
            "holds": list(self.holds),
            "winner": self.winner.as_dict() if self.winner else None,
            "runner_up": self.runner_up.as_dict() if self.runner_up else None,
            "parcels": [each.as_dict() for each in self.parcels],
            "missing": [{"sku": sku, "quantity": pieces} for sku, pieces in self.missing],
            "candidates": [each.as_dict() for each in self.candidates],
        }
