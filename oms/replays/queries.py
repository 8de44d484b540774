"""What a replay reads: the orders of a period, what became of them, and the stock as it then stood."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import prod
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from inventory import history
from inventory.models import StockLevel
from inventory.rules import SHIPPING
from oms.channels import queries as channel_queries
from oms.channels.queries import ChannelPolicy
from oms.orders.models import Order, OrderLine
from oms.replays.models import Replay, ReplayedOrder
from oms.replays.rules import WORKING, Fate, ReplayNotFound
from oms.replays.simulation import Sale, Shift
from oms.routing.models import RuleSetVersion
from oms.routing.problem import Destination, Line, OrderFacts, Partial

CHUNK = 1_000
SEEN = (
    *("order_id", "pk", "quantity_ordered", "sku_id", "sku__code", "sku__weight_grams", "sku__tags"),
    *("sku__category", "sku__hazard", "sku__length_mm", "sku__width_mm", "sku__height_mm"),
)
ACTUAL = """
select d.order_id, coalesce(array(select jsonb_array_elements_text(d.explanation->'winner'->'sites') order by 1), '{}'),
       d.parcels, d.cost_minor, d.days,
       (select coalesce(sum((m->>'quantity')::int), 0) from jsonb_array_elements(d.explanation->'missing') m)
  from routing_routingdecision d where d.order_id = any(%s) and d.attempt = 1
"""
# What changed the pieces that could be promised, other than the orders of the period themselves.
SHIFTS = """
select m.moved_at, l.location_id, l.sku_id, m.on_hand_delta - m.reserved_delta - m.quarantined_delta
  from inventory_stockmovement m
  join inventory_stocklevel l on l.id = m.level_id
  join inventory_stocklocation p on p.id = l.location_id and p.kind = any(%s)
  left join inventory_reservation r on r.id = m.reservation_id
 where m.moved_at > %s and m.moved_at < %s and m.on_hand_delta <> m.reserved_delta + m.quarantined_delta
   and not exists (select from orders_order o
                    where o.number = r.reference and o.placed_at >= %s and o.placed_at < %s and o.state <> 'cancelled')
 order by m.moved_at, m.id
"""


def replays() -> QuerySet[Replay]:
    """All replays, newest first."""
    return Replay.objects.order_by("-asked_at", "-id")


def replay(replay_id: UUID) -> Replay:
    """One replay.

    Raises ``ReplayNotFound``.
    """
    found = Replay.objects.filter(pk=replay_id).first()
    if found is None:
        raise ReplayNotFound("There is no such replay.")
    return found


def version_names() -> dict[int, str]:
    """What the versions of rules are called that scenarios name by id."""
    return {each.pk: str(each) for each in RuleSetVersion.objects.select_related("rule_set")}


def lock_replay(replay_id: UUID) -> Replay:
    """One replay, locked.

    Raises ``ReplayNotFound``.
    """
    found = Replay.objects.select_for_update().filter(pk=replay_id).first()
    if found is None:
        raise ReplayNotFound("There is no such replay.")
    return found


def working() -> int:
    """How many replays are queued or running."""
    return Replay.objects.filter(state__in=sorted(WORKING)).count()


def stalled(at: datetime) -> list[UUID]:
    """Replays that no worker holds."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=at)
    return list(Replay.objects.filter(free, state__in=sorted(WORKING)).values_list("pk", flat=True))


def orders_between(begins_at: datetime, ends_at: datetime) -> QuerySet[Order]:
    """The orders that were placed in a period and not cancelled since, oldest first."""
    orders = Order.objects.filter(placed_at__gte=begins_at, placed_at__lt=ends_at).exclude(state="cancelled")
    return orders.order_by("placed_at", "id")


def sales(begins_at: datetime, ends_at: datetime, stamp: int) -> Iterator[Sale]:
    """The same as the planner sees them, in chunks."""
    policies = channel_queries.policies(stamp)
    orders = orders_between(begins_at, ends_at).select_related("channel")
    chunk: list[Order] = []
    for order in orders.iterator(chunk_size=CHUNK):
        chunk.append(order)
        if len(chunk) == CHUNK:
            yield from _sales(chunk, policies)
            chunk = []
    yield from _sales(chunk, policies)


def _sales(orders: list[Order], policies: dict[str, ChannelPolicy]) -> Iterator[Sale]:
    lines: dict[int, list[Line]] = {}
    rows = OrderLine.objects.filter(order__in=[order.pk for order in orders]).order_by("order_id", "position")
    for order_id, pk, pieces, sku_id, code, grams, tags, category, hazard, *sides in rows.values_list(*SEEN):
        longest, volume = max(each or 0 for each in sides), prod(each or 0 for each in sides) // 1_000
        facts = (pieces, grams or 0, frozenset(tags), category, hazard, longest, volume)
        lines.setdefault(order_id, []).append(Line(pk, sku_id, code, *facts))
    for order in orders:
        if order.pk in lines:
            yield Sale(order.placed_at, order.pk, _facts(order, lines[order.pk], policies))


def _facts(order: Order, lines: list[Line], policies: dict[str, ChannelPolicy]) -> OrderFacts:
    policy = policies[order.channel.code]
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
        asked_at=order.placed_at,
    )


def actual_fates(order_ids: list[int]) -> dict[int, Fate]:
    """How these orders were first decided."""
    with connection.cursor() as cursor:
        cursor.execute(ACTUAL, [order_ids])
        return {
            order_id: Fate(tuple(sites), parcels, cost, days, unfilled)
            for order_id, sites, parcels, cost, days, unfilled in cursor.fetchall()
        }


def stock_at(at: datetime) -> dict[tuple[int, int], int]:
    """What could have been promised at an instant, by (location id, SKU id)."""
    levels = list(
        StockLevel.objects.filter(location__kind__in=SHIPPING).values_list("pk", "location_id", "sku_id")
    )
    just_before = at - timedelta(microseconds=1)
    standings = history.as_of([pk for pk, _, _ in levels], just_before)
    return {(location, sku): standings[pk].available for pk, location, sku in levels}


def shifts(begins_at: datetime, ends_at: datetime) -> list[Shift]:
    """What else became available, or ceased to be, within a period, oldest first."""
    kinds = sorted(str(kind) for kind in SHIPPING)
    with connection.cursor() as cursor:
        just_before = begins_at - timedelta(microseconds=1)
        cursor.execute(SHIFTS, [kinds, just_before, ends_at, begins_at, ends_at])
        return [Shift(at, (location, sku), pieces) for at, location, sku, pieces in cursor.fetchall()]


def results(replay_id: UUID, *, changed: bool | None = None) -> QuerySet[ReplayedOrder]:
    """The orders of a replay, the oldest first; only those that (did not) change if asked."""
    rows = ReplayedOrder.objects.filter(replay=replay_id).select_related("order__channel").order_by("id")
    return rows if changed is None else rows.filter(is_changed=changed)


def by_day(replay_id: UUID) -> list[dict[str, Any]]:
    """Cost, parcels and missing pieces of each day (UTC) before and after."""
    rows = (
        ReplayedOrder.objects.filter(replay=replay_id).values("placed_at__date").order_by("placed_at__date")
    )
    return list(
        rows.annotate(
            orders=Count("pk"),
            before=Sum("cost_before_minor"),
            after=Sum("cost_after_minor"),
            missing_before=Sum("unfilled_before"),
            missing_after=Sum("unfilled_after"),
        )
    )
