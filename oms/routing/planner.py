"""Which sites send what: the best plan under the rules, with its reasons and its proof; pure.

``plan`` fills as much of the order as stock and rules allow, then takes the plan that the ranking puts
first, over all subsets of sites. The same input gives the same plan, in whatever order sites and lines
come.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from oms.routing import explaining, scarcity, words
from oms.routing.bounds import least_cost
from oms.routing.dealing import Arm, Pieces, Terms
from oms.routing.effects import Question, Treatment, nobody_left, preferences, treat, verdict
from oms.routing.explaining import Case, Seen
from oms.routing.network import Lane, Network, load_permille, narrowed, preference_unit
from oms.routing.plans import ASK_FIRST, Parcel, Plan, Share
from oms.routing.problem import OrderFacts, Partial, demand_of
from oms.routing.rules import IfNone
from oms.routing.search import Found, Outcome, search

Stock = Mapping[tuple[int, int], int]
"""Available pieces by (site id, SKU id); what is missing is none."""


def plan(order: OrderFacts, *, stock: Stock, network: Network, nodes: int | None = None) -> Plan:
    """Decide who sends what of this order, on the stock as seen; it gives up proving after so many ``nodes``."""
    demand = demand_of(order.lines)
    case = Case(order, demand, network, verdict(network.compiled, order, demand, network.book.max_parcels))
    case.seen = [_look(lane, case, stock) for lane in network.lanes]
    if network.book.if_none is IfNone.ANY_SITE and all(each.treated.dropped for each in case.seen):
        case.ruled = replace(case.ruled, fired=())
        case.seen = [_look(lane, case, stock) for lane in network.lanes]
    arms, target = _arms(case)
    outcome = _searched(case, arms, target, nodes)
    return _written(case, outcome, _bound(arms, network, outcome))


def _look(lane: Lane, case: Case, stock: Stock) -> Seen:
    """The site's stock after the rules, or why it is out."""
    site, order, fired = lane.site, case.order, case.ruled.fired
    site_id = site.id
    has = [stock.get((site_id, sku_id), 0) for sku_id in case.demand.sku_ids]
    if not site.enabled:
        return Seen(lane, has, Treatment([], dropped=True, effects=("Not active",)), sellable=False)
    if order.allowed_sites is not None and site_id not in order.allowed_sites:
        return Seen(lane, has, Treatment([], dropped=True, effects=("Not for this channel",)), sellable=False)
    treated = Treatment(has)
    if fired:
        question = Question(order, case.demand, fired, case.network.countries)
        treated = treat(site, has, lane.services, question)
        if treated.without:
            lane = narrowed(case.network, lane, treated.without)
    if not treated.dropped and not lane.choices:
        treated.dropped, treated.effects = True, (*treated.effects, "No rate to this destination")
    return Seen(lane, has, treated, sellable=True)


def _arms(case: Case) -> tuple[list[Arm], Pieces]:
    """One arm per site and way to send, for kept sites that have something; and what can be sent."""
    demand, network = case.demand, case.network
    kept = [each for each in case.seen if not each.treated.dropped]
    unpreferred = (
        preferences([each.treated for each in kept]) if kept and kept[0].treated.unpreferred else None
    )
    unit = preference_unit(network.book) if unpreferred else 0
    stocks = [_useful(each.treated.stock, demand.quantities) for each in kept]
    target = _target(case, stocks)
    grams = sum([pieces * weight for pieces, weight in zip(target, demand.weights, strict=True)])
    arms: list[Arm] = []
    for place, each in enumerate(kept):
        if not any(stocks[place]):
            continue
        extra = unpreferred[place] * unit if unpreferred else 0
        if network.load_unit:
            site = each.lane.site
            extra += load_permille(site, case.order.loads.get(site.id, 0)) * network.load_unit
        lane = each.lane
        prices = _scarce(each, case) if network.price_unit else ()
        for choice in lane.choices:
            alone = choice.at(grams)
            strong, days, weak = choice.least[choice.steps.index(alone) if alone else -1]
            arm = Arm(
                strong + extra, days, weak, lane.rank, lane.bit, stocks[place], choice, extra, alone, prices
            )
            each.arms.append(arm)
            arms.append(arm)
    return arms, target


def _scarce(each: Seen, case: Case) -> Pieces:
    """What a piece of each SKU counts at this site, and the words for it."""
    network = case.network
    prices = scarcity.prices(each.lane.site, each.has, case.order, case.demand, network.book.scarcity_minor)
    dear = [
        f"{code} counts {words.amount(price, network.currency)} a piece"
        for code, price in zip(case.demand.codes, prices, strict=True)
        if price
    ]
    if dear:
        each.treated.effects += (f"Scarce here: {', '.join(dear)}",)
    return prices


def _useful(stock: Sequence[int], wanted: Pieces) -> Pieces:
    """What the site has, no more than is wanted."""
    return tuple(
        [(0 if has < 0 else has) if has < most else most for has, most in zip(stock, wanted, strict=True)]
    )


def _target(case: Case, stocks: Sequence[Pieces]) -> Pieces:
    """The pieces of each SKU that can be sent at all, the channel's buffer left alone."""
    target = []
    for k, wanted in enumerate(case.demand.quantities):
        can = sum([stock[k] for stock in stocks])
        if case.order.buffer:
            sellable = sum([max(0, each.has[k]) for each in case.seen if each.sellable]) - case.order.buffer
            can = max(0, min(can, sellable))
        target.append(min(can, wanted))
    return tuple(target)


