"""Transfers: set aside, sent, on their way, received, lost; lots and numbered pieces come along."""

from datetime import date
from uuid import uuid4

import pytest

from inventory.models import ArrivalScan, ExpectedReceipt, Lot, SerialNumber, StockContent, Transfer
from inventory.rules import (
    ArrivalRefused,
    Arrived,
    LotRefused,
    LotRequired,
    NotEnoughStock,
    SerialRefused,
    SerialRequired,
)
from inventory.services.arrivals import NewArrival
from oms.alerts.models import Alert
from oms.core.errors import Conflict
from oms.core.lifecycles import IllegalTransition
from oms.core.models import OutboxMessage
from oms.flows import arriving, shelving, transferring
from oms.flows.transferring import NewTransfer
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, location, place, shelf

pytestmark = pytest.mark.django_db
SOON = date(2026, 11, 26)
DOING = {"actor": TESTER, "at": NOON}


def planned(*lines: tuple, origin: str = "PER", destination: str = "SYD") -> Transfer:
    """A transfer that has been planned."""
    location(destination)
    rows = tuple((code, pieces, *(rest or [""])) for code, pieces, *rest in lines)
    return transferring.plan(NewTransfer(origin, destination, SOON, rows), **DOING)


def sent(*lines: tuple) -> Transfer:
    """A transfer on its way."""
    return transferring.send(planned(*lines).number, **DOING)


def scanned(number: str, code: str, pieces: int = 1, **read) -> arriving.Noted:
    """One scan of something that arrived."""
    return transferring.note_arrival(number, sku=code, read=NewArrival(uuid4(), pieces, **read), **DOING)


def test_planning_sets_the_goods_aside():
    shelf(on_hand=5)

    transfer = planned(("MUG", 3))

    assert (level().on_hand, level().reserved, level().available) == (5, 3, 2)
    assert transfer.number.startswith("TR-")
    assert breaches() == {}


def test_more_than_is_available_is_refused():
    shelf(on_hand=5)
    place(("MUG", 3))

    with pytest.raises(NotEnoughStock, match="2 of MUG are available at PER"):
        planned(("MUG", 3))


def test_sent_goods_stand_in_transit_where_nobody_can_sell_them():
    shelf(on_hand=5)

    transfer = sent(("MUG", 3))

    assert (level().on_hand, level().reserved) == (2, 0)
    way = level(at="TRANSIT")
    assert (way.on_hand, way.quarantined, way.available) == (3, 3, 0)
    expected = ExpectedReceipt.objects.get(reference=transfer.number)
    assert (expected.quantity_expected, expected.level.location.code) == (3, "SYD")
    assert breaches() == {}


def test_received_goods_are_there_and_the_transfer_ends():
    shelf(on_hand=5)
    transfer = sent(("MUG", 3))

    for _ in range(3):
        scanned(transfer.number, "MUG")
    receipt = transferring.post_arrivals(transfer.number, **DOING)

    assert receipt.startswith("RC-")
    assert (level(at="SYD").on_hand, level(at="TRANSIT").on_hand) == (3, 0)
    transfer.refresh_from_db()
    assert (transfer.status, transfer.closed_at) == ("received", NOON)
    assert not ArrivalScan.objects.filter(receipt="").exists()
    assert OutboxMessage.objects.filter(
        topic="stock.changed", aggregate=f"transfer:{transfer.number}"
    ).exists()
    assert breaches() == {}


def test_a_scan_counts_once_and_is_undone_once():
    shelf(on_hand=5)
    transfer = sent(("MUG", 3))
    key = uuid4()
    read = NewArrival(key)
    for _ in range(2):
        transferring.note_arrival(transfer.number, sku="MUG", read=read, **DOING)
    assert sum(ArrivalScan.objects.values_list("quantity", flat=True)) == 1

    for _ in range(2):
        arriving.undo_arrival(key, new_key=uuid4(), **DOING)

    assert sum(ArrivalScan.objects.values_list("quantity", flat=True)) == 0
    with pytest.raises(ArrivalRefused):
        transferring.post_arrivals(transfer.number, **DOING)


def test_more_than_was_sent_is_refused():
    shelf(on_hand=5)
    transfer = sent(("MUG", 3))
    scanned(transfer.number, "MUG", 3)

    with pytest.raises(ArrivalRefused, match="Only 3 of MUG"):
        scanned(transfer.number, "MUG")


def test_another_sku_is_refused():
    shelf(on_hand=5)
    builders.sku("POT")
    transfer = sent(("MUG", 3))

    with pytest.raises(ArrivalRefused, match="POT is not on"):
        scanned(transfer.number, "POT")


def test_damaged_pieces_are_set_aside_on_arrival():
    shelf(on_hand=5)
    transfer = sent(("MUG", 3))

    scanned(transfer.number, "MUG", 2)
    scanned(transfer.number, "MUG", 1, is_damaged=True)
    transferring.post_arrivals(transfer.number, **DOING)

    there = level(at="SYD")
    assert (there.on_hand, there.quarantined, there.damaged, there.available) == (3, 1, 1, 2)
    assert breaches() == {}


def test_what_is_lost_on_the_way_has_a_reason_and_an_alert():
    shelf(on_hand=5)
    transfer = sent(("MUG", 3))

    transferring.receive(transfer.number, arrived=[Arrived("MUG", 2)], lost_for="lost", **DOING)

    line = transfer.lines.get()
    assert (line.quantity_received, line.quantity_lost, line.loss_reason.code) == (2, 1, "lost")
    assert (level(at="TRANSIT").on_hand, level(at="TRANSIT").quarantined) == (0, 0)
    transfer.refresh_from_db()
    assert transfer.status == "received"
    expected = ExpectedReceipt.objects.get()
    assert expected.quantity_expected == expected.quantity_received == 2
    assert Alert.objects.filter(kind="transfer_short", subject_id=transfer.number).exists()
    assert breaches() == {}


