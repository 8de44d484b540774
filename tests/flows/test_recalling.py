"""Pieces that a partner has confirmed are asked for: nothing moves before it answers, and then everything once."""

from datetime import timedelta

import pytest

from fulfilment.models import CancellationRequest
from fulfilment.rules import CancellationPending, NewParcel, NothingAsked, ParcelLine, ParcelsDoNotMatch
from oms.alerts.models import Alert
from oms.core.errors import Invalid
from oms.core.models import OutboxMessage, User
from oms.flows import amending, ordering, recalling, scarcity, shipping, standing, watching
from oms.flows.scarcity import NothingToGive
from oms.orders.amendments import Amendment, Difference, TooLateToChange
from oms.orders.models import Order, OrderChange
from tests.builders import (
    NOON,
    TESTER,
    breaches,
    level,
    location,
    order,
    pack,
    place,
    shelf,
)

pytestmark = pytest.mark.django_db
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


def confirmed(*lines: tuple[str, int], pieces: int = 5, at: str = "OCEAN") -> tuple[str, str]:
    """Numbers of an order, and of its work that a partner has confirmed."""
    location(at, kind="3pl", name="Ocean 3PL")
    for code, _ in lines:
        shelf(code, at=at, on_hand=pieces)
    placed = place(*lines)
    shipping.acknowledge(placed.work[0].number, **DOING)
    return placed.number, placed.work[0].number


def ship(work: str, sku: str, pieces: int, tracking: str = "T-1") -> None:
    parcel = NewParcel("auspost", tracking, (ParcelLine(sku, pieces),))
    shipping.ship_parcels(work, contents=[parcel], **DOING)


def line(number: str) -> tuple[int, ...]:
    row = Order.objects.get(number=number).lines.order_by("position")[0]
    return row.quantity_ordered, row.quantity_allocated, row.quantity_shipped, row.quantity_cancelled


def asked() -> list[tuple[str, int]]:
    requests = CancellationRequest.objects.order_by("pk")
    return [(each.state, sum(part.quantity for part in each.lines.all())) for each in requests]


def topics() -> list[str]:
    told = OutboxMessage.objects.filter(topic__startswith="fulfilment.cancellation").order_by("pk")
    return [each.topic.removeprefix("fulfilment.cancellation_") for each in told]


def test_cancelling_confirmed_work_asks_and_changes_nothing_yet():
    number, work = confirmed(("MUG", 3))

    ordering.cancel_order(number, reason="Customer rang", **DOING)

    assert asked() == [("requested", 3)]
    assert line(number) == (3, 3, 0, 0)
    assert (level(at="OCEAN").reserved, Order.objects.get().total_minor) == (3, 3000)
    news = OutboxMessage.objects.get(topic="fulfilment.cancellation_requested").payload
    assert (news["number"], news["lines"]) == (work, [{"sku": "MUG", "quantity": 3}])


def test_an_accepted_cancellation_frees_stock_and_money_once():
    number, work = confirmed(("MUG", 3))
    ordering.cancel_order(number, reason="", code="customer-asked", **DOING)

    recalling.answer(work, accepts=True, said="", **DOING)

    changed = Order.objects.get()
    assert (changed.state, changed.total_minor, changed.cancelled_minor) == ("cancelled", 0, 3000)
    assert (level(at="OCEAN").reserved, level(at="OCEAN").available) == (0, 5)
    assert changed.fulfilment_orders.get().status == "cancelled"
    assert OutboxMessage.objects.get(topic="order.cancelled").payload["code"] == "customer-asked"
    with pytest.raises(NothingAsked):
        recalling.answer(work, accepts=True, said="", **DOING)


def test_a_refused_cancellation_leaves_everything_and_alerts_who_asked():
    number, work = confirmed(("MUG", 3))
    ruth = User.objects.create_user("ruth", first_name="Ruth")
    ordering.cancel_order(number, reason="Customer rang", actor=ruth.actor, at=NOON)

    recalling.answer(work, accepts=False, said="Already on the truck", **DOING)

    assert (line(number), Order.objects.get().state) == ((3, 3, 0, 0), "open")
    alert = Alert.objects.get(kind="refused_cancellation")
    assert alert.owner == ruth
    assert "does not cancel 3 of MUG" in alert.message
    assert topics() == ["requested", "refused"]
    assert not OrderChange.objects.exists()


def test_a_refusal_says_why():
    number, work = confirmed(("MUG", 3))
    ordering.cancel_order(number, reason="", **DOING)

    with pytest.raises(Invalid):
        recalling.answer(work, accepts=False, said=" ", **DOING)
    assert asked() == [("requested", 3)]


def test_own_pieces_are_cancelled_at_once_and_confirmed_ones_are_asked_for():
    location("OCEAN", kind="3pl", name="Ocean 3PL")
    shelf("MUG", at="OCEAN", on_hand=2)
    shelf("CUP", at="PER", on_hand=5)
    placed = place(("MUG", 2), ("CUP", 4))
    ocean = next(work.number for work in placed.work if work.location == "OCEAN")
    shipping.acknowledge(ocean, **DOING)

    ordering.cancel_order(placed.number, reason="Customer rang", **DOING)

    now = order(placed)
    assert [row.quantity_cancelled for row in now.lines.order_by("position")] == [0, 4]
    assert (now.state, now.total_minor) == ("open", 2000)
    assert (level("CUP").reserved, level("MUG", at="OCEAN").reserved) == (0, 2)
    assert OrderChange.objects.get().pieces == {"CUP": -4}

    recalling.answer(ocean, accepts=True, said="", **DOING)
    assert (order(placed).state, order(placed).total_minor) == ("cancelled", 0)


