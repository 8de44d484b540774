"""Preorders are bound to announced deliveries: when they are placed, when they are changed, when a delivery is."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.db import DatabaseError

from inventory.rules import LevelsMoved
from oms.flows.snapshots import Snapshot
from oms.flows.supplies import Bound
from oms.orders.models import OrderLine
from oms.orders.services import claims

_HOLDS_NO_MORE = "OM001"


def bind_waiting(lines: Sequence[OrderLine], seen: Snapshot) -> dict[str, tuple[int, tuple[Bound, ...]]]:
    """What of a locked order waits, by SKU, and the deliveries it can count on; preorders are bound to them.

    Raises ``LevelsMoved`` when somebody else was bound meanwhile.
    """
    awaited = seen.supplies.awaited_by(lines)
    waiting: dict[str, tuple[int, tuple[Bound, ...]]] = {}
    for line in lines:
        code, bound = line.sku.code, awaited[line.pk]
        pieces, so_far = waiting.get(code, (0, ()))
        waiting[code] = (pieces + line.quantity_waiting, (*so_far, *bound))
        if code in seen.skus and seen.skus[code].is_preorder:
            hold(line, _pieces(bound))
    return waiting


def hold(line: OrderLine, wanted: Mapping[int, int]) -> None:
    """Bind a line of a locked order to these deliveries (id → pieces).

    Raises ``LevelsMoved`` when one of them does not hold so many any more.
    """
    with _bound_meanwhile():
        claims.hold(line, wanted)


def _pieces(bound: Sequence[Bound]) -> Counter[int]:
    wanted: Counter[int] = Counter()
    for each in bound:
        wanted[each.supply.id] += each.pieces
    return wanted


@contextmanager
def _bound_meanwhile() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") != _HOLDS_NO_MORE:
            raise
        raise LevelsMoved("Somebody else was bound to the delivery meanwhile. Do it again.") from error
