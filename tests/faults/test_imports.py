"""A file whose worker is killed while it writes: the next one goes on, and every row counts once."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from inventory.models import StockLevel, StockMovement
from oms.catalogue.models import Sku
from oms.flows import importing
from oms.imports.models import ImportJob
from oms.imports.services.jobs import LEASE
from oms.orders.models import Order, OrderLine
from oms.runtime.folder import CHECKOUT
from tests import builders
from tests.builders import breaches, channel, level, location, shelf

pytestmark = pytest.mark.django_db(transaction=True)
ROWS, PIECES = 20_000, 7
ORDERS = 3_000


@pytest.fixture
def file(tmp_path):
    """A count of more SKUs than one chunk holds, all of them new to the shelf."""
    builders.reasons()
    location("PER")
    Sku.objects.bulk_create([Sku(code=f"F{n:05d}", name=f"F{n}") for n in range(ROWS)])
    found = tmp_path / "count.csv"
    found.write_text("sku,location,on_hand\n" + "".join(f"F{n:05d},PER,{PIECES}\n" for n in range(ROWS)))
    return found


@pytest.fixture
def orders(tmp_path):
    """More orders than one batch holds, of two rows each, and enough mugs for all of them."""
    channel("api")
    shelf("MUG", on_hand=10 * ORDERS)
    found = tmp_path / "orders.csv"
    text = "external_number,customer_name,shipping_line1,shipping_city,shipping_country,currency,"
    text += "sku,quantity,unit_price\n"
    for n in range(ORDERS):
        text += f"W-{n},Lee Kim,14 Wattle Street,Perth,AU,AUD,MUG,2,1\nW-{n},,,,,,MUG,1,1\n"
    found.write_text(text)
    return found


def worker_of(file, kind: str = "stock", *more: str) -> "subprocess.Popen[bytes]":
    """A process of its own that imports the file into the database of this test."""
    facts = connection.settings_dict
    url = f"postgresql://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "import_file", kind, str(file), *more]
    return subprocess.Popen(command, cwd=CHECKOUT, env=environment, start_new_session=True)


def written() -> int:
    return sum(ImportJob.objects.values_list("created", flat=True))


def test_a_worker_that_is_killed_loses_no_row_and_doubles_none(file):
    worker = worker_of(file)
    while not 0 < written() < ROWS:
        assert worker.poll() is None, "the file was done before it could be killed"
        time.sleep(0.02)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    job = ImportJob.objects.get()
    half = job.created
    assert 0 < half < ROWS
    assert StockMovement.objects.count() == half

    assert not importing.run(job.pk, clock=timezone.now), "the dead worker's hold has not run out"
    later = timezone.now() + LEASE + timedelta(seconds=1)
    assert importing.run(job.pk, clock=lambda: later)

    job.refresh_from_db()
    assert (job.state, job.created, job.refused) == ("committed", ROWS, 0)
    assert StockMovement.objects.count() == ROWS
    assert StockLevel.objects.filter(on_hand=PIECES).count() == ROWS
    assert breaches() == {}


def test_a_worker_that_is_killed_leaves_whole_orders_and_each_is_made_once(orders):
    worker = worker_of(orders, "orders", "--options", '{"channel": "api"}')
    while not 0 < written() < 2 * ORDERS:
        assert worker.poll() is None, "the file was done before it could be killed"
        time.sleep(0.02)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    job = ImportJob.objects.get()
    half = Order.objects.count()
    assert 0 < half < ORDERS
    assert (job.created, OrderLine.objects.count(), level().reserved) == (2 * half, 2 * half, 3 * half)

    later = timezone.now() + LEASE + timedelta(seconds=1)
    assert importing.run(job.pk, clock=lambda: later)

    job.refresh_from_db()
    assert (job.state, job.created, job.same, job.refused) == ("committed", 2 * ORDERS, 0, 0)
    assert (Order.objects.count(), OrderLine.objects.count()) == (ORDERS, 2 * ORDERS)
    assert (job.totals["orders"], level().reserved) == (ORDERS, 3 * ORDERS)
    assert breaches() == {}
