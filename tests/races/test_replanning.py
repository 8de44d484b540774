"""Re-planning beside people who pick, cancel and order at the same moment: no piece is lost, none is promised twice."""

import contextlib
import random
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from fulfilment.models import FulfilmentOrder
from fulfilment.rules import ParcelsDoNotMatch, ScanKind, WrongItem
from fulfilment.services.scans import NewScan
from oms.core.errors import Refusal
from oms.flows import ordering, picking, replanning
from oms.orders.models import Order
from oms.replanning.models import ReplannedOrder
from oms.routing.rules import Criterion, Ranking, RuleBook
from tests import builders
from tests.builders import TESTER, breaches, live_rules, rate, shelf, worker
from tests.races.test_attack import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PAIRS = 12


@pytest.fixture
def crossed() -> list[str]:
    """Orders that hold the last pieces of a place where others are split for them."""
    rate("PER", region="WA", cost_minor=600, days=2)
    rate("SYD", region="WA", cost_minor=900, days=2)
    with transaction.atomic():
        live_rules(RuleBook(ranking=Ranking((Criterion.COST,)), split_penalty_minor=500, max_parcels=3))
    builders.channel("api")
    shelf("PLATE", at="PER", on_hand=4 * PAIRS)
    shelf("MUG", at="PER", on_hand=PAIRS)
    shelf("MUG", at="SYD", on_hand=4 * PAIRS)
    placed = [buy(("MUG", 1)) for _ in range(PAIRS)]
    return placed + [buy(("MUG", 1), ("PLATE", 1)) for _ in range(PAIRS)]


def buy(*lines: tuple[str, int]) -> str:
    return ordering.place_order(builders.request(*lines), actor=TESTER, at=timezone.now()).number


def replan() -> None:
    replanning.run(actor=TESTER, at=timezone.now())


def pick() -> None:
    """Take the next task and scan one piece of it, as if for the shelf."""
    number = picking.claim_next(None, user=worker(f"w{random.random()}"), actor=TESTER, at=timezone.now())
    if number is None:
        return
    user = FulfilmentOrder.objects.get(number=number).claimed_by
    for code in ("MUG", "PLATE"):
        # The order may be cancelled between the claim and the scan; then the picker is told.
        with contextlib.suppress(WrongItem, ParcelsDoNotMatch):
            read = NewScan(uuid4(), code, 1)
            picking.scan(number, kind=ScanKind.PICK, read=read, user=user, actor=TESTER, at=timezone.now())


def cancel(number: str) -> None:
    with contextlib.suppress(Refusal):
        ordering.cancel_order(number, reason="Changed their mind", actor=TESTER, at=timezone.now())


def test_it_may_be_overtaken_by_anybody(crossed):
    dice = random.Random(3)
    errors = at_once(
        *[replan] * 3,
        *[pick] * 6,
        *[lambda number=number: cancel(number) for number in dice.sample(crossed, 6)],
        *[lambda: buy(("MUG", 1), ("PLATE", 1))] * 6,
    )

    assert errors == []
    assert breaches() == {}
    for order in Order.objects.exclude(state="cancelled"):
        pieces = sum(
            line.quantity - line.quantity_cancelled
            for work in order.fulfilment_orders.exclude(status="cancelled")
            for line in work.lines.all()
        )
        assert pieces == sum(line.quantity_ordered for line in order.lines.all()), order.number


def test_two_passes_at_once_make_each_exchange_once(crossed):
    assert at_once(replan, replan) == []

    assert breaches() == {}
    split = [number for number in crossed if _parcels(number) > 1]
    assert split == []
    assert ReplannedOrder.objects.count() == 2 * PAIRS


def _parcels(number: str) -> int:
    return FulfilmentOrder.objects.filter(order__number=number).exclude(status="cancelled").count()
