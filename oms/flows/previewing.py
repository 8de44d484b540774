"""Stories of what would be decided: planned as an order would be that is placed now, and never written."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from fulfilment import queries as work_queries
from inventory import history
from oms.core import money, seller
from oms.flows import terms
from oms.orders import agreeing, customer_queries
from oms.orders.agreeing import KnownCustomer, Terms, TypePolicy
from oms.orders.requests import NewOrder
from oms.routing import planner, preview, queries
from oms.routing.network import Network
from oms.routing.plans import Plan
from oms.routing.preview import Assumed, Wanted, Wish
from oms.routing.problem import Destination, OrderFacts


def preview_of_order(request: NewOrder, assumed: Assumed, *, at: datetime) -> Plan:
    """The plan that this order would get, with what it leaves to its customer and to price lists filled in.

    Raises ``UnknownChannel``, ``UnknownSku``, ``UnknownCustomer``, ``UnknownAddress``.
    """
    seen = terms.look(request)
    customer = agreeing.customer_of(request, seen)
    kind = customer.customer_type if customer else request.customer_type
    policy = customer_queries.type_policies(queries.stamp() or 0)[kind]
    request = _priced(request, customer, seen, policy, at=at)
    request = agreeing.settled(request, customer, seen, policy, day=seller.day(at))
    address, own = request.shipping, customer.partial_policy if customer else ""
    wish = Wish(
        channel=request.channel,
        customer_type=kind.value,
        destination=Destination(address.country, address.region.upper(), address.postcode.upper()),
        lines=tuple(Wanted(line.sku, line.quantity) for line in request.lines),
        value_minor=_value(request),
        currency=request.currency,
        shipping_option=request.shipping_option,
        partial_policy=request.partial_policy
        or ("" if assumed.rules is not None else own or policy.partial_policy),
    )
    return preview_of(wish, assumed, at=at)


def _priced(
    request: NewOrder, customer: KnownCustomer | None, seen: Terms, policy: TypePolicy, *, at: datetime
) -> NewOrder:
    """Lines without a price at that of the lists; where these have none it counts as nothing, and is no refusal."""
    lists, day = agreeing.lists_of(customer, policy), seller.day(at)
    lines = [
        replace(
            line,
            by_list=False,
            unit_price=agreeing.list_price(
                seen.prices.get(line.sku, ()), lists, request.currency, line.quantity, day
            )
            or Decimal(0),
        )
        if line.by_list
        else line
        for line in request.lines
    ]
    return replace(request, lines=tuple(lines))


def _value(request: NewOrder) -> int:
    value = sum([line.unit_price * line.quantity for line in request.lines], Decimal(0))
    return money.rounded(value, request.currency).amount


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
