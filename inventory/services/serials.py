"""Numbered pieces: which of them took part in a movement."""

from collections.abc import Sequence

from django.db.models import Count

from inventory.models import SerialMovement, SerialNumber, StockMovement
from inventory.rules import LocationKind, SerialRefused, SerialRequired, SerialStatus
from oms.catalogue.models import Sku
from oms.core.transactions import joins_transaction


@joins_transaction
def name_pieces(sku: Sku, movement_ids: Sequence[int], codes: Sequence[str]) -> None:
    """Say which numbered pieces these movements of a SKU moved; the first ones fill the first movement.

    Raises ``SerialRequired`` when there are not as many as pieces, ``SerialRefused`` when one is not there.
    """
    if not sku.is_serial_tracked:
        return
    movements = list(
        StockMovement.objects.select_related("counter_location")
        .filter(pk__in=movement_ids)
        .annotate(named=Count("serials"))
        .order_by("pk")
    )
    wanted = sum(abs(row.on_hand_delta) - row.named for row in movements)
    check_codes(sku, codes, wanted)
    pieces = _pieces(sku, codes, movements)
    rows, left = [], iter(codes)
    for row in movements:
        for _ in range(abs(row.on_hand_delta) - row.named):
            rows.append(SerialMovement(movement=row, serial_id=pieces[next(left)].pk))
    SerialMovement.objects.bulk_create(rows)


def check_codes(sku: Sku, codes: Sequence[str], wanted: int) -> None:
    """Refuse fewer or more serial numbers than pieces, and one that is named twice.

    Raises ``SerialRequired``, ``SerialRefused``.
    """
    if len(set(codes)) != len(codes):
        raise SerialRefused(f"A serial number of {sku.code} is named twice.")
    if len(codes) != wanted:
        message = f"Every piece of {sku.code} has a serial number: name {wanted} of them, not {len(codes)}."
        raise SerialRequired(message, problems=(("#/serials", message),))


def _pieces(sku: Sku, codes: Sequence[str], movements: Sequence[StockMovement]) -> dict[str, SerialNumber]:
    known = {each.code: each for each in SerialNumber.objects.filter(sku=sku, code__in=codes)}
    for row in movements[:1]:
        if row.on_hand_delta > 0:
            known |= _new(sku, [code for code in codes if code not in known], row)
            elsewhere = {SerialStatus.IN_STOCK.value}
            came_from = row.counter_location
            if came_from is None or came_from.kind != LocationKind.TRANSIT:
                elsewhere.add(SerialStatus.IN_TRANSIT.value)
            wrong = [each for each in known.values() if each.status in elsewhere]
        else:
            wrong = [each for each in known.values() if each.level_id != row.level_id]
        if wrong or len(known) < len(codes):
            code = wrong[0].code if wrong else next(each for each in codes if each not in known)
            raise SerialRefused(f"Serial number {code} of {sku.code} is not where this takes it from.")
    return known


def _new(sku: Sku, codes: Sequence[str], movement: StockMovement) -> dict[str, SerialNumber]:
    made = SerialNumber.objects.bulk_create(
        SerialNumber(sku=sku, code=code, status=SerialStatus.ISSUED.value, changed_at=movement.moved_at)
        for code in codes
    )
    return {each.code: each for each in made}
