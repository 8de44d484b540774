"""Questions of the floor: what stands in which bin, what somebody has in hand, where there is room."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum

from inventory import queries
from inventory.models import (
    ArrivalScan,
    Bin,
    ExpectedReceipt,
    Lot,
    Reservation,
    SerialNumber,
    StagedPiece,
    StockContent,
    StockLevel,
    StockLocation,
    StockMovement,
    Transfer,
    TransferLine,
)
from inventory.rules import BinKind
from oms.catalogue.models import Barcode, Sku
from oms.core.errors import NotFound

# More than any bin holds.
ANY_ROOM = 1_000_000_000


class BinNotFound(NotFound):
    """No bin of the location has this code."""

    code = "bin-not-found"


class TransferNotFound(NotFound):
    """No transfer has this number."""

    code = "transfer-not-found"


def bin_with_code(location_id: int, code: str) -> Bin | None:
    """The bin of a location that a scanned code names, or None."""
    return Bin.objects.filter(location_id=location_id, code__iexact=code.strip()).first()


def bin_at(location_id: int, code: str) -> Bin:
    """The bin of a location with this code.

    Raises ``BinNotFound``.
    """
    found = bin_with_code(location_id, code)
    if found is None:
        raise BinNotFound(f"There is no bin {code} here.")
    return found


def contents_of(bin_ids: Iterable[int]) -> QuerySet[StockContent]:
    """What stands in these bins, with what names it."""
    return (
        StockContent.objects.filter(bin_id__in=list(bin_ids))
        .select_related("level__sku", "level__location", "level__pick_bin", "bin", "lot")
        .order_by("bin__path_position", "level__sku__code", "lot__expires_on", "pk")
    )


def lock_content(level_id: int, bin_id: int | None, lot_id: int | None) -> StockContent | None:
    """What stands there, its level locked, or None."""
    StockLevel.objects.select_for_update(no_key=True).only("pk").get(pk=level_id)
    return (
        StockContent.objects.select_related("level").filter(_spot(bin_id, lot_id), level_id=level_id).first()
    )


def _spot(bin_id: int | None, lot_id: int | None) -> Q:
    in_bin = Q(bin__isnull=True) if bin_id is None else Q(bin_id=bin_id)
    return in_bin & (Q(lot__isnull=True) if lot_id is None else Q(lot_id=lot_id))


def in_hand(content: StockContent) -> int:
    """Pieces of a content that were taken for promises which still hold."""
    return staged_in([content])[content.pk]


def in_nobodys_hand(content: StockContent) -> int:
    """Pieces of a content that were not taken for a promise; quarantined ones are among them."""
    return content.on_hand - in_hand(content)


def staged_in(contents: Iterable[StockContent]) -> Counter[int]:
    """Pieces in hand by content id."""
    rows = list(contents)
    staged = (
        StagedPiece.objects.filter(
            reservation__level__in={row.level_id for row in rows},
            bin__in={row.bin_id for row in rows if row.bin_id},
        )
        .values_list("reservation__level_id", "bin_id", "lot_id")
        .annotate(total=Sum("pieces"))
    )
    totals = {(level, bin_id, lot): total for level, bin_id, lot, total in staged}
    return Counter(
        {row.pk: min(row.on_hand, totals.get((row.level_id, row.bin_id, row.lot_id), 0)) for row in rows}
    )


def room_in(place: Bin) -> int:
    """How many pieces more fit into a bin."""
    if place.capacity is None:
        return ANY_ROOM
    held = StockContent.objects.filter(bin=place).aggregate(total=Sum("on_hand"))["total"] or 0
    return max(0, place.capacity - held)


def bins_holding(level: StockLevel, lot_id: int | None) -> Iterator[Bin]:
    """Storage bins that hold the same SKU: those of the same lot first, then as one walks."""
    contents = StockContent.objects.filter(level=level, bin__kind=BinKind.STORAGE).select_related("bin")
    walk = contents.order_by("bin__path_position", "pk")
    rows = sorted(walk, key=lambda row: row.lot_id != lot_id)
    yield from (row.bin for row in rows if row.bin)


def nearest_empty(location_id: int, position: int, pieces: int) -> Bin | None:
    """The empty storage bin that is the fewest steps from a position and has room."""
    empty = Bin.objects.filter(location_id=location_id, kind=BinKind.STORAGE.value).filter(
        Q(capacity__isnull=True) | Q(capacity__gte=pieces),
        ~Exists(StockContent.objects.filter(bin=OuterRef("pk"))),
    )
    after = empty.filter(path_position__gte=position).order_by("path_position", "pk").first()
    before = empty.filter(path_position__lt=position).order_by("-path_position", "pk").first()
    found = [each for each in (after, before) if each is not None]
    return min(found, key=lambda each: abs(each.path_position - position), default=None)


def carried(key: str) -> list[StockMovement]:
    """The rows of one walk."""
    rows = StockMovement.objects.filter(source="carry").filter(
        Q(source_key=key) | Q(source_key__startswith=f"{key}:")
    )
    return list(rows.order_by("pk"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Pieces in one bin that nobody has in hand."""

    content: StockContent
    pieces: int


