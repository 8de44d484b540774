"""Which bin and which lot a movement of real pieces touches, where a place or a SKU is kept that closely."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from inventory.models import Bin, Lot, StockContent, StockLevel
from inventory.rules import BinKind, LotRequired, NotEnoughStock
from oms.core.transactions import joins_transaction


@dataclass(frozen=True, slots=True)
class Spot:
    """So many pieces in one bin, of one lot; neither where nobody keeps them apart."""

    pieces: int
    bin_id: int | None = None
    lot_id: int | None = None


@joins_transaction
def put(level: StockLevel, pieces: int, *, bin: Bin | None = None, lot: Lot | None = None) -> Spot:
    """Where pieces that enter a level go: the bin that is named, else the receiving bin of a place with bins.

    Raises ``LotRequired`` when the SKU is kept by lot and none is named.
    """
    if lot is None and level.sku.is_lot_tracked:
        raise LotRequired(level.sku.code)
    if bin is None and level.location.is_bin_managed:
        bin = receiving_bin(level.location_id)
    return Spot(pieces, bin.pk if bin else None, lot.pk if lot else None)


@joins_transaction
def take(level: StockLevel, pieces: int, *, bin: Bin | None = None, lot: Lot | None = None) -> list[Spot]:
    """Where pieces that leave a locked level come from: the bin or lot that is named, else those the database takes.

    That is staging first, then the first to expire, then as a picker walks.
    Raises ``NotEnoughStock`` when fewer stand there.
    """
    if level.located == 0:
        return [Spot(pieces)]
    if bin is None and lot is None:
        with connection.cursor() as cursor:
            cursor.execute("select pieces, bin_id, lot_id from inventory_take(%s, %s)", [level.pk, pieces])
            return [Spot(*row) for row in cursor.fetchall()]
    return list(_taken(level, pieces, bin, lot))


@joins_transaction
def receiving_bin(location_id: int) -> Bin:
    """The bin where goods arrive at a location; made when there is none yet."""
    found, _ = Bin.objects.get_or_create(
        location_id=location_id,
        kind=BinKind.RECEIVING.value,
        defaults={"code": "RECEIVING", "is_pickable": False},
    )
    return found


@joins_transaction
def staging_bin(location_id: int) -> Bin:
    """The bin where picked pieces wait for their parcel; made when there is none yet."""
    found, _ = Bin.objects.get_or_create(
        location_id=location_id,
        kind=BinKind.STAGING.value,
        defaults={"code": "STAGING", "is_pickable": False},
    )
    return found


def _taken(level: StockLevel, pieces: int, bin: Bin | None, lot: Lot | None) -> Iterator[Spot]:
    contents = StockContent.objects.filter(level=level)
    if bin is not None:
        contents = contents.filter(bin=bin)
    if lot is not None:
        contents = contents.filter(lot=lot)
    left = pieces
    for content in contents.order_by("lot__expires_on", "bin__path_position", "pk"):
        part = min(left, content.on_hand - content.quarantined)
        if part > 0:
            left -= part
            yield Spot(part, content.bin_id, content.lot_id)
    if left:
        where = " ".join(str(each) for each in (bin, lot) if each)
        raise NotEnoughStock(f"{pieces - left} of {pieces} pieces of {level.sku.code} stand in {where}.")
