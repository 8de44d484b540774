"""A period of real trade becomes a shop, once, and can be played again."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from inventory.models import StockLevel
from oms.core.actors import SYSTEM
from oms.flows import replaying
from oms.flows.demo import uci
from oms.orders.models import Order
from oms.replays import queries as replay_queries
from oms.replays.rules import Scenario
from tests.builders import breaches

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SAMPLE = Path(__file__).parents[1] / "data" / "uci" / "online_retail_500_invoices.csv"


def load(now):
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        invoices = uci.read(file)[:90]
    return invoices, uci.load(invoices, now=now, say=lambda text: None)


def test_it_is_loaded_once_at_its_own_hours_and_some_articles_run_short():
    now = timezone.now()
    invoices, done = load(now)

    sales = [
        each for each in invoices if not each.is_cancellation and any(n > 0 for n in each.pieces.values())
    ]
    assert done.orders == len(sales) == Order.objects.count()
    assert 0 < done.waiting < done.orders
    assert done.refused == 0
    first = Order.objects.order_by("placed_at").first()
    assert (first.placed_at.weekday(), first.placed_at.time()) == (
        invoices[0].at.weekday(),
        invoices[0].at.time(),
    )
    assert now - timedelta(days=14) < Order.objects.order_by("-placed_at").first().placed_at < now
    assert StockLevel.objects.filter(reserved__gt=0).exists()
    assert breaches() == {}

    _, again = load(now + timedelta(days=9))

    assert (again.skus, again.orders, again.cancellations) == (0, 0, 0)
    assert Order.objects.count() == len(sales)


def test_the_period_can_be_played_again_without_london():
    now = timezone.now()
    load(now)
    replay = replaying.ask(
        "Without London", (now - timedelta(days=30), now), Scenario(without=("LON",)), actor=SYSTEM, at=now
    )

    replaying.run(replay.pk, clock=lambda: now)

    summary = replay_queries.replay(replay.pk).summary
    assert summary["after"]["orders"] == summary["before"]["orders"] > 50
    assert summary["after"]["unfilled"] > summary["before"]["unfilled"]
    assert breaches() == {}
