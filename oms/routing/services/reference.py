"""Zones, rate cards and first rules of a shop in Australia: a start that every shop can edit."""

from collections.abc import Iterator
from datetime import date, datetime

from inventory.models import StockLocation
from inventory.rules import SHIPPING
from oms.core.transactions import joins_transaction
from oms.routing import queries
from oms.routing.distances import Place, kilometres
from oms.routing.models import Rate, RateCard, RuleSetVersion, Zone, ZonePrefix
from oms.routing.rules import Action, Condition, Criterion, Does, Fact, Ranking, Rule, RuleBook, Sites, Test
from oms.routing.services import rule_sets

RULE_SET = "All orders"
_CURRENCY = "AUD"
_SPLIT_PENALTY_MINOR = 500
_MAX_PARCELS = 3

# Code: name, centre, regions as addresses write them, beginnings of postcodes.
_STATES = {
    "AU-WA": ("Western Australia", (-31.95, 115.86), ("WA", "WESTERN AUSTRALIA"), ("6",)),
    "AU-NSW": ("New South Wales", (-33.87, 151.21), ("NSW", "NEW SOUTH WALES"), ("1", "2")),
    "AU-VIC": ("Victoria", (-37.81, 144.96), ("VIC", "VICTORIA"), ("3", "8")),
    "AU-QLD": ("Queensland", (-27.47, 153.03), ("QLD", "QUEENSLAND"), ("4", "9")),
    "AU-SA": ("South Australia", (-34.93, 138.60), ("SA", "SOUTH AUSTRALIA"), ("5",)),
    "AU-TAS": ("Tasmania", (-42.88, 147.33), ("TAS", "TASMANIA"), ("7",)),
    "AU-NT": ("Northern Territory", (-12.46, 130.84), ("NT", "NORTHERN TERRITORY"), ("08", "09")),
    "AU-ACT": (
        "Australian Capital Territory",
        (-35.28, 149.13),
        ("ACT", "AUSTRALIAN CAPITAL TERRITORY"),
        ("02", "260", "261", "290", "291", "2920"),
    ),
}
_ELSEWHERE = ("AU", "Australia, elsewhere", (-23.70, 133.88))
_NEW_ZEALAND = ("NZ", "New Zealand", (-41.29, 174.78))
_WORLD = ("WORLD", "Rest of the world")

# Up to so many kilometres: cents, days. A parcel within its own state pays the first.
_BY_DISTANCE = ((0, 600, 2), (900, 840, 3), (2_000, 960, 3), (3_000, 1_140, 4), (None, 1_200, 5))
_TO_NEW_ZEALAND = (1_800, 6)
_TO_THE_WORLD = (3_200, 9)
# Up to so many grams: cents on top.
_BY_WEIGHT = ((5_000, 0), (10_000, 450), (22_000, 1_600), (None, 6_000))
_EXPRESS_MINOR = 550
# What a partner or a supplier asks for handling, and the days it takes.
_HANDLING = {"own": (0, 0), "3pl": (80, 0), "supplier": (200, 1)}


@joins_transaction
def set_up(*, at: datetime) -> RuleSetVersion | None:
    """Make whatever is missing of zones, rate cards and the first rule set; what is there stays as it is.

    Returns the first rule set's version when it was made now.
    """
    zones = _zones()
    carded = set(RateCard.objects.values_list("location_id", flat=True))
    for location in StockLocation.objects.filter(kind__in=SHIPPING):
        if location.pk not in carded:
            _rate_cards(location, zones, valid_from=date(at.year - 1, 1, 1))
    if queries.rule_sets().exists():
        return None
    draft = rule_sets.create(RULE_SET, by=None, at=at)
    rule_sets.rewrite(draft.pk, first_rules(), by=None, at=at)
    return rule_sets.publish_first(draft.pk, at=at)


