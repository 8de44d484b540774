"""The books of stock at two sizes: what a page, an instant and a close cost must not grow with history."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from statistics import median

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from inventory import history
from inventory.services import closes
from oms.core import tokens
from oms.core.actors import SYSTEM
from tests.benchmarks.books_ground import LOCATIONS, STRIDE, TODAY, Size, fill, own_database

SMALL, BIG = Size(1_000, 100_000), Size(100_000, 10_000_000)
MOST_GROWTH = 1.5
ROUNDS = 40
# Name, milliseconds on the big ground, on the small one.
Figure = tuple[str, float, float]


def figures() -> Iterator[Figure]:
    """Measure both grounds, the small one first."""
    with own_database():
        found = []
        for size in (SMALL, BIG):
            fill(size)
            found.append(_measured(size))
    small, big = found
    for name, value in big.items():
        yield name, value, small[name]


def _measured(size: Size) -> dict[str, float]:
    _, token = tokens.create("books", scopes=["*"], actor=SYSTEM, at=timezone.now())
    client = Client(headers={"Authorization": f"Bearer {token}"})

    def ask(path: str, **query: object) -> Callable[[], None]:
        def call() -> None:
            answer = client.get(f"/api/v1/{path}", query)
            assert answer.status_code == 200, answer.content
            assert answer.json()["results"]

        return call

    levels = [_named(number * STRIDE % size.levels) for number in range(ROUNDS)]
    instants = [TODAY - timedelta(days=9 * number, hours=7) for number in range(ROUNDS)]
    found = {
        "books_movement_list": _middle([ask("stock-movements")] * ROUNDS),
        "books_level_movements": _middle([ask("stock-movements", **level) for level in levels]),
        "books_as_of_50_levels": _middle(
            [ask("stock-levels/as-of", at=at.isoformat(), limit=50) for at in instants]
        ),
        "books_as_of_50_levels_of_a_site": _middle(
            [
                ask("stock-levels/as-of", at=at.isoformat(), limit=50, location=f"L{number % LOCATIONS}")
                for number, at in enumerate(instants)
            ]
        ),
    }
    return found | _closed(size)


def _closed(size: Size) -> dict[str, float]:
    """Close the open day of each location: the close itself, and the pass along its levels for each 1,000 of them."""
    closing, comparing = [], []
    for place in history.places_with_books():
        at = TODAY + timedelta(hours=1)
        with transaction.atomic():
            closes.hold(place)
            started = time.perf_counter()
            days = closes.due(place, through=None, at=at)
            seen = time.perf_counter()
            gaps, counted = closes.compare(place, since=days[0].opened_at)
            compared = time.perf_counter()
            (closed,) = closes.close(place, days, gaps=gaps, counted=counted, at=at)
        done = time.perf_counter()
        assert (closed.levels_moved, closed.levels_gap, counted) == (500, 0, size.skus), closed
        closing.append(seen - started + done - compared)
        comparing.append((compared - seen) / size.skus * 1000)
    return {
        "books_close_one_day": median(closing) * 1000,
        "books_compare_1000_levels": median(comparing) * 1000,
    }


def _named(number: int) -> dict[str, str]:
    return {"sku": f"B{number // LOCATIONS:06d}", "location": f"L{number % LOCATIONS}"}


def _middle(calls: Sequence[Callable[[], None]]) -> float:
    """The median of these calls in milliseconds, after a few that warm up."""
    for call in calls[:3]:
        call()
    times = []
    for call in calls:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    connection.close()
    return median(times) * 1000
