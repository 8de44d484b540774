"""Questions about work: what waits, what is in a parcel, what was scanned."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet, Sum

from fulfilment.models import (
    CarrierService,
    FulfilmentOrder,
    FulfilmentOrderLine,
    Parcel,
    ParcelLine,
    Scan,
)
from fulfilment.rules import GROWING, LIVE_WORK, FulfilmentOrderNotFound, ParcelsDoNotMatch
from inventory.models import SerialNumber, StockMovement
from oms.orders.models import Order


def work() -> QuerySet[FulfilmentOrder]:
    """All fulfilment orders with their order and location, oldest first."""
    return FulfilmentOrder.objects.select_related("order__channel", "location", "claimed_by").order_by(
        "opened_at", "id"
    )


def work_with_lines() -> QuerySet[FulfilmentOrder]:
    """The same, with lines, their SKUs and parcels in a fixed number of queries."""
    lines = FulfilmentOrderLine.objects.select_related("sku", "allocation__order_line").order_by("id")
    parcels = Parcel.objects.filter(voided_at__isnull=True).prefetch_related("lines__work_line__sku")
    return work().prefetch_related(Prefetch("lines", lines), Prefetch("parcels", parcels))


def live_work_of(order_ids: Iterable[int]) -> QuerySet[FulfilmentOrder]:
    """Fulfilment orders of these orders that are neither shipped nor cancelled."""
    return FulfilmentOrder.objects.filter(order_id__in=list(order_ids), status__in=sorted(LIVE_WORK))


def lock_work(number: str) -> FulfilmentOrder:
    """The fulfilment order with this number, its order locked before it.

    Raises ``FulfilmentOrderNotFound``.
    """
    order_id = FulfilmentOrder.objects.filter(number=number).values_list("order_id", flat=True).first()
    if order_id is None:
        raise FulfilmentOrderNotFound(f"There is no fulfilment order {number}.")
    Order.objects.select_for_update(no_key=True).only("pk").get(pk=order_id)
    return (
        FulfilmentOrder.objects.select_for_update(of=("self",), no_key=True)
        .select_related("order", "location")
        .get(number=number)
    )


def lines_to_work(work: FulfilmentOrder) -> list[FulfilmentOrderLine]:
    """The lines of a locked fulfilment order, with SKU, bin and allocation, in the order of the walk."""
    lines = (
        FulfilmentOrderLine.objects.filter(fulfilment_order=work)
        .select_related(
            "sku",
            "allocation__reservation__level__pick_bin",
            "allocation__reservation__level__location",
            "allocation__reservation__level__sku",
            "allocation__order_line",
        )
        .prefetch_related("sku__barcodes")
    )
    return sorted(lines, key=_walk)


def scan_with_key(key: UUID) -> Scan | None:
    """The scan that a device has sent before under this key, or None."""
    return (
        Scan.objects.select_related("work_line__sku", "work_line__fulfilment_order").filter(key=key).first()
    )


def lock_scan(key: UUID) -> Scan | None:
    """The scan with this key, locked, or None."""
    return Scan.objects.select_for_update(of=("self",)).select_related("work_line").filter(key=key).first()


def loose_pieces(work: FulfilmentOrder) -> dict[int, int]:
    """Packed pieces per work line that are in no parcel yet."""
    in_parcels = dict(
        ParcelLine.objects.filter(work_line__fulfilment_order=work, parcel__voided_at__isnull=True)
        .values_list("work_line_id")
        .annotate(pieces=Sum("quantity"))
    )
    packed = FulfilmentOrderLine.objects.filter(fulfilment_order=work).values_list("pk", "quantity_packed")
    return {pk: pieces - in_parcels.get(pk, 0) for pk, pieces in packed if pieces > in_parcels.get(pk, 0)}


def parcels_here(work: FulfilmentOrder) -> list[Parcel]:
    """Parcels of a fulfilment order that are closed and have not left."""
    return list(
        Parcel.objects.filter(fulfilment_order=work, shipment__isnull=True, voided_at__isnull=True)
        .prefetch_related("lines__work_line__allocation")
        .order_by("id")
    )


def parcel_here(work: FulfilmentOrder, number: str) -> Parcel:
    """A closed parcel of locked work that has not left.

    Raises ``ParcelsDoNotMatch``.
    """
    found = next((parcel for parcel in parcels_here(work) if parcel.number == number), None)
    if found is None:
        raise ParcelsDoNotMatch(f"{number} is no closed parcel of {work.number} that is still here.")
    return found


def queue(location_codes: frozenset[str] | None, statuses: Iterable[str]) -> QuerySet[FulfilmentOrder]:
    """Work in these statuses at these locations (None: everywhere), due first, then oldest."""
    waiting = work().filter(status__in=list(statuses))
    if location_codes is not None:
        waiting = waiting.filter(location__code__in=location_codes)
    return waiting.order_by(F("due_at").asc(nulls_last=True), "opened_at", "id")


def _walk(line: FulfilmentOrderLine) -> tuple[int, str, int]:
    place = line.allocation.reservation.level.pick_bin
    return (place.path_position, place.code, line.pk) if place else (1 << 30, "", line.pk)


def next_sequence(order_id: int) -> int:
    """The sequence of an order's next fulfilment order, from 1."""
    last = FulfilmentOrder.objects.filter(order_id=order_id).aggregate(last=Max("sequence"))["last"]
    return (last or 0) + 1


