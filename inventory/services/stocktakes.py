"""Dated counts by the thousand: looked at, posted and withdrawn by a few statements for each batch.

A count is true for its instant: pieces that moved later are kept. The key of its movement ends with that instant in
microseconds, so that the same count told twice changes nothing, also where a closed day had it dated later.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from oms.core.actors import Actor
from oms.core.transactions import joins_transaction

SOURCE = "import"


class Counted(NamedTuple):
    """So many pieces of a SKU at a place at an instant; of one bin and lot of it when ``by_spot``. 0: not there yet."""

    sku_id: int
    location_id: int
    pieces: int
    counted_at: datetime
    by_spot: bool = False
    bin_id: int | None = None
    lot_id: int | None = None


class Looked(NamedTuple):
    """What the books say: the level now, its bin and lot now, and what moved there since the count."""

    level_id: int | None
    on_hand: int
    held: int
    located: int
    spot_on_hand: int
    spot_quarantined: int
    since: int


class Correction(NamedTuple):
    """One movement to write; ``key`` occurs once, ``before`` and ``after`` are the level's pieces."""

    key: str
    level_id: int
    delta: int
    moved_at: datetime
    before: int
    after: int
    bin_id: int | None = None
    lot_id: int | None = None


class Posted(NamedTuple):
    """A movement of an import that may be withdrawn, and the level as it stands."""

    movement_id: int
    key: str
    level_id: int
    sku: str
    location: str
    delta: int
    moved_at: datetime
    bin_id: int | None
    lot_id: int | None
    on_hand: int
    held: int
    located: int
    spot_on_hand: int
    spot_quarantined: int


_NO_SCANS = (
    "set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off"
)
_AS_EVER = "set local enable_seqscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on"
_HELD = "greatest(l.quarantined, l.reserved + l.quarantined - l.reported)"
_LOOK = f"""
select l.id, coalesce(l.on_hand, 0), coalesce({_HELD}, 0), coalesce(l.located, 0), coalesce(h.on_hand, 0),
       coalesce(h.quarantined, 0), coalesce(since.pieces, 0)
  from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::bool[], %s::bigint[], %s::bigint[])
       with ordinality as c (sku_id, location_id, counted_at, by_spot, bin_id, lot_id, n)
  left join inventory_stocklevel l on l.sku_id = c.sku_id and l.location_id = c.location_id
  left join inventory_stockcontent h on c.by_spot and h.level_id = l.id
   and h.bin_id is not distinct from c.bin_id and h.lot_id is not distinct from c.lot_id
  left join lateral (
    select sum(m.on_hand_delta) as pieces from inventory_stockmovement m
     where m.level_id = l.id and m.moved_at > c.counted_at
       and (m.source <> '{SOURCE}'
            or split_part(m.source_key, ':', 3)::bigint > (extract(epoch from c.counted_at) * 1000000)::bigint)
       and (not c.by_spot
            or m.bin_id is not distinct from c.bin_id and m.lot_id is not distinct from c.lot_id)) since on true
 order by c.n
"""
_POST = f"""
with told as (
  select * from unnest(%(keys)s::text[], %(levels)s::bigint[], %(deltas)s::int[], %(moved)s::timestamptz[],
                       %(bins)s::bigint[], %(lots)s::bigint[], %(before)s::int[], %(after)s::int[])
    as t (key, level_id, delta, moved_at, bin_id, lot_id, before, after)
), lost as materialized (
  select inventory_place_of('loss') as place
), moved as (
  insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, reason_id, counter_location_id, bin_id,
                                       lot_id, source, source_key, reference, actor)
  select level_id, 'adjust', delta, moved_at, %(reason)s, lost.place, bin_id, lot_id, '{SOURCE}', key, %(reference)s,
         %(actor)s
    from told, lost order by level_id, key
  returning id, level_id, source_key
)
insert into inventory_stockadjustment (number, level_id, movement_id, on_hand_before, on_hand_after)
select 'ADJ-' || nextval('number_adj'), m.level_id, m.id, t.before, t.after
  from moved m join told t on t.key = m.source_key order by m.id
"""
_POSTED = f"""
select m.id, m.source_key, l.id, s.code, p.code, m.on_hand_delta, m.moved_at, m.bin_id, m.lot_id, l.on_hand, {_HELD},
       l.located, coalesce(h.on_hand, 0), coalesce(h.quarantined, 0)
  from inventory_stockmovement m
  join inventory_stocklevel l on l.id = m.level_id
  join catalogue_sku s on s.id = l.sku_id
  join inventory_stocklocation p on p.id = l.location_id
  left join inventory_stockcontent h on h.level_id = l.id
   and h.bin_id is not distinct from m.bin_id and h.lot_id is not distinct from m.lot_id
 where m.id = any(%s) order by m.id
"""


