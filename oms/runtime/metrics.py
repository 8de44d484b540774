"""Figures for Prometheus. Requests are counted here; a room adds a figure of its own with ``source``.

    @metrics.source
    def orders_by_status() -> Iterator[Metric]:
        gauge = GaugeMetricFamily("oms_orders", "Orders by status", labels=["status"])
        ...
        yield gauge

A source is asked at each scrape and should cost one cheap query.
"""

import os
from collections.abc import Callable, Iterable, Iterator

import structlog
from django.db import DatabaseError
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from oms.core.middleware import RequestLog
from oms.core.models import OutboxMessage
from oms.core.rules import MessageState
from oms.runtime import health
from oms.runtime.models import Heartbeat

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

Source = Callable[[], Iterable[Metric]]
log = structlog.get_logger("oms.metrics")
_own = CollectorRegistry()
_sources: list[Source] = []

REQUESTS = Counter("oms_http_requests", "Answered requests", ["method", "route", "status"], registry=_own)
DURATIONS = Histogram(
    "oms_http_request_seconds", "Time to answer", ["method", "route"], buckets=SECONDS, registry=_own
)
PROBES = Counter("oms_readiness_probes", "Answers of /readyz, for availability", ["ready"], registry=_own)


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request under its route, never under its path: a path holds numbers without end."""
    method = method if method in METHODS else "other"
    REQUESTS.labels(method, route or "(none)", str(status)).inc()
    DURATIONS.labels(method, route or "(none)").observe(seconds)


# The middleware stands on a lower floor and knows no metrics; it tells whoever asked.
RequestLog.observers.append(observe_request)


def source(function: Source) -> Source:
    """Have this function asked for its figures at each scrape."""
    if function not in _sources:
        _sources.append(function)
    return function


def exposition() -> bytes:
    """Everything in Prometheus' text format, counters of all web processes added up."""
    registry = CollectorRegistry()
    if os.environ.get(SHARED_FOLDER):
        MultiProcessCollector(registry)
    else:
        registry.register(_Passed(_own))
    registry.register(_Sources())
    return generate_latest(registry)


class _Passed(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

    def collect(self) -> Iterable[Metric]:
        return self.registry.collect()


class _Sources(Collector):
    def collect(self) -> Iterator[Metric]:
        for function in _sources:
            try:
                yield from function()
            except DatabaseError as error:
                # One figure that cannot be had must not hide the others.
                log.warning("metric failed", source=function.__name__, error=str(error))


@source
def outbox() -> Iterator[Metric]:
    """How much news waits, how long the oldest has waited, and how much is stuck."""
    waiting = OutboxMessage.objects.filter(state__in=[MessageState.WAITING, MessageState.LEASED])
    age = health.oldest_outbox_age(at=timezone.now()).total_seconds()
    yield GaugeMetricFamily("oms_outbox_waiting", "Messages not told yet", value=waiting.count())
    yield GaugeMetricFamily("oms_outbox_oldest_seconds", "Age of the oldest due message", value=age)
    dead = OutboxMessage.objects.filter(state=MessageState.DEAD).count()
    yield GaugeMetricFamily("oms_outbox_dead", "Dead letters", value=dead)


@source
def signs_of_life() -> Iterator[Metric]:
    """Seconds since each process last said that it lives."""
    gauge = GaugeMetricFamily(
        "oms_heartbeat_age_seconds", "Time since the last sign of life", labels=["process"]
    )
    now = timezone.now()
    for process, beat_at in Heartbeat.objects.values_list("process", "beat_at"):
        gauge.add_metric([process], (now - beat_at).total_seconds())
    yield gauge
