"""Units that arrive: announced first, then received against what was announced."""

from collections.abc import Mapping
from datetime import date, datetime

from inventory import delivery_queries, queries
from inventory.models import DeliveryChange, ExpectedReceipt, StockLevel, StockLocation, StockMovement
from inventory.rules import AlreadyAnnounced, DeliveryRefused, MovementKind
from inventory.services import movements, spots
from inventory.services.adjustments import ANYWHERE, Where
from inventory.services.movements import Cause, Delta
from oms.core import numbering
from oms.core.actors import Actor
from oms.core.errors import Conflict
from oms.core.transactions import joins_transaction


class MoreThanExpected(Conflict):
    """More pieces than were announced."""

    code = "more-than-expected"


@joins_transaction
def expect(level: StockLevel, *, reference: str, quantity: int, expected_on: date) -> ExpectedReceipt:
    """Announce so many pieces for a locked level; they count as incoming until they are received.

    Raises ``AlreadyAnnounced``.
    """
    if delivery_queries.is_announced(level.pk, reference):
        raise AlreadyAnnounced(
            f"{reference} announces {level.sku.code} for {level.location.name} already. Change that delivery instead."
        )
    return ExpectedReceipt.objects.create(
        level=level, reference=reference, quantity_expected=quantity, expected_on=expected_on
    )


@joins_transaction
def change(
    expected: ExpectedReceipt, *, on: date, to_come: int, reason: str, actor: Actor, at: datetime
) -> DeliveryChange:
    """Let a locked delivery come on another day, with other pieces, or not at all; what came stays received.

    Raises ``DeliveryRefused`` when nothing of it is to come, or nothing about it would be other than it is.
    """
    before = expected.quantity_expected - expected.quantity_received
    if not before:
        raise DeliveryRefused(f"Nothing of {expected.reference} is to come any more.")
    if (on, to_come) == (expected.expected_on, before):
        raise DeliveryRefused(f"{expected.reference} is announced for that day and so many pieces already.")
    written = DeliveryChange.objects.create(
        expected=expected,
        day_before=expected.expected_on,
        day_after=on,
        pieces_before=before,
        pieces_after=to_come,
        reason=reason,
        changed_by=actor.label,
        changed_at=at,
    )
    expected.expected_on, expected.quantity_expected = on, expected.quantity_received + to_come
    expected.save(update_fields=["expected_on", "quantity_expected"])
    return written


@joins_transaction
def receive(
    level: StockLevel,
    *,
    quantity: int,
    reference: str,
    actor: Actor,
    at: datetime,
    where: Where = ANYWHERE,
) -> str:
    """Put so many pieces on a locked level, where they are received, and return the receipt's number.

    Raises ``MoreThanExpected`` when the reference was announced and fewer are still to come, ``LotRequired``.
    """
    expected = ExpectedReceipt.objects.select_for_update().filter(level=level, reference=reference).first()
    if expected is not None:
        if quantity > expected.quantity_expected - expected.quantity_received:
            raise MoreThanExpected(
                f"{expected.quantity_expected - expected.quantity_received} pieces are still to come on {reference}."
            )
        expected.quantity_received += quantity
        expected.save(update_fields=["quantity_received"])
    number = numbering.next_number("RC")
    spot = spots.put(level, quantity, bin=where.bin, lot=where.lot)
    movements.move(
        level.pk,
        Delta(on_hand=quantity, bin_id=spot.bin_id, lot_id=spot.lot_id),
        kind=MovementKind.RECEIVE,
        cause=Cause("receipt", number, reference),
        actor=actor,
        at=at,
    )
    return number


@joins_transaction
def receive_many(
    pieces: Mapping[int, int], *, location: StockLocation, reference: str, actor: Actor, at: datetime
) -> str:
    """Put pieces of many SKUs (id → pieces) on their levels at one location and return the receipt's number."""
    number = numbering.next_number("RC")
    levels = queries.lock_levels(pieces, location.pk)
    bin_id = spots.receiving_bin(location.pk).pk if location.is_bin_managed else None
    StockMovement.objects.bulk_create(
        [
            StockMovement(
                level_id=levels[sku_id],
                kind=MovementKind.RECEIVE.value,
                on_hand_delta=quantity,
                bin_id=bin_id,
                moved_at=at,
                source="receipt",
                source_key=f"{number}:{sku_id}",
                reference=reference,
                actor=actor.label,
            )
            for sku_id, quantity in sorted(pieces.items())
        ]
    )
    return number
