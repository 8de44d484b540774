"""Rates side by side: the cheapest offer from each location to each zone at a weight; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from oms.routing.network import NO_LIMIT
from oms.routing.problem import Band, Service

Rates = Mapping[int, Mapping[int, Sequence[Service]]]
"""Services by zone id and location id."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one service asks for a parcel of the weight; the better offer is the cheaper, then the faster."""

    cost_minor: int
    days: int
    name: str


def table(rates: Rates, grams: int, service: str = "") -> dict[int, dict[int, Offer]]:
    """The best offer by zone id and location id, of one service code or of all."""
    found: dict[int, dict[int, Offer]] = {}
    for zone, by_site in rates.items():
        for site, services in by_site.items():
            offers = list(_offers(services, grams, service))
            if offers:
                found.setdefault(zone, {})[site] = min(
                    offers, key=lambda each: (each.cost_minor, each.days, each.name)
                )
    return found


def services(rates: Rates) -> list[tuple[str, str]]:
    """Every service's code and name, once."""
    return sorted(
        {
            each.code: each.name for by_site in rates.values() for all_ in by_site.values() for each in all_
        }.items()
    )


def _offers(services: Sequence[Service], grams: int, code: str) -> Iterator[Offer]:
    for service in services:
        if code and service.code != code:
            continue
        band = next((band for band in sorted(service.bands, key=_cap) if _cap(band) >= grams), None)
        if band is not None:
            yield Offer(band.cost_minor, band.days, service.name)


def _cap(band: Band) -> int:
    return NO_LIMIT if band.up_to_grams is None else band.up_to_grams
