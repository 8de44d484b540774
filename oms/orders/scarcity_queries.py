"""Who waits for stock, and in which order they are served."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from oms.orders import partial_queries
from oms.orders.models import Order, OrderLine, ServingPolicy, SupplyClaim, Turn
from oms.orders.rules import SERVED_BY, ServedBy

FIRST, IN_TURN, LAST = 0, 1, 2
MOST_SCARCE = 500
_KEYS = {
    ServedBy.PRIORITY: F("order__priority").asc(),
    ServedBy.PROMISE: F("order__promise_by").asc(nulls_last=True),
    ServedBy.AGE: F("order__placed_at").asc(),
}

SCARCE = """
select s.id, s.code, s.name, w.orders, w.pieces, coalesce(l.on_hand, 0), coalesce(l.reported, 0),
       coalesce(l.reserved, 0), coalesce(l.available, 0), coalesce(e.incoming, 0), e.next_on
  from (select sku_id, count(distinct order_id) as orders, sum(quantity_waiting) as pieces
          from orders_orderline where quantity_waiting > 0 group by sku_id) w
  join catalogue_sku s on s.id = w.sku_id
  left join lateral (select sum(on_hand) as on_hand, sum(reported) as reported, sum(reserved) as reserved,
                            sum(greatest(available, 0)) as available
                       from inventory_stocklevel where sku_id = w.sku_id) l on true
  left join lateral (select sum(quantity_expected - quantity_received) as incoming, min(expected_on) as next_on
                       from inventory_expectedreceipt e join inventory_stocklevel v on v.id = e.level_id
                      where v.sku_id = w.sku_id and quantity_received < quantity_expected) e on true
 order by w.pieces desc, s.code limit %s
