"""Stories of counts: adjustments and receipts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from inventory import floor_queries, lot_queries
from inventory import queries as stock_queries
from inventory.models import ExpectedReceipt
from inventory.rules import Adjusted, LevelsMoved
from inventory.services import adjustments, limits, receipts, serials
from inventory.services.adjustments import Where
from oms.catalogue import queries as sku_queries
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction, owns_transaction
from oms.flows import binding, deliveries, preorders


@dataclass(frozen=True, slots=True)
class Named:
    """The bin, the lot and the numbered pieces that a correction is about, where these are kept."""

    bin: str = ""
    lot: str = ""
    serials: tuple[str, ...] = ()


NOTHING_NAMED = Named()


@dataclass(frozen=True, slots=True)
class Change:
    """A correction as somebody asks for it."""

    sku: str
    location: str
    quantity_delta: int
    reason: str
    note: str
    named: Named = NOTHING_NAMED


@owns_transaction()
def adjust_stock(
    sku_code: str,
    *,
    location: str,
    quantity_delta: int,
    reason: str,
    note: str,
    named: Named = NOTHING_NAMED,
    actor: Actor,
    at: datetime,
) -> Adjusted:
    """Correct the count of a SKU at a location by so many pieces, for a reason from the managed list.

    Raises ``SkuNotFound``, ``LocationNotFound``, ``ReasonRequired``, ``NotEnoughStock``, ``LotRequired``,
    ``SerialRequired``, ``NeedsSecondPerson`` when it is worth more than one person may write in a day.
    """
    change = Change(sku_code, location, quantity_delta, reason, note, named)
    limits.check(
        sku_queries.sku(sku_code), stock_queries.location(location), quantity_delta, actor=actor, at=at
    )
    return correct(change, actor=actor, at=at)


@owns_transaction()
def adjust_freely(change: Change, *, actor: Actor, at: datetime) -> Adjusted:
    """Correct a count however much it is worth: for programs that were trusted with it.

    Raises what ``adjust_stock`` raises, but for the limit.
    """
    return correct(change, actor=actor, at=at)


@joins_transaction
def correct(change: Change, *, actor: Actor, at: datetime) -> Adjusted:
    """Write a correction that somebody may write.

    Raises what ``adjust_stock`` raises, but for the limit.
    """
    why = stock_queries.reason(change.reason)
    sku = sku_queries.sku(change.sku)
    place = stock_queries.location(change.location)
    level = stock_queries.lock_level(sku.pk, place.pk)
    where = Where(
        floor_queries.bin_at(place.pk, change.named.bin) if change.named.bin else None,
        lot_queries.lot(sku.code, change.named.lot) if change.named.lot else None,
    )
    done = adjustments.adjust(
        level,
        quantity_delta=change.quantity_delta,
        reason=why,
        note=change.note,
        actor=actor,
        at=at,
        where=where,
    )
    if sku.is_serial_tracked:
        serials.name_pieces(sku, floor_queries.adjusted(level.pk, at), change.named.serials)
    audit.record(
        "stock.adjusted",
        "sku",
        sku.code,
        actor=actor,
        at=at,
        note=f"{done.number} {change.reason}",
        changes={"location": place.code, "on_hand": [done.on_hand_before, done.on_hand_after]},
    )
    _tell(sku.code, place.code, done.number, change.quantity_delta, at=at)
    return done


@owns_transaction(retry_on=LevelsMoved)
def receive_stock(
    sku_code: str, *, location: str, quantity: int, reference: str, actor: Actor, at: datetime
) -> str:
    """Receive so many pieces of a SKU at a location and return the receipt's number.

    Raises ``SkuNotFound``, ``LocationNotFound``, ``MoreThanExpected``.
    """
    sku = sku_queries.sku(sku_code)
    place = stock_queries.location(location)
    bound = preorders.lock_bound([sku.code], location=place.code, reference=reference)
    level = stock_queries.lock_level(sku.pk, place.pk)
    number = receipts.receive(level, quantity=quantity, reference=reference, actor=actor, at=at)
    audit.record(
        "stock.received",
        "sku",
        sku.code,
        actor=actor,
        at=at,
        note=f"{number} {reference}",
        changes={"location": place.code, "on_hand": [level.on_hand, level.on_hand + quantity]},
    )
    bound.serve(actor=actor, at=at)
    _tell(sku.code, place.code, number, quantity, at=at)
    return number


@owns_transaction(retry_on=LevelsMoved)
def receive_delivery(
    lines: Mapping[str, int], *, location: str, reference: str, actor: Actor, at: datetime
) -> str:
    """Receive a whole delivery (SKU code → pieces) in a fixed number of statements; the receipt's number.

    Raises ``SkuNotFound`` naming the codes that are unknown, ``LocationNotFound``.
    """
    place = stock_queries.location(location)
    skus = sku_queries.skus_by_code(lines)
    bound = preorders.lock_bound(lines.keys(), location=place.code, reference=reference)
    number = receipts.receive_many(
        {skus[code].pk: quantity for code, quantity in lines.items()},
        location=place,
        reference=reference,
        actor=actor,
        at=at,
    )
    audit.record(
        "delivery.received",
        "location",
        place.code,
        actor=actor,
        at=at,
        note=f"{number} {reference}",
        changes={"skus": len(lines), "pieces": sum(lines.values())},
    )
    bound.serve(actor=actor, at=at)
    outbox.record(
        "stock.changed",
        aggregate=f"receipt:{number}",
        payload={"skus": sorted(lines), "location": place.code, "document": number},
        at=at,
    )
    return number


@owns_transaction(retry_on=LevelsMoved)
def expect_stock(
    sku_code: str,
    *,
    location: str,
    quantity: int,
    reference: str,
    expected_on: date,
    actor: Actor,
    at: datetime,
) -> ExpectedReceipt:
    """Announce pieces that will arrive: they are incoming, and preorders that lost their delivery are bound to them.

    Raises ``SkuNotFound``, ``LocationNotFound``, ``AlreadyAnnounced``.
    """
    sku = sku_queries.sku(sku_code)
    place = stock_queries.location(location)
    loose = binding.lock((), {sku.pk: sku.code})
    level = stock_queries.lock_level(sku.pk, place.pk)
    made = receipts.expect(level, reference=reference, quantity=quantity, expected_on=expected_on)
    audit.record(
        "stock.expected",
        "sku",
        sku.code,
        actor=actor,
        at=at,
        note=reference,
        changes={"location": place.code, "incoming": [0, quantity]},
    )
    dealt = binding.deal(binding.loosen(loose), loose.skus)
    deliveries.settle(loose, dealt, why=f"{reference} was announced.", at=at)
    return made


def _tell(sku_code: str, location_code: str, number: str, quantity_delta: int, *, at: datetime) -> None:
    outbox.record(
        "stock.changed",
        aggregate=f"sku:{sku_code}",
        payload={
            "sku": sku_code,
            "location": location_code,
            "document": number,
            "quantity_delta": quantity_delta,
        },
        at=at,
    )
