"""The planner's question put to a mixed-integer solver from a library (HiGHS): shares no code with the planner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import highspy

# (heaviest parcel in grams or None, cost, days), the lightest first.
Bands = Sequence[tuple[int | None, int, int]]
ANY_WEIGHT = 10**7
PARCEL_FIELD = 128


@dataclass(frozen=True, slots=True)
class Case:
    """Pieces wanted and their grams per SKU; stock and services per site; what a further parcel counts."""

    demand: tuple[int, ...]
    weights: tuple[int, ...]
    stock: Mapping[str, tuple[int, ...]]
    services: Mapping[str, Sequence[Bands]]
    penalty: int = 0
    max_parcels: int | None = None
    buffer: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """Of all plans with the fewest pieces unfilled the cheapest, and of those the fewest parcels."""

    unfilled: int
    cost: int
    parcels: int


def solve(case: Case) -> Answer:
    """Fill as much as can be, then pay as little as can be, then send as few parcels as can be."""
    model = _Model(case)
    sent = model.most_pieces()
    if not sent:
        return Answer(sum(case.demand), 0, 0)
    cost, parcels = model.least_cost(sent)
    return Answer(sum(case.demand) - sent, cost, parcels)


@dataclass(slots=True)
class _Model:
    """One binary per site and band of a service, one integer per site and SKU."""

    case: Case
    solver: highspy.Highs = field(default_factory=highspy.Highs)
    pieces: list[int] = field(default_factory=list)
    parcels: list[tuple[int, int]] = field(default_factory=list)
    columns: int = 0

    def __post_init__(self) -> None:
        self.solver.silent()
        for option in ("mip_rel_gap", "mip_abs_gap"):
            self.solver.setOptionValue(option, 0.0)
        case = self.case
        sent: list[list[int]] = [[] for _ in case.demand]
        for site, stock in case.stock.items():
            columns = [self._column(min(has, wanted)) for has, wanted in zip(stock, case.demand, strict=True)]
            for k, column in enumerate(columns):
                sent[k].append(column)
            self._site(columns, case.services.get(site, ()))
        for k, wanted in enumerate(case.demand):
            there = sum(stock[k] for stock in case.stock.values())
            self._row(0, max(0, min(wanted, there - case.buffer)), [(column, 1) for column in sent[k]])
        self.pieces = [column for columns in sent for column in columns]
        if case.max_parcels is not None:
            self._row(0, case.max_parcels, [(column, 1) for column, _ in self.parcels])

    def _site(self, columns: Sequence[int], services: Sequence[Bands]) -> None:
        """At most one parcel, of a weight that its band is for, and none that is empty."""
        case = self.case
        heavy: list[tuple[int, float]] = [
            (column, weight) for column, weight in zip(columns, case.weights, strict=True)
        ]
        light = list(heavy)
        chosen: list[tuple[int, float]] = []
        for bands in services:
            least = 0
            for cap, cost, _ in bands:
                used = self._column(1)
                self.parcels.append((used, cost))
                chosen.append((used, 1))
                heavy.append((used, -(ANY_WEIGHT if cap is None else cap)))
                light.append((used, -least))
                least = (cap or 0) + 1
        infinity = highspy.kHighsInf
        self._row(-infinity, 0, heavy)
        self._row(0, infinity, light)
        self._row(0, 1, chosen)
        self._row(
            0, infinity, [*[(column, 1.0) for column in columns], *[(used, -1.0) for used, _ in chosen]]
        )
        for column, most in zip(columns, case.demand, strict=True):
            self._row(-infinity, 0, [(column, 1.0), *[(used, -most) for used, _ in chosen]])

    def _column(self, most: float) -> int:
        self.solver.addVar(0, most)
        self.solver.changeColIntegrality(self.columns, highspy.HighsVarType.kInteger)
        self.columns += 1
        return self.columns - 1

    def _row(self, least: float, most: float, terms: Sequence[tuple[int, float]]) -> None:
        self.solver.addRow(
            least, most, len(terms), [i for i, _ in terms], [float(value) for _, value in terms]
        )

    def most_pieces(self) -> int:
        """The most pieces that can be sent at all."""
        for column in self.pieces:
            self.solver.changeColCost(column, -1)
        return -self._minimum()

    def least_cost(self, sent: int) -> tuple[int, int]:
        """The least cost of sending so many pieces, and the fewest parcels at that cost."""
        self._row(sent, sent, [(column, 1) for column in self.pieces])
        for column in self.pieces:
            self.solver.changeColCost(column, 0)
        for used, cost in self.parcels:
            self.solver.changeColCost(used, (cost + self.case.penalty) * PARCEL_FIELD + 1)
        cost, parcels = divmod(self._minimum(), PARCEL_FIELD)
        return cost - self.case.penalty, parcels

    def _minimum(self) -> int:
        self.solver.run()
        status = self.solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"The solver ended with {status}.")
        return round(self.solver.getInfo().objective_function_value)