def test_an_edit_takes_what_is_free_and_asks_for_the_rest():
    number, work = confirmed(("MUG", 7))
    assert line(number) == (7, 5, 0, 0)

    amending.amend_order(
        number, Amendment((Difference("MUG", -4),)), reason="They rang", actor=TESTER, at=NOON
    )

    assert (line(number), asked()) == ((7, 5, 0, 2), [("requested", 2)])
    recalling.answer(work, accepts=True, said="", **DOING)
    assert line(number) == (7, 3, 0, 4)
    assert Order.objects.get().total_minor == 3000
    assert [change.pieces for change in OrderChange.objects.order_by("sequence")] == [
        {"MUG": -2},
        {"MUG": -2},
    ]


def test_lines_are_cancelled_by_sku_all_of_one_when_nothing_is_said():
    number, work = confirmed(("MUG", 3), ("CUP", 2))

    amending.cancel_lines(number, {"CUP": None}, reason="", code="no-stock", **DOING)

    assert asked() == [("requested", 2)]
    recalling.answer(work, accepts=True, said="", **DOING)
    lines = [row.quantity_cancelled for row in Order.objects.get().lines.order_by("position")]
    assert (lines, Order.objects.get().state) == ([0, 2], "open")


def test_what_has_left_has_left_and_the_request_is_refused_for_the_partner():
    number, work = confirmed(("MUG", 3))
    amending.cancel_lines(number, {"MUG": 2}, reason="Too many", **DOING)

    ship(work, "MUG", 1)
    assert asked() == [("requested", 2)]
    ship(work, "MUG", 2, "T-2")

    assert asked() == [("refused", 2)]
    assert CancellationRequest.objects.get().answer.startswith("Pieces of it have left with SH-")
    assert (line(number), Order.objects.get().state) == ((3, 0, 3, 0), "closed")
    assert Alert.objects.filter(kind="refused_cancellation").count() == 1


def test_a_partner_that_rejects_the_work_has_accepted_and_the_rest_is_sourced_elsewhere():
    number, work = confirmed(("MUG", 3))
    shelf("MUG", at="PER", on_hand=5)
    amending.cancel_lines(number, {"MUG": 2}, reason="Too many", **DOING)

    shipping.reject(work, reason="Flooded", **DOING)

    assert asked() == [("accepted", 2)]
    assert line(number) == (3, 1, 0, 2)
    assert (level(at="PER").reserved, level(at="OCEAN").reserved) == (1, 0)
    assert Order.objects.get().total_minor == 1000


def test_a_partner_is_asked_one_question_at_a_time():
    number, _ = confirmed(("MUG", 3))
    amending.cancel_lines(number, {"MUG": 1}, reason="Too many", **DOING)

    with pytest.raises(CancellationPending, match="has not answered"):
        amending.cancel_lines(number, {"MUG": 1}, reason="Too many", **DOING)


def test_what_the_partner_has_packed_is_neither_asked_for_nor_accepted():
    number, work = confirmed(("MUG", 3))
    pack(work, "MUG", 1)
    with pytest.raises(TooLateToChange, match="Only 2 pieces"):
        amending.cancel_lines(number, {"MUG": 3}, reason="Too many", **DOING)
    amending.cancel_lines(number, {"MUG": 2}, reason="Too many", **DOING)
    pack(work, "MUG", 1)

    with pytest.raises(ParcelsDoNotMatch, match="1 of MUG"):
        recalling.answer(work, accepts=True, said="", **DOING)


def test_confirmed_work_keeps_its_shipping_option_and_its_pieces():
    number, _ = confirmed(("MUG", 5))
    other = place(("MUG", 1)).number

    faster = Amendment(facts={"shipping_option": "express"})
    with pytest.raises(TooLateToChange, match="Ocean 3PL has confirmed"):
        amending.amend_order(number, faster, reason="Hurry", actor=TESTER, at=NOON)
    with pytest.raises(NothingToGive):
        scarcity.give("MUG", giver=number, taker=other, note="Wedding", **DOING)


def test_a_held_order_whose_last_pieces_are_accepted_is_cancelled():
    number, work = confirmed(("MUG", 3))
    standing.hold_order(number, reason="Check", **DOING)
    ordering.cancel_order(number, reason="Fraud", **DOING)

    recalling.answer(work, accepts=True, said="", **DOING)

    assert Order.objects.get().state == "cancelled"


def test_a_partner_that_does_not_answer_is_rung_up_and_the_alert_closes_when_it_does():
    number, work = confirmed(("MUG", 3))
    ordering.cancel_order(number, reason="", **DOING)
    later = NOON + timedelta(hours=5)

    assert watching.overdue_cancellations(at=NOON) == 0
    assert watching.overdue_cancellations(at=later) == 1
    assert "Ring them" in Alert.objects.get(kind="overdue_cancellation").message
    recalling.answer(work, accepts=True, said="", actor=TESTER, at=later)
    assert watching.overdue_cancellations(at=later) == 0
    assert Alert.objects.get(kind="overdue_cancellation").closed_at == later


def test_unconfirmed_work_of_a_partner_is_cancelled_at_once():
    location("OCEAN", kind="3pl")
    shelf("MUG", at="OCEAN", on_hand=5)
    placed = place(("MUG", 3))

    ordering.cancel_order(placed.number, reason="", **DOING)

    assert (order(placed).state, asked()) == ("cancelled", [])
