"""Questions about stock that are worth a name."""

from collections.abc import Iterable

from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from inventory.models import AdjustmentReason, ExpectedReceipt, Reservation, StockLevel, StockLocation, StockMovement
from inventory.rules import ReasonRequired
from oms.core.errors import NotFound


class LocationNotFound(NotFound):
    """No location has this code."""

    code = "location-not-found"


def levels() -> QuerySet[StockLevel]:
    """All levels with their SKU, location and ``incoming`` pieces, in the order of SKU and location."""
    to_come = (
        ExpectedReceipt.objects.filter(level=OuterRef("pk"))
        .values("level")
        .annotate(pieces=Sum(F("quantity_expected") - F("quantity_received")))
        .values("pieces")
    )
    return (
        StockLevel.objects.select_related("sku", "location", "pick_bin")
        .annotate(incoming=Coalesce(Subquery(to_come, output_field=IntegerField()), Value(0)))
        .order_by("sku__code", "location__priority", "location__code")
    )


def movements() -> QuerySet[StockMovement]:
    """All movements, newest first, with what names them."""
    return StockMovement.objects.select_related("level__sku", "level__location", "reason").order_by(
        "-moved_at", "-id"
    )


def open_reservations(level_ids: Iterable[int]) -> QuerySet[Reservation]:
    """Reservations of these levels that still hold something, oldest first."""
    return (
        Reservation.objects.filter(level_id__in=list(level_ids))
        .filter(quantity__gt=F("quantity_released") + F("quantity_issued"))
        .order_by("id")
    )


def location(code: str) -> StockLocation:
    """The location with this code.

    Raises ``LocationNotFound``.
    """
    found = StockLocation.objects.filter(code=code).first()
    if found is None:
        raise LocationNotFound(f"There is no location {code}.")
    return found


def reason(code: str) -> AdjustmentReason:
    """The active reason with this code.

    Raises ``ReasonRequired``, naming the codes there are.
    """
    known = {reason.code: reason for reason in AdjustmentReason.objects.filter(is_active=True)}
    if code not in known:
        message = f"Give a reason: one of {', '.join(sorted(known))}."
        raise ReasonRequired(message, problems=(("#/reason", message),))
    return known[code]


def lock_level(sku_id: int, location_id: int) -> StockLevel:
    """The level of a SKU at a location, locked until the transaction ends; made at zero when it is new."""
    StockLevel.objects.bulk_create(
        [StockLevel(sku_id=sku_id, location_id=location_id)], ignore_conflicts=True
    )
    return StockLevel.objects.select_for_update(no_key=True).get(sku_id=sku_id, location_id=location_id)


def lock_reservations(reservation_ids: Iterable[int]) -> list[Reservation]:
    """These reservations, locked in the order of their levels."""
    return list(
        Reservation.objects.select_for_update(no_key=True)
        .filter(pk__in=list(reservation_ids))
        .order_by("level_id", "pk")
    )
