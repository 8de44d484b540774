"""A closed parcel is opened again while it is here: then its order can be changed or cancelled after all."""

from uuid import uuid4

import pytest

from fulfilment import queries as work_queries
from fulfilment.models import Parcel
from fulfilment.rules import ParcelsDoNotMatch, ScanKind, TooMany
from fulfilment.services.scans import NewScan
from inventory.rules import Arrived
from oms.flows import arriving, ordering, picking, shipping, standing
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, location, order, pack, place, scan, shelf, worker

pytestmark = pytest.mark.django_db
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


def open_again(work: str) -> None:
    box = Parcel.objects.filter(voided_at__isnull=True).order_by("-pk").first()
    picking.open_parcel(work, box.number, user=worker(), **DOING)


@pytest.mark.parametrize("held", [False, True])
def test_a_packed_order_is_unpacked_and_then_cancelled(held):
    shelf(on_hand=5)
    placed = place(("MUG", 3))
    work = placed.work[0].number
    pack(work, "MUG", 3)
    if held:
        standing.hold_order(placed.number, reason="Check", **DOING)

    open_again(work)

    assert order(placed).progress == ("allocated" if held else "picked")
    assert [line.quantity_packed for line in order(placed).fulfilment_orders.get().lines.all()] == [0]
    ordering.cancel_order(placed.number, reason="Gone", **DOING)
    assert level().available == 5


def test_what_was_unpacked_is_packed_anew_and_leaves():
    shelf(on_hand=5)
    placed = place(("MUG", 3))
    work = placed.work[0].number
    pack(work, "MUG", 3)
    open_again(work)
    scan(work, "MUG", ScanKind.PACK, 3)
    picking.close_parcel(work, box=builders.Box(tracking_number="NEW"), **DOING)
    shipping.ship(work, **DOING)

    assert (order(placed).state, level().on_hand) == ("closed", 2)
    with pytest.raises(ParcelsDoNotMatch, match="no closed parcel"):
        open_again(work)


def test_a_scan_into_a_closed_parcel_is_not_taken_back_before_it_is_open():
    shelf(on_hand=5)
    placed = place(("MUG", 1))
    work = placed.work[0].number
    scan(work, "MUG", ScanKind.PICK)
    packed = scan(work, "MUG", ScanKind.PACK)
    picking.close_parcel(work, box=builders.Box(tracking_number="ONE"), **DOING)

    with pytest.raises(TooMany, match="Open the parcel again first"):
        picking.undo(packed.scan.key, new_key=uuid4(), user=worker(), at=NOON)


def test_numbered_pieces_come_out_with_their_numbers():
    location("PER")
    builders.sku("PHONE", is_serial_tracked=True)
    arriving.receive_arrivals(
        [Arrived("PHONE", 2, serials=("S1", "S2"))], location="PER", reference="IN", **DOING
    )
    placed = place(("PHONE", 2))
    work = placed.work[0].number
    for serial in ("S1", "S2"):
        scan(work, "PHONE", ScanKind.PICK)
        read = NewScan(uuid4(), "PHONE", serial=serial)
        picking.scan(work, kind=ScanKind.PACK, read=read, user=worker(), **DOING)
        picking.close_parcel(work, box=builders.Box(tracking_number=f"T-{serial}"), **DOING)

    first = Parcel.objects.order_by("pk").first()
    with pytest.raises(ParcelsDoNotMatch, match="closed after it first"):
        picking.open_parcel(work, first.number, user=worker(), **DOING)
    open_again(work)

    line = work_queries.lines_to_work(order(placed).fulfilment_orders.get())[0]
    assert work_queries.packed_serials(line) == ["S1"]
    assert line.quantity_packed == 1
