"""What pickers have in their hands: pieces that are still on the books and not on the shelf any more."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection

# Of each work line: its scans up to the instant less what of its promise had left by then.
_AWAY = """
select c.level_id, coalesce(sum(least(greatest(picked.pieces - coalesce(gone.pieces, 0), 0),
                                      l.quantity - l.quantity_cancelled)), 0)
  from unnest(%s::bigint[], %s::timestamptz[]) as c (level_id, counted_at)
  join inventory_reservation r on r.level_id = c.level_id
   and (r.quantity > r.quantity_released + r.quantity_issued or r.changed_at > c.counted_at)
  join routing_allocation a on a.reservation_id = r.id
  join fulfilment_fulfilmentorderline l on l.allocation_id = a.id
  join lateral (select sum(s.quantity) as pieces from fulfilment_scan s
                 where s.work_line_id = l.id and s.kind = 'pick' and s.scanned_at <= c.counted_at) as picked
    on picked.pieces > 0
  left join lateral (select -sum(m.on_hand_delta) as pieces from inventory_stockmovement m
                      where m.level_id = r.level_id and m.reservation_id = r.id and m.kind = 'issue'
                        and m.moved_at <= c.counted_at) as gone on true
 group by c.level_id
"""


def away_at(instants: Iterable[tuple[int, datetime]]) -> Mapping[int, int]:
    """Pieces per level that were picked and had not left at an instant; levels without any are left out."""
    wanted = list(instants)
    with connection.cursor() as cursor:
        cursor.execute(_AWAY, [[level for level, _ in wanted], [at for _, at in wanted]])
        return {level: int(pieces) for level, pieces in cursor.fetchall() if pieces}
