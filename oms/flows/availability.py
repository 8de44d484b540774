"""The story of why something is not available: a SKU, a channel, a destination, site by site; nothing is written."""

from dataclasses import dataclass
from datetime import date, datetime

from oms.catalogue import queries as sku_queries
from oms.catalogue.models import Sku
from oms.channels import queries as channel_queries
from oms.channels.queries import ChannelPolicy
from oms.core.errors import Invalid
from oms.flows.previewing import informed
from oms.routing import planner, preview_queries, tables
from oms.routing import queries as routing_queries
from oms.routing.network import Network
from oms.routing.plans import Candidate, Plan
from oms.routing.preview_queries import LevelFacts
from oms.routing.problem import Destination, Line, OrderFacts, Partial

_WAITS = {
    "backorder": "An order is taken all the same and waits for stock.",
    "preorder": "An order is taken as far as announced deliveries reach.",
    "block": "An order is refused: it is not sold on backorder.",
}


@dataclass(frozen=True, slots=True)
class Question:
    """So many pieces of a SKU, for an order of this channel to this place."""

    sku: str
    channel: str
    destination: Destination
    quantity: int = 1
    customer_type: str = "b2c"


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """One location: what it has, what it could send of it, and each reason why that is not more."""

    code: str
    name: str
    on_hand: int
    reserved: int
    quarantined: int
    safety_stock: int
    available: int
    can_send: int
    reasons: tuple[str, ...]
    expected: int
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the channel can sell it there, how many pieces, why not more, and what to do next."""

    question: Question
    is_available: bool
    can_sell: int
    buffer: int
    zone: str
    rules: str
    reasons: tuple[str, ...]
    sites: tuple[SiteAnswer, ...]
    next: tuple[str, ...]


def why(question: Question, *, at: datetime) -> Answer:
    """Say what each site has, which rule or figure stands in the way, and how many pieces the channel may sell.

    Raises ``SkuNotFound``, ``UnknownChannel``.
    """
    sku = sku_queries.sku(question.sku)
    if sku.is_bundle:
        message = f"{sku.code} is a bundle: ask for each of its parts."
        raise Invalid(message, problems=(("?sku", message),))
    stamp = routing_queries.stamp() or 0
    policy = channel_queries.policies(stamp).get(question.channel)
    if policy is None:
        message = f"There is no channel {question.channel}."
        raise channel_queries.UnknownChannel(message, problems=(("?channel", message),))
    live = routing_queries.tables_for(policy.code, question.customer_type, stamp)
    network = live.network(question.destination)
    zone = tables.zone_of(question.destination, live.addresses)
    plan = _plan(question, sku, policy, network, at=at)
    levels = {each.site_id: each for each in preview_queries.level_facts(sku.pk)}
    sites = tuple(_site(each, levels.get(each.site_id), question, at) for each in plan.candidates)
    sellable = sum(each.available for each in _sellable(sites, plan, policy))
    can_sell = max(0, min(sum(site.can_send for site in sites), sellable - policy.stock_buffer))
    closed = not sku.is_active or not policy.is_active
    can_sell = 0 if closed else can_sell
    return Answer(
        question=question,
        is_available=can_sell >= question.quantity,
        can_sell=can_sell,
        buffer=policy.stock_buffer,
        zone=f"{zone.code} {zone.name}" if zone else "",
        rules=f"{plan.rules_name} v{plan.rules_number}" if plan.rules_number else "",
        reasons=_reasons(sku, policy, bool(zone), can_sell, question),
        sites=sites,
        next=_next(sku, policy, sites, can_sell, question),
    )


def _plan(question: Question, sku: Sku, policy: ChannelPolicy, network: Network, *, at: datetime) -> Plan:
    sizes = (sku.length_mm or 0, sku.width_mm or 0, sku.height_mm or 0)
    line = Line(
        *(0, sku.pk, sku.code, question.quantity, sku.weight_grams or 0, frozenset(sku.tags)),
        *(sku.category, sku.hazard, max(sizes), sizes[0] * sizes[1] * sizes[2] // 1_000),
    )
    facts = OrderFacts(
        channel=policy.code,
        customer_type=question.customer_type,
        destination=question.destination,
        lines=(line,),
        partial=Partial(policy.partial_policy),
        buffer=policy.stock_buffer,
        allowed_sites=policy.sites,
        placed_at=at,
        asked_at=at,
    )
    facts = informed(facts, network, at=at)
    return planner.plan(facts, stock=preview_queries.available([sku.pk]), network=network)


def _sellable(sites: tuple[SiteAnswer, ...], plan: Plan, policy: ChannelPolicy) -> list[SiteAnswer]:
    """The sites whose pieces count before the channel's buffer is taken off."""
    out = {
        each.site for each in plan.candidates if set(each.effects) & {"Not active", "Not for this channel"}
    }
    return [site for site in sites if site.code not in out and site.available > 0]


