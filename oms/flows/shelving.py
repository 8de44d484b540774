"""Stories of shelves: a place is managed by bins, and pieces are carried from one bin to another."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from inventory import floor_queries
from inventory import queries as stock_queries
from inventory.services import bins
from inventory.services.bins import Load
from oms.core import audit
from oms.core.actors import Actor
from oms.core.transactions import owns_transaction


@owns_transaction()
def manage_by_bins(code: str, *, actor: Actor, at: datetime) -> int:
    """Keep a location's stock in bins from now on: all of it goes to its pick bins, else to receiving; the pieces.

    Raises ``LocationNotFound``, ``Conflict`` when it is so already.
    """
    place = stock_queries.location(code)
    pieces = bins.begin(place, actor=actor, at=at)
    audit.record("location.bins_on", "location", code, actor=actor, at=at, changes={"pieces": pieces})
    return pieces


@owns_transaction()
def manage_without_bins(code: str, *, actor: Actor, at: datetime) -> int:
    """Keep a location's stock without bins from now on; the pieces that were in one.

    Raises ``LocationNotFound``, ``Conflict`` when it was not managed by bins.
    """
    place = stock_queries.location(code)
    pieces = bins.end(place, actor=actor, at=at)
    audit.record("location.bins_off", "location", code, actor=actor, at=at, changes={"pieces": pieces})
    return pieces


@owns_transaction()
def carry(loads: Sequence[Load], *, location: str, to: str, key: UUID, actor: Actor, at: datetime) -> int:
    """Carry pieces into a bin; the same key again changes nothing. Says how many pieces.

    Raises ``LocationNotFound``, ``BinNotFound``, ``BinRefused``, ``NotEnoughStock``.
    """
    place = stock_queries.location(location)
    target = floor_queries.bin_at(place.pk, to)
    if not bins.was_carried(key):
        bins.carry(sorted(loads, key=lambda load: load.level_id), to=target, key=key, actor=actor, at=at)
    return sum(load.pieces for load in loads)


@owns_transaction()
def carry_back(key: UUID, *, actor: Actor, at: datetime) -> int:
    """Take a walk back; a second time changes nothing. Says how many pieces went back.

    Raises ``NotEnoughStock`` when they have moved on meanwhile.
    """
    if floor_queries.carried(f"undo:{key}"):
        return 0
    return bins.carry_back(key, actor=actor, at=at)
