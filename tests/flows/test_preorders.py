"""Preorders are bound to an announced delivery: what comes of it is theirs first, in the declared order."""

from datetime import date, datetime, timedelta

import pytest

from inventory.models import ExpectedReceipt
from oms.catalogue.models import Sku
from oms.flows import counting, foreseeing, ordering, scarcity
from oms.orders.models import LateRisk, Order, SupplyClaim
from oms.orders.rules import PreorderSoldOut
from tests.builders import NOON, TESTER, breaches, place, shelf

pytestmark = pytest.mark.django_db
COMES = date(2026, 11, 25)
LATER = NOON + timedelta(days=2)


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


def expect(pieces: int, reference: str = "ASN-1", on: date = COMES) -> None:
    counting.expect_stock(
        "MUG", location="PER", quantity=pieces, reference=reference, expected_on=on, actor=TESTER, at=NOON
    )


def arrive(pieces: int, reference: str = "ASN-1", at: datetime = LATER) -> None:
    counting.receive_stock("MUG", location="PER", quantity=pieces, reference=reference, actor=TESTER, at=at)
    ordering.serve_waiting("MUG", actor=TESTER, at=at)


def waits(number: str) -> int:
    return Order.objects.get(number=number).lines.get().quantity_waiting


@pytest.fixture
def queue() -> dict[str, str]:
    """One order that merely waits, then two preorders of two, of which the second is the more urgent."""
    shelf("MUG", on_hand=1)
    place(("MUG", 1))
    early = place(("MUG", 2)).number
    Sku.objects.filter(code="MUG").update(backorder_policy="preorder")
    # Those that wait already are ahead in the announced deliveries; preorders are bound behind them.
    expect(2, "ASN-0")
    expect(4)
    first, urgent = place(("MUG", 2)).number, place(("MUG", 2), priority=1).number
    return {"early": early, "first": first, "urgent": urgent}


def test_preorders_are_bound_and_no_more_than_was_announced(queue):
    claims = {
        claim.line.order.number: (claim.expected.reference, claim.quantity)
        for claim in SupplyClaim.objects.all()
    }

    assert claims == {queue["first"]: ("ASN-1", 2), queue["urgent"]: ("ASN-1", 2)}
    with pytest.raises(PreorderSoldOut):
        place(("MUG", 1))
    assert Order.objects.get(number=queue["first"]).promise_by is not None


def test_their_delivery_serves_them_first_and_the_more_urgent_before(queue):
    arrive(2)

    assert {name: waits(number) for name, number in queue.items()} == {"early": 2, "first": 2, "urgent": 0}
    arrive(2)
    assert {name: waits(number) for name, number in queue.items()} == {"early": 2, "first": 0, "urgent": 0}
    # Somebody who orders now is behind those who wait.
    arrive(2, "ASN-0")
    assert waits(queue["early"]) == 0


def test_less_than_was_bound_is_dealt_in_turn_and_the_rest_stays_bound(queue):
    arrive(3)

    assert {name: waits(number) for name, number in queue.items()} == {"early": 2, "first": 1, "urgent": 0}
    assert SupplyClaim.objects.get(line__order__number=queue["first"]).expected.reference == "ASN-1"
    arrive(1)
    assert waits(queue["first"]) == 0


def test_a_delivery_of_another_number_is_nobodys_preorder(queue):
    arrive(2, "ASN-0")

    # Priority goes before age; being bound to another delivery gives nothing here.
    assert {name: waits(number) for name, number in queue.items()} == {"early": 2, "first": 2, "urgent": 0}


def test_a_delivery_that_becomes_later_puts_its_orders_at_risk_and_moves_their_promise(queue):
    before = Order.objects.get(number=queue["first"]).promise_by
    ExpectedReceipt.objects.filter(reference__in=["ASN-0", "ASN-1"]).update(
        expected_on=COMES + timedelta(days=7)
    )

    foreseeing.late_risks(at=NOON)
    at_risk = set(LateRisk.objects.values_list("order__number", "cause"))
    assert {(queue["first"], "stock"), (queue["urgent"], "stock")} <= at_risk

    ordering.serve_backorders(queue["first"], actor=TESTER, at=LATER)
    order = Order.objects.get(number=queue["first"])
    assert before < order.promise_by
    assert order.first_promise_by == before
    assert order.promises.order_by("-sequence").first().basis["parcels"][0]["ready_on"] == "2026-12-02"


def test_a_delivery_that_never_comes_leaves_its_orders_waiting_at_risk(queue):
    foreseeing.late_risks(at=NOON + timedelta(days=2, hours=14))

    risk = LateRisk.objects.get(order__number=queue["first"])
    assert (risk.cause, "has not come" in risk.reason) == ("stock", True)
    assert waits(queue["first"]) == 2


def test_nobody_comes_between_a_delivery_and_those_who_are_bound_to_it(queue):
    counting.receive_stock("MUG", location="PER", quantity=3, reference="ASN-1", actor=TESTER, at=LATER)

    # Before anything was told to anybody.
    assert {name: waits(number) for name, number in queue.items()} == {"early": 2, "first": 1, "urgent": 0}
    assert Order.objects.get(number=queue["urgent"]).lines.get().quantity_allocated == 2


def test_whom_a_manager_put_first_is_served_before_those_who_are_bound(queue):
    scarcity.decide_turn(
        queue["early"], sku="MUG", is_first=True, note="Their opening", actor=TESTER, at=NOON
    )

    counting.receive_delivery({"MUG": 3}, location="PER", reference="ASN-1", actor=TESTER, at=LATER)

    assert {name: waits(number) for name, number in queue.items()} == {"early": 0, "first": 2, "urgent": 1}