def to_put_away(place: StockLocation) -> list[Waiting]:
    """What waits at a location for its shelf: all that is in receiving, and in staging what nobody packs any more."""
    rows = list(
        contents_of(
            Bin.objects.filter(
                location=place, kind__in=[BinKind.RECEIVING.value, BinKind.STAGING.value]
            ).values_list("pk", flat=True)
        )
    )
    held = staged_in(rows)
    waiting = (Waiting(row, row.on_hand - held[row.pk]) for row in rows)
    return [each for each in waiting if each.pieces > 0]


def bin_managed(codes: Iterable[str] | None) -> list[StockLocation]:
    """Locations that keep their stock in bins, within these codes (None: all)."""
    places = StockLocation.objects.filter(is_bin_managed=True)
    return list(places if codes is None else places.filter(code__in=list(codes)))


def without_bins(codes: Iterable[str] | None) -> list[StockLocation]:
    """Warehouses that do not keep their stock in bins, within these codes (None: all)."""
    places = StockLocation.objects.filter(is_bin_managed=False, kind__in=("own", "3pl"))
    return list(places if codes is None else places.filter(code__in=list(codes)))


def pickable(level_id: int, *, today: date) -> list[StockContent]:
    """Where pieces of a level may be taken for an order, the first to expire first, then as one walks."""
    rows = (
        StockContent.objects.filter(level_id=level_id, on_hand__gt=F("quarantined"), bin__isnull=False)
        .exclude(bin__kind=BinKind.STAGING.value)
        .filter(Q(lot__isnull=True) | Q(lot__recalled_at__isnull=True))
        .filter(Q(lot__expires_on__isnull=True) | Q(lot__expires_on__gte=today))
        .select_related("bin", "lot")
    )
    ordered = rows.order_by(
        F("lot__expires_on").asc(nulls_last=True), "-bin__is_pickable", "bin__path_position", "pk"
    )
    return list(ordered)


def lot_of(sku_id: int, code: str) -> Lot | None:
    """The lot of a SKU with this code, or None."""
    return Lot.objects.filter(sku_id=sku_id, code__iexact=code.strip()).first()


def arrivals(location_id: int, reference: str) -> list[ArrivalScan]:
    """Scans of arrivals on a document that are not posted yet, oldest first."""
    return list(
        ArrivalScan.objects.filter(location_id=location_id, reference=reference, receipt="")
        .select_related("sku")
        .order_by("pk")
    )


def transfers() -> QuerySet[Transfer]:
    """All transfers with their places and lines, newest first."""
    lines = TransferLine.objects.select_related("sku", "lot", "reservation", "loss_reason")
    return (
        Transfer.objects.select_related("origin", "destination")
        .prefetch_related(Prefetch("lines", lines))
        .order_by("-planned_at", "-id")
    )


def transfer(number: str) -> Transfer:
    """The transfer with this number.

    Raises ``TransferNotFound``.
    """
    found = transfers().filter(number=number).first()
    if found is None:
        raise TransferNotFound(f"There is no transfer {number}.")
    return found


def lock_transfer(number: str) -> Transfer:
    """The transfer with this number, locked before its stock.

    Raises ``TransferNotFound``.
    """
    Transfer.objects.select_for_update(no_key=True).only("pk").filter(number=number).first()
    return transfer(number)


def on_their_way(line: TransferLine) -> Counter[int | None]:
    """Pieces of a line that left and have not arrived, by lot id."""
    out = Counter[int | None]()
    for lot_id, pieces in line.reservation.movements.filter(kind="issue").values_list(
        "lot_id", "on_hand_delta"
    ):
        out[lot_id] -= pieces
    ended = StockMovement.objects.filter(
        reference=line.transfer.number, level__sku_id=line.sku_id, source__in=("arrival", "transfer")
    )
    for lot_id, pieces in ended.values_list("lot_id", "on_hand_delta"):
        out[lot_id] -= abs(pieces)
    return Counter({lot_id: pieces for lot_id, pieces in out.items() if pieces > 0})


def serials_on_their_way(line: TransferLine) -> list[SerialNumber]:
    """Numbered pieces of a line that left and have not arrived."""
    return list(
        SerialNumber.objects.filter(
            moves__movement__reservation=line.reservation, status="in_transit", sku_id=line.sku_id
        )
        .distinct()
        .order_by("code")
    )


def overdue_transfers(today: date) -> list[Transfer]:
    """Transfers that were sent and should have arrived before this day."""
    return list(transfers().filter(status="sent", expected_on__lt=today).order_by("expected_on")[:500])


def scan_with_key(key: UUID) -> ArrivalScan | None:
    """The arrival that a device has sent before under this key, or None."""
    return ArrivalScan.objects.select_related("sku", "location").filter(key=key).first()


