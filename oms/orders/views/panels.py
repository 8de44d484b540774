"""What orders show on the home page: why they stand still, and which promise comes first."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from fulfilment import queries as work_queries
from oms.core import frame
from oms.orders import queries
from oms.orders.views import looks

HURRYING = 8


def _shown(standing: frame.Standing) -> Any:
    rows, codes = queries.orders(), standing.sites("orders.view")
    return rows if codes is None else rows.filter(pk__in=work_queries.order_ids_at(codes))


def _cause(
    words: str, asked: dict[str, str], row: dict[str, Any], standing: frame.Standing
) -> dict[str, Any]:
    url = f"{reverse('orders:list')}?{urlencode(asked)}{standing.query}"
    return {"words": words, "url": url, **row}


def stopped(standing: frame.Standing) -> dict[str, Any] | None:
    """List why orders stand still, with the orders behind each cause one link away."""
    shown, now = _shown(standing), datetime.now(UTC)
    causes = [
        _cause(row["reason"], {"hold": row["reason"]}, row | {"currency": row["order__currency"]}, standing)
        for row in queries.hold_reasons(shown)
    ]
    for words, needs, narrow in (
        ("Some pieces wait for stock", "waiting", queries.waiting_for_stock()),
        ("Promise has passed", "late", queries.late(now)),
    ):
        causes += [_cause(words, {"needs": needs}, row, standing) for row in queries.stopped(shown, narrow)]
    return {"causes": causes} if causes else None


def hurrying(standing: frame.Standing) -> dict[str, Any] | None:
    """List the orders whose promise comes first."""
    rows = queries.due_first(_shown(standing), limit=HURRYING)
    places = work_queries.places_of([row.pk for row in rows])
    for row in rows:
        served = places.get(row.pk, [])
        row.status_word = looks.STATUS[row.status].word
        row.places = list(dict.fromkeys(work.location.name for work in served))
        row.zone = served[0].location.timezone if served else ""
    url = f"{reverse('orders:list')}?status=not_closed&sort=promise{standing.query}"
    return {"rows": rows, "url": url} if rows else None


frame.hang(
    frame.Panel("stopped", "orders/panel_stopped.html", stopped, "orders.view", position=10),
    frame.Panel("hurrying", "orders/panel_hurrying.html", hurrying, "orders.view", side=True, position=10),
)