@joins_transaction
def look(counts: Sequence[Counted]) -> list[Looked]:
    """What the books say about each count, in their order."""
    if not counts:
        return []
    sku, location, _, counted_at, by_spot, bin_id, lot_id = map(_array, zip(*counts, strict=True))
    with connection.cursor() as cursor:
        # A batch is small beside the tables: walk the indexes, whatever the statistics say.
        cursor.execute(_NO_SCANS)
        cursor.execute(_LOOK, [sku, location, counted_at, by_spot, bin_id, lot_id])
        found = list(map(Looked._make, cursor.fetchall()))
        cursor.execute(_AS_EVER)
    return found


@joins_transaction
def lock(places: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Lock the levels of these SKUs at these locations in the order of their ids; those made new, at zero, are said."""
    pairs = sorted(set(places))
    skus, locations = _array(sku for sku, _ in pairs), _array(location for _, location in pairs)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into inventory_stocklevel (sku_id, location_id)"
            " select * from unnest(%s::bigint[], %s::bigint[]) on conflict do nothing"
            " returning sku_id, location_id",
            [skus, locations],
        )
        made = set(cursor.fetchall())
        cursor.execute(_NO_SCANS)
        cursor.execute(
            "select l.id from unnest(%s::bigint[], %s::bigint[]) as c (sku_id, location_id)"
            " join inventory_stocklevel l on l.sku_id = c.sku_id and l.location_id = c.location_id"
            " order by l.id for no key update of l",
            [skus, locations],
        )
        cursor.execute(_AS_EVER)
    return made


@joins_transaction
def post(corrections: Sequence[Correction], *, reason_id: int, reference: str, actor: Actor) -> None:
    """Write a movement and its document for each correction of levels that are locked.

    The same key twice is refused by the database.
    """
    if not corrections:
        return
    names = ("keys", "levels", "deltas", "moved", "before", "after", "bins", "lots")
    told: dict[str, Any] = dict(zip(names, map(_array, zip(*corrections, strict=True)), strict=True))
    told |= {"reason": reason_id, "reference": reference, "actor": actor.label}
    with connection.cursor() as cursor:
        cursor.execute(_POST, told)


@joins_transaction
def posted(reference: str, *, after: int, limit: int) -> list[Posted]:
    """The next movements of an import that no other withdrew, oldest first, with their levels locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select m.id, m.level_id from inventory_stockmovement m"
            " where m.reference = %s and m.source = %s and m.id > %s and m.source_key not like '%%:undo'"
            " and not exists (select from inventory_stockmovement u"
            "                  where u.source = %s and u.source_key = m.source_key || ':undo')"
            " order by m.id limit %s",
            [reference, SOURCE, after, SOURCE, limit],
        )
        found = cursor.fetchall()
        cursor.execute(
            "select id from inventory_stocklevel where id = any(%s) order by id for no key update",
            [[level for _, level in found]],
        )
        cursor.execute(_POSTED, [[movement for movement, _ in found]])
        return [Posted(*row) for row in cursor.fetchall()]


def closed_until() -> dict[str, datetime]:
    """Location code → the end of its last closed day: nothing is dated before it any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.code, max(c.closed_at) from inventory_stockclose c"
            " join inventory_stocklocation p on p.id = c.location_id group by p.code"
        )
        return dict(cursor.fetchall())


def _array(values: Iterable[object]) -> str:
    # Numbers, instants and our own keys need no quotes; the driver's way costs more than the query.
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"
