"""What the planner reads from the database, prepared per rule set and kept per destination zone; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oms.routing.distances import Place
from oms.routing.network import Network, network
from oms.routing.problem import Destination, Service, Site
from oms.routing.rules import RuleBook


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """A zone, and where its middle is or that of the addresses with the same beginning of the postcode."""

    id: int
    code: str
    name: str
    centre: tuple[float, float] | None


Addresses = Mapping[tuple[str, str, str], ZoneFacts]
"""Zones by (country, region, beginning of the postcode); an empty text fits everything."""

_DESTINATIONS_KEPT = 20_000
_PLACES_KEPT = 2_000


@dataclass(slots=True)
class Tables:
    """Sites, rates and one rule book; hands out the network of a destination's zone."""

    book: RuleBook
    sites: Sequence[Site]
    addresses: Addresses
    rates: Mapping[int, Mapping[int, Sequence[Service]]]
    currency: str
    _by_zone: dict[tuple[int, Place | None] | None, Network] = field(default_factory=dict)
    _by_destination: dict[Destination, Network] = field(default_factory=dict)

    def network(self, destination: Destination) -> Network:
        """The prepared network toward this destination; without a zone no site has a rate."""
        known = self._by_destination.get(destination)
        if known is not None:
            return known
        zone = zone_of(destination, self.addresses)
        key = (zone.id, zone.centre) if zone else None
        prepared = self._by_zone.get(key)
        if prepared is None:
            prepared = network(
                self.sites,
                self.rates.get(zone.id, {}) if zone else {},
                self.book,
                currency=self.currency,
                centre=zone.centre if zone else None,
                zone=zone.code if zone else "",
            )
            if len(self._by_zone) >= _PLACES_KEPT:
                self._by_zone.clear()
            self._by_zone[key] = prepared
        if len(self._by_destination) >= _DESTINATIONS_KEPT:
            self._by_destination.clear()
        self._by_destination[destination] = prepared
        return prepared


def zone_of(destination: Destination, addresses: Addresses) -> ZoneFacts | None:
    """The zone with the longest beginning of the postcode, then the one that names the region."""
    country, region = destination.country.upper(), destination.region.strip().upper()
    postcode = destination.postcode.replace(" ", "").upper()
    for length in range(len(postcode), -1, -1):
        for part in (region, "") if region else ("",):
            zone = addresses.get((country, part, postcode[:length]))
            if zone is not None:
                return zone
    return addresses.get(("", "", ""))
