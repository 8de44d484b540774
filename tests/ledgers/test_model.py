"""The shop against a plain model of itself: random deeds, and after each of them every sum agrees."""

import contextlib
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fulfilment.models import FulfilmentOrder
from fulfilment.rules import NewParcel, ParcelLine
from inventory.models import StockLevel
from oms.core.errors import Refusal
from oms.flows import counting, ordering, picking, shipping, standing
from oms.orders.models import Order
from tests import builders
from tests.builders import NOON, TESTER, breaches

SKUS, PLACES = ("MUG", "CUP"), ("PER", "SYD")
LIVE = ("open", "picking", "picked", "packed")


class Shop(RuleBasedStateMachine):
    """Deeds that people do, in any order; the model knows only how many pieces should be on the shelf."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        # As Django's own test case does: flows are durable and may stand inside nothing else.
        self.undo._from_testcase = True
        self.undo.__enter__()
        self.on_hand = {(sku, place): 0 for sku in SKUS for place in PLACES}

    @initialize()
    def open_shop(self) -> None:
        builders.channel("api")
        builders.reasons()
        for place in PLACES:
            builders.location(place)
        for sku in SKUS:
            builders.sku(sku)

    @rule(sku=st.sampled_from(SKUS), place=st.sampled_from(PLACES), pieces=st.integers(1, 9))
    def receive(self, sku: str, place: str, pieces: int) -> None:
        counting.receive_stock(sku, location=place, quantity=pieces, reference="PO", actor=TESTER, at=NOON)
        self.on_hand[sku, place] += pieces

    @rule(sku=st.sampled_from(SKUS), place=st.sampled_from(PLACES), pieces=st.integers(-5, 5))
    def adjust(self, sku: str, place: str, pieces: int) -> None:
        try:
            counting.adjust_stock(
                sku,
                location=place,
                quantity_delta=pieces,
                reason="count_correction",
                note="",
                actor=TESTER,
                at=NOON,
            )
        except Refusal:
            return
        self.on_hand[sku, place] += pieces

    @rule(lines=st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 6)), min_size=1, max_size=3))
    def place(self, lines: list[tuple[str, int]]) -> None:
        ordering.place_order(builders.request(*lines), actor=TESTER, at=NOON)

    @precondition(lambda self: Order.objects.exists())
    @rule(data=st.data(), deed=st.sampled_from(("cancel", "hold", "release", "serve")))
    def decide(self, data: st.DataObject, deed: str) -> None:
        number = data.draw(
            st.sampled_from(list(Order.objects.order_by("pk").values_list("number", flat=True)))
        )
        try:
            if deed == "cancel":
                ordering.cancel_order(number, reason="", actor=TESTER, at=NOON)
            elif deed == "hold":
                standing.hold_order(number, reason="why", actor=TESTER, at=NOON)
            elif deed == "release":
                standing.release_order(number, actor=TESTER, at=NOON)
            else:
                ordering.serve_backorders(number, actor=TESTER, at=NOON)
        except Refusal:
            pass

    @precondition(lambda self: FulfilmentOrder.objects.filter(status__in=LIVE).exists())
    @rule(data=st.data(), deed=st.sampled_from(("ship", "part", "reject", "short")))
    def work(self, data: st.DataObject, deed: str) -> None:
        live = FulfilmentOrder.objects.filter(status__in=LIVE).select_related("location").order_by("pk")
        work = data.draw(st.sampled_from(list(live)))
        lines = [
            (line.sku.code, line.quantity - line.quantity_cancelled - line.quantity_shipped)
            for line in work.lines.select_related("sku").order_by("pk")
        ]
        open_lines = [(sku, left) for sku, left in lines if left > 0]
        with contextlib.suppress(Refusal):
            self._carry_out(work, deed, open_lines)

    def _carry_out(self, work: FulfilmentOrder, deed: str, lines: list[tuple[str, int]]) -> None:
        place = work.location.code
        if deed == "reject":
            shipping.reject(work.number, reason="full", actor=TESTER, at=NOON)
        elif deed == "short":
            sku, _ = lines[0]
            picking.short_pick(work.number, sku=sku, missing=1, reason="lost", actor=TESTER, at=NOON)
            self.on_hand[sku, place] -= 1
        else:
            sent = lines if deed == "ship" else [(lines[0][0], 1)]
            parcel = NewParcel("own", uuid4().hex, tuple(ParcelLine(sku, count) for sku, count in sent))
            shipping.ship_parcels(work.number, contents=[parcel], actor=TESTER, at=NOON)
            for sku, count in sent:
                self.on_hand[sku, place] -= count

    @invariant()
    def every_sum_agrees(self) -> None:
        assert breaches() == {}

    @invariant()
    def the_shelves_hold_what_the_model_says(self) -> None:
        levels = StockLevel.objects.select_related("sku", "location")
        held = {(level.sku.code, level.location.code): level.on_hand for level in levels}
        assert {key: held.get(key, 0) for key in self.on_hand} == self.on_hand

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)


@pytest.mark.django_db
def test_random_deeds_leave_every_sum_right():
    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
