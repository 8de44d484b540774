"""The exact planner beside a greedy one on the UCI period: the same orders and rates, each on shelves of its own."""

from dataclasses import dataclass
from pathlib import Path

from oms.flows.demo import uci
from oms.routing.network import Network, network
from oms.routing.planner import plan
from oms.routing.problem import Band, Destination, Line, OrderFacts, Service, Site
from oms.routing.rules import Criterion, Ranking, RuleBook
from oms.routing.tables import ZoneFacts, zone_of

SAMPLE = Path(__file__).parents[1] / "data" / "uci" / "online_retail_500_invoices.csv"
Shelves = dict[tuple[int, int], int]


@dataclass(slots=True)
class Bill:
    """What all orders came to, in minor units with the split penalty; what nobody could send."""

    cost_minor: int = 0
    splits: int = 0
    unfilled: int = 0


def compared() -> tuple[Bill, Bill, Bill]:
    """The bills of the exact planner by cost, of the exact planner by parcels, and of the greedy one."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        invoices = [each for each in uci.read(file) if not each.is_cancellation]
    asked = uci.demand(invoices)
    ids = {code: n for n, code in enumerate(sorted(asked))}
    sites = {code: n for n, code in enumerate(uci.PLACES)}
    opening = {
        (sites[place], ids[code]): pieces
        for place, lines in uci.opening(asked).items()
        for code, pieces in lines.items()
    }
    by_cost = _networks(sites, Ranking((Criterion.COST, Criterion.DAYS)))
    by_parcels = _networks(sites, Ranking((Criterion.PARCELS, Criterion.COST)))
    bills = (Bill(), Bill(), Bill())
    shelves = (dict(opening), dict(opening), dict(opening))
    for invoice in invoices:
        lines = tuple(
            Line(n, ids[code], code, pieces, uci.grams(code))
            for n, (code, pieces) in enumerate(invoice.pieces.items())
            if pieces > 0
        )
        if lines:
            to = invoice.address
            zone = _zone(to.country, to.postcode)
            _exactly(lines, by_cost[zone], shelves[0], bills[0])
            _exactly(lines, by_parcels[zone], shelves[1], bills[1])
            _greedily(lines, by_cost[zone], shelves[2], bills[2])
    return bills


def _exactly(lines: tuple[Line, ...], lane: Network, shelves: Shelves, bill: Bill) -> None:
    found = plan(OrderFacts("uci", "b2c", Destination("GB"), lines), stock=shelves, network=lane)
    for share in found.shares:
        shelves[share.site_id, share.sku_id] -= share.quantity
    bill.cost_minor += found.cost_minor
    bill.splits += max(0, len(found.parcels) - 1)
    bill.unfilled += found.unfilled


def _greedily(lines: tuple[Line, ...], lane: Network, shelves: Shelves, bill: Bill) -> None:
    """Again and again the site with most of what is left, the nearer of two; each sends all it can."""
    left = {line.sku_id: line.quantity for line in lines}
    weights = {line.sku_id: line.weight_grams for line in lines}
    parcels = 0
    free = list(lane.lanes)
    while any(left.values()) and free:
        best = max(
            free,
            key=lambda one: (
                sum(min(n, shelves.get((one.site.id, sku), 0)) for sku, n in left.items()),
                -one.rank,
            ),
        )
        sends = {sku: min(n, shelves.get((best.site.id, sku), 0)) for sku, n in left.items()}
        free.remove(best)
        if not any(sends.values()):
            break
        for sku, count in sends.items():
            left[sku] -= count
            shelves[best.site.id, sku] = shelves.get((best.site.id, sku), 0) - count
        step = best.choices[0].at(sum(count * weights[sku] for sku, count in sends.items()))
        assert step is not None
        bill.cost_minor += step.cost_minor + (uci.SPLIT_PENALTY if parcels else 0)
        bill.splits += bool(parcels)
        parcels += 1
    bill.unfilled += sum(left.values())


def _networks(sites: dict[str, int], ranking: Ranking) -> dict[str, Network]:
    book = RuleBook(ranking=ranking, split_penalty_minor=uci.SPLIT_PENALTY)
    places = [
        Site(sites[code], code, name, latitude=float(lat), longitude=float(lon))
        for code, (name, _, _, lat, lon, _) in uci.PLACES.items()
    ]
    made = {}
    for zone, (_, _, latitude, longitude) in uci.ZONES.items():
        services = {
            sites[code]: [
                Service(
                    "tracked",
                    "Tracked",
                    "royalmail",
                    tuple(Band(most, lanes[zone][0] + more, lanes[zone][1]) for most, more in uci.HEAVIER),
                )
            ]
            for code, lanes in uci.RATES.items()
        }
        centre = (float(latitude), float(longitude)) if latitude and longitude else None
        made[zone] = network(places, services, book, currency="GBP", centre=centre)
    return made


def _zone(country: str, postcode: str) -> str:
    addresses = {
        (code, "", prefix): ZoneFacts(0, zone, name, None)
        for zone, (name, prefixes, _, _) in uci.ZONES.items()
        for code, prefix in prefixes
    }
    found = zone_of(Destination(country, "", postcode), addresses)
    assert found is not None
    return found.code
