"""A level is brought back to the rows behind it; the row that says so is what does it."""

from collections.abc import Iterable
from datetime import datetime

from inventory.models import StockRepair
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction


@joins_transaction
def repair(level_ids: Iterable[int], *, note: str, actor: Actor, at: datetime) -> list[StockRepair]:
    """Set levels to the sum of their movements and write the movements that their open reservations ask for.

    The database refuses when the journal itself breaks a rule, such as more reserved than on hand: count first.
    """
    made = StockRepair.objects.bulk_create(
        StockRepair(level_id=level_id, repaired_at=at, repaired_by=actor.label, note=note)
        for level_id in sorted(set(level_ids))
    )
    return list(
        StockRepair.objects.filter(pk__in=[row.pk for row in made])
        .select_related("level__sku", "level__location")
        .order_by("pk")
    )