def lock_expected(level_id: int, reference: str) -> ExpectedReceipt | None:
    """What was announced for a level on this document, locked, or None."""
    return ExpectedReceipt.objects.select_for_update().filter(level_id=level_id, reference=reference).first()


def is_on_its_way(lot: Lot) -> bool:
    """Whether pieces of a lot stand between two of our places."""
    return StockContent.objects.filter(lot=lot, level__location__kind="transit").exists()


def transit() -> StockLocation:
    """The place where goods stand between two others."""
    return StockLocation.objects.filter(kind="transit").order_by("pk")[0]


def arrival_undone(scan: ArrivalScan) -> bool:
    """Whether a scan of an arrival has been taken back."""
    return ArrivalScan.objects.filter(undoes=scan).exists()


def lock_scan(key: UUID) -> ArrivalScan | None:
    """The arrival with this key, locked, or None."""
    scans = ArrivalScan.objects.select_for_update(of=("self",)).select_related("sku", "location")
    return scans.filter(key=key).first()


def lock_place(code: str) -> StockLocation:
    """The location with this code, locked for those who post what arrived at it.

    Raises ``LocationNotFound``.
    """
    found = queries.location(code)
    StockLocation.objects.select_for_update(no_key=True).only("pk").get(pk=found.pk)
    return found


def staged_row(reservation: Reservation, bin_id: int | None, lot_id: int | None) -> StagedPiece:
    """The row of a reservation's pieces from one spot; a new one with none when there is no such row."""
    found = StagedPiece.objects.filter(_spot(bin_id, lot_id), reservation=reservation).first()
    return found or StagedPiece(reservation=reservation, bin_id=bin_id, lot_id=lot_id, pieces=0)


@dataclass(frozen=True, slots=True)
class Read:
    """What a scanned code means: a SKU, so many pieces of it, perhaps one numbered piece."""

    sku: Sku
    pieces: int
    serial: str = ""


def read_code(code: str, *, gtin: str = "", quantity: str = "") -> Read | None:
    """What a code means: a barcode of a piece or a pack, a SKU's own code, a serial number; None when unknown."""
    count = int(quantity) if quantity.isascii() and quantity.isdigit() else 1
    codes = {each for each in (code, gtin, gtin.removeprefix("0"), gtin.removeprefix("00")) if each}
    barcode = Barcode.objects.select_related("sku", "pack").filter(code__in=codes).first()
    if barcode is not None:
        return Read(barcode.sku, count * (barcode.pack.quantity if barcode.pack else 1))
    sku = Sku.objects.filter(code=code).first()
    if sku is not None:
        return Read(sku, count)
    piece = SerialNumber.objects.select_related("sku").filter(code=code).first()
    return Read(piece.sku, 1, piece.code) if piece else None


@dataclass(frozen=True, slots=True)
class Compared:
    """One SKU and lot on a document: how many are still to come, how many were scanned."""

    sku: Sku
    lot: str
    expected: int
    scanned: int
    damaged: int


def compared(location_id: int, reference: str, scans: Iterable[ArrivalScan]) -> list[Compared]:
    """What was announced on a document against what was scanned, by SKU and lot."""
    rows: dict[tuple[int, str], list[ArrivalScan]] = {}
    for scan in scans:
        rows.setdefault((scan.sku_id, scan.lot_code), []).append(scan)
    announced = (
        ExpectedReceipt.objects.filter(level__location_id=location_id, reference=reference)
        .select_related("level__sku")
        .order_by("level__sku__code")
    )
    left = {each.level.sku: each.quantity_expected - each.quantity_received for each in announced}
    found = [
        Compared(
            group[0].sku,
            lot,
            left.pop(group[0].sku, 0),
            sum(scan.quantity for scan in group),
            sum(scan.quantity for scan in group if scan.is_damaged),
        )
        for (_, lot), group in rows.items()
    ]
    return found + [Compared(sku, "", pieces, 0, 0) for sku, pieces in left.items() if pieces]


def coming(codes: Iterable[str] | None) -> list[ExpectedReceipt]:
    """What is still to come to these locations (None: all), soonest first."""
    rows = ExpectedReceipt.objects.filter(quantity_expected__gt=F("quantity_received"))
    if codes is not None:
        rows = rows.filter(level__location__code__in=list(codes))
    return list(rows.select_related("level__sku", "level__location").order_by("expected_on", "pk")[:50])


def lot_is_open(reservation: Reservation, pieces: int) -> bool:
    """Whether it is open of which lot pieces leave with a reservation: several stand there, too few are in hand."""
    staged = StagedPiece.objects.filter(reservation=reservation).aggregate(total=Sum("pieces"))["total"] or 0
    lots = StockContent.objects.filter(level_id=reservation.level_id, on_hand__gt=F("quarantined"))
    return staged < pieces and lots.values("lot").distinct().count() > 1


def adjusted(level_id: int, at: datetime) -> list[int]:
    """The movements of a correction of a level at this instant."""
    rows = StockMovement.objects.filter(level_id=level_id, source="adjustment", moved_at=at)
    return list(rows.values_list("pk", flat=True))
