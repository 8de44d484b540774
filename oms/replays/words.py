"""A scenario and its outcome, as people read them."""

from collections.abc import Mapping
from typing import Any

from oms.core.money import Money


def said(scenario: Mapping[str, Any], versions: Mapping[int, str]) -> list[str]:
    """What is different, a sentence each; ``versions`` names those of rule sets."""
    found = [f"Rules: {versions.get(pk, pk)} instead of the live one." for pk in scenario.get("versions", ())]
    if scenario.get("without"):
        found.append(f"Without {', '.join(scenario['without'])}.")
    if site := scenario.get("new_site"):
        found.append(
            f"With {site['code']}, which has {site['stock_percent']} % of everybody's stock"
            f" and ships at the rates of {site['rates_of']}."
        )
    if scenario.get("stock_percent", 100) != 100:
        found.append(f"With {scenario['stock_percent']} % of the stock.")
    found += [f"Parcels from {code} cost {percent} %." for code, percent in scenario.get("rate_percent", ())]
    if scenario.get("rates_on"):
        found.append(f"With the rate cards of {scenario['rates_on']}.")
    return found or ["Nothing: the live rules on the stock as it then stood."]


def compared(summary: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    """The figures side by side: name, before, after, difference in per cent, and whether less is better."""
    before, after = summary.get("before"), summary.get("after")
    if not before or not after:
        return []
    rows = [
        ("Cost of parcels", before["cost_minor"], after["cost_minor"], _money(currency)),
        ("Parcels", before["parcels"], after["parcels"], str),
        ("Split orders", before["split"], after["split"], str),
        ("Days, on average", *_averages(before, after, "days"), _tenths),
        ("Orders with something missing", before["stock_outs"], after["stock_outs"], str),
        ("Pieces missing", before["unfilled"], after["unfilled"], str),
    ]
    return [
        {
            "name": name,
            "before": write(was),
            "after": write(would_be),
            "percent": round(100 * (would_be - was) / was, 1) if was else None,
            "width_before": _width(was, was, would_be),
            "width_after": _width(would_be, was, would_be),
            "better": would_be < was,
            "worse": would_be > was,
        }
        for name, was, would_be, write in rows
    ]


def _averages(before: Mapping[str, int], after: Mapping[str, int], name: str) -> tuple[int, int]:
    """In hundredths."""
    return tuple(100 * each[name] // max(1, each["orders"]) for each in (before, after))  # type: ignore[return-value]


def _width(value: int, was: int, would_be: int) -> int:
    most = max(was, would_be)
    return round(100 * value / most) if most else 0


def _money(currency: str) -> Any:
    return lambda minor: f"{Money(minor, currency).as_decimal():,}"


def _tenths(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}"