def held_pieces(work_ids: Iterable[int]) -> list[FulfilmentOrderLine]:
    """Lines of this work with the reservations behind them."""
    return list(
        FulfilmentOrderLine.objects.filter(fulfilment_order_id__in=list(work_ids))
        .select_related("allocation__reservation", "sku")
        .order_by("allocation__reservation__level_id", "pk")
    )


def lines_with_allocations(work_ids: Iterable[int]) -> list[FulfilmentOrderLine]:
    """Lines of this work, locked, with what they serve."""
    return list(
        FulfilmentOrderLine.objects.select_for_update(of=("self",), no_key=True)
        .filter(fulfilment_order_id__in=list(work_ids))
        .select_related("allocation", "sku")
        .order_by("pk")
    )


@dataclass(frozen=True, slots=True)
class Holding:
    """Pieces of one work line that its level could have back: not packed, and of those not even picked."""

    line: FulfilmentOrderLine
    loose: int
    untouched: int


def lines_holding(level_id: int) -> list[Holding]:
    """Work lines whose reservation still holds pieces of a level: the newest first, untouched before picked."""
    lines = (
        FulfilmentOrderLine.objects.filter(allocation__reservation__level_id=level_id)
        .filter(
            allocation__reservation__quantity__gt=F("allocation__reservation__quantity_released")
            + F("allocation__reservation__quantity_issued"),
            quantity__gt=F("quantity_cancelled") + F("quantity_packed"),
        )
        .select_related("fulfilment_order__order", "allocation__reservation", "sku")
        .order_by("-allocation__reservation_id")
    )
    held = [
        Holding(line, asked - line.quantity_packed, asked - line.quantity_picked)
        for line in lines
        for asked in [line.quantity - line.quantity_cancelled]
    ]
    return sorted(held, key=lambda holding: holding.untouched == 0)


def lock_live_work(order_id: int) -> list[FulfilmentOrder]:
    """The live fulfilment orders of an order that is locked, locked too."""
    return list(
        FulfilmentOrder.objects.select_for_update(of=("self",), no_key=True)
        .select_related("location", "order")
        .filter(order_id=order_id, status__in=sorted(LIVE_WORK))
        .order_by("pk")
    )


def packed_or_gone(order_id: int) -> list[str]:
    """Numbers of an order's fulfilment orders of which something is packed or shipped."""
    return list(
        FulfilmentOrder.objects.filter(order_id=order_id, lines__quantity_packed__gt=0)
        .order_by("number")
        .values_list("number", flat=True)
        .distinct()
    )


