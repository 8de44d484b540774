"""An announced delivery is moved, gets smaller or is called off, and those who counted on it are bound anew."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import DeliveryChange, ExpectedReceipt
from inventory.rules import AlreadyAnnounced, DeliveryMoved, DeliveryRefused
from oms.alerts.models import Alert
from oms.catalogue.models import Sku
from oms.core.errors import Invalid
from oms.core.models import AuditEntry, OutboxMessage
from oms.flows import counting, deliveries, delivery_effects, ordering, scarcity, transferring
from oms.flows.deliveries import NewTerms, Outcome
from oms.flows.transferring import NewTransfer
from oms.orders.models import LateRisk, Order, SupplyClaim
from tests.builders import NOON, TESTER, breaches, location, place, shelf

pytestmark = pytest.mark.django_db
COMES = date(2026, 11, 25)
WEEK = timedelta(days=7)
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture(autouse=True)
def preordered() -> None:
    shelf("MUG", on_hand=1)
    place(("MUG", 1))
    Sku.objects.filter(code="MUG").update(backorder_policy="preorder")


def expect(pieces: int, reference: str = "ASN-1", on: date = COMES) -> int:
    told = {"location": "PER", "quantity": pieces, "reference": reference, "expected_on": on}
    return counting.expect_stock("MUG", **told, **DOING).pk


def change(delivery: int, *, reason: str = "The ship is late", at: datetime = NOON, **terms) -> Outcome:
    return deliveries.change(delivery, NewTerms(reason, **terms), actor=TESTER, at=at)


def receive(pieces: int, reference: str = "ASN-1", at: datetime = NOON) -> None:
    told = {"location": "PER", "quantity": pieces, "reference": reference}
    counting.receive_stock("MUG", **told, actor=TESTER, at=at)


def claims(number: str) -> list[tuple[str, int]]:
    found = SupplyClaim.objects.filter(line__order__number=number).order_by("expected__expected_on", "id")
    return [(claim.expected.reference if claim.expected else "lost", claim.quantity) for claim in found]


def promise(number: str) -> datetime | None:
    return Order.objects.get(number=number).promise_by


def test_a_delivery_that_is_moved_takes_its_preorders_and_their_promises_along():
    delivery = expect(4)
    number = place(("MUG", 2)).number
    before = promise(number)

    outcome = change(delivery, on=COMES + WEEK)

    assert claims(number) == [("ASN-1", 2)]
    assert promise(number) == before + WEEK
    assert Order.objects.get(number=number).first_promise_by == before
    kept = Order.objects.get(number=number).promises.order_by("-sequence").first()
    assert kept.cause == "ASN-1 was moved to 02 Dec: The ship is late"
    assert kept.basis["parcels"][0]["ready_on"] == "2026-12-02"
    assert (outcome.lost, outcome.promised) == (0, {Order.objects.get(number=number).pk: before})
    assert str(DeliveryChange.objects.get()) == "25 Nov to 02 Dec"
    assert AuditEntry.objects.get(action="delivery.changed").note == "The ship is late"
    told = OutboxMessage.objects.get(topic="delivery.changed").payload
    assert (told["expected_on"], told["orders"], told["lost"]) == (["2026-11-25", "2026-12-02"], 1, 0)
    assert OutboxMessage.objects.filter(topic="order.promise_moved").count() == 1


def test_those_of_a_moved_delivery_count_on_what_comes_before_it_in_the_declared_order():
    delivery = expect(4)
    normal, urgent = place(("MUG", 2)).number, place(("MUG", 2), priority=1).number
    expect(2, "ASN-2", COMES + timedelta(days=1))

    change(delivery, on=COMES + WEEK)

    assert (claims(urgent), claims(normal)) == ([("ASN-2", 2)], [("ASN-1", 2)])


def test_what_is_called_off_binds_its_preorders_anew_and_tells_who_lost():
    delivery = expect(4)
    expect(3, "ASN-2", COMES + WEEK)
    normal, urgent = place(("MUG", 2)).number, place(("MUG", 2), priority=1).number
    before = promise(urgent)

    outcome = change(delivery, to_come=0)

    assert (claims(urgent), claims(normal)) == ([("ASN-2", 2)], [("ASN-2", 1), ("lost", 1)])
    assert (outcome.lost, promise(urgent)) == (1, before + WEEK)
    assert promise(normal) == before
    risk = LateRisk.objects.get(order__number=normal)
    assert (risk.cause, "no delivery is announced" in risk.reason) == ("stock", True)
    alert = Alert.objects.get(kind="preorders_unbound")
    assert (alert.subject_id, alert.closed_at) == ("MUG", None)
    assert alert.message.startswith("1 preordered of MUG in 1 orders lost their delivery")
    assert ExpectedReceipt.objects.get(pk=delivery).quantity_expected == 0
    assert OutboxMessage.objects.get(topic="delivery.called_off").payload["lost"] == 1


def test_who_lost_is_bound_to_the_next_announcement_before_anybody_who_orders_then():
    delivery = expect(2)
    number = place(("MUG", 2)).number
    change(delivery, to_come=0)
    assert claims(number) == [("lost", 2)]

    expect(3, "ASN-9", COMES + WEEK)

    assert claims(number) == [("ASN-9", 2)]
    assert Alert.objects.get(kind="preorders_unbound").closed_at is not None
    assert claims(place(("MUG", 1)).number) == [("ASN-9", 1)]


def test_who_lost_and_is_cancelled_needs_no_delivery_any_more():
    delivery = expect(2)
    number = place(("MUG", 2)).number
    change(delivery, to_come=0)

    ordering.cancel_order(number, reason="", **DOING)
    assert deliveries.watch(at=NOON) == 0

    assert Alert.objects.get(kind="preorders_unbound").closed_at is not None


def test_who_had_lost_before_is_not_lost_again():
    first = expect(2)
    place(("MUG", 2))
    change(first, to_come=0)
    second = expect(4, "ASN-2", COMES + WEEK)
    number = place(("MUG", 2)).number
    change(second, to_come=3)

    outcome = change(second, to_come=0)

    assert outcome.lost == 3
    assert claims(number) == [("lost", 2)]
    assert [each.lost for each in delivery_effects.effects_of(outcome).orders] == [2, 1]


def test_fewer_pieces_keep_those_who_come_first():
    delivery = expect(4)
    normal, urgent = place(("MUG", 2)).number, place(("MUG", 2), priority=1).number

    change(delivery, to_come=3)

    assert (claims(urgent), claims(normal)) == ([("ASN-1", 2)], [("ASN-1", 1), ("lost", 1)])


def test_a_manager_s_word_goes_before_all_priorities():
    delivery = expect(4)
    normal, urgent = place(("MUG", 2)).number, place(("MUG", 2), priority=1).number
    scarcity.decide_turn(normal, sku="MUG", is_first=True, note="Wedding", **DOING)

    change(delivery, to_come=2)

    assert (claims(normal), claims(urgent)) == ([("ASN-1", 2)], [("lost", 2)])


def test_what_came_of_it_stays_and_only_the_rest_is_called_off():
    delivery = expect(4)
    first, second = place(("MUG", 2)).number, place(("MUG", 2)).number
    receive(2)

    change(delivery, to_come=0, seen=2)

    row = ExpectedReceipt.objects.get(pk=delivery)
    assert (row.quantity_expected, row.quantity_received) == (2, 2)
    assert (claims(first), claims(second)) == ([], [("lost", 2)])


def test_a_whole_document_is_moved_at_once_and_what_has_come_is_left_alone():
    shelf("CUP", on_hand=1)
    delivery = expect(4)
    told = {"location": "PER", "quantity": 2, "reference": "ASN-1", "expected_on": COMES}
    came = counting.expect_stock("CUP", **told, **DOING).pk
    counting.receive_stock("CUP", location="PER", quantity=2, reference="ASN-1", **DOING)

    outcome = change(delivery, on=COMES + WEEK, whole=True, seen=4)

    assert [each.expected_id for each in outcome.changes] == [delivery]
    assert ExpectedReceipt.objects.get(pk=came).expected_on == COMES


REFUSALS = {
    "no reason": ({"reason": " ", "to_come": 0}, Invalid),
    "nothing said": ({}, Invalid),
    "a day that is over": ({"on": date(2026, 11, 20)}, Invalid),
    "pieces of a whole document": ({"to_come": 2, "whole": True}, Invalid),
    "as it is": ({"on": COMES}, DeliveryRefused),
    "somebody was faster": ({"to_come": 0, "seen": 9}, DeliveryMoved),
}


@pytest.mark.parametrize(("terms", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_what_makes_no_sense_is_refused_and_changes_nothing(terms, refusal):
    delivery = expect(4)
    number = place(("MUG", 2)).number

    with pytest.raises(refusal):
        change(delivery, **terms)

    assert claims(number) == [("ASN-1", 2)]
    assert not DeliveryChange.objects.exists()


def test_what_has_come_whole_and_what_has_left_us_is_not_changed():
    delivery = expect(1)
    receive(1)
    with pytest.raises(DeliveryRefused):
        change(delivery, to_come=0)
    with pytest.raises(AlreadyAnnounced):
        expect(2)
    location("SYD")
    journey = NewTransfer("PER", "SYD", COMES, (("MUG", 1, ""),))
    moved = transferring.send(transferring.plan(journey, **DOING).number, numbers={}, **DOING)
    with pytest.raises(DeliveryRefused, match="is a transfer"):
        change(ExpectedReceipt.objects.get(reference=moved.number).pk, to_come=0)


def test_a_transfer_that_is_lost_unbinds_who_counted_on_it():
    location("SYD")
    shelf("MUG", on_hand=2)
    journey = NewTransfer("PER", "SYD", COMES, (("MUG", 2, ""),))
    sent = transferring.send(transferring.plan(journey, **DOING).number, numbers={}, **DOING)
    number = place(("MUG", 2)).number
    assert claims(number) == [(sent.number, 2)]

    transferring.close_short(sent.number, reason="lost", **DOING)

    assert claims(number) == [("lost", 2)]
    assert Alert.objects.filter(kind="preorders_unbound").exists()


def test_who_got_less_than_was_bound_counts_on_the_next_delivery():
    expect(2)
    expect(2, "ASN-2", COMES + WEEK)
    bound = place(("MUG", 2)).number
    wants = place(("MUG", 1)).number
    scarcity.decide_turn(wants, sku="MUG", is_first=True, note="Wedding", **DOING)

    receive(2)

    assert (claims(wants), claims(bound)) == ([], [("ASN-2", 1)])


def test_those_beyond_what_one_transaction_renews_are_promised_by_the_relay(monkeypatch):
    monkeypatch.setattr(deliveries, "MOST_AT_ONCE", 1)
    delivery = expect(4)
    first, second = place(("MUG", 2)).number, place(("MUG", 2)).number
    before = promise(second)

    change(delivery, on=COMES + WEEK)
    assert (promise(first), promise(second)) == (before + WEEK, before)
    sku = Sku.objects.get(code="MUG").pk
    assert deliveries.promise_the_rest([sku], why="ASN-1 was changed", at=NOON) == 2

    assert promise(second) == before + WEEK


def test_the_deal_reads_no_more_for_many_orders_than_for_few():
    delivery = expect(40)
    for _ in range(3):
        place(("MUG", 1))
    with CaptureQueriesContext(connection) as few:
        change(delivery, to_come=30)
    for _ in range(6):
        place(("MUG", 1))
    with CaptureQueriesContext(connection) as many:
        change(delivery, to_come=29)

    # Nine promises instead of three are looked at; everything else is done once.
    assert (len(many) - len(few)) / 6 <= 8
