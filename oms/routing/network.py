"""Sites, their rates to one zone and a rule book, prepared once so that each order is planned fast; pure.

A plan's worth is a tuple compared from the left: criteria before *days*, days (the slowest parcel), criteria
after it and then the ties (fewer parcels, nearer, site priority, service, code). All but days add up over the
parcels, so each side is packed into one integer with a wide field per measure; adding integers then adds
every measure, and comparing them compares from the strongest.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from oms.routing import words
from oms.routing.distances import Place, kilometres
from oms.routing.effects import Compiled, compiled
from oms.routing.problem import UNPRICED, Band, Service, Site
from oms.routing.rules import Criterion, Ranking, RuleBook

FIELD = 44
"""Bits of one measure: a sum of 17 million million minor units still fits."""

_UNKNOWN_KM = 20_000
NO_LIMIT = 1 << 62


@dataclass(frozen=True, slots=True)
class Step:
    """What a parcel of up to ``cap`` grams is worth: strong measures, days, weak measures."""

    cap: int
    strong: int
    days: int
    weak: int
    cost_minor: int
    service: Service


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to send from a site, by weight; ``least`` bounds what any parcel up to a step is worth."""

    steps: tuple[Step, ...]
    caps: tuple[int, ...]
    least: tuple[tuple[int, int, int], ...]

    def at(self, grams: int) -> Step | None:
        """The step that carries this weight, None when it is too heavy."""
        i = bisect_left(self.caps, grams)
        return self.steps[i] if i < len(self.steps) else None


@dataclass(frozen=True, slots=True)
class Lane:
    """A site seen from the destination; ``rank`` orders by distance, priority and code."""

    site: Site
    choices: tuple[Choice, ...]
    km: int | None
    rank: int
    bit: int
    services: tuple[Service, ...]
    scale: "_Scale"


@dataclass(frozen=True, slots=True)
class Network:
    """Everything about routing to one zone that does not change from order to order."""

    lanes: tuple[Lane, ...]
    book: RuleBook
    currency: str
    compiled: tuple[Compiled, ...]
    day_weight: int
    day_counts: int
    says: str
    names: Mapping[str, str] = field(default_factory=dict)
    countries: frozenset[str] = frozenset()
    load_unit: int = 0
    price_unit: int = 0
    needs_loads: bool = False
    needs_paces: bool = False
    serve_unpriced: bool = True
    narrowed: dict[tuple[int, frozenset[tuple[str, str]]], Lane] = field(default_factory=dict)

    def cost_of(self, site_id: int, carrier: str, service: str, grams: int) -> int | None:
        """What one parcel of this weight costs from a site by a service; None without such a rate."""
        ways = [way for lane in self.lanes if lane.site.id == site_id for way in lane.choices]
        for step in filter(None, (way.at(grams) for way in ways)):
            if service and (step.service.carrier, step.service.code) == (carrier, service):
                return step.cost_minor
        return None


def network(
    sites: Sequence[Site],
    services: Mapping[int, Sequence[Service]],
    book: RuleBook,
    *,
    currency: str = "AUD",
    centre: Place | None = None,
    serve_unpriced: bool = True,
    zone: str = "",
) -> Network:
    """Prepare the sites for a zone whose rates are ``services`` and whose centre is (latitude, longitude).

    A site without a rate may still serve, after all that have one, unless ``serve_unpriced`` is off.
    """
    lanes = _lanes(sites, services, book, centre, serve_unpriced)
    names = {site.code: site.name for site in sites}
    by_days = _days_at(book.ranking)
    weights = book.ranking.weights
    return Network(
        lanes=lanes,
        book=book,
        currency=currency,
        compiled=tuple(compiled(rule, currency=currency, names=names, zone=zone) for rule in book.rules),
        day_weight=weights[by_days] if weights and by_days is not None else 0,
        day_counts=int(by_days is not None and not weights),
        says=words.ranking(book.ranking),
        names=names,
        countries=frozenset(site.country for site in sites if site.enabled),
        load_unit=_unit(book.ranking, Criterion.UTILISATION),
        price_unit=_unit(book.ranking, Criterion.COST) if book.scarcity_minor else 0,
        needs_loads=book.needs_loads,
        needs_paces=book.needs_paces,
        serve_unpriced=serve_unpriced,
    )