def _searched(case: Case, arms: list[Arm], target: Pieces, nodes: int | None) -> Outcome:
    network = case.network
    if not any(target):
        return Outcome(None, None, proven=True)
    limit = len(arms) if case.ruled.max_parcels is None else case.ruled.max_parcels
    terms = Terms(case.demand.weights, network.day_weight, network.day_counts, network.price_unit)
    return search(arms, target, terms, limit, nodes=nodes)


def _bound(arms: Sequence[Arm], network: Network, outcome: Outcome) -> int:
    """The least that any plan can cost: its own cost with proof, else what no plan is cheaper than."""
    if outcome.best is None:
        return 0
    cost = explaining.cost_of(outcome.best, network)
    if outcome.proven:
        return cost
    sent = tuple([sum(column) for column in zip(*[each for _, each, _ in outcome.best.shares], strict=True)])
    penalty = network.book.split_penalty_minor
    is_whole = not outcome.best.worth[0]
    return min(cost, least_cost(arms, sent, penalty=penalty, is_whole=is_whole))


def _written(case: Case, outcome: Outcome, bound: int) -> Plan:
    best, network = outcome.best, case.network
    parcels, sends = _parcels(best, case)
    shares, shortfall = _shares(case.order, parcels, sends)
    unfilled = sum([left for _, left in shortfall])
    told = explaining.told(case, outcome, unfilled=unfilled, bound_minor=bound)
    return Plan(
        shares=shares,
        parcels=parcels,
        shortfall=shortfall,
        missing=_missing(case.order, shortfall),
        cost_minor=explaining.cost_of(best, network) if best else 0,
        days=told.winner.days if told.winner else 0,
        currency=network.currency,
        optimal=outcome.proven,
        bound_minor=bound,
        candidates=told.candidates,
        winner=told.winner,
        runner_up=told.runner_up,
        why=told.why,
        holds=case.ruled.holds + _own_holds(case, parcels, shortfall),
        ranked_by=network.says,
        rules_version_id=network.book.version_id,
        rules_number=network.book.number,
        rules_name=network.book.name,
        is_refused=network.book.if_none is IfNone.REFUSE and all(each.treated.dropped for each in case.seen),
    )


def _missing(order: OrderFacts, shortfall: Sequence[tuple[int | str, int]]) -> tuple[tuple[str, int], ...]:
    """The shortfall summed per SKU."""
    if not shortfall:
        return ()
    codes = {line.key: line.sku for line in order.lines}
    lacks: dict[str, int] = {}
    for key, pieces in shortfall:
        lacks[codes[key]] = lacks.get(codes[key], 0) + pieces
    return tuple(lacks.items())


def _own_holds(
    case: Case, parcels: Sequence[Parcel], shortfall: Sequence[tuple[int | str, int]]
) -> tuple[str, ...]:
    holds: tuple[str, ...] = ()
    if case.order.partial is Partial.ASK and (shortfall or len(parcels) > 1):
        holds += (ASK_FIRST,)
    if all(each.treated.dropped for each in case.seen):
        holds += nobody_left(case.network.book.if_none)
    return holds


def _parcels(best: Found | None, case: Case) -> tuple[tuple[Parcel, ...], dict[int, list[tuple[int, int]]]]:
    """The parcels, nearest first, and who has how many pieces of each SKU to give to lines."""
    parcels: list[Parcel] = []
    sends: dict[int, list[tuple[int, int]]] = {}
    sites = {each.lane.bit: each.lane.site for each in case.seen} if best else {}
    demand = case.demand
    for arm, pieces, step in best.shares if best else ():
        site, service = sites[arm.bit], step.service
        grams = 0
        for sku_id, weight, count in zip(demand.sku_ids, demand.weights, pieces, strict=True):
            if count:
                sends.setdefault(sku_id, []).append((len(parcels), count))
                grams += weight * count
        lines = tuple([(code, count) for code, count in zip(demand.codes, pieces, strict=True) if count])
        parcels.append(
            Parcel(
                site.id,
                site.code,
                site.name,
                service.carrier,
                service.code,
                step.cost_minor,
                step.days,
                bool(service.code),
                grams,
                lines,
            )
        )
    return tuple(parcels), sends


def _shares(
    order: OrderFacts, parcels: Sequence[Parcel], sends: dict[int, list[tuple[int, int]]]
) -> tuple[tuple[Share, ...], tuple[tuple[int | str, int], ...]]:
    """Deal what each site sends to the lines, first line first."""
    shares: list[Share] = []
    shortfall: list[tuple[int | str, int]] = []
    for line in order.lines:
        wanted, given = line.quantity, sends.get(line.sku_id, ())
        while wanted and given:
            place, left = given[0]
            count = min(wanted, left)
            parcel = parcels[place]
            shares.append(Share(line.key, line.sku_id, line.sku, parcel.site_id, parcel.site, count))
            wanted -= count
            if count == left:
                given.pop(0)
            else:
                given[0] = (place, left - count)
        if wanted:
            shortfall.append((line.key, wanted))
    return tuple(shares), tuple(shortfall)
