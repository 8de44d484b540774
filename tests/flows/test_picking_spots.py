"""Picking where bins, lots and numbered pieces are kept: what was taken for an order leaves with it."""

from datetime import date
from uuid import uuid4

import pytest

from fulfilment.rules import NewParcel, ParcelLine, ScanKind
from fulfilment.services.parcels import Box
from fulfilment.services.scans import NewScan
from inventory import floor_queries, lot_queries
from inventory.models import Bin, SerialNumber, StagedPiece, StockContent, StockLevel
from inventory.rules import Arrived, LotRefused, LotRequired, NotEnoughStock, SerialRefused, SerialRequired
from oms.flows import arriving, holding, ordering, picking, shelving, shipping
from oms.flows.picking import Counted
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, location, place, shelf, worker

pytestmark = pytest.mark.django_db
DOING = {"actor": TESTER, "at": NOON}


def scan(number: str, code: str, kind: ScanKind = ScanKind.PICK, quantity: int = 1, **read) -> Counted:
    """One scan of the floor."""
    said = NewScan(uuid4(), code, quantity, **read)
    return picking.scan(number, kind=kind, read=said, user=worker(), **DOING)


def held(code: str = "MUG") -> dict[tuple[str, str], int]:
    """Pieces of a SKU by bin and lot."""
    rows = StockContent.objects.filter(level__sku__code=code).select_related("bin", "lot")
    return {(row.bin.code if row.bin else "", row.lot.code if row.lot else ""): row.on_hand for row in rows}


@pytest.fixture
def mugs() -> None:
    """Five mugs in A-1 of Perth."""
    shelf(on_hand=5)
    home = Bin.objects.create(location=location("PER"), code="A-1", path_position=1)
    StockLevel.objects.update(pick_bin=home)
    shelving.manage_by_bins("PER", **DOING)


@pytest.mark.usefixtures("mugs")
def test_a_picked_piece_goes_to_staging_and_leaves_from_there():
    number = place(("MUG", 2)).work[0].number

    scan(number, "MUG", quantity=2)
    assert held() == {("A-1", ""): 3, ("STAGING", ""): 2}
    assert floor_queries.to_put_away(location("PER")) == []
    scan(number, "MUG", ScanKind.PACK, 2)
    picking.close_parcel(number, box=Box(tracking_number="T1"), **DOING)
    shipping.ship(number, **DOING)

    assert held() == {("A-1", ""): 3}
    assert not StagedPiece.objects.exists()
    assert breaches() == {}


@pytest.mark.usefixtures("mugs")
def test_an_undone_pick_is_back_in_its_bin():
    number = place(("MUG", 2)).work[0].number
    key = scan(number, "MUG", quantity=2).scan.key

    for _ in range(2):
        picking.undo(key, new_key=uuid4(), user=worker(), at=NOON)

    assert held() == {("A-1", ""): 5}
    assert not StagedPiece.objects.exists()
    assert breaches() == {}


@pytest.mark.usefixtures("mugs")
def test_a_cancelled_orders_pieces_wait_to_be_put_back():
    placed = place(("MUG", 2))
    scan(placed.work[0].number, "MUG", quantity=2)

    ordering.cancel_order(placed.number, reason="no", **DOING)

    waiting = floor_queries.to_put_away(location("PER"))
    assert [(each.content.bin.code, each.pieces) for each in waiting] == [("STAGING", 2)]
    assert breaches() == {}


@pytest.mark.usefixtures("mugs")
def test_the_bin_before_the_picker_is_taken_from_and_not_more_than_it_holds():
    Bin.objects.create(location=location("PER"), code="B-1", path_position=9)
    key = uuid4()
    load = shelving.Load(level().pk, Bin.objects.get(code="A-1").pk, None, 1)
    shelving.carry([load], location="PER", to="B-1", key=key, **DOING)
    number = place(("MUG", 3)).work[0].number

    with pytest.raises(NotEnoughStock):
        scan(number, "MUG", quantity=2, bin="B-1")
    scan(number, "MUG", bin="B-1")

    assert held() == {("A-1", ""): 4, ("STAGING", ""): 1}


@pytest.fixture
def tea() -> None:
    """Two lots of tea in the bins of Perth."""
    builders.sku("TEA", is_lot_tracked=True)
    location("PER")
    builders.reasons()
    for code, day in (("L1", date(2027, 1, 31)), ("L2", date(2027, 6, 30))):
        arriving.receive_arrivals(
            [Arrived("TEA", 3, code, day)], location="PER", reference=f"IN-{code}", **DOING
        )
    shelving.manage_by_bins("PER", **DOING)


