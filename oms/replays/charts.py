"""Two lines of cost by day, as points in a square of a hundred."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Drawn:
    """The points of both lines, the highest value in minor units, and the days at the ends."""

    before: str
    after: str
    top: int
    first: date
    last: date


def daily(rows: Sequence[dict[str, Any]]) -> Drawn | None:
    """Cost by day before and after; None when there are fewer than two days."""
    if len(rows) < 2:
        return None
    top = max(1, *(max(row["before"], row["after"]) for row in rows))

    def points(name: str) -> str:
        return " ".join(
            f"{100 * place / (len(rows) - 1):.2f},{100 - 100 * row[name] / top:.2f}"
            for place, row in enumerate(rows)
        )

    return Drawn(
        points("before"), points("after"), top, rows[0]["placed_at__date"], rows[-1]["placed_at__date"]
    )
