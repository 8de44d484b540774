"""What is foreseen to be late: kept while it is so."""

from collections.abc import Collection, Mapping
from datetime import datetime

from oms.core.transactions import joins_transaction
from oms.orders.models import LateRisk
from oms.orders.risking import Risk


@joins_transaction
def keep(found: Mapping[int, Risk], *, among: Collection[int] | None = None, at: datetime) -> None:
    """Keep what was found, by order id; what was found before and is not any more is forgotten.

    ``among`` are the orders that were looked at; without it all of them were.
    """
    known = LateRisk.objects.all() if among is None else LateRisk.objects.filter(order_id__in=among)
    known.exclude(order_id__in=list(found)).delete()
    LateRisk.objects.bulk_create(
        [
            LateRisk(
                order_id=order_id,
                cause=risk.cause.value,
                reason=risk.reason[:200],
                expected_by=risk.expected_by,
                found_at=at,
            )
            for order_id, risk in sorted(found.items())
        ],
        update_conflicts=True,
        unique_fields=["order"],
        update_fields=["cause", "reason", "expected_by"],
    )
