"""Boxes: closed with what was packed, void while they are here, gone with a shipment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fulfilment.models import FulfilmentOrder, Parcel, ParcelLine, Shipment
from fulfilment.rules import DuplicateTracking, ParcelsDoNotMatch
from oms.core import numbering
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction


@dataclass(frozen=True, slots=True)
class Box:
    """What is known of a parcel besides its contents; the weight is in grams."""

    carrier: str = ""
    service: str = ""
    tracking_number: str = ""
    weight_grams: int | None = None
    name: str = ""


@joins_transaction
def close(
    work: FulfilmentOrder, *, pieces: Mapping[int, int], box: Box, actor: Actor, at: datetime
) -> Parcel:
    """Close a parcel with so many pieces of each work line (id → pieces); without a tracking number it has its own.

    Raises ``ParcelsDoNotMatch`` when it is empty, ``DuplicateTracking`` when the number is in use.
    """
    if not any(pieces.values()):
        raise ParcelsDoNotMatch("A parcel holds at least one piece. Scan an item first.")
    _refuse_known_tracking(box)
    number = numbering.next_number("PA")
    parcel = Parcel.objects.create(
        number=number,
        fulfilment_order=work,
        carrier=box.carrier or work.carrier,
        service=box.service or work.service,
        tracking_number=box.tracking_number or number,
        weight_grams=box.weight_grams,
        box=box.name,
        packed_at=at,
        packed_by=actor.label,
    )
    ParcelLine.objects.bulk_create(
        [
            ParcelLine(parcel=parcel, work_line_id=line, quantity=count)
            for line, count in pieces.items()
            if count
        ]
    )
    return parcel


@joins_transaction
def hand_over(work: FulfilmentOrder, parcels: list[Parcel], *, actor: Actor, at: datetime) -> Shipment:
    """Let these parcels leave together.

    Raises ``ParcelsDoNotMatch`` when there are none.
    """
    if not parcels:
        raise ParcelsDoNotMatch(f"{work.number} has no closed parcel. Pack it first.")
    shipment = Shipment.objects.create(
        number=numbering.next_number("SH"), fulfilment_order=work, shipped_at=at, shipped_by=actor.label
    )
    Parcel.objects.filter(pk__in=[parcel.pk for parcel in parcels]).update(shipment=shipment)
    return shipment


@joins_transaction
def void(parcel: Parcel, *, at: datetime) -> None:
    """Open a parcel again: it is void and its pieces are packed in none."""
    parcel.voided_at = at
    parcel.save(update_fields=["voided_at"])


def _refuse_known_tracking(box: Box) -> None:
    taken = Parcel.objects.filter(
        carrier=box.carrier, tracking_number=box.tracking_number, voided_at__isnull=True
    ).select_related("fulfilment_order")
    if box.tracking_number and (other := taken.first()) is not None:
        raise DuplicateTracking(
            f"{box.carrier} {box.tracking_number} is parcel {other.number} of {other.fulfilment_order.number}."
        )
