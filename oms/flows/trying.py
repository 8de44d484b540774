"""Stories of a draft that is tried on an order, beside what the live rules would do; nothing is written."""

from dataclasses import dataclass, replace
from datetime import datetime

from oms.flows.previewing import informed
from oms.orders import queries as order_queries
from oms.orders.models import Order
from oms.routing import planner, preview, preview_queries
from oms.routing import queries as routing_queries
from oms.routing.plans import Plan
from oms.routing.preview import Assumed, Wanted, Wish, World
from oms.routing.problem import Destination, Partial


@dataclass(frozen=True, slots=True)
class Tried:
    """One order under a draft and under what is live."""

    draft: Plan
    live: Plan

    @property
    def differs(self) -> bool:
        """Whether another site would send something, or another service, or something would wait."""
        return _sent(self.draft) != _sent(self.live) or self.draft.holds != self.live.holds


def on_order(version_id: int, number: str, *, at: datetime) -> Tried:
    """Plan an order that exists as if it came in now, with the pieces that it holds free for it.

    Raises ``OrderNotFound``, ``RuleSetNotFound``, ``RuleInvalid``, ``UnknownChannel``, ``UnknownSku``.
    """
    order = order_queries.order(number)
    world = preview.world_of(_wish(order), Assumed(), at=at)
    stock = dict(world.stock)
    for place, pieces in preview_queries.held_by(order.pk).items():
        stock[place] = stock.get(place, 0) + pieces
    partial = Partial(order.partial_policy) if order.partial_policy else world.facts.partial
    facts = replace(world.facts, placed_at=order.placed_at, partial=partial)
    return _tried(version_id, replace(world, facts=facts, stock=stock), at=at)


def on_wish(version_id: int, wish: Wish, *, at: datetime) -> Tried:
    """Plan an order that somebody made up.

    Raises ``RuleSetNotFound``, ``RuleInvalid``, ``UnknownChannel``, ``UnknownSku``.
    """
    return _tried(version_id, preview.world_of(wish, Assumed(), at=at), at=at)


def _tried(version_id: int, world: World, *, at: datetime) -> Tried:
    book = routing_queries.book_of(routing_queries.version(version_id))
    drafted = routing_queries.tables_with(book).network(world.facts.destination)
    plans = [
        planner.plan(
            informed(world.facts, network, at=at), stock=world.stock, network=network, nodes=preview.PATIENCE
        )
        for network in (drafted, world.network)
    ]
    return Tried(*plans)


def _wish(order: Order) -> Wish:
    lines = order_queries.lines_of([order.pk])
    return Wish(
        channel=order.channel.code,
        customer_type=order.customer_type,
        destination=Destination(order.ship_country, order.ship_region.upper(), order.ship_postcode.upper()),
        lines=tuple(Wanted(line.sku.code, line.quantity_ordered) for line in lines if line.quantity_ordered),
        value_minor=order.total_minor,
        currency=order.currency,
        shipping_option=order.shipping_option,
    )


def _sent(plan: Plan) -> set[tuple[str, str, str, tuple[tuple[str, int], ...]]]:
    return {(each.site, each.carrier, each.service, each.lines) for each in plan.parcels}