"""


@dataclass(frozen=True, slots=True)
class Scarce:
    """A SKU that orders wait for; all figures in pieces."""

    sku_id: int
    sku: str
    name: str
    orders: int
    waiting: int
    on_hand: int
    reported: int
    reserved: int
    available: int
    incoming: int
    next_on: date | None


def scarce() -> list[Scarce]:
    """The SKUs that orders wait for, most pieces first."""
    with connection.cursor() as cursor:
        cursor.execute(SCARCE, [MOST_SCARCE])
        return [Scarce(*row) for row in cursor.fetchall()]


def criteria() -> tuple[ServedBy, ...]:
    """What decides who is served first, the strongest first."""
    policy = ServingPolicy.objects.first()
    return tuple(ServedBy(each) for each in (policy.criteria if policy else SERVED_BY))


def queue(sku_code: str) -> QuerySet[OrderLine]:
    """The lines that wait for a SKU, those served first at the head, with their ``turn`` and ``is_bound``."""
    turn = Turn.objects.filter(order=OuterRef("order"), sku=OuterRef("sku")).values("is_first")[:1]
    arrived = SupplyClaim.objects.filter(line=OuterRef("pk"), expected__quantity_received__gt=0)
    lines = OrderLine.objects.filter(
        sku__code=sku_code, quantity_waiting__gt=0, order__state__in=["open", "on_hold"]
    ).annotate(put_first=Subquery(turn), is_bound=Exists(arrived))
    place = Case(
        When(put_first=True, then=Value(FIRST)),
        When(put_first=False, then=Value(LAST)),
        default=Value(IN_TURN),
        output_field=IntegerField(),
    )
    keys = [_KEYS[each] for each in criteria()]
    return (
        lines.annotate(turn=place)
        .select_related("order__channel", "sku")
        .order_by("turn", "-is_bound", *keys, "order__placed_at", "order_id", "position")
    )


def waiting_for(sku_code: str) -> list[str]:
    """Numbers of the open orders that wait for a SKU of which something is available, in their turn."""
    lines = queue(sku_code).filter(partial_queries.servable(), sku__levels__available__gt=0)
    return list(dict.fromkeys(lines.values_list("order__number", flat=True)))


def lock_bound(sku_codes: Collection[str], *, location: str, reference: str, most: int) -> list[Order]:
    """Orders bound to a delivery of these SKUs, with those put before them, locked; none when none is bound."""
    waiting = OrderLine.objects.filter(sku__code__in=sku_codes, quantity_waiting__gt=0)
    theirs = SupplyClaim.objects.filter(
        line__in=waiting, expected__reference=reference, expected__level__location__code=location
    )
    bound = list(theirs.order_by("line__order_id").values_list("line__order_id", flat=True).distinct()[:most])
    if not bound:
        return []
    first = Turn.objects.filter(is_first=True, sku__code__in=sku_codes).values("order")
    wanted = Q(pk__in=bound) | Q(pk__in=waiting.filter(order__in=first).values("order"))
    rows = Order.objects.select_for_update(of=("self",), no_key=True).select_related("channel")
    return list(rows.filter(wanted).order_by("pk"))


def skus_to_serve() -> list[str]:
    """Codes of the SKUs that open orders wait for while some of them are available."""
    lines = OrderLine.objects.filter(
        partial_queries.servable(), quantity_waiting__gt=0, sku__levels__available__gt=0
    )
    return sorted(set(lines.values_list("sku__code", flat=True)))


def pieces_unbound(sku_ids: Iterable[int]) -> dict[int, int]:
    """Pieces of each of these SKUs that orders wait for and that no delivery is bound for."""
    bound = (
        SupplyClaim.objects.filter(line=OuterRef("pk"), expected__isnull=False)
        .values("line")
        .annotate(pieces=Sum("quantity"))
        .values("pieces")
    )
    waiting = OrderLine.objects.filter(sku__in=list(sku_ids), quantity_waiting__gt=0)
    unbound = F("quantity_waiting") - Coalesce(Subquery(bound, output_field=IntegerField()), Value(0))
    return dict(waiting.values_list("sku").annotate(pieces=Sum(unbound)).order_by())


def claims_of(line_ids: Iterable[int]) -> dict[int, list[SupplyClaim]]:
    """What lines are bound to, by line id: the earliest delivery first, pieces that have lost theirs last."""
    found: dict[int, list[SupplyClaim]] = {}
    rows = SupplyClaim.objects.filter(line__in=list(line_ids)).select_related("expected__level")
    for claim in rows.order_by(F("expected__expected_on").asc(nulls_last=True), "id"):
        found.setdefault(claim.line_id, []).append(claim)
    return found


def loose_claims(delivery_ids: Collection[int], sku_ids: Collection[int]) -> QuerySet[SupplyClaim]:
    """Claims on these deliveries, and of these SKUs those that have lost theirs."""
    return SupplyClaim.objects.filter(
        Q(expected__in=delivery_ids) | Q(expected__isnull=True, line__sku__in=sku_ids)
    )


def lock_claimants(delivery_ids: Collection[int], sku_ids: Collection[int]) -> dict[int, Order]:
    """The orders of such claims by id, locked in the order of their ids."""
    wanted = loose_claims(delivery_ids, sku_ids).values("line__order")
    rows = Order.objects.select_for_update(of=("self",), no_key=True).select_related("channel")
    return {order.pk: order for order in rows.filter(pk__in=wanted).order_by("pk")}


def claimants(delivery_id: int) -> QuerySet[SupplyClaim]:
    """Who counts on a delivery, in the order in which they came."""
    return (
        SupplyClaim.objects.filter(expected=delivery_id)
        .select_related("line__order__channel", "line__sku")
        .order_by("line__order__placed_at", "line__order_id", "id")
    )


def orders_bound(delivery_ids: Iterable[int]) -> dict[int, int]:
    """How many orders count on each of these deliveries."""
    rows = SupplyClaim.objects.filter(expected__in=list(delivery_ids)).values_list("expected")
    return dict(rows.annotate(orders=Count("line__order", distinct=True)).order_by())


def preorders_of(sku_ids: Iterable[int], *, after: int) -> list[str]:
    """Numbers of the orders beyond this id with claims on these SKUs, by id; 500 at most."""
    wanted = SupplyClaim.objects.filter(line__sku__in=list(sku_ids)).values("line__order")
    rows = Order.objects.filter(pk__in=wanted, pk__gt=after).order_by("pk")
    return list(rows.values_list("number", flat=True)[:MOST_SCARCE])


def skus_unbound() -> dict[str, tuple[int, int]]:
    """SKU code to the orders whose preorders have lost their delivery, and their pieces."""
    rows = SupplyClaim.objects.filter(expected__isnull=True).values_list("line__sku__code")
    found = rows.annotate(orders=Count("line__order", distinct=True), pieces=Sum("quantity")).order_by()
    return {code: (orders, pieces) for code, orders, pieces in found}


def turns(sku_code: str) -> dict[int, Turn]:
    """What managers decided for a SKU, by order id."""
    return {turn.order_id: turn for turn in Turn.objects.filter(sku__code=sku_code)}