def test_a_transfer_is_received_in_parts():
    shelf(on_hand=5)
    transfer = sent(("MUG", 3))

    transferring.receive(transfer.number, arrived=[Arrived("MUG", 1)], **DOING)
    assert Transfer.objects.get().status == "sent"
    transferring.receive(transfer.number, arrived=[Arrived("MUG", 2)], **DOING)

    assert Transfer.objects.get().status == "received"
    assert breaches() == {}


def test_a_planned_transfer_is_cancelled_and_a_sent_one_is_not():
    shelf(on_hand=5)
    first = planned(("MUG", 3))
    transferring.cancel(first.number, **DOING)
    assert (level().reserved, level().available) == (0, 5)

    transfer = sent(("MUG", 3))
    with pytest.raises(IllegalTransition):
        transferring.cancel(transfer.number, **DOING)
    assert breaches() == {}


def test_a_late_transfer_is_an_alert():
    shelf(on_hand=5)
    sent(("MUG", 1))

    assert transferring.watch(today=SOON, at=NOON) == 0
    assert transferring.watch(today=date(2026, 11, 27), at=NOON) == 1


def lot_stock(code: str, pieces: int, expires_on: date | None = None) -> None:
    """Pieces of a lot of TEA at Perth."""
    builders.sku("TEA", is_lot_tracked=True)
    location("PER")
    builders.reasons()
    arriving.receive_arrivals(
        [Arrived("TEA", pieces, code, expires_on)], location="PER", reference=f"IN-{code}", **DOING
    )


def test_a_lot_comes_along_and_another_one_is_refused():
    lot_stock("L1", 3, date(2027, 1, 31))
    lot_stock("L2", 3, date(2027, 6, 30))
    transfer = sent(("TEA", 2, "L2"))
    assert dict(StockContent.objects.filter(level=level("TEA")).values_list("lot__code", "on_hand")) == {
        "L1": 3,
        "L2": 1,
    }

    with pytest.raises(ArrivalRefused, match="sent were: L2"):
        scanned(transfer.number, "TEA", lot="L1")
    with pytest.raises(LotRequired):
        scanned(transfer.number, "TEA")
    scanned(transfer.number, "TEA", 2, lot="L2")
    transferring.post_arrivals(transfer.number, **DOING)

    there = StockContent.objects.get(level=level("TEA", at="SYD"))
    assert (there.lot.code, there.on_hand) == ("L2", 2)
    assert breaches() == {}


def test_a_lot_with_a_past_date_or_another_date_is_refused():
    with pytest.raises(LotRefused, match="expired"):
        lot_stock("OLD", 1, date(2026, 11, 1))
    lot_stock("L1", 1, date(2027, 1, 31))

    with pytest.raises(LotRefused, match="not on"):
        lot_stock("L1", 1, date(2027, 2, 1))
    assert Lot.objects.count() == 1


@pytest.fixture
def drills() -> None:
    """Three numbered drills at Perth."""
    builders.sku("DRILL", is_serial_tracked=True)
    location("PER")
    builders.reasons()
    what = Arrived("DRILL", 3, serials=("S1", "S2", "S3"))
    arriving.receive_arrivals([what], location="PER", reference="IN-1", **DOING)


def where() -> dict[str, tuple[str, str]]:
    """Each numbered piece with its status and place."""
    rows = SerialNumber.objects.select_related("level__location")
    return {row.code: (row.status, row.level.location.code if row.level else "") for row in rows}


@pytest.mark.usefixtures("drills")
def test_numbered_pieces_are_named_when_they_leave_and_arrive():
    number = planned(("DRILL", 2)).number
    with pytest.raises(SerialRequired):
        transferring.send(number, **DOING)
    transferring.send(number, numbers={"DRILL": ["S1", "S2"]}, **DOING)
    assert where()["S1"] == ("in_transit", "TRANSIT")

    with pytest.raises(ArrivalRefused, match="S3"):
        scanned(number, "DRILL", serial="S9S3")
    scanned(number, "DRILL", serial="S1")
    with pytest.raises(SerialRefused):
        scanned(number, "DRILL", serial="S1")
    transferring.post_arrivals(number, **DOING)
    transferring.close_short(number, reason="lost", **DOING)

    assert where() == {"S1": ("in_stock", "SYD"), "S2": ("lost", ""), "S3": ("in_stock", "PER")}
    assert breaches() == {}


@pytest.mark.usefixtures("drills")
def test_a_numbered_piece_that_is_in_stock_does_not_arrive_again():
    with pytest.raises(SerialRefused):
        arriving.receive_arrivals(
            [Arrived("DRILL", 1, serials=("S1",))], location="PER", reference="IN-2", **DOING
        )


def test_transfers_between_places_with_bins_leave_and_enter_through_them():
    shelf(on_hand=5)
    location("SYD")
    shelving.manage_by_bins("PER", **DOING)
    shelving.manage_by_bins("SYD", **DOING)
    transfer = sent(("MUG", 3))

    transferring.receive(transfer.number, arrived=[Arrived("MUG", 3)], **DOING)

    there = StockContent.objects.get(level=level(at="SYD"))
    assert (there.bin.code, there.on_hand) == ("RECEIVING", 3)
    assert breaches() == {}


def test_an_ended_transfer_takes_nothing_more():
    shelf(on_hand=5)
    transfer = sent(("MUG", 1))
    transferring.receive(transfer.number, arrived=[Arrived("MUG", 1)], **DOING)

    with pytest.raises(Conflict):
        scanned(transfer.number, "MUG")
