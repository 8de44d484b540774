"""Stories of what would be decided: planned as an order would be that is placed now, and never written."""

from dataclasses import replace
from datetime import datetime

from fulfilment import queries as work_queries
from inventory import history
from oms.routing import planner, preview
from oms.routing.network import Network
from oms.routing.plans import Plan
from oms.routing.preview import Assumed, Wish
from oms.routing.problem import OrderFacts


def preview_of(wish: Wish, assumed: Assumed, *, at: datetime) -> Plan:
    """The plan that this order would get.

    Raises ``UnknownChannel``, ``UnknownSku``.
    """
    world = preview.world_of(wish, assumed, at=at)
    facts = informed(world.facts, world.network, at=at)
    return planner.plan(facts, stock=world.stock, network=world.network, nodes=preview.PATIENCE)


def informed(facts: OrderFacts, network: Network, *, at: datetime) -> OrderFacts:
    """The order with what its rules ask for beyond stock, as it is now."""
    if network.needs_loads:
        facts = replace(facts, loads=work_queries.orders_since_midnight(at))
    if network.needs_paces:
        facts = replace(facts, paces=history.paces([line.sku_id for line in facts.lines], at=at))
    return facts
