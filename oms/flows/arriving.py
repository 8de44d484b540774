"""Stories of what arrives without a purchase order or a transfer: scanned, then posted as one receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from inventory import floor_queries
from inventory import queries as stock_queries
from inventory.models import ArrivalScan, StockLocation
from inventory.rules import ArrivalRefused, Arrived, LevelsMoved
from inventory.services import arrivals
from inventory.services.arrivals import NewArrival
from oms.catalogue import queries as sku_queries
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.transactions import owns_transaction
from oms.flows import preorders


@dataclass(frozen=True, slots=True)
class Noted:
    """A scan of something that arrived, and whether it was known before."""

    scan: ArrivalScan
    is_repeat: bool = False


@owns_transaction()
def note_arrival(
    location: str, reference: str, *, sku: str, read: NewArrival, actor: Actor, at: datetime
) -> Noted:
    """Note one scan of something that arrived; the same key counts once, and nothing moves before it is posted.

    Raises ``LocationNotFound``, ``SkuNotFound``, ``LotRequired``, ``LotRefused``, ``SerialRequired``.
    """
    place = floor_queries.lock_place(location)
    seen = floor_queries.scan_with_key(read.key)
    if seen is not None:
        return Noted(seen, is_repeat=True)
    return Noted(arrivals.record(place, reference, sku_queries.sku(sku), read, actor=actor, at=at))


@owns_transaction()
def undo_arrival(key: UUID, *, new_key: UUID, actor: Actor, at: datetime) -> Noted:
    """Take a scan of something that arrived back; a second time changes nothing.

    Raises ``ArrivalRefused`` when no scan has this key or it has been posted.
    """
    seen = floor_queries.lock_scan(key)
    if seen is None:
        raise ArrivalRefused("That scan is not known here. Nothing was undone.")
    if floor_queries.arrival_undone(seen):
        return Noted(seen, is_repeat=True)
    return Noted(arrivals.undo(seen, key=new_key, actor=actor, at=at))


@owns_transaction(retry_on=LevelsMoved)
def post_arrivals(location: str, reference: str, *, actor: Actor, at: datetime) -> str:
    """Put everything that was scanned on a document into stock; the receipt's number.

    Raises ``LocationNotFound``, ``ArrivalRefused`` when nothing was scanned, ``MoreThanExpected``.
    """
    place = floor_queries.lock_place(location)
    waiting = floor_queries.arrivals(place.pk, reference)
    receipt = _receive(place, reference, arrivals.counted(waiting), actor=actor, at=at)
    arrivals.mark_posted(waiting, receipt)
    return receipt


@owns_transaction(retry_on=LevelsMoved)
def receive_arrivals(
    arrived: Sequence[Arrived], *, location: str, reference: str, actor: Actor, at: datetime
) -> str:
    """Receive pieces with their lots and serial numbers in one go; the receipt's number.

    Raises ``LocationNotFound``, ``SkuNotFound``, ``LotRequired``, ``LotRefused``, ``SerialRequired``,
    ``SerialRefused``, ``MoreThanExpected``.
    """
    return _receive(stock_queries.location(location), reference, arrived, actor=actor, at=at)


def _receive(
    place: StockLocation, reference: str, arrived: Sequence[Arrived], *, actor: Actor, at: datetime
) -> str:
    if not arrived:
        raise ArrivalRefused("Nothing was scanned. Scan what has arrived first.")
    skus = sku_queries.skus_by_code({each.sku for each in arrived})
    pairs = [(skus[each.sku], each) for each in arrived]
    bound = preorders.lock_bound(skus.keys(), location=place.code, reference=reference)
    receipt = arrivals.post(place, reference, pairs, actor=actor, at=at)
    audit.record(
        "delivery.received",
        "location",
        place.code,
        actor=actor,
        at=at,
        note=f"{receipt} {reference}",
        changes={"skus": len(skus), "pieces": sum(each.quantity for each in arrived)},
    )
    bound.serve(actor=actor, at=at)
    outbox.record(
        "stock.changed",
        aggregate=f"receipt:{receipt}",
        payload={"skus": sorted(skus), "location": place.code, "document": receipt},
        at=at,
    )
    return receipt
