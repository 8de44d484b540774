"""Bins: a place begins and ends to keep its stock in them, pieces are carried between them, and a home is suggested."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from inventory import floor_queries
from inventory.models import Bin, StockContent, StockLevel, StockLocation, StockMovement
from inventory.rules import BinKind, BinRefused, LocationKind, MovementKind, NotEnoughStock
from inventory.services import spots
from oms.core import numbering
from oms.core.actors import Actor
from oms.core.errors import Conflict
from oms.core.transactions import joins_transaction

SOURCE = "carry"

_PLACE = """
with loose as (
  select l.id as level_id, null::bigint as lot_id, l.on_hand, l.quarantined,
         coalesce(l.pick_bin_id, %(receiving)s) as bin_id
    from inventory_stocklevel l where l.location_id = %(place)s and l.on_hand > 0 and l.located = 0
  union all
  select c.level_id, c.lot_id, c.on_hand, c.quarantined, coalesce(l.pick_bin_id, %(receiving)s)
    from inventory_stockcontent c join inventory_stocklevel l on l.id = c.level_id
   where l.location_id = %(place)s and c.bin_id is null
), numbered as (select *, row_number() over (order by level_id, lot_id) as n from loose)
insert into inventory_stockmovement
  (level_id, kind, on_hand_delta, quarantined_delta, moved_at, bin_id, lot_id, source, source_key, reference, actor)
select level_id, 'move', sign * on_hand, sign * quarantined, %(at)s, case sign when 1 then bin_id end, lot_id,
       'bins', %(number)s || ':' || n || case sign when 1 then ':in' else ':out' end, %(number)s, %(actor)s
  from numbered cross join (values (-1), (1)) as side (sign) order by level_id, n, sign
"""
_LIFT = """
with kept as (
  select c.level_id, c.bin_id, c.lot_id, c.on_hand, c.quarantined, row_number() over (order by c.level_id, c.id) as n
    from inventory_stockcontent c join inventory_stocklevel l on l.id = c.level_id
   where l.location_id = %(place)s and c.bin_id is not null
)
insert into inventory_stockmovement
  (level_id, kind, on_hand_delta, quarantined_delta, moved_at, bin_id, lot_id, source, source_key, reference, actor)
select level_id, 'move', sign * on_hand, sign * quarantined, %(at)s, case sign when -1 then bin_id end, lot_id,
       'bins', %(number)s || ':' || n || case sign when 1 then ':in' else ':out' end, %(number)s, %(actor)s
  from kept cross join (values (-1), (1)) as side (sign) order by level_id, n, sign
