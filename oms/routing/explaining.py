"""Why here: each candidate as it was seen, and the sentence that says why the winner won; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from oms.routing import words
from oms.routing.dealing import Arm
from oms.routing.effects import Treatment, Verdict
from oms.routing.network import Lane, Network, Step
from oms.routing.plans import Candidate, Outline
from oms.routing.problem import Demand, OrderFacts, covers
from oms.routing.rules import Criterion
from oms.routing.search import Found, Outcome


@dataclass(slots=True)
class Seen:
    """One site: what it has, what the rules made of it, and how it could send."""

    lane: Lane
    has: list[int]
    treated: Treatment
    sellable: bool
    arms: list[Arm] = field(default_factory=list)


@dataclass(slots=True)
class Case:
    """One order in front of the planner, with what the rules and the shelves say."""

    order: OrderFacts
    demand: Demand
    network: Network
    ruled: Verdict
    seen: list[Seen] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """The reasons of a plan."""

    candidates: tuple[Candidate, ...]
    winner: Outline | None
    runner_up: Outline | None
    why: str


def cost_of(found: Found, network: Network) -> int:
    """The parcels, plus the split penalty for each after the first."""
    parcels = sum([step.cost_minor for _, _, step in found.shares])
    return parcels + network.book.split_penalty_minor * (len(found.shares) - 1)


def told(case: Case, outcome: Outcome, *, unfilled: int, bound_minor: int) -> Told:
    """Say what was seen and why the best plan is the best."""
    winner = _outline(outcome.best, case)
    runner_up = _outline(outcome.second, case)
    why = _why(case, outcome, winner, runner_up, unfilled)
    if winner is not None and not outcome.proven:
        least = words.amount(bound_minor, case.network.currency)
        why += f" The search was cut short: a cheaper plan may exist, but none for less than {least}."
    return Told(_candidates(case, outcome), winner, runner_up, why)


def _outline(found: Found | None, case: Case) -> Outline | None:
    if found is None:
        return None
    sites = {each.lane.bit: each.lane.site for each in case.seen}
    used = [sites[arm.bit] for arm, _, _ in found.shares]
    sent = sum([sum(pieces) for _, pieces, _ in found.shares])
    return Outline(
        sites=tuple([site.code for site in used]),
        names=tuple([site.name for site in used]),
        cost_minor=cost_of(found, case.network),
        days=max([step.days for _, _, step in found.shares]),
        unfilled=sum(case.demand.quantities) - sent,
        priced=all(step.service.code for _, _, step in found.shares),
        scarcity_minor=sum([arm.scarcity(pieces) for arm, pieces, _ in found.shares]),
    )


def _candidates(case: Case, outcome: Outcome) -> tuple[Candidate, ...]:
    """Every site, nearest first."""
    alone = [(_alone(each, case), each) for each in case.seen if each.arms]
    able = sorted([(worth, each.lane.rank) for worth, each in alone if worth is not None])
    ranks = {rank: place for place, (_, rank) in enumerate(able, start=1)}
    measure = _first_measure(case.network)
    best = min([_measured(each, measure) for worth, each in alone if worth is not None], default=0)
    chosen = {arm.bit for arm, _, _ in outcome.best.shares} if outcome.best else set()
    second = {arm.bit for arm, _, _ in outcome.second.shares} if outcome.second else set()
    found = []
    for each in case.seen:
        place = ranks.get(each.lane.rank)
        score = None if place is None else _score(best, _measured(each, measure))
        found.append(_candidate(each, case, _outcome(each, chosen, second), place, score))
    return tuple(found)


def _candidate(each: Seen, case: Case, outcome: str, rank: int | None, score: int | None) -> Candidate:
    site, demand = each.lane.site, case.demand
    able = each.treated.stock or each.has
    step = each.arms[0].alone if each.arms else _offered(each.lane, demand.weight_grams)
    return Candidate(
        site_id=site.id,
        site=site.code,
        name=site.name,
        kept=not each.treated.dropped,
        outcome=outcome,
        effects=each.treated.effects,
        stock=tuple(zip(demand.codes, each.has, strict=True)),
        covers=_covers(able, case),
        lines=len(case.order.lines),
        cost_minor=step.cost_minor if step and step.service.code else None,
        days=step.days if step and step.service.code else None,
        km=each.lane.km,
        score=score,
        rank=rank,
        able=tuple(each.treated.stock),
    )


def _outcome(each: Seen, chosen: set[int], second: set[int]) -> str:
    if each.lane.bit in chosen:
        return "chosen"
    if each.lane.bit in second:
        return "runner-up"
    return "dropped" if each.treated.dropped else "kept"


def _offered(lane: Lane, grams: int) -> Step | None:
    steps = [step for step in [choice.at(grams) for choice in lane.choices] if step is not None]
    return steps[0] if steps else None


def _alone(each: Seen, case: Case) -> tuple[int, int, int] | None:
    """What serving everything from this site is worth, None when it cannot."""
    wanted, unit = case.demand.quantities, case.network.price_unit
    if not covers(each.arms[0].stock, wanted):
        return None
    worths = [
        (arm.alone.strong + arm.extra + unit * arm.scarcity(wanted), arm.alone.days, arm.alone.weak)
        for arm in each.arms
        if arm.alone is not None
    ]
    return min(worths, default=None)


def _covers(stock: Sequence[int], case: Case) -> int:
    """How many lines this stock fills, first line first."""
    if covers(stock, case.demand.quantities):
        return len(case.order.lines)
    left = dict(zip(case.demand.sku_ids, stock, strict=True))
    covered = 0
    for line in case.order.lines:
        left[line.sku_id] -= line.quantity
        covered += left[line.sku_id] >= 0
    return covered


def _first_measure(network: Network) -> Criterion:
    """The first criterion on which two single parcels can differ."""
    ranked = [each for each in network.book.ranking.criteria if each is not Criterion.PARCELS]
    return ranked[0] if ranked else Criterion.COST


def _measured(each: Seen, measure: Criterion) -> int:
    step = each.arms[0].alone if each.arms else None
    if step is None:
        return 0
    if measure is Criterion.DISTANCE:
        return each.lane.km or 0
    return step.days if measure is Criterion.DAYS else step.cost_minor


def _score(best: int, own: int) -> int:
    """100 for the best on the first measure, 50 for one twice as dear, slow or far."""
    return 100 if own <= best else round(100 * best / own)


def _why(
    case: Case, outcome: Outcome, winner: Outline | None, runner_up: Outline | None, unfilled: int
) -> str:
    if winner is None:
        return _nobody(case)
    currency = case.network.currency
    says = [_winner_says(case, winner, unfilled)]
    if runner_up is not None and outcome.best and outcome.second:
        says.append(_compared(winner, runner_up, currency))
    if winner.scarcity_minor:
        says.append(f"Its scarce stock counted {words.amount(winner.scarcity_minor, currency)} more.")
    if case.ruled.split_rule and unfilled:
        says.append(f"{case.ruled.split_rule}.")
    return " ".join(says)


def _nobody(case: Case) -> str:
    if case.seen and all(each.treated.dropped for each in case.seen):
        return "The rules leave no site for this order."
    if any(each.arms for each in case.seen):
        return "Not everything is there and the order ships together, so all of it waits."
    return "No site has anything of this order."


def _winner_says(case: Case, winner: Outline, unfilled: int) -> str:
    one = len(winner.names) == 1
    verb = "fills" if one else "fill"
    lines = len(case.order.lines)
    if unfilled:
        wanted = sum(case.demand.quantities)
        what = f"{wanted - unfilled} of {wanted} units"
    else:
        what = f"all {lines} line{'' if lines == 1 else 's'}"
    how = f"in {words.counted(len(winner.names), 'parcel')}"
    if not winner.priced:
        return f"{words.listed(winner.names)} {verb} {what} {how}; there is no rate to price it by."
    cost = words.amount(winner.cost_minor, case.network.currency)
    return f"{words.listed(winner.names)} {verb} {what} {how} for {cost} in {words.days(winner.days)}."


def _compared(winner: Outline, other: Outline, currency: str) -> str:
    """How the runner-up differs: ``Sydney costs 6.00 more and takes 3 days longer.``"""
    who = words.listed(other.names)
    one = len(other.names) == 1
    if other.unfilled > winner.unfilled:
        return f"{who} {'leaves' if one else 'leave'} {other.unfilled - winner.unfilled} more unfilled."
    if not other.priced:
        return f"{who} {'has' if one else 'have'} no rate to price it by."
    dearer, slower = other.cost_minor - winner.cost_minor, other.days - winner.days
    costs = "costs" if one else "cost"
    cost = f"{costs} {words.amount(abs(dearer), currency)} {'more' if dearer > 0 else 'less'}"
    cost = cost if dearer else f"{costs} the same"
    takes = "takes" if one else "take"
    time = (
        f"{takes} {words.days(abs(slower))} {'longer' if slower > 0 else 'less'}"
        if slower
        else f"{takes} as long"
    )
    worse = dearer > 0 or slower > 0
    joined = f"{who} {cost} {'but' if dearer * slower < 0 else 'and'} {time}"
    if worse:
        return f"{joined}."
    return f"{joined}, but {_because(winner, other)}."


def _because(winner: Outline, other: Outline) -> str:
    if len(other.names) > len(winner.names):
        return "in more parcels"
    if other.scarcity_minor > winner.scarcity_minor:
        return "its stock is scarcer"
    return "comes after it by rule, distance or priority"