def first_rules() -> RuleBook:
    """Lowest cost wins; suppliers serve their own country only and fragile orders stay together."""
    abroad = Condition(Fact.COUNTRY, Test.IS_NOT, ("AU",))
    fragile = Condition(Fact.TAG, Test.IS, ("fragile",))
    return RuleBook(
        rules=(
            Rule(1, (abroad,), (Action(Does.EXCLUDE, Sites(kinds=("supplier",))),)),
            Rule(2, (fragile,), (Action(Does.FORBID_SPLIT),)),
        ),
        ranking=Ranking((Criterion.COST, Criterion.DAYS)),
        split_penalty_minor=_SPLIT_PENALTY_MINOR,
        max_parcels=_MAX_PARCELS,
    )


def _zones() -> dict[str, Zone]:
    if Zone.objects.exists():
        return {zone.code: zone for zone in Zone.objects.all()}
    zones = [
        *[_zone(code, name, centre) for code, (name, centre, _, _) in _STATES.items()],
        _zone(*_ELSEWHERE),
        _zone(*_NEW_ZEALAND),
        _zone(*_WORLD, None),
    ]
    made = {zone.code: zone for zone in Zone.objects.bulk_create(zones)}
    ZonePrefix.objects.bulk_create(
        ZonePrefix(zone=made[code], country=country, region=region, postcode_prefix=postcode)
        for code, country, region, postcode in _addresses()
    )
    return made


def _zone(code: str, name: str, centre: tuple[float, float] | None) -> Zone:
    latitude, longitude = centre or (None, None)
    return Zone(code=code, name=name, latitude=latitude, longitude=longitude)


def _addresses() -> Iterator[tuple[str, str, str, str]]:
    for code, (_, _, regions, postcodes) in _STATES.items():
        yield from ((code, "AU", region, "") for region in regions)
        yield from ((code, "AU", "", postcode) for postcode in postcodes)
    yield ("AU", "AU", "", "")
    yield ("NZ", "NZ", "", "")
    yield ("WORLD", "", "", "")


def _rate_cards(location: StockLocation, zones: dict[str, Zone], *, valid_from: date) -> None:
    standard = RateCard(
        location=location,
        carrier="auspost",
        service="standard",
        name="Parcel Post",
        currency=_CURRENCY,
        valid_from=valid_from,
    )
    express = RateCard(
        location=location,
        carrier="auspost",
        service="express",
        name="Express Post",
        currency=_CURRENCY,
        valid_from=valid_from,
    )
    RateCard.objects.bulk_create([standard, express])
    rates = []
    for zone in zones.values():
        cost, days = _base(location, zone)
        for grams, more in _BY_WEIGHT:
            rates.append(
                Rate(rate_card=standard, zone=zone, up_to_grams=grams, cost_minor=cost + more, days=days)
            )
            rates.append(
                Rate(
                    rate_card=express,
                    zone=zone,
                    up_to_grams=grams,
                    cost_minor=cost + more + _EXPRESS_MINOR,
                    days=max(1, days // 2),
                )
            )
    Rate.objects.bulk_create(rates)


def _base(location: StockLocation, zone: Zone) -> tuple[int, int]:
    """Cents and days of the lightest parcel."""
    handling, wait = _HANDLING.get(location.kind, (0, 0))
    cost, days = _carriage(location, zone)
    return cost + handling, days + wait


def _carriage(location: StockLocation, zone: Zone) -> tuple[int, int]:
    if zone.code == "NZ" and location.country != "NZ":
        return _TO_NEW_ZEALAND
    if zone.latitude is None or zone.longitude is None:
        return _TO_THE_WORLD
    if zone.code == f"{location.country}-{location.region.upper()}":
        return _BY_DISTANCE[0][1:]
    far = _far(location, (float(zone.latitude), float(zone.longitude)))
    return next((cost, days) for most, cost, days in _BY_DISTANCE if most is None or far <= most)


def _far(location: StockLocation, there: Place) -> int:
    if location.latitude is None or location.longitude is None:
        state = _STATES.get(f"{location.country}-{location.region.upper()}")
        here = state[1] if state else _ELSEWHERE[2]
    else:
        here = (float(location.latitude), float(location.longitude))
    return kilometres(here, there)
