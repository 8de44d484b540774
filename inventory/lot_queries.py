"""Questions about lots and numbered pieces: where they stand, who got them, what expires."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from inventory.models import Lot, SerialNumber, StagedPiece, StockContent, StockLevel, StockMovement
from inventory.rules import local_day
from oms.core.errors import NotFound

NEAR_DAYS = 30


class LotNotFound(NotFound):
    """The SKU has no such lot."""

    code = "lot-not-found"


class SerialNotFound(NotFound):
    """No piece has this serial number."""

    code = "serial-not-found"


def lots() -> QuerySet[Lot]:
    """All lots with their SKU, and what of them is on hand and set aside, the first to expire first."""
    return (
        Lot.objects.select_related("sku")
        .annotate(
            on_hand=Coalesce(Sum("contents__on_hand"), 0),
            quarantined=Coalesce(Sum("contents__quarantined"), 0),
        )
        .order_by(F("expires_on").asc(nulls_last=True), "pk")
    )


def lot(sku: str, code: str) -> Lot:
    """The lot of a SKU with this code.

    Raises ``LotNotFound``.
    """
    found = lots().filter(sku__code=sku, code=code).first()
    if found is None:
        raise LotNotFound(f"{sku} has no lot {code}.")
    return found


def lock_lot(sku: str, code: str) -> Lot:
    """The lot of a SKU with this code, locked.

    Raises ``LotNotFound``.
    """
    Lot.objects.select_for_update(no_key=True).filter(sku__code=sku, code=code).first()
    return lot(sku, code)


def near_expiry(rows: QuerySet[Lot], today: date) -> QuerySet[Lot]:
    """Those of which something is on hand and that expire within thirty days."""
    until = today + timedelta(days=NEAR_DAYS)
    standing = StockContent.objects.filter(lot=OuterRef("pk"), on_hand__gt=0)
    return rows.filter(Exists(standing), expires_on__gte=today, expires_on__lte=until)


def expired(rows: QuerySet[Lot], today: date) -> QuerySet[Lot]:
    """Those of which something is on hand and whose last day is over."""
    return rows.filter(
        Exists(StockContent.objects.filter(lot=OuterRef("pk"), on_hand__gt=0)), expires_on__lt=today
    )


def where_it_stands(wanted: Lot, codes: Iterable[str] | None = None) -> QuerySet[StockContent]:
    """The spots that hold a lot, within these locations (None: all)."""
    rows = StockContent.objects.filter(lot=wanted).select_related("level__location", "bin")
    if codes is not None:
        rows = rows.filter(level__location__code__in=list(codes))
    return rows.order_by("level__location__priority", "level__location__code", "bin__path_position", "pk")


def who_got(wanted: Lot) -> QuerySet[StockMovement]:
    """The movements by which a lot left to customers, newest first; each names its order."""
    return (
        StockMovement.objects.filter(lot=wanted, kind="issue", counter_location__kind="customer")
        .select_related("level__location")
        .order_by("-moved_at", "-id")
    )


def in_somebodys_hand(wanted: Lot) -> list[str]:
    """Orders for which pieces of a lot were picked and have not left."""
    rows = StagedPiece.objects.filter(lot=wanted, pieces__gt=0).select_related("reservation")
    return sorted({row.reservation.reference for row in rows if row.reservation.quantity_open})


def levels_holding(wanted: Lot) -> list[StockLevel]:
    """Levels with sellable pieces of a lot, in the order in which levels are locked."""
    rows = StockContent.objects.filter(lot=wanted, on_hand__gt=F("quarantined"))
    return list(
        StockLevel.objects.filter(pk__in=rows.values("level"))
        .select_related("sku", "location")
        .order_by("pk")
    )


def levels_past_sale(at: datetime) -> list[StockLevel]:
    """Levels whose first lot must not be sold any more, in the order of their ids."""
    late = StockLevel.objects.filter(sellable_until__lte=at).exclude(location__kind="transit")
    return list(late.select_related("sku", "location").order_by("pk")[:500])


def lots_past_sale(level: StockLevel, at: datetime) -> list[tuple[Lot, int]]:
    """Lots of a level that must not be sold any more at that instant there, with their sellable pieces."""
    last = local_day(level.location.timezone, at) + timedelta(days=level.sku.shelf_life_margin_days)
    rows: dict[Any, int] = {}
    contents = StockContent.objects.filter(
        level=level, on_hand__gt=F("quarantined"), lot__expires_on__lt=last
    )
    for content in contents.select_related("lot").order_by("lot__expires_on", "pk"):
        rows[content.lot] = rows.get(content.lot, 0) + content.on_hand - content.quarantined
    return list(rows.items())


def serials(text: str = "") -> QuerySet[SerialNumber]:
    """Numbered pieces whose number a text begins, with where they are."""
    rows = SerialNumber.objects.select_related("sku", "level__location").order_by("code", "pk")
    return rows.filter(Q(code__istartswith=text.strip())) if text.strip() else rows


def serial(sku: str, code: str) -> SerialNumber:
    """The piece of a SKU with this number.

    Raises ``SerialNotFound``.
    """
    found = serials().filter(sku__code=sku, code=code).first()
    if found is None:
        raise SerialNotFound(f"{sku} has no piece with the serial number {code}.")
    return found


def history_of(piece: SerialNumber) -> QuerySet[StockMovement]:
    """What happened to a numbered piece, newest first."""
    return (
        StockMovement.objects.filter(serials__serial=piece)
        .select_related("level__location", "counter_location")
        .order_by("-moved_at", "-id")
    )


def sellable_of(level: StockLevel, wanted: Lot) -> int:
    """Pieces of a lot at a level that are not set aside."""
    rows = StockContent.objects.filter(level=level, lot=wanted)
    return rows.aggregate(pieces=Sum(F("on_hand") - F("quarantined")))["pieces"] or 0
