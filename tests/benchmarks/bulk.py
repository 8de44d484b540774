"""10,000 orders at once, a thousand per call: routed, reserved, explained; and what scarce stock is left behind."""

import http.client
import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection, transaction

from inventory.models import StockLevel
from oms.catalogue.models import Sku
from oms.core.errors import Refusal
from oms.flows import ordering
from oms.orders.models import OrderLine
from oms.orders.requests import NewLine, NewOrder
from tests.benchmarks.clients import Clients
from tests.benchmarks.ground import SITES, SKUS
from tests.benchmarks.workloads import PRICE, PROGRAM
from tests.builders import NOON, PERTH

BATCHES, AT_ONCE = 10, 1_000
SCARCE, PIECES = 200, 40
R1_SECONDS = 0.5
Figures = tuple[float, float]
Send = Callable[[list[list[tuple[str, int]]]], None]


def through_the_flow(clients: Clients) -> Figures:
    """Orders of three lines per second through the flow, and R1 beside each batch."""
    return _paired(clients, lambda orders: place(orders, "bulk"))


def over_http(clients: Clients, port: int, token: str) -> Figures:
    """The same through ``POST /orders/bulk`` on one connection."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    run = time.time_ns()

    def send(orders: list[list[tuple[str, int]]]) -> None:
        key = f"bulk-{run}-{random.random()}"
        body = json.dumps({"orders": [_body(f"{key}-{n}", lines) for n, lines in enumerate(orders)]})
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        line.request("POST", "/api/v1/orders/bulk", body, headers)
        answer = json.loads(line.getresponse().read())
        if answer.get("accepted") != len(orders):
            raise RuntimeError(f"Orders were refused: {str(answer)[:600]}")

    try:
        return _paired(clients, send)
    finally:
        line.close()


def _paired(clients: Clients, send: Send) -> Figures:
    send([three() for _ in range(50)])
    ours, reference = 0.0, []
    for _ in range(BATCHES):
        reference.append(clients.rate("r1", clients=1, seconds=R1_SECONDS))
        orders = [three() for _ in range(AT_ONCE)]
        began = time.perf_counter()
        send(orders)
        ours += time.perf_counter() - began
    return BATCHES * AT_ONCE / ours, sorted(reference)[BATCHES // 2]


def unsold_pieces() -> tuple[int, int]:
    """After twice as much was wanted as there was: pieces left that a refused order or a waiting line could have had.

    Also how many pieces were sold.
    """
    codes = [f"SCARCE{n:03d}" for n in range(SCARCE)]
    _stock(codes)
    refused = list(_sold_out(codes))
    left: dict[str, int] = {}
    levels = StockLevel.objects.filter(sku__code__in=codes)
    for code, pieces in levels.values_list("sku__code", "available"):
        left[code] = left.get(code, 0) + pieces
    unsold = sum(
        sum(pieces for _, pieces in lines)
        for lines in refused
        if all(left.get(code, 0) >= pieces for code, pieces in lines)
    )
    waiting = OrderLine.objects.filter(sku__code__in=codes, quantity_waiting__gt=0)
    for code, pieces in waiting.values_list("sku__code", "quantity_waiting"):
        unsold += min(pieces, left.get(code, 0))
    return unsold, SCARCE * PIECES * len(SITES) - sum(left.values())


def _sold_out(codes: list[str]) -> Iterator[list[tuple[str, int]]]:
    """Order twice what is there, in batches; the orders that were refused."""
    dice = random.Random(11)
    left = 2 * SCARCE * PIECES * len(SITES)
    while left > 0:
        orders = []
        while left > 0 and len(orders) < AT_ONCE:
            lines = [(code, dice.randint(1, 3)) for code in dice.sample(codes, 3)]
            left -= sum(pieces for _, pieces in lines)
            orders.append(lines)
        for lines, fate in zip(orders, place(orders, "scarce"), strict=True):
            if isinstance(fate, Refusal):
                yield lines


def _stock(codes: list[str]) -> None:
    """Every second one is sold until it is gone, the others may wait."""
    Sku.objects.bulk_create(
        [
            Sku(code=code, name=code, weight_grams=200, backorder_policy="block" if n % 2 else "backorder")
            for n, code in enumerate(codes)
        ]
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "insert into inventory_stocklevel (sku_id, location_id)"
            " select s.id, l.id from catalogue_sku s, inventory_stocklocation l"
            " where s.code = any(%s) and l.code = any(%s)",
            [codes, list(SITES)],
        )
        cursor.execute(
            "insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, source, source_key, actor)"
            " select l.id, 'receive', %s, %s, 'bench', 'scarce-' || l.id, 'system' from inventory_stocklevel l"
            " join catalogue_sku s on s.id = l.sku_id where s.code = any(%s)",
            [PIECES, NOON, codes],
        )


def place(orders: list[list[tuple[str, int]]], run: str) -> list[object]:
    """Place these orders at once through the flow; what became of each."""
    stem = f"{run}-{random.random()}"
    requests = [
        NewOrder(
            channel="api",
            external_number=f"{stem}-{n}",
            customer_name=PERTH.name,
            shipping=PERTH,
            currency="AUD",
            lines=tuple(NewLine(code, pieces, PRICE) for code, pieces in lines),
        )
        for n, lines in enumerate(orders)
    ]
    return list(ordering.place_orders(requests, actor=PROGRAM, at=datetime.now(UTC)))


def _body(number: str, lines: list[tuple[str, int]]) -> dict[str, object]:
    return {
        "channel": "api",
        "external_number": number,
        "customer": {"type": "b2c", "name": PERTH.name},
        "shipping_address": {
            "name": PERTH.name,
            "line1": PERTH.line1,
            "city": PERTH.city,
            "region": PERTH.region,
            "postcode": PERTH.postcode,
            "country": PERTH.country,
        },
        "currency": "AUD",
        "lines": [{"sku": sku, "quantity": n, "unit_price": str(Decimal(PRICE))} for sku, n in lines],
    }


def three() -> list[tuple[str, int]]:
    """Lines of three SKUs that are there in plenty."""
    return [(f"S{n:05d}", 1) for n in random.sample(range(SKUS), 3)]
