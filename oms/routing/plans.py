"""What the planner answers: shares, parcels, and why; pure."""

from dataclasses import dataclass

SHORT_FORM = 1
"""Version of the stored explanation's shape."""


@dataclass(frozen=True, slots=True)
class Share:
    """Pieces of one order line that one site sends."""

    line: int | str
    sku_id: int
    sku: str
    site_id: int
    site: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Parcel:
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


@dataclass(frozen=True, slots=True)
class Candidate:
    """One site as the planner saw it; cost, days, score and rank are those of serving the order alone."""

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


@dataclass(frozen=True, slots=True)
class Outline:
    """A plan in short: who sends, for how much, how fast, and what it leaves unfilled."""

    sites: tuple[str, ...]
    names: tuple[str, ...]
    cost_minor: int
    days: int
    unfilled: int
    priced: bool = True

    def as_dict(self) -> dict:
        """The outline for storage."""
        return {
            "sites": list(self.sites),
            "names": list(self.names),
            "cost": self.cost_minor,
            "days": self.days,
            "unfilled": self.unfilled,
            "priced": self.priced,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """Who sends what, what nobody can send (by line and by SKU), and the proof.

    ``cost_minor`` is the parcels plus the split penalty for each after the first. When ``optimal`` is false,
    no plan costs less than ``bound_minor``.
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

    @property
    def unfilled(self) -> int:
        """Pieces that no site can send."""
        return sum(pieces for _, pieces in self.shortfall)

    @property
    def gap_minor(self) -> int:
        """How much cheaper a plan could be at most; 0 with proof."""
        return self.cost_minor - self.bound_minor

    def explained(self) -> dict:
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
            "parcels": [
                {
                    "site": each.site,
                    "name": each.name,
                    "carrier": each.carrier,
                    "service": each.service,
                    "cost": each.cost_minor,
                    "days": each.days,
                    "priced": each.priced,
                    "grams": each.grams,
                    "lines": [{"sku": sku, "quantity": pieces} for sku, pieces in each.lines],
                }
                for each in self.parcels
            ],
            "missing": [{"sku": sku, "quantity": pieces} for sku, pieces in self.missing],
            "candidates": [
                {
                    "site": each.site,
                    "name": each.name,
                    "kept": each.kept,
                    "outcome": each.outcome,
                    "effects": list(each.effects),
                    "stock": dict(each.stock),
                    "covers": each.covers,
                    "lines": each.lines,
                    "cost": each.cost_minor,
                    "days": each.days,
                    "km": each.km,
                    "score": each.score,
                    "rank": each.rank,
                }
                for each in self.candidates
            ],
        }
