"""How the queues of hot SKUs stand, told by each process once a second and read by pages and metrics."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import DatabaseError, connection

from oms.flows.heat import Figures

log = structlog.get_logger("oms.hot")

_REPORT = """
insert into flows_hotsku as known (sku, process, hot_since, seen_at, cooled_at, batches, orders, largest,
                                   orders_per_second, orders_per_batch, wait_ms)
values (%(sku)s, %(process)s, clock_timestamp() - make_interval(secs => %(seconds)s), clock_timestamp(),
        case when %(cooled)s then clock_timestamp() end, %(batches)s, %(orders)s, %(largest)s,
        %(per_second)s, %(per_batch)s, %(wait_ms)s)
on conflict (sku, process) do update set
  seen_at = excluded.seen_at, cooled_at = excluded.cooled_at,
  hot_since = case when known.cooled_at is null then known.hot_since else excluded.hot_since end,
  batches = excluded.batches + case when known.cooled_at is null then known.batches else 0 end,
  orders = excluded.orders + case when known.cooled_at is null then known.orders else 0 end,
  largest = greatest(excluded.largest, case when known.cooled_at is null then known.largest end),
  orders_per_second = excluded.orders_per_second, orders_per_batch = excluded.orders_per_batch,
  wait_ms = excluded.wait_ms
"""
_FORGET = "delete from flows_hotsku where seen_at < now() - interval '1 day'"
_READ = """
select sku, min(hot_since), max(seen_at),
       case when bool_or(cooled_at is null and seen_at > now() - interval '10 seconds') then null
            else max(coalesce(cooled_at, seen_at)) end as ended,
       sum(batches), sum(orders), max(largest),
       coalesce(sum(orders_per_second) filter (where live), 0),
       coalesce(avg(orders_per_batch) filter (where live), 0),
       coalesce(avg(wait_ms) filter (where live), 0), count(*)
  from (select *, cooled_at is null and seen_at > now() - interval '10 seconds' as live from flows_hotsku) as told
 group by sku order by ended desc nulls first, 8 desc, sku
"""


@dataclass(frozen=True, slots=True)
class HotSku:
    """A SKU that is hot, or was within the last day: then ``ended`` says when that was over."""

    sku: str
    since: datetime
    seen_at: datetime
    ended: datetime | None
    batches: int
    orders: int
    largest: int
    orders_per_second: float
    orders_per_batch: float
    wait_ms: float
    processes: int


def report(sku: str, figures: Figures, *, cooled: bool) -> None:
    """Tell how this process's queue of a SKU stands; what cannot be told now is told next time."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                _REPORT,
                {
                    "sku": sku,
                    "process": f"{socket.gethostname()}:{os.getpid()}",
                    "seconds": figures.seconds,
                    "cooled": cooled,
                    "batches": figures.batches,
                    "orders": figures.orders,
                    "largest": figures.largest,
                    "per_second": 0 if cooled else figures.orders / max(figures.seconds, 0.001),
                    "per_batch": figures.orders / max(figures.batches, 1),
                    "wait_ms": 1000 * figures.waited / max(figures.orders, 1),
                },
            )
            if cooled:
                cursor.execute(_FORGET)
    except DatabaseError as error:
        log.warning("a hot SKU's figures were not told", sku=sku, error=str(error))


def hot_skus() -> list[HotSku]:
    """The SKUs that are hot now, busiest first, then those that were within the last day."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        return [HotSku(*row) for row in cursor.fetchall()]