"""


@dataclass(frozen=True, slots=True)
class Load:
    """Pieces of one level and lot that are taken out of one bin."""

    level_id: int
    bin_id: int | None
    lot_id: int | None
    pieces: int


@joins_transaction
def begin(place: StockLocation, *, actor: Actor, at: datetime) -> int:
    """Keep the stock of a place in bins from now on: everything goes to its pick bin, else to receiving; the pieces.

    Raises ``Conflict`` when it is so already, or the place is not one of ours or a partner's.
    """
    if place.is_bin_managed or place.kind not in {LocationKind.OWN, LocationKind.PARTNER}:
        raise Conflict(f"{place.code} is managed by bins already, or is no warehouse.")
    receiving, _ = spots.receiving_bin(place.pk), spots.staging_bin(place.pk)
    return _switch(place, _PLACE, on=True, receiving=receiving.pk, actor=actor, at=at)


@joins_transaction
def end(place: StockLocation, *, actor: Actor, at: datetime) -> int:
    """Keep the stock of a place without bins from now on; lots stay known. The pieces that were lifted out.

    Raises ``Conflict`` when it has not been managed by bins.
    """
    if not place.is_bin_managed:
        raise Conflict(f"{place.code} is not managed by bins.")
    return _switch(place, _LIFT, on=False, receiving=0, actor=actor, at=at)


def _switch(
    place: StockLocation, statement: str, *, on: bool, receiving: int, actor: Actor, at: datetime
) -> int:
    # What is received meanwhile waits for its level and is then refused: it does not name a bin, or names one.
    list(StockLevel.objects.select_for_update(no_key=True).filter(location=place).order_by("pk"))
    place.is_bin_managed = on
    place.save(update_fields=["is_bin_managed"])
    number = numbering.next_number("MV")
    told: dict[str, int | str | datetime] = {
        "place": place.pk,
        "receiving": receiving,
        "at": at,
        "number": number,
        "actor": actor.label,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, told)
    moved = StockMovement.objects.filter(reference=number, on_hand_delta__gt=0)
    return sum(moved.values_list("on_hand_delta", flat=True))


@joins_transaction
def carry(loads: Sequence[Load], *, to: Bin, key: UUID, actor: Actor, at: datetime) -> None:
    """Take pieces out of bins and put them into one; the key names the walk and occurs once.

    Raises ``BinRefused`` when the bin is full, stands elsewhere or is not for storing; ``NotEnoughStock``.
    """
    _check_room(to, sum(load.pieces for load in loads))
    rows = []
    for load in loads:
        content = floor_queries.lock_content(load.level_id, load.bin_id, load.lot_id)
        rows += _both_sides(content, load, to)
    write(rows, key=str(key), actor=actor, at=at)


@joins_transaction
def carry_back(key: UUID, *, actor: Actor, at: datetime) -> int:
    """Put back what one walk has carried; the pieces.

    Raises ``NotEnoughStock`` when they have moved on meanwhile.
    """
    rows = floor_queries.carried(str(key))
    for row in rows:
        row.on_hand_delta, row.quarantined_delta = -row.on_hand_delta, -row.quarantined_delta
    for row in rows:
        if row.on_hand_delta < 0:
            content = floor_queries.lock_content(row.level_id, row.bin_id, row.lot_id)
            free = floor_queries.in_nobodys_hand(content) if content else 0
            if free < -row.on_hand_delta:
                raise NotEnoughStock("They have moved on meanwhile. Move what is left yourself.")
    write(rows, key=f"undo:{key}", actor=actor, at=at)
    return sum(row.on_hand_delta for row in rows if row.on_hand_delta > 0)


def suggest(level: StockLevel, lot_id: int | None, pieces: int) -> Bin | None:
    """Where pieces of a level should go: its home, else a bin that holds the same, else the nearest empty one."""
    home = level.pick_bin
    if home is not None and home.kind == BinKind.STORAGE and floor_queries.room_in(home) >= pieces:
        return home
    for same in floor_queries.bins_holding(level, lot_id):
        if floor_queries.room_in(same) >= pieces:
            return same
    return floor_queries.nearest_empty(level.location_id, home.path_position if home else 0, pieces)


def _check_room(to: Bin, pieces: int) -> None:
    locked = Bin.objects.select_for_update(no_key=True).get(pk=to.pk)
    if locked.kind == BinKind.STAGING:
        raise BinRefused(f"{locked.code} is for picked parcels, not for storing. Choose a storage bin.")
    room = floor_queries.room_in(locked)
    if room < pieces:
        raise BinRefused(f"{locked.code} is full: {room} more fit, {pieces} are to go in.")


def _both_sides(content: StockContent | None, load: Load, to: Bin) -> list[StockMovement]:
    if content is None or floor_queries.in_nobodys_hand(content) < load.pieces:
        free = floor_queries.in_nobodys_hand(content) if content else 0
        raise NotEnoughStock(f"{free} of {load.pieces} pieces are there to be moved.")
    if content.level.location_id != to.location_id:
        raise BinRefused(f"{to.code} stands at another location.")
    if content.bin_id == to.pk:
        raise BinRefused(f"They are in {to.code} already.")
    held = max(0, load.pieces - (content.on_hand - content.quarantined))
    return [
        _row(content.level_id, -load.pieces, -held, content.bin_id, content.lot_id),
        _row(content.level_id, load.pieces, held, to.pk, content.lot_id),
    ]


def _row(level_id: int, pieces: int, held: int, bin_id: int | None, lot_id: int | None) -> StockMovement:
    return StockMovement(
        level_id=level_id,
        kind=MovementKind.MOVE.value,
        on_hand_delta=pieces,
        quarantined_delta=held,
        bin_id=bin_id,
        lot_id=lot_id,
    )


def write(rows: Sequence[StockMovement], *, key: str, actor: Actor, at: datetime) -> None:
    """Write the rows of one walk in one statement."""
    for number, row in enumerate(rows, start=1):
        row.pk = None
        row.moved_at, row.actor, row.source = at, actor.label, SOURCE
        row.source_key = key if number == 1 else f"{key}:{number}"
    StockMovement.objects.bulk_create(sorted(rows, key=lambda row: row.level_id))


def was_carried(key: UUID) -> bool:
    """Whether a walk with this key has been written."""
    return StockMovement.objects.filter(Q(source_key=str(key)), source=SOURCE).exists()