def pieces_packed(order_id: int) -> int:
    """Pieces of an order that are packed or have left."""
    lines = FulfilmentOrderLine.objects.filter(fulfilment_order__order_id=order_id)
    return lines.aggregate(packed=Sum("quantity_packed"))["packed"] or 0


def boxed_pieces(work: FulfilmentOrder) -> Counter[int]:
    """Pieces per work line that are in a closed parcel which has not left."""
    return Counter(
        dict(
            ParcelLine.objects.filter(
                parcel__fulfilment_order=work, parcel__voided_at__isnull=True, parcel__shipment__isnull=True
            )
            .values_list("work_line_id")
            .annotate(pieces=Sum("quantity"))
        )
    )


def undone(scan: Scan) -> bool:
    """Whether a scan has been taken back."""
    return Scan.objects.filter(undoes=scan).exists()


def unanswered(order_id: int) -> dict[int, int]:
    """Location id → sequence of an order's requests that nobody has begun or answered, also while they are held."""
    begun = FulfilmentOrderLine.objects.filter(fulfilment_order=OuterRef("pk"), quantity_picked__gt=0)
    held = Q(status="on_hold", request_status=GROWING["request_status"]) & ~Exists(begun)
    rows = FulfilmentOrder.objects.filter(Q(**GROWING) | held, order_id=order_id).order_by("-sequence")
    return dict(rows.values_list("location_id", "sequence"))


def order_ids_at(codes: Iterable[str]) -> QuerySet[FulfilmentOrder]:
    """The ids of orders that these locations serve or served."""
    return (
        FulfilmentOrder.objects.filter(location__code__in=list(codes))
        .exclude(status="cancelled")
        .values("order")
    )


def places_of(order_ids: Iterable[int]) -> dict[int, list[FulfilmentOrder]]:
    """The work of these orders that was not cancelled, with its location, by order id."""
    found: dict[int, list[FulfilmentOrder]] = {}
    wanted = FulfilmentOrder.objects.filter(order_id__in=list(order_ids)).exclude(status="cancelled")
    for each in wanted.select_related("location").order_by("id"):
        found.setdefault(each.order_id, []).append(each)
    return found


def work_of_order(order_id: int) -> QuerySet[FulfilmentOrder]:
    """All work of one order with lines, parcels and shipments, in a fixed number of queries."""
    return work_with_lines().filter(order_id=order_id).prefetch_related("shipments").order_by("sequence")


def unanswered_by(at: datetime) -> QuerySet[FulfilmentOrder]:
    """Requests to partners and suppliers that were to be answered by now and were not, oldest first."""
    return (
        FulfilmentOrder.objects.select_related("location", "order")
        .filter(acknowledge_by__lt=at, request_status__in=("queued", "sent"), status__in=sorted(LIVE_WORK))
        .exclude(location__kind="own")
        # What stands until the rest of its order is there is nobody's turn.
        .exclude(status="on_hold", order__state="open")
        .order_by("acknowledge_by", "id")
    )


def orders_in_front(work_ids: Iterable[int]) -> dict[int, int]:
    """How many other fulfilment orders that nobody has picked are due before each of these at its location, by id."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with queue as (
              select id, location_id, row_number() over (
                       partition by location_id order by due_at nulls last, opened_at, id) - 1 as in_front
                from fulfilment_fulfilmentorder where status in ('open', 'picking')
            )
            select id, in_front from queue where id = any(%s)
            """,
            [list(work_ids)],
        )
        return dict(cursor.fetchall())


def with_pieces(rows: QuerySet[FulfilmentOrder]) -> QuerySet[FulfilmentOrder]:
    """The same work with its pieces wanted and picked, and its number of lines."""
    return rows.annotate(
        pieces=Sum(F("lines__quantity") - F("lines__quantity_cancelled")),
        pieces_picked=Sum("lines__quantity_picked"),
        line_count=Count("lines"),
    )


def named(text: str) -> QuerySet[FulfilmentOrder]:
    """Work that a text names: by its own number, or by a parcel's number or tracking number."""
    wanted = text.strip()
    parcels = Parcel.objects.filter(Q(number=wanted) | Q(tracking_number=wanted), voided_at__isnull=True)
    return work().filter(Q(number__iexact=wanted) | Q(pk__in=parcels.values("fulfilment_order")))