def _lanes(
    sites: Sequence[Site],
    services: Mapping[int, Sequence[Service]],
    book: RuleBook,
    centre: Place | None,
    serve_unpriced: bool,
) -> tuple[Lane, ...]:
    """The sites by distance, priority and code, each with its ways to send."""
    distances = {site.id: _km(site, centre) for site in sites}
    by_code = sorted(sites, key=lambda site: (site.code, site.id))
    bits = {site.id: 1 << i for i, site in enumerate(by_code)}
    near = sorted(sites, key=lambda site: (_far(distances[site.id]), site.priority, site.code, site.id))
    lanes = []
    for rank, site in enumerate(near):
        scale = _Scale(book, _far(distances[site.id]), site.priority, bits[site.id], len(sites))
        offered = tuple(services.get(site.id, ()))
        choices = _choices(offered, scale, serve_unpriced)
        lanes.append(Lane(site, choices, distances[site.id], rank, bits[site.id], offered, scale))
    return tuple(lanes)


def narrowed(prepared: Network, lane: Lane, without: frozenset[tuple[str, str]]) -> Lane:
    """The same lane without some (carrier, service) pairs; rules leave few combinations, so each is kept."""
    known = prepared.narrowed.get((lane.bit, without))
    if known is None:
        left = tuple(each for each in lane.services if (each.carrier, each.code) not in without)
        unpriced = prepared.serve_unpriced and (UNPRICED.carrier, UNPRICED.code) not in without
        known = replace(lane, choices=_choices(left, lane.scale, unpriced))
        prepared.narrowed[lane.bit, without] = known
    return known


@dataclass(frozen=True, slots=True)
class _Scale:
    """Packs the measures of one site's parcels."""

    book: RuleBook
    km: int
    priority: int
    bit: int
    sites: int

    def step(self, cap: int, band: Band | None, service: Service, place: int) -> Step:
        """The step of a band, or of having no rate at all when there is none."""
        cost, days = (band.cost_minor, band.days) if band else (0, 0)
        ranking = self.book.ranking
        measures = {
            Criterion.PARCELS: 1,
            Criterion.COST: cost + self.book.split_penalty_minor,
            Criterion.DISTANCE: self.km,
            # How busy a site is changes with every order: added when one is planned.
            Criterion.UTILISATION: 0,
        }
        unpriced = 0 if band else 1
        cut = _days_at(ranking)
        before = ranking.criteria if cut is None else ranking.criteria[:cut]
        after = () if cut is None else ranking.criteria[cut + 1 :]
        if ranking.weights:
            pairs = zip(ranking.criteria, ranking.weights, strict=True)
            mixed = sum(weight * measures[each] for each, weight in pairs if each is not Criterion.DAYS)
            strong, weak = packed([unpriced, mixed]), []
        else:
            strong, weak = (
                packed([unpriced, *(measures[each] for each in before)]),
                [measures[each] for each in after],
            )
        ties = packed([*weak, 1, self.km, self.priority, place])
        return Step(cap, strong, days, (ties << self.sites) | self.bit, cost, service)


def packed(measures: Sequence[int]) -> int:
    """The measures side by side in one integer, the first one strongest."""
    whole = 0
    for measure in measures:
        whole = (whole << FIELD) | measure
    return whole


def preference_unit(book: RuleBook) -> int:
    """What one parcel from a site that is not preferred adds to the strong measures."""
    cut = _days_at(book.ranking)
    before = len(book.ranking.criteria) if cut is None else cut
    fields = 2 if book.ranking.weights else 1 + before
    return 1 << (FIELD * fields)