@pytest.mark.usefixtures("tea")
def test_the_first_to_expire_is_taken_unless_another_lot_was_scanned():
    first, second = (place(("TEA", 1)).work[0].number for _ in range(2))

    scan(first, "TEA")
    scan(second, "TEA", lot="L2")

    assert held("TEA") == {
        ("RECEIVING", "L1"): 2,
        ("RECEIVING", "L2"): 2,
        ("STAGING", "L1"): 1,
        ("STAGING", "L2"): 1,
    }
    for number in (second, first):
        scan(number, "TEA", ScanKind.PACK)
        picking.close_parcel(number, box=Box(tracking_number=number), **DOING)
        shipping.ship(number, **DOING)
    got = {
        row.reference: row.lot.code
        for code in ("L1", "L2")
        for row in lot_queries.who_got(lot_queries.lot("TEA", code)).select_related("lot")
    }
    orders = {
        first.replace("FO", "SO").rsplit("-", 1)[0]: "L1",
        second.replace("FO", "SO").rsplit("-", 1)[0]: "L2",
    }
    assert got == orders
    assert breaches() == {}


@pytest.mark.usefixtures("tea")
def test_a_recalled_or_unknown_lot_is_refused_with_the_reason():
    number = place(("TEA", 1)).work[0].number
    holding.recall_lot("TEA", "L1", reason="glass", **DOING)

    with pytest.raises(LotRefused, match="glass"):
        scan(number, "TEA", lot="L1")
    with pytest.raises(LotRefused, match="not known"):
        scan(number, "TEA", lot="L9")
    scan(number, "TEA")
    assert held("TEA")[("STAGING", "L2")] == 1


@pytest.mark.usefixtures("tea")
def test_a_partner_names_the_lot_where_several_stand():
    work = place(("TEA", 2)).work[0]

    def parcel(lot: str) -> list[NewParcel]:
        return [NewParcel("auspost", f"T{lot}", (ParcelLine("TEA", 2, lot),))]

    with pytest.raises(LotRequired):
        shipping.ship_parcels(work.number, contents=parcel(""), **DOING)
    shipping.ship_parcels(work.number, contents=parcel("L2"), **DOING)

    assert held("TEA") == {("RECEIVING", "L1"): 3, ("RECEIVING", "L2"): 1}
    assert breaches() == {}


@pytest.fixture
def drills() -> str:
    """Work on two of three numbered drills at Perth."""
    builders.sku("DRILL", is_serial_tracked=True)
    location("PER")
    builders.reasons()
    what = Arrived("DRILL", 3, serials=("S1", "S2", "S3"))
    arriving.receive_arrivals([what], location="PER", reference="IN-1", **DOING)
    return place(("DRILL", 2)).work[0].number


def gone() -> set[str]:
    """Numbers of the pieces that left."""
    return set(SerialNumber.objects.filter(status="issued").values_list("code", flat=True))


def test_each_numbered_piece_is_scanned_into_its_parcel(drills):
    scan(drills, "DRILL", quantity=2)
    with pytest.raises(SerialRequired):
        scan(drills, "DRILL", ScanKind.PACK)
    with pytest.raises(SerialRefused):
        scan(drills, "DRILL", ScanKind.PACK, serial="S9")
    scan(drills, "S1", ScanKind.PACK, serial="S1")
    with pytest.raises(SerialRefused, match="already"):
        scan(drills, "DRILL", ScanKind.PACK, serial="S1")
    scan(drills, "DRILL", ScanKind.PACK, serial="S3")
    picking.close_parcel(drills, box=Box(tracking_number="T1"), **DOING)

    shipping.ship(drills, **DOING)

    assert gone() == {"S1", "S3"}
    assert breaches() == {}


def test_a_partner_names_each_numbered_piece(drills):
    def parcel(*codes: str) -> list[NewParcel]:
        return [NewParcel("auspost", "T1", (ParcelLine("DRILL", 2, "", codes),))]

    with pytest.raises(SerialRequired, match="name 2 of them"):
        shipping.ship_parcels(drills, contents=parcel(), **DOING)
    shipping.ship_parcels(drills, contents=parcel("S2", "S3"), **DOING)

    assert gone() == {"S2", "S3"}
    assert breaches() == {}