def work_of_scan(key: UUID) -> FulfilmentOrder | None:
    """The work that a scan belongs to, or None."""
    return work().filter(lines__scans__key=key).first()


def work_by_number(number: str) -> FulfilmentOrder:
    """The fulfilment order with this number, with lines and parcels.

    Raises ``FulfilmentOrderNotFound``.
    """
    found = work_with_lines().filter(number=number).first()
    if found is None:
        raise FulfilmentOrderNotFound(f"There is no fulfilment order {number}.")
    return found


def parcels_of(work: FulfilmentOrder) -> list[Parcel]:
    """All parcels of a fulfilment order that are not void, gone ones too."""
    return list(
        Parcel.objects.select_related("fulfilment_order__location", "fulfilment_order__order__contact")
        .filter(fulfilment_order=work, voided_at__isnull=True)
        .order_by("id")
    )


def lock_next(location_codes: frozenset[str] | None) -> FulfilmentOrder | None:
    """The most urgent work to pick that nobody has, locked; one that another person is just taking is passed over."""
    waiting = FulfilmentOrder.objects.select_related("order", "location").filter(
        status__in=("open", "picking"), claimed_by__isnull=True
    )
    if location_codes is not None:
        waiting = waiting.filter(location__code__in=location_codes)
    return (
        waiting.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by(F("due_at").asc(nulls_last=True), "opened_at", "id")
        .first()
    )


def packed_serials(line: FulfilmentOrderLine) -> list[str]:
    """The serial numbers that were scanned into parcels for a line and have not left."""
    packed = Scan.objects.filter(work_line=line, kind="pack", quantity__gt=0, undone_by__isnull=True)
    codes = list(packed.order_by("pk").values_list("code", flat=True))
    level = line.allocation.reservation.level_id
    here = set(SerialNumber.objects.filter(level_id=level, code__in=codes).values_list("code", flat=True))
    return [code for code in codes if code in here]


def last_packed(line: FulfilmentOrderLine, pieces: int) -> list[Scan]:
    """The newest scans into parcels of a numbered line, so many as were not taken back."""
    packed = Scan.objects.filter(work_line=line, kind="pack", quantity__gt=0, undone_by__isnull=True)
    return list(packed.order_by("-pk")[:pieces])


def issue_movements(reservation_ids: Iterable[int]) -> dict[int, list[int]]:
    """The movements by which these reservations left the shelf, by reservation id."""
    rows = StockMovement.objects.filter(reservation_id__in=list(reservation_ids), kind="issue")
    found: dict[int, list[int]] = {}
    for reservation_id, pk in rows.order_by("pk").values_list("reservation_id", "pk"):
        found.setdefault(reservation_id or 0, []).append(pk)
    return found


def carrier_services() -> list[CarrierService]:
    """The services of carriers whose days are known."""
    return list(CarrierService.objects.all())


def untouched_lines(sku_code: str) -> list[FulfilmentOrderLine]:
    """Work lines of open work whose pieces of a SKU nobody has picked, the newest first."""
    lines = FulfilmentOrderLine.objects.filter(
        sku__code=sku_code, fulfilment_order__status__in=sorted(LIVE_WORK)
    )
    lines = lines.filter(quantity__gt=F("quantity_cancelled") + F("quantity_picked"))
    return list(
        lines.select_related("fulfilment_order__order", "fulfilment_order__location").order_by("-pk")[:200]
    )


def orders_since_midnight(at: datetime) -> dict[int, int]:
    """How many orders each location (id) was given since its own midnight."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select p.id, count(w.id)
              from inventory_stocklocation p
              join fulfilment_fulfilmentorder w on w.location_id = p.id and w.status <> 'cancelled'
               and w.opened_at >= date_trunc('day', %s at time zone p.timezone) at time zone p.timezone
             where p.is_active group by p.id
            """,
            [at],
        )
        return dict(cursor.fetchall())