def _site(each: Candidate, level: LevelFacts | None, question: Question, at: datetime) -> SiteAnswer:
    expired = level is not None and level.unsellable_since is not None and level.unsellable_since <= at
    can_send = 0 if not each.kept or not each.able else max(0, each.able[0])
    reasons = [f"{effect}." for effect in each.effects]
    if level is None:
        reasons.append("It has never had any.")
    else:
        reasons += _held_back(level, expired)
    if each.kept and each.cost_minor is None:
        reasons.append("There is no rate from here to the destination: it ships after all that have one.")
    if each.kept and 0 < can_send < question.quantity:
        reasons.append(f"Has {can_send} of the {question.quantity} that are asked for.")
    available = 0 if level is None or expired else level.available
    return SiteAnswer(
        code=each.site,
        name=each.name,
        on_hand=level.on_hand + level.reported if level else 0,
        reserved=level.reserved if level else 0,
        quarantined=level.quarantined if level else 0,
        safety_stock=level.safety_stock if level else 0,
        available=available,
        can_send=can_send,
        reasons=tuple(reasons),
        expected=level.expected if level else 0,
        expected_on=level.expected_on if level else None,
    )


def _held_back(level: LevelFacts, expired: bool) -> list[str]:
    """Why pieces that are there cannot be sold."""
    there = level.on_hand + level.reported
    parts = [
        (level.reserved, "reserved for orders"),
        (level.quarantined, "set aside"),
        (level.safety_stock, "kept back as safety stock"),
    ]
    held = ", ".join(f"{pieces} {what}" for pieces, what in parts if pieces)
    found = []
    if not there:
        found.append("Nothing is on the shelf.")
    elif held:
        found.append(f"Of {there} on hand {held}.")
    if expired:
        found.append("Its first lot must not be sold any more: the rest is sold once that lot is set aside.")
    return found


def _reasons(
    sku: Sku, policy: ChannelPolicy, has_zone: bool, can_sell: int, question: Question
) -> tuple[str, ...]:
    """What stands in the way at every site at once."""
    found = []
    if not sku.is_active:
        found.append(f"{sku.code} is not active: no new orders are taken for it.")
    if not policy.is_active:
        found.append(f"The channel {policy.code} is not active.")
    if not has_zone:
        found.append("No zone covers this destination, so no site has a rate to it.")
    if policy.stock_buffer:
        found.append(f"The channel never sees {policy.stock_buffer} pieces of each SKU.")
    if can_sell < question.quantity:
        found.append(_WAITS[sku.backorder_policy or policy.backorder_policy])
    return tuple(found)


def _next(
    sku: Sku, policy: ChannelPolicy, sites: tuple[SiteAnswer, ...], can_sell: int, question: Question
) -> tuple[str, ...]:
    if can_sell >= question.quantity:
        return ("Nothing: it can be sold now.",)
    found = []
    if not sku.is_active:
        found.append("Switch the SKU on in the admin.")
    if not policy.is_active:
        found.append("Switch the channel on in the admin.")
    if any(reason.startswith("Rule ") for site in sites for reason in site.reasons):
        found.append("A rule holds a site back: read the routing rules, and change them by a draft.")
    coming = [site for site in sites if site.expected and site.expected_on]
    for site in sorted(coming, key=lambda each: str(each.expected_on))[:3]:
        found.append(f"{site.expected} are announced for {site.name}, the first on {site.expected_on}.")
    if any(site.quarantined for site in sites):
        found.append("Look at what is set aside: some of it may be sold again.")
    if any(site.safety_stock for site in sites):
        found.append("Lower the safety stock where it is too high.")
    if not coming:
        found.append("Order more or transfer some: nothing is announced.")
    return tuple(found)
