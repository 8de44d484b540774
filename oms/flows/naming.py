"""Which lots and which numbered pieces leave, for orders whose SKUs are kept so closely."""

from collections.abc import Mapping, Sequence

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine
from fulfilment.rules import NewParcel
from inventory import floor_queries
from inventory import queries as stock_queries
from inventory.rules import LotRequired, SerialRefused, SerialRequired
from inventory.services import serials, transfers
from oms.core.errors import NotFound


class LotNotFound(NotFound):
    """The SKU has no such lot."""

    code = "lot-not-found"


def check_serial(line: FulfilmentOrderLine, code: str) -> None:
    """Refuse to pack a numbered piece without its number, one that is elsewhere, or the same one twice.

    Raises ``SerialRequired``, ``SerialRefused``.
    """
    if not code:
        raise SerialRequired(f"Every piece of {line.sku.code} has a serial number: scan it.")
    if not line.sku.serials.filter(code=code, level_id=line.allocation.reservation.level_id).exists():
        raise SerialRefused(f"Serial number {code} of {line.sku.code} is not in stock here.")
    if code in work_queries.packed_serials(line):
        raise SerialRefused(f"{code} is in the parcel already.")


def keep_lots(
    work: FulfilmentOrder, lines: Sequence[FulfilmentOrderLine], contents: Sequence[NewParcel]
) -> None:
    """Let the lots that a parcel names leave, and refuse to guess where several stand.

    Raises ``LotRequired``, ``LotNotFound``, ``NotEnoughStock`` when fewer of a lot stand there.
    """
    tracked = {line.sku.code: line for line in lines if line.sku.is_lot_tracked}
    for content in contents:
        for said in content.lines:
            line = tracked.get(said.sku)
            if line is None:
                continue
            reservation = line.allocation.reservation
            if not said.lot:
                if floor_queries.lot_is_open(reservation, said.quantity):
                    raise LotRequired(said.sku)
                continue
            lot = floor_queries.lot_of(line.sku_id, said.lot)
            if lot is None:
                raise LotNotFound(f"{said.sku} has no lot {said.lot}.")
            level = stock_queries.lock_level(line.sku_id, work.location_id)
            transfers.keep_lot(reservation, level, said.quantity, lot)


def name_serials(
    lines: Sequence[FulfilmentOrderLine], shipped: Mapping[int, int], said: Mapping[str, Sequence[str]]
) -> None:
    """Say which numbered pieces left with these lines: those that are named, else those that were packed.

    Raises ``SerialRequired``, ``SerialRefused``.
    """
    tracked = [line for line in lines if line.sku.is_serial_tracked and shipped.get(line.pk)]
    left = {code: list(codes) for code, codes in said.items()}
    moves = work_queries.issue_movements(line.allocation.reservation_id for line in tracked)
    for line in tracked:
        count = shipped[line.pk]
        named = left.get(line.sku.code)
        codes = named[:count] if named else work_queries.packed_serials(line)[:count]
        if named:
            del named[:count]
        serials.name_pieces(line.sku, moves[line.allocation.reservation_id], codes)
