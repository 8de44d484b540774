"""The benches: each names its figure, its reference of the same run and its aim."""

import json
import os
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median

from django.utils import timezone

from inventory.models import StockLevel
from oms.core import tokens
from oms.core.actors import SYSTEM
from oms.reports import queries as reports
from oms.reports.invariants import INVARIANTS
from oms.runtime.services import free_port
from tests.benchmarks import books, bulk, greedy, load, order_files, pages, planning, replays, stock_files
from tests.benchmarks.clients import Clients, Load, paired
from tests.benchmarks.ground import HOT, SKUS

MOST_CLIENTS = 8
ROUNDS, SECONDS = 3, 2.0
SLOWEST_P95_MS = 100.0
SLOWEST_PAGE_MS = 300.0


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report; ``ratio`` is value ÷ reference."""

    name: str
    value: float
    unit: str
    reference: float
    ratio: float
    aim: float
    ok: bool


def run(where: str, *, only: Sequence[str] = ()) -> list[Result]:
    """Run the benches whose name begins with one of ``only``, or all, and print each as it is done."""
    results = []
    clients = Clients(where, MOST_CLIENTS)
    try:
        for bench in (
            place_order_1,
            place_order_8,
            hot_sku_8,
            hot_sku_micro_batches,
            http_orders_8,
            import_100k,
            import_orders,
            planner,
            bulk_flow_10k,
            bulk_http_10k,
            replay_10k,
            greedy_vs_exact_uci,
            books_of_stock,
        ):
            if not only or any(bench.__name__.startswith(name) for name in only):
                results += [_told(result) for result in bench(clients, where)]
    finally:
        clients.close()
    results += [_told(_nothing_broken())]
    return results


def place_order_1(clients: Clients, where: str) -> Iterator[Result]:
    """Orders of three lines through the flow, one client."""
    yield _ratio("place_order_1_client", *paired(clients, Load("flow", 1), Load("r1", 1)), aim=0.35)


def place_order_8(clients: Clients, where: str) -> Iterator[Result]:
    """Orders of three lines through the flow, eight clients."""
    yield _ratio("place_order_8_clients", *paired(clients, Load("flow", 8), Load("r1", 8)), aim=0.35)


def hot_sku_8(clients: Clients, where: str) -> Iterator[Result]:
    """Orders of one piece of one SKU, eight clients: two processes of four threads, as the web has them."""
    yield _ratio("hot_sku_8_clients", *paired(clients, Load("flow_hot", 2, 4), Load("r1_hot", 8)), aim=0.5)
    yield _not_oversold()


def hot_sku_micro_batches(clients: Clients, where: str) -> Iterator[Result]:
    """The same by a crowd of 64, beside the same crowd served one by one."""
    ours, reference = Load("flow_hot", 2, 32), Load("flow_hot_alone", 2, 32)
    yield _ratio("hot_sku_micro_batches", *paired(clients, ours, reference), aim=5)
    yield _not_oversold()


def _not_oversold() -> Result:
    oversold = sum(
        max(0, level.reserved - level.on_hand) for level in StockLevel.objects.filter(sku__code=HOT)
    )
    return Result("hot_sku_oversold", oversold, "pieces", 0, 0, 0, oversold == 0)


def http_orders_8(clients: Clients, where: str) -> Iterator[Result]:
    """Orders of three lines over HTTP on eight kept connections; the load generator shares the cores."""
    _, token = tokens.create("bench", scopes=["*"], actor=SYSTEM, at=timezone.now())
    with _web(where) as port:
        load.orders(port, token, connections=8, seconds=1.5, choose=_three)
        pairs, slowest = [], []
        for _ in range(ROUNDS):
            reference = clients.rate("r1", clients=8, seconds=SECONDS)
            outcome = load.orders(port, token, connections=8, seconds=SECONDS, choose=_three)
            if outcome.refused:
                raise RuntimeError(f"An order was refused: {outcome.refused[0][:600]!r}")
            pairs.append((outcome.accepted / outcome.seconds, reference))
            slowest.append(outcome.percentile(0.95))
    ours, reference = median(mine for mine, _ in pairs), median(theirs for _, theirs in pairs)
    yield _ratio("http_orders_8_connections", ours, reference, aim=0.3)
    p95 = median(slowest)
    yield Result(
        "http_orders_p95",
        round(p95, 1),
        "ms",
        SLOWEST_P95_MS,
        round(p95 / SLOWEST_P95_MS, 3),
        1,
        p95 < SLOWEST_P95_MS,
    )


def import_100k(clients: Clients, where: str) -> Iterator[Result]:
    """A stock file of 100,000 rows from the command line: new, then once more, with somebody looking at its page."""
    with _web(where) as port, pages.somebody_watching(port) as took:
        run = stock_files.measured(where)
    yield _at_most("import_100k_rows", run.seconds, "s", stock_files.MOST_SECONDS)
    yield _at_most("import_100k_memory", run.peak_mb, "MB", stock_files.MOST_MB)
    yield _at_most("import_again_changed", run.changed_again, "rows", 0)
    yield _at_most("import_page_p95", pages.slowest(took), "ms", SLOWEST_PAGE_MS)


def import_orders(clients: Clients, where: str) -> Iterator[Result]:
    """Files of 1,000 and 10,000 orders from the command line, and each once more."""
    # Clients that are still starting would take the cores from what is measured.
    clients.rate("r1", clients=MOST_CLIENTS, seconds=0.1)
    for run in order_files.measured(where):
        name = f"import_{run.orders}_orders"
        yield _at_most(name, run.seconds, "s", order_files.SIZES[run.orders])
        yield _at_most(f"{name}_again", run.made_again, "rows", 0)


def planner(clients: Clients, where: str) -> Iterator[Result]:
    """Plans per second of one process, by how many locations there are."""
    for locations, aim in ((5, 2_000), (10, 2_000), (50, 300)):
        figure = planning.measured(locations)
        yield _at_least(f"planner_{locations}", figure.per_second, "plans/s", aim)
        yield _at_most(f"planner_{locations}_unproven", figure.unproven, "plans", 0)


def bulk_flow_10k(clients: Clients, where: str) -> Iterator[Result]:
    """10,000 orders of three lines through the flow, and scarce stock sold to the last piece that anybody wants."""
    yield _ratio("bulk_flow_10k", *bulk.through_the_flow(clients), aim=4)
    unsold, sold = bulk.unsold_pieces()
    yield _at_most("bulk_scarce_unsold", unsold, "pieces", 0)
    yield _at_least("bulk_scarce_sold", sold, "pieces", 1)


def bulk_http_10k(clients: Clients, where: str) -> Iterator[Result]:
    """The same over HTTP: ten calls of a thousand orders on one connection."""
    _, token = tokens.create("bench-bulk", scopes=["*"], actor=SYSTEM, at=timezone.now())
    with _web(where) as port:
        yield _ratio("bulk_http_10k", *bulk.over_http(clients, port, token), aim=2)


def replay_10k(clients: Clients, where: str) -> Iterator[Result]:
    """10,000 orders played again."""
    seconds, orders = replays.measured()
    yield _at_most("replay_10k", seconds, "s", replays.MOST_SECONDS)
    yield _at_least("replay_10k_orders", orders, "orders", replays.ORDERS)


def greedy_vs_exact_uci(clients: Clients, where: str) -> Iterator[Result]:
    """The UCI period planned exactly, by cost and by parcels, beside a planner that takes what has most.

    Each order's plan is the best there is; what that leaves for later orders need not be, so parcels may differ.
    """
    by_cost, by_parcels, theirs = greedy.compared()
    for name, ours, reference, unit, most in (
        ("cost", by_cost.cost_minor, theirs.cost_minor, "pence", 1.0),
        ("splits", by_parcels.splits, theirs.splits, "parcels", 1.05),
        ("unfilled", by_cost.unfilled, theirs.unfilled, "pieces", 1.0),
    ):
        ratio = round(ours / reference, 3) if reference else float(ours)
        yield Result(f"greedy_vs_exact_uci_{name}", ours, unit, reference, ratio, most, ratio <= most)


def books_of_stock(clients: Clients, where: str) -> Iterator[Result]:
    """Lists, stock of the past and closes at 10,000,000 movements beside the same at a hundredth of them."""
    for name, big, small in books.figures():
        ratio = big / small
        yield Result(
            name,
            round(big, 3),
            "ms",
            round(small, 3),
            round(ratio, 3),
            books.MOST_GROWTH,
            ratio <= books.MOST_GROWTH,
        )


def _three() -> list[str]:
    return [f"S{n:05d}" for n in random.sample(range(SKUS), 3)]


def _ratio(name: str, ours: float, reference: float, *, aim: float) -> Result:
    ratio = ours / reference
    return Result(name, round(ours, 1), "orders/s", round(reference, 1), round(ratio, 3), aim, ratio >= aim)


def _at_most(name: str, value: float, unit: str, aim: float) -> Result:
    ratio = round(value / aim, 3) if aim else value
    return Result(name, round(value, 1), unit, aim, ratio, 1, value <= aim)


def _at_least(name: str, value: float, unit: str, aim: float) -> Result:
    return Result(name, round(value, 1), unit, aim, round(value / aim, 3), 1, value >= aim)


def _nothing_broken() -> Result:
    differences = sum(finding.differences for finding in reports.check(INVARIANTS))
    return Result("invariant_differences", differences, "rows", 0, 0, 0, differences == 0)


def _told(result: Result) -> Result:
    sys.stdout.write(json.dumps(asdict(result)) + "\n")
    sys.stdout.flush()
    return result


@contextmanager
def _web(where: str) -> Iterator[int]:
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": where,
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "OMS_LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen([sys.executable, "manage.py", "web"], env=environment)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(15)


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The web process did not answer.")
