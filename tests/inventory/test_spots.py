"""Bins, lots, numbered pieces and the other side of every movement, as the database keeps them."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from fulfilment.rules import NewParcel, ParcelLine
from inventory import queries as stock_queries
from inventory.models import (
    Bin,
    Lot,
    SerialMovement,
    SerialNumber,
    StockContent,
    StockLevel,
    StockMovement,
)
from inventory.rules import LotRequired, MovementKind
from inventory.services import adjustments, movements, spots
from inventory.services.adjustments import Where
from inventory.services.movements import Cause, Delta
from oms.flows import counting, shipping
from oms.orders.requests import Placed
from tests.builders import NOON, TESTER, breaches, level, location, place, reasons, sku

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelves():
    """A location with bins, and two of them."""
    reasons()
    site = location("PER", is_bin_managed=True)
    return [
        Bin.objects.create(location=site, code=code, path_position=position)
        for position, code in enumerate("AB")
    ]


def receive(code: str, pieces: int, *, at: str = "PER", **where) -> StockLevel:
    held = StockLevel.objects.get_or_create(sku=sku(code), location=location(at))[0]
    spot = spots.put(held, pieces, **where)
    move(held, Delta(on_hand=pieces, bin_id=spot.bin_id, lot_id=spot.lot_id), kind=MovementKind.RECEIVE)
    return level(code, at=at)


def move(held: StockLevel, *deltas: Delta, kind: MovementKind, key: str = "") -> list[StockMovement]:
    move.count += 1
    cause = Cause("test", key or str(move.count))
    return movements.move(held.pk, *deltas, kind=kind, cause=cause, actor=TESTER, at=NOON)


move.count = 0


def contents(held: StockLevel) -> dict[str, int]:
    return {str(each.bin or each.lot): each.on_hand for each in StockContent.objects.filter(level=held)}


def test_what_arrives_at_a_place_with_bins_stands_in_its_receiving_bin(shelves):
    sku("MUG")
    counting.receive_stock("MUG", location="PER", quantity=5, reference="R", actor=TESTER, at=NOON)

    assert contents(level()) == {"RECEIVING": 5}
    assert level().located == 5


def test_a_piece_moves_between_bins_and_the_level_stays(shelves):
    held = receive("MUG", 5, bin=shelves[0])

    move(
        held,
        Delta(on_hand=-2, bin_id=shelves[0].pk),
        Delta(on_hand=2, bin_id=shelves[1].pk),
        kind=MovementKind.MOVE,
    )

    assert contents(held) == {"A": 3, "B": 2}
    assert level().on_hand == 5


@pytest.mark.parametrize(
    "deltas",
    [
        pytest.param([{"on_hand": 1, "bin": 0}], id="out of nowhere"),
        pytest.param([{"on_hand": -9, "bin": 0}, {"on_hand": 9, "bin": 1}], id="more than the bin has"),
    ],
)
def test_a_move_within_a_level_makes_nothing(shelves, deltas):
    held = receive("MUG", 5, bin=shelves[0])

    with pytest.raises(DatabaseError), transaction.atomic():
        move(
            held,
            *(Delta(on_hand=d["on_hand"], bin_id=shelves[d["bin"]].pk) for d in deltas),
            kind=MovementKind.MOVE,
        )


def test_a_place_with_bins_wants_every_bin_named(shelves):
    held = StockLevel.objects.create(sku=sku("MUG"), location=location("PER"))

    with pytest.raises(DatabaseError, match="must name its bin"), transaction.atomic():
        move(held, Delta(on_hand=1), kind=MovementKind.RECEIVE)


def test_a_bin_of_another_place_is_refused(shelves):
    held = receive("MUG", 5, bin=shelves[0])
    elsewhere = Bin.objects.create(location=location("SYD"), code="Z")

    with pytest.raises(DatabaseError, match="not one of theirs"), transaction.atomic():
        move(held, Delta(on_hand=1, bin_id=elsewhere.pk), kind=MovementKind.RECEIVE)


def ship(placed: Placed, pieces: int) -> None:
    """So many mugs of an order leave."""
    parcel = NewParcel("auspost", placed.number, (ParcelLine("MUG", pieces),))
    shipping.ship_parcels(placed.work[0].number, contents=[parcel], actor=TESTER, at=NOON)


def test_an_order_that_ships_is_taken_from_the_bins(shelves):
    from_flow = receive("MUG", 2, bin=shelves[0])
    receive("MUG", 2, bin=shelves[1])
    ship(place(("MUG", 3)), 3)

    assert contents(from_flow) == {"B": 1}
    assert level().on_hand == level().located == 1


def test_an_adjustment_over_two_bins_has_a_document_for_each(shelves):
    receive("MUG", 2, bin=shelves[0])
    receive("MUG", 2, bin=shelves[1])

    counting.adjust_stock(
        "MUG", location="PER", quantity_delta=-3, reason="lost", note="", actor=TESTER, at=NOON
    )

    assert sorted(each.on_hand_after - each.on_hand_before for each in level().adjustments.all()) == [-2, -1]
    assert breaches() == {}


def lot(code: str, expires_on: date | None = None, of: str = "MILK") -> Lot:
    return Lot.objects.create(
        sku=sku(of, is_lot_tracked=True), code=code, expires_on=expires_on, created_at=NOON
    )


def test_a_sku_kept_by_lot_wants_its_lot():
    lot("L1")

    with pytest.raises(LotRequired):
        receive("MILK", 1)


def test_the_first_lot_to_expire_leaves_first():
    late, soon = lot("LATE", NOON.date() + timedelta(days=90)), lot("SOON", NOON.date() + timedelta(days=30))
    held = receive("MILK", 5, lot=late)
    receive("MILK", 5, lot=soon)

    assert [(spot.lot_id, spot.pieces) for spot in spots.take(level("MILK"), 7)] == [
        (soon.pk, 5),
        (late.pk, 2),
    ]
    assert level("MILK").sellable_until.date() == NOON.date() + timedelta(days=30)
    assert contents(held) == {"LATE": 5, "SOON": 5}


def test_expired_pieces_are_never_reserved():
    receive("MILK", 5, lot=lot("OLD", date(2020, 1, 1)))

    placed = place(("MILK", 1))

    assert placed.lines[0].waiting == 1
    assert level("MILK").reserved == 0


def test_what_leaves_one_of_our_places_enters_the_other():
    receive("MUG", 5)
    held = StockLevel.objects.get_or_create(sku=sku("MUG"), location=location("SYD"))[0]
    move(held, Delta(on_hand=2, counter_id=level().location_id), kind=MovementKind.RECEIVE)

    assert (level().on_hand, level(at="SYD").on_hand) == (3, 2)
    assert StockMovement.objects.get(source="twin").counter_location.code == "SYD"


def test_every_movement_of_pieces_names_the_other_place():
    receive("MUG", 5)

    assert StockMovement.objects.get(on_hand_delta=5).counter_location.kind == "supply"
    assert StockMovement.objects.aggregate(total=Sum("on_hand_delta"))["total"] == 5


def numbered(*codes: str) -> list[SerialNumber]:
    tracked = sku("PHONE", is_serial_tracked=True)
    return [
        SerialNumber.objects.create(
            sku=tracked, code=code, status="issued", changed_at=NOON - timedelta(days=1)
        )
        for code in codes
    ]


def test_numbered_pieces_are_where_their_movement_left_them():
    pieces = numbered("S1", "S2")
    held = StockLevel.objects.get_or_create(sku=sku("PHONE"), location=location())[0]
    (movement,) = move(held, Delta(on_hand=2), kind=MovementKind.RECEIVE)
    SerialMovement.objects.bulk_create(SerialMovement(serial=piece, movement=movement) for piece in pieces)

    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")

    assert {(each.status, each.level_id) for each in SerialNumber.objects.all()} == {("in_stock", held.pk)}


def test_numbered_pieces_without_their_numbers_are_refused():
    numbered("S1")
    held = StockLevel.objects.get_or_create(sku=sku("PHONE"), location=location())[0]
    move(held, Delta(on_hand=2), kind=MovementKind.RECEIVE)

    with pytest.raises(DatabaseError, match="serial number: name 2"), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")


def test_a_supplier_s_own_stock_is_sold_and_bought_when_it_leaves():
    held = StockLevel.objects.get_or_create(sku=sku("MUG"), location=location("KILN", kind="supplier"))[0]
    StockLevel.objects.filter(pk=held.pk).update(reported=15)
    ship(place(("MUG", 4)), 3)

    now = level(at="KILN")
    assert (now.on_hand, now.reserved, now.reported, now.available) == (0, 1, 12, 11)


def test_adjusting_in_a_named_bin(shelves):
    receive("MUG", 2, bin=shelves[0])
    receive("MUG", 2, bin=shelves[1])
    why = stock_queries.reason("lost")

    adjustments.adjust(
        level(), quantity_delta=-1, reason=why, note="", actor=TESTER, at=NOON, where=Where(bin=shelves[1])
    )

    assert contents(level()) == {"A": 2, "B": 1}
