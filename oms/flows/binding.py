"""Preorders are bound to announced deliveries: when they are placed, when they are changed, when a delivery is."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError

from inventory import calendar_queries
from inventory.rules import LevelsMoved
from oms.flows.snapshots import Snapshot
from oms.flows.supplies import Bound
from oms.orders import scarcity_queries
from oms.orders.models import Order, OrderLine, SupplyClaim
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


@dataclass(frozen=True, slots=True)
class Loose:
    """Pieces of preorders that are dealt anew, and their orders, locked before anything else."""

    orders: dict[int, Order]
    delivery_ids: frozenset[int]
    skus: dict[int, str]


@dataclass(frozen=True, slots=True)
class Rebound:
    """Pieces of a line before and after: by delivery id, None for those that have lost theirs."""

    line_id: int
    order_id: int
    sku_id: int
    before: dict[int | None, int]
    after: dict[int | None, int]

    @property
    def lost(self) -> int:
        """Pieces that a delivery held and none does any more."""
        return max(0, self.after.get(None, 0) - self.before.get(None, 0))

    def is_touched_by(self, delivery_ids: Collection[int]) -> bool:
        """Whether it counted on one of these deliveries, or counts on something else now."""
        return self.before != self.after or not self.before.keys().isdisjoint(delivery_ids)


def lock(delivery_ids: Iterable[int], skus: Mapping[int, str]) -> Loose:
    """Lock the orders that a change of these deliveries (of these SKUs, id → code) may touch; do so before levels."""
    ids = frozenset(delivery_ids)
    return Loose(scarcity_queries.lock_claimants(ids, skus), ids, dict(skus))


def loosen(loose: Loose) -> list[SupplyClaim]:
    """Take the pieces off their deliveries, which are locked by now; ``deal`` binds them again.

    Raises ``LevelsMoved`` when somebody was bound meanwhile whose order is not locked.
    """
    taken = claims.loosen(loose.delivery_ids, loose.skus)
    if any(claim.line.order_id not in loose.orders for claim in taken):
        raise LevelsMoved("Somebody else was bound to the delivery meanwhile. Do it again.")
    return taken


def deal(taken: Sequence[SupplyClaim], skus: Mapping[int, str]) -> list[Rebound]:
    """Bind loose pieces to what is to come, the first in the declared order to what comes first; the rest has lost.

    Raises ``LevelsMoved`` when somebody else was bound meanwhile.
    """
    before: defaultdict[int, Counter[int | None]] = defaultdict(Counter)
    for claim in taken:
        before[claim.line_id][claim.expected_id] += claim.quantity
    dealt = []
    for sku_id in sorted({claim.line.sku_id for claim in taken}):
        dealt += _deal_sku(sku_id, skus[sku_id], before)
    wanted = {(one.line_id, delivery): pieces for one in dealt for delivery, pieces in one.after.items()}
    with _bound_meanwhile():
        claims.deal(wanted)
    return dealt


def _deal_sku(sku_id: int, code: str, before: Mapping[int, Counter[int | None]]) -> list[Rebound]:
    coming = [[supply.id, supply.free] for supply in calendar_queries.supplies([sku_id])]
    dealt = []
    for line in scarcity_queries.queue(code).filter(pk__in=before):
        left, after = before[line.pk].total(), dict[int | None, int]()
        for each in coming:
            count = min(left, each[1])
            if count:
                after[each[0]] = count
                each[1] -= count
                left -= count
        if left:
            after[None] = left
        dealt.append(Rebound(line.pk, line.order_id, sku_id, dict(before[line.pk]), after))
    return dealt


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
