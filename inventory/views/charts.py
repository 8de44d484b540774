"""Figures of days as a line: points in a box of 100 × 100 that the page stretches; all words stay words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line of figures by day, and the words at its sides."""

    points: str
    area: str
    top: Any
    first: date
    last: date
    newest: Any


def drawn(figures: Mapping[date, Any], *, top_at_least: Any = 1) -> Drawn | None:
    """Draw figures by day; with fewer than two days there is no line to draw."""
    if len(figures) < 2:
        return None
    days = sorted(figures)
    top = max(*figures.values(), top_at_least)
    span = (days[-1] - days[0]).days
    points = " ".join(
        f"{100 * (day - days[0]).days / span:.2f},{100 - 100 * float(figures[day]) / float(top):.2f}"
        for day in days
    )
    return Drawn(points, f"0,100 {points} 100,100", top, days[0], days[-1], figures[days[-1]])
