"""Files of 1,000 and 10,000 orders, two rows each, placed by a process of its own as an operator would."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.ground import SKUS

# How many orders, and how long they may take from the start of the process to its end.
SIZES = {1_000: 10.0, 10_000: 60.0}
HEAD = (
    "channel,external_number,customer_name,shipping_line1,shipping_city,shipping_region,shipping_postcode,"
    "shipping_country,currency,sku,quantity,unit_price\n"
)
LEE = "Lee Kim,14 Wattle Street,Mount Lawley,WA,6050,AU,AUD"


class Measured(NamedTuple):
    """How many orders, the seconds of the first run, and what a second run made."""

    orders: int
    seconds: float
    made_again: int


def measured(where: str) -> Iterator[Measured]:
    """Place files of new orders, and each of them again."""
    for orders in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "orders.csv"
            file.write_text(HEAD + "".join(_order(f"F{orders}-{n}") for n in range(orders)))
            began = time.perf_counter()
            first = _import(file, where)
            seconds = time.perf_counter() - began
            again = _import(file, where)
        if first["created"] != 2 * orders:
            raise RuntimeError(f"The file was not placed whole: {first}")
        yield Measured(orders, seconds, again["created"])


def _order(number: str) -> str:
    first, second = random.sample(range(SKUS), 2)
    return f"api,{number},{LEE},S{first:05d},2,24.00\napi,{number},,,,,,,,S{second:05d},1,12.00\n"


def _import(file: Path, where: str) -> dict:
    environment = os.environ | {"DATABASE_URL": where, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "import_file", "orders", str(file), "--json"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])
