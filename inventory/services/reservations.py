"""Units set aside: released when they are not wanted any more, issued when they leave.

They are made together with the order's decision by one set-based routine (``oms.flows.placement``).
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from oms.core.actors import Actor
from oms.core.transactions import joins_transaction

_MOVE = """
update inventory_reservation as held
   set {column} = held.{column} + want.pieces, changed_at = %s, changed_by = %s
  from unnest(%s::bigint[], %s::int[]) as want(id, pieces)
 where held.id = want.id
"""


@joins_transaction
def release(pieces: Mapping[int, int], *, actor: Actor, at: datetime) -> None:
    """Give back so many pieces of each reservation (id → pieces); the database refuses more than is held."""
    _move("quantity_released", pieces, actor=actor, at=at)


@joins_transaction
def issue(pieces: Mapping[int, int], *, actor: Actor, at: datetime) -> None:
    """Let so many pieces of each reservation (id → pieces) leave the shelf."""
    _move("quantity_issued", pieces, actor=actor, at=at)


def _move(column: str, pieces: Mapping[int, int], *, actor: Actor, at: datetime) -> None:
    wanted = {key: count for key, count in sorted(pieces.items()) if count}
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(_MOVE.format(column=column), [at, actor.label, list(wanted), list(wanted.values())])
