"""An accepted order as the planner sees it."""

from collections.abc import Mapping
from datetime import datetime

from oms.channels.queries import ChannelPolicy
from oms.flows.snapshots import SeenSku
from oms.orders.models import Order, OrderLine
from oms.routing.problem import Destination, Line, OrderFacts, Partial


def facts_of(order: Order, lines: list[Line], policy: ChannelPolicy, *, at: datetime) -> OrderFacts:
    """An accepted order as the rules see it."""
    return OrderFacts(
        channel=order.channel.code,
        customer_type=order.customer_type,
        destination=Destination(order.ship_country, order.ship_region.upper(), order.ship_postcode.upper()),
        lines=tuple(lines),
        value_minor=order.total_minor,
        currency=order.currency,
        placed_at=order.placed_at,
        partial=Partial(order.partial_policy or policy.partial_policy),
        buffer=policy.stock_buffer,
        allowed_sites=policy.sites,
        shipping_option=order.shipping_option,
        asked_at=at,
    )


def line_of(line: OrderLine, quantity: int, skus: Mapping[str, SeenSku]) -> Line:
    """Pieces of an order line as the planner sees them."""
    seen = skus.get(line.sku.code)
    if seen is None:
        # Not sold any more, and still owed.
        tags = frozenset(line.sku.tags)
        return Line(line.pk, line.sku_id, line.sku.code, quantity, line.sku.weight_grams or 0, tags)
    return seen.line(line.pk, quantity)
