"""What one client does again and again; each function gives a callable that places one order."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

import psycopg

from oms.core.actors import Actor
from oms.flows import ordering
from oms.orders.requests import NewLine, NewOrder
from tests.benchmarks.ground import HOT, SKUS
from tests.builders import PERTH

PROGRAM = Actor("token", "1", "bench")
PRICE = Decimal("10.00")
Order = Callable[[], None]


def r1(where: str, client: int) -> Order:
    """R1: an order of three lines by ten plain statements in one transaction."""
    return _r1(where, client, lambda: sorted(random.sample(range(SKUS), 3)))


def r1_hot(where: str, client: int) -> Order:
    """R1 on one row: an order of one line, so four statements, all on the same stock."""
    return _r1(where, client, lambda: [SKUS])


def flow(where: str, client: int) -> Order:
    """The product's own flow: an order of three lines, routed, reserved, explained and told."""
    return _flow(client, lambda: [f"S{n:05d}" for n in random.sample(range(SKUS), 3)])


def flow_hot(where: str, client: int) -> Order:
    """The same flow, an order of one piece of one SKU that everybody wants."""
    return _flow(client, lambda: [HOT])


def flow_hot_alone(where: str, client: int) -> Order:
    """The same orders, each placed by itself: the flow behind the queue of hot SKUs."""
    return _flow(client, lambda: [HOT], place=ordering.place_order.__wrapped__)


def _r1(where: str, client: int, choose: Callable[[], list[int]]) -> Order:
    connection = psycopg.connect(where)
    cursor, numbers = connection.cursor(), count()
    channel = connection.execute("select min(id) from channels_channel").fetchone()[0]

    def order() -> None:
        stocks = choose()
        cursor.execute(
            "insert into r1_order (number, channel_id) values (%s, %s) returning id",
            (f"{client}-{random.random()}-{next(numbers)}", channel),
        )
        (order_id,) = cursor.fetchone()
        for stock in stocks:
            cursor.execute(
                "update r1_stock set reserved = reserved + 1 where id = %s and on_hand - reserved >= 1",
                (stock,),
            )
            cursor.execute(
                "insert into r1_line (order_id, stock_id, quantity) values (%s, %s, 1) returning id",
                (order_id, stock),
            )
            (line_id,) = cursor.fetchone()
            cursor.execute(
                "insert into r1_reservation (line_id, stock_id, quantity) values (%s, %s, 1)",
                (line_id, stock),
            )
        connection.commit()

    return order


def _flow(client: int, choose: Callable[[], list[str]], place=ordering.place_order) -> Order:
    numbers = count()
    run = random.random()

    def order() -> None:
        place(
            NewOrder(
                channel="api",
                external_number=f"{client}-{run}-{next(numbers)}",
                customer_name=PERTH.name,
                shipping=PERTH,
                currency="AUD",
                lines=tuple(NewLine(code, 1, PRICE) for code in choose()),
            ),
            actor=PROGRAM,
            at=datetime.now(UTC),
        )

    return order
