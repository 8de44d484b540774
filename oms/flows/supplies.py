"""What is on its way, and who waits for it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from inventory import calendar_queries
from inventory.calendar_queries import Supply
from oms.orders import scarcity_queries
from oms.orders.models import OrderLine, SupplyClaim


@dataclass(frozen=True, slots=True)
class Bound:
    """Pieces that wait for one announced delivery."""

    supply: Supply
    pieces: int


class Supplies:
    """What is on its way of a few SKUs: preorders have what they are bound to, all others that wait are dealt the rest
    in the order in which they came. Read when needed.
    """

    def __init__(self, sku_ids: Iterable[int]) -> None:
        self._sku_ids = frozenset(sku_ids)
        self._coming: dict[int, list[Supply]] | None = None
        self._ahead: dict[int, int] = {}

    def bind(self, sku_id: int, pieces: int, *, known: bool = False) -> tuple[Bound, ...]:
        """The deliveries that pieces which wait unbound can count on; fewer when not enough is announced.

        ``known`` pieces wait already and are not ahead of themselves.
        """
        coming = self._known()
        before = self._ahead.get(sku_id, 0) - (pieces if known else 0)
        self._ahead[sku_id] = before + pieces
        bound = []
        for supply in coming.get(sku_id, ()):
            there = max(0, supply.free - before)
            before = max(0, before - supply.free)
            if there and pieces:
                bound.append(Bound(supply, min(there, pieces)))
                pieces -= bound[-1].pieces
        return tuple(bound)

    def awaited_by(self, lines: Collection[OrderLine]) -> dict[int, tuple[Bound, ...]]:
        """The deliveries that the waiting pieces of these lines can count on, by line id."""
        claims = scarcity_queries.claims_of([line.pk for line in lines])
        return {line.pk: self._awaited(line, claims.get(line.pk, ())) for line in lines}

    def _awaited(self, line: OrderLine, claims: Iterable[SupplyClaim]) -> tuple[Bound, ...]:
        held = [bound for claim in claims if (bound := self._of_claim(claim, line.sku_id))]
        rest = line.quantity_waiting - sum(each.pieces for each in held)
        return (*held, *(self.bind(line.sku_id, rest, known=True) if rest > 0 else ()))

    def _of_claim(self, claim: SupplyClaim, sku_id: int) -> Bound | None:
        due = claim.expected
        if due is None:
            return None
        known: Mapping[int, Supply] = {each.id: each for each in self._known().get(sku_id, ())}
        come = Supply(due.pk, sku_id, due.level.location_id, due.expected_on, 0)
        return Bound(known.get(due.pk, come), claim.quantity)

    def _known(self) -> dict[int, list[Supply]]:
        if self._coming is None:
            coming: defaultdict[int, list[Supply]] = defaultdict(list)
            for supply in calendar_queries.supplies(self._sku_ids):
                coming[supply.sku_id].append(supply)
            self._coming = dict(coming)
            self._ahead = scarcity_queries.pieces_unbound(self._sku_ids)
        return self._coming
