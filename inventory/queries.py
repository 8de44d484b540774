"""Questions about stock that are worth a name."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from inventory.models import (
    AdjustmentReason,
    Bin,
    ExpectedReceipt,
    Reservation,
    StockLevel,
    StockLocation,
    StockMovement,
    StockReport,
    StockReportLine,
)
from inventory.rules import SHIPPING, ReasonRequired
from oms.core.errors import NotFound


class LocationNotFound(NotFound):
    """No location has this code."""

    code = "location-not-found"


class ReportNotFound(NotFound):
    """No stock report has this id."""

    code = "stock-report-not-found"


class LevelNotFound(NotFound):
    """The SKU has never been at the location."""

    code = "level-not-found"


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
    return (
        StockLevel.objects.select_for_update(of=("self",), no_key=True)
        .select_related("sku", "location")
        .get(sku_id=sku_id, location_id=location_id)
    )


def lock_levels(sku_ids: Iterable[int], location_id: int) -> dict[int, int]:
    """Level ids by SKU id at one location, locked in id order; those that are new are made at zero."""
    wanted = sorted(sku_ids)
    StockLevel.objects.bulk_create(
        [StockLevel(sku_id=sku_id, location_id=location_id) for sku_id in wanted], ignore_conflicts=True
    )
    locked = StockLevel.objects.select_for_update(no_key=True).filter(
        sku_id__in=wanted, location_id=location_id
    )
    return dict(locked.order_by("pk").values_list("sku_id", "pk"))


def lock_places(places: Iterable[tuple[int, int]]) -> None:
    """Lock the levels at these (location id, SKU id) in id order; where there is none nothing is locked."""
    wanted = set(places)
    levels = StockLevel.objects.filter(
        location_id__in={place for place, _ in wanted}, sku_id__in={sku for _, sku in wanted}
    )
    ids = [
        pk for pk, place, sku in levels.values_list("pk", "location_id", "sku_id") if (place, sku) in wanted
    ]
    list(
        StockLevel.objects.select_for_update(no_key=True)
        .filter(pk__in=ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def lock_reservations(reservation_ids: Iterable[int]) -> list[Reservation]:
    """These reservations, locked in the order of their levels."""
    return list(
        Reservation.objects.select_for_update(no_key=True)
        .filter(pk__in=list(reservation_ids))
        .order_by("level_id", "pk")
    )


def at_places(codes: Iterable[str] | None) -> Q:
    """A filter for levels at these locations; None is everywhere."""
    return Q() if codes is None else Q(location__code__in=list(codes))


def levels_of(sku_code: str, codes: Iterable[str] | None) -> QuerySet[StockLevel]:
    """The levels of one SKU at these locations, in the order of the locations."""
    return levels().filter(at_places(codes), sku__code=sku_code)


def levels_of_location(code: str) -> QuerySet[StockLevel]:
    """The levels at one location, in the order of SKU."""
    return levels().filter(location__code=code)


def totals_of(sku_ids: Iterable[int], codes: Iterable[str] | None) -> dict[int, dict[str, int]]:
    """On hand, reserved, quarantined and available of these SKUs, summed over the locations, by SKU id."""
    rows = (
        StockLevel.objects.filter(at_places(codes), sku_id__in=list(sku_ids))
        .values("sku_id")
        .annotate(
            sum_on_hand=Sum("on_hand"),
            sum_reserved=Sum("reserved"),
            sum_quarantined=Sum("quarantined"),
            sum_available=Sum("available"),
            places=Count("pk", filter=Q(on_hand__gt=0)),
        )
    )
    return {row["sku_id"]: row for row in rows}


def sku_ids_without_stock(codes: Iterable[str] | None) -> QuerySet[StockLevel]:
    """Ids of the SKUs of which nothing is available at these locations."""
    levels_there = StockLevel.objects.filter(at_places(codes)).values("sku")
    return levels_there.annotate(left=Sum("available")).filter(left__lte=0).values("sku")


def sku_ids_at(codes: Iterable[str]) -> QuerySet[StockLevel]:
    """Ids of the SKUs that these locations have a level of."""
    return StockLevel.objects.filter(location__code__in=list(codes)).values("sku")


def expected_at(levels_shown: Iterable[StockLevel]) -> QuerySet[ExpectedReceipt]:
    """What is still ``to_come`` for these levels, soonest first."""
    return (
        ExpectedReceipt.objects.filter(level__in=levels_shown, quantity_expected__gt=F("quantity_received"))
        .annotate(to_come=F("quantity_expected") - F("quantity_received"))
        .select_related("level__location")
        .order_by("expected_on", "id")
    )


def working_sites() -> list[tuple[str, str, str]]:
    """(code, name, time zone) of each active location."""
    return list(StockLocation.objects.filter(is_active=True).values_list("code", "name", "timezone"))


def places_for_choice(codes: Iterable[str] | None) -> list[tuple[str, str]]:
    """Codes and names of the locations where stock may be counted."""
    places = StockLocation.objects.filter(kind__in=SHIPPING)
    if codes is not None:
        places = places.filter(code__in=list(codes))
    return list(places.values_list("code", "name"))


def reasons_for_choice() -> list[tuple[str, str]]:
    """Codes and names of the active reasons for adjustments."""
    return list(AdjustmentReason.objects.filter(is_active=True).values_list("code", "name"))


def is_bin(location_id: int, code: str) -> bool:
    """Whether a location has a bin with this code."""
    return Bin.objects.filter(location_id=location_id, code=code).exists()


def active_reasons() -> QuerySet[AdjustmentReason]:
    """The reasons that staff may give."""
    return AdjustmentReason.objects.filter(is_active=True).order_by("name")


def stocked(location_code: str, *, at_least: int) -> set[str]:
    """SKU codes of which a location has at least so many pieces available."""
    levels = StockLevel.objects.filter(location__code=location_code, available__gte=at_least)
    return set(levels.values_list("sku__code", flat=True))


def stock_reports() -> QuerySet[StockReport]:
    """What partners and suppliers said, newest first, with how many SKUs differ from our books."""
    return (
        StockReport.objects.select_related("location")
        .annotate(
            skus=Count("lines"),
            pieces=Coalesce(Sum("lines__on_hand"), 0),
            differing=Count("lines", filter=~Q(lines__on_hand=F("lines__ours"))),
        )
        .order_by("-reported_at", "-id")
    )


def stock_report(report_id: int) -> StockReport:
    """The report with this id.

    Raises ``ReportNotFound``.
    """
    found = stock_reports().filter(pk=report_id).first()
    if found is None:
        raise ReportNotFound(f"There is no stock report {report_id}.")
    return found


def report_lines(report: StockReport) -> QuerySet[StockReportLine]:
    """The lines of a report with their SKU and how far they are from our books, by SKU."""
    return (
        report.lines.select_related("sku")
        .annotate(difference=F("on_hand") - F("ours"))
        .order_by("sku__code", "id")
    )


def differing_lines(report: StockReport) -> int:
    """How many SKUs a report shows otherwise than our books did."""
    return report.lines.exclude(on_hand=F("ours")).count()


def level_with_id(level_id: int) -> StockLevel:
    """The level with this id, its SKU and location."""
    return StockLevel.objects.select_related("sku", "location").get(pk=level_id)


def level(sku_id: int, location_id: int) -> StockLevel:
    """The level of a SKU at a location.

    Raises ``LevelNotFound`` when it never had any.
    """
    found = StockLevel.objects.select_related("sku", "location").filter(
        sku_id=sku_id, location_id=location_id
    )
    if (there := found.first()) is None:
        raise LevelNotFound("This location has never had it.")
    return there


_WHOLE_BUNDLES = """
select place.code, min(greatest(coalesce(level.available, 0), 0) / part.quantity)
  from inventory_stocklocation place
  cross join catalogue_bundlecomponent part
  left join inventory_stocklevel level on level.location_id = place.id and level.sku_id = part.component_id
 where part.bundle_id = %s and place.kind in ('own', '3pl', 'supplier') and place.is_active
   and (%s::text[] is null or place.code = any(%s))
 group by place.code order by place.code
"""


def bundles_available(bundle_id: int, codes: Iterable[str] | None) -> dict[str, int]:
    """How many whole bundles each of these active locations could ship now, by its code.

    A component that several bundles share is counted for each: what one order takes, the others do not see any more.
    """
    places = None if codes is None else list(codes)
    with connection.cursor() as cursor:
        cursor.execute(_WHOLE_BUNDLES, [bundle_id, places, places])
        return dict(cursor.fetchall())


def is_kept(sku_id: int) -> bool:
    """Whether pieces of a SKU are anywhere."""
    return StockLevel.objects.filter(sku_id=sku_id).exclude(on_hand=0).exists()
