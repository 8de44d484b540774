"""What is on its way, and who waits for it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from inventory import calendar_queries
from inventory.calendar_queries import Supply
from oms.orders import scarcity_queries


@dataclass(frozen=True, slots=True)
class Bound:
    """Pieces that wait for one announced delivery."""

    supply: Supply
    pieces: int


class Supplies:
    """What is on its way of a few SKUs, dealt to those that wait in the order in which they came; read when needed."""

    def __init__(self, sku_ids: Iterable[int]) -> None:
        self._sku_ids = frozenset(sku_ids)
        self._coming: dict[int, list[Supply]] | None = None
        self._ahead: dict[int, int] = {}

    def bind(self, sku_id: int, pieces: int, *, known: bool = False) -> tuple[Bound, ...]:
        """The deliveries that pieces which wait can count on; fewer when not enough is announced.

        ``known`` pieces wait already and are not ahead of themselves.
        """
        if self._coming is None:
            self._read()
        assert self._coming is not None  # it was just read
        before = self._ahead.get(sku_id, 0) - (pieces if known else 0)
        self._ahead[sku_id] = before + pieces
        bound = []
        for supply in self._coming.get(sku_id, ()):
            there = max(0, supply.pieces - before)
            before = max(0, before - supply.pieces)
            if there and pieces:
                bound.append(Bound(supply, min(there, pieces)))
                pieces -= bound[-1].pieces
        return tuple(bound)

    def _read(self) -> None:
        coming: defaultdict[int, list[Supply]] = defaultdict(list)
        for supply in calendar_queries.supplies(self._sku_ids):
            coming[supply.sku_id].append(supply)
        self._coming = dict(coming)
        self._ahead = scarcity_queries.pieces_waiting(self._sku_ids)
