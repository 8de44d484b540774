"""By when an order leaves: computed from its plan, the calendars, and what is on its way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from inventory.calendar_queries import Supply
from oms.channels.queries import ChannelPolicy
from oms.flows import calendars
from oms.flows.calendars import Known
from oms.flows.supplies import Bound
from oms.orders import promising
from oms.orders.promising import Leg, NeverOpen, Promised, Terms
from oms.routing.network import Network
from oms.routing.plans import Plan
from oms.routing.problem import Destination


@dataclass(frozen=True, slots=True)
class Asking:
    """What a promise is asked for: the plan, where it goes, which pieces wait for which delivery (by SKU code).

    Nothing of it is to arrive before ``deliver_from``.
    """

    plan: Plan
    destination: Destination
    network: Network
    policy: ChannelPolicy
    stamp: int
    waiting: Mapping[str, tuple[int, tuple[Bound, ...]]] = field(default_factory=dict)
    deliver_from: date | None = None


def promise(asking: Asking, *, at: datetime) -> Promised:
    """When the order is handed over and arrives; no promise while nobody knows when missing pieces come."""
    known = calendars.known(asking.stamp, at.date())
    terms = Terms(asking.policy.cut_off, asking.policy.handling_days, asking.deliver_from)
    legs = [
        _leg(
            known,
            parcel.site_id,
            (parcel.carrier, parcel.service),
            parcel.days if parcel.priced else None,
            asking,
        )
        for parcel in asking.plan.parcels
    ]
    undated = []
    for sku, (pieces, bound) in asking.waiting.items():
        if sum(each.pieces for each in bound) < pieces or any(_overdue(each, at) for each in bound):
            undated.append(sku)
        legs += [_leg_of_supply(known, each.supply, asking) for each in bound if not _overdue(each, at)]
    try:
        return promising.promise(legs, at, terms, undated)
    except NeverOpen:
        return Promised(undated=tuple(leg.location for leg in legs))


def _overdue(bound: Bound, at: datetime) -> bool:
    return bound.supply.expected_on < at.date()


def _leg(known: Known, site_id: int, by: tuple[str, str], days: int | None, asking: Asking) -> Leg:
    to = asking.destination
    return Leg(
        known.codes[site_id],
        known.locations[site_id],
        *by,
        days,
        known.transit(*by, to.country, to.region),
    )


def _leg_of_supply(known: Known, supply: Supply, asking: Asking) -> Leg:
    """Pieces that wait leave from where they arrive, by the lightest parcel's service."""
    lanes = [lane for lane in asking.network.lanes if lane.site.id == supply.location_id]
    step = lanes[0].choices[0].steps[0] if lanes and lanes[0].choices else None
    by, days = (("", ""), None)
    if step is not None and step.service.code:
        by, days = (step.service.carrier, step.service.code), step.days
    leg = _leg(known, supply.location_id, by, days, asking)
    return _ready_on(leg, supply.expected_on)


def _ready_on(leg: Leg, day: date) -> Leg:
    return Leg(leg.location, leg.calendar, leg.carrier, leg.service, leg.days, leg.transit, day)


def basis(promised: Promised) -> dict[str, object]:
    """What a promise rests on, as it is kept with it."""
    return {"parcels": [step.as_dict() for step in promised.steps], "undated": list(promised.undated)}
