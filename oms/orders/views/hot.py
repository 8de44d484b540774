"""SKUs that so many want at once that their orders are placed together: how it goes, for staff and for Prometheus."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from oms.core import frame
from oms.core.status import DONE, WORK, Look, fill
from oms.core.views.frame import Page
from oms.flows import hot_figures
from oms.flows.hot_figures import HotSku
from oms.runtime import metrics

fill("heat", {"hot": Look(WORK, "Hot"), "over": Look(DONE, "Over")})


class HotSkus(Page):
    """What is hot now, and what was within the last day."""

    permission = "orders.view"
    title = "Hot SKUs"
    under = "Hot SKUs"
    template_name = "orders/hot_skus.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = hot_figures.hot_skus()
        return super().get_context_data(**kwargs) | {"rows": rows, "hot": len(_now(rows))}


def burning(standing: frame.Standing) -> dict[str, Any] | None:
    """List what is hot at this moment."""
    rows = _now(hot_figures.hot_skus())
    return {"rows": rows} if rows else None


@metrics.source
def hot_skus() -> Iterator[Metric]:
    """How many orders a second each hot SKU takes, in what batches, and how long they wait for theirs."""
    rate = GaugeMetricFamily("oms_hot_sku_orders_per_second", "Orders placed together", labels=["sku"])
    size = GaugeMetricFamily("oms_hot_sku_orders_per_batch", "Orders written at once", labels=["sku"])
    wait = GaugeMetricFamily("oms_hot_sku_wait_seconds", "Wait before a batch", labels=["sku"])
    for row in _now(hot_figures.hot_skus()):
        rate.add_metric([row.sku], row.orders_per_second)
        size.add_metric([row.sku], row.orders_per_batch)
        wait.add_metric([row.sku], row.wait_ms / 1000)
    yield from (rate, size, wait)


def _now(rows: list[HotSku]) -> list[HotSku]:
    return [row for row in rows if row.ended is None]


frame.hang(
    frame.Entry("Hot SKUs", "chart-line", "orders:hot", "orders.view", "Watch", position=68),
    frame.Panel("burning", "orders/panel_hot.html", burning, "orders.view", side=True, position=5),
)