def _unit(ranking: Ranking, criterion: Criterion) -> int:
    """What one more of a measure adds to the strong measures; 0 when it is not ranked, or only after days."""
    if criterion not in ranking.criteria:
        return 0
    place = ranking.criteria.index(criterion)
    if ranking.weights:
        return ranking.weights[place]
    cut = _days_at(ranking)
    strong = len(ranking.criteria) if cut is None else cut
    return 1 << (FIELD * (strong - 1 - place)) if place < strong else 0


def counts_scarcity(ranking: Ranking) -> bool:
    """Whether what scarce stock counts can be added to what a plan costs."""
    return _unit(ranking, Criterion.COST) > 0


def load_permille(site: Site, orders_today: int) -> int:
    """The share of its day that a site has used, in thousandths; a site without a capacity is never busy."""
    return min(1_000, 1_000 * orders_today // site.orders_per_day) if site.orders_per_day else 0


def _choices(services: tuple[Service, ...], scale: _Scale, serve_unpriced: bool) -> tuple[Choice, ...]:
    """The ways to send: one that merges all services when cost outranks days, else one per service."""
    ordered = tuple(sorted(services, key=lambda service: (service.carrier, service.code)))
    if _days_matter_late(scale.book.ranking):
        groups = [ordered] if ordered else []
    else:
        groups = [(service,) for service in ordered]
    choices = [_choice(group, scale, serve_unpriced) for group in groups or ([()] if serve_unpriced else [])]
    return tuple(choice for choice in choices if choice.steps)


def _choice(services: tuple[Service, ...], scale: _Scale, serve_unpriced: bool) -> Choice:
    caps = {_cap(band) for service in services for band in service.bands}
    if serve_unpriced:
        caps.add(NO_LIMIT)
    steps: list[Step] = []
    for cap in sorted(caps):
        step = _best_step(services, cap, scale)
        if step is None and serve_unpriced:
            step = scale.step(cap, None, UNPRICED, 0)
        if step is None:
            continue
        if steps and (steps[-1].strong, steps[-1].days, steps[-1].weak) == (
            step.strong,
            step.days,
            step.weak,
        ):
            steps.pop()
        steps.append(step)
    least: list[tuple[int, int, int]] = []
    for step in steps:
        last = least[-1] if least else (step.strong, step.days, step.weak)
        least.append((min(last[0], step.strong), min(last[1], step.days), min(last[2], step.weak)))
    return Choice(tuple(steps), tuple(step.cap for step in steps), tuple(least))


def _best_step(services: tuple[Service, ...], cap: int, scale: _Scale) -> Step | None:
    found = None
    for place, service in enumerate(services):
        band = next((band for band in sorted(service.bands, key=_cap) if _cap(band) >= cap), None)
        if band is None:
            continue
        step = scale.step(cap, band, service, place)
        if found is None or (step.strong, step.days, step.weak) < (found.strong, found.days, found.weak):
            found = step
    return found


def _cap(band: Band) -> int:
    return NO_LIMIT if band.up_to_grams is None else band.up_to_grams


def _days_at(ranking: Ranking) -> int | None:
    return ranking.criteria.index(Criterion.DAYS) if Criterion.DAYS in ranking.criteria else None


def _days_matter_late(ranking: Ranking) -> bool:
    """Whether each parcel may take its cheapest service: days never outrank what a service costs."""
    if Criterion.DAYS not in ranking.criteria:
        return True
    if ranking.weights or Criterion.COST not in ranking.criteria:
        return False
    return ranking.criteria.index(Criterion.COST) < ranking.criteria.index(Criterion.DAYS)


def _far(km: int | None) -> int:
    return _UNKNOWN_KM if km is None else km


def _km(site: Site, centre: Place | None) -> int | None:
    if centre is None or site.latitude is None or site.longitude is None:
        return None
    return kilometres((site.latitude, site.longitude), centre)
