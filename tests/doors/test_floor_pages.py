"""Bins, arrivals, transfers, lots and serial numbers as people on the floor meet them."""

from datetime import date
from uuid import uuid4

import pytest
from django.test import Client

from inventory.models import Bin, StockContent, StockLevel, Transfer
from inventory.rules import Arrived
from oms.core.roles import Role
from oms.flows import arriving, shelving, transferring
from oms.flows.transferring import NewTransfer
from tests import builders
from tests.builders import NOON, TESTER, breaches, level, location, shelf
from tests.doors.test_floor import person

pytestmark = pytest.mark.django_db
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture
def ruth() -> Client:
    return person((Role.MANAGER, ""), name="ruth")


@pytest.fixture
def ben() -> Client:
    return person((Role.RECEIVER, "SYD"), (Role.RECEIVER, "PER"), name="ben")


@pytest.fixture
def stock() -> None:
    shelf(on_hand=5)
    location("SYD")


def scan(client: Client, path: str, code: str, **more: str) -> dict:
    """Send a scan as the device does."""
    answer = client.post(path, {"code": code, **more}, headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.usefixtures("stock")
def test_a_transfer_is_planned_sent_and_received_on_pages(ruth, ben):
    made = ruth.post(
        "/stock/transfers/new",
        {
            "origin": "PER",
            "destination": "SYD",
            "expected_on": "2026-12-01",
            "lines": "MUG 3",
            "idempotency_key": "1",
        },
    )
    assert made.status_code == 302, made.content
    number = Transfer.objects.get().number
    assert ruth.get(made.headers["Location"]).status_code == 200
    assert ruth.get(f"/stock/transfers/{number}/send").status_code == 200
    assert (
        ruth.post(f"/stock/transfers/{number}/send", {"serials": "", "idempotency_key": "2"}).status_code
        == 302
    )

    page = f"/stock/transfers/{number}/receive"
    assert ben.get("/stock/receive").status_code == 200
    assert ben.get(page).status_code == 200
    for _ in range(2):
        answer = scan(ben, f"{page}/scan", "MUG")
        assert answer["result"] == "ok", answer
    assert ben.post(answer["undo_url"]).json()["result"] == "ok"
    assert scan(ben, f"{page}/scan?damaged=1", "MUG")["result"] == "ok"
    assert scan(ben, f"{page}/scan", "NOBODY")["result"] == "unknown"
    assert ben.post(f"{page}/post", {"idempotency_key": "3"}).status_code == 302
    assert (level(at="SYD").on_hand, level(at="SYD").damaged) == (2, 1)

    assert ben.get(f"/stock/transfers/{number}/short").status_code == 200
    ben.post(f"/stock/transfers/{number}/short", {"reason": "lost", "idempotency_key": "4"})
    assert Transfer.objects.get().status == "received"
    assert ruth.get("/stock/transfers?status=received").status_code == 200
    assert breaches() == {}


@pytest.mark.usefixtures("stock")
def test_goods_are_received_by_scan_with_their_lot(ben):
    builders.sku("TEA", is_lot_tracked=True)
    page = "/stock/receive/PER/DN-77"
    assert ben.get(page).status_code == 200

    assert "kept by lot" in scan(ben, f"{page}/scan", "TEA")["detail"]
    assert "expired" in scan(ben, f"{page}/scan", "TEA", lot="L0", expires_on="2020-01-31")["detail"]
    read = {"lot": "L1", "expires_on": "2030-01-31", "quantity": "12"}
    assert scan(ben, f"{page}/scan", "TEA", **read)["result"] == "ok"
    ben.post(f"{page}/post", {"idempotency_key": "1"})

    content = StockContent.objects.get()
    assert (content.lot.code, content.on_hand, str(content.lot.expires_on)) == ("L1", 12, "2030-01-31")


def test_a_person_of_another_site_receives_nothing_there(stock):
    mai = person((Role.RECEIVER, "SYD"), name="mai")

    assert mai.get("/stock/receive/PER/DN-77").status_code == 404


@pytest.fixture
def binned(stock) -> None:
    Bin.objects.create(location=location("PER"), code="A-1", path_position=1)
    Bin.objects.create(location=location("PER"), code="B-1", path_position=2)
    shelving.manage_by_bins("PER", **DOING)


def held() -> dict[str, int]:
    """Pieces of the mug by bin."""
    rows = StockContent.objects.select_related("bin").filter(level__sku__code="MUG")
    return {row.bin.code: row.on_hand for row in rows}


@pytest.mark.usefixtures("binned")
def test_goods_are_put_away_by_scan_and_back(ben):
    assert ben.get("/stock/put-away").status_code == 200
    assert ben.get("/stock/put-away/PER").status_code == 200
    assert scan(ben, "/stock/put-away/PER/scan", "B-1")["result"] == "look"

    taken = scan(ben, "/stock/put-away/PER/scan", "MUG")
    assert "A-1" in taken["html"]
    refused = scan(ben, "/stock/put-away/PER/scan", "STAGING")
    assert (refused["result"], held()) == ("wrong", {"RECEIVING": 5})
    done = scan(ben, "/stock/put-away/PER/scan", "A-1")
    assert (done["result"], held()) == ("ok", {"A-1": 5})

    assert ben.post(done["undo_url"]).json()["result"] == "ok"
    assert held() == {"RECEIVING": 5}


@pytest.mark.usefixtures("binned")
def test_pieces_move_between_bins_by_scan(ben):
    page = "/stock/move/PER"
    assert ben.get(page).status_code == 200
    for code in ("RECEIVING", "MUG", "MUG", "A-1"):
        assert scan(ben, f"{page}/scan", code)["result"] == "ok"
    assert held() == {"RECEIVING": 3, "A-1": 2}

    scan(ben, f"{page}/scan", "RECEIVING")
    ben.post(page, {"whole": "1"})
    assert scan(ben, f"{page}/scan", "B-1")["result"] == "ok"
    assert held() == {"A-1": 2, "B-1": 3}
    assert breaches() == {}


@pytest.mark.usefixtures("stock")
def test_lots_and_serial_numbers_have_pages_and_a_lot_is_recalled(ruth):
    builders.sku("TEA", is_lot_tracked=True)
    builders.sku("DRILL", is_serial_tracked=True)
    arrived = [Arrived("TEA", 3, "L1", date(2027, 1, 31)), Arrived("DRILL", 1, serials=("S1",))]
    arriving.receive_arrivals(arrived, location="PER", reference="IN-1", **DOING)
    lot = StockContent.objects.get(lot__isnull=False).lot

    for path in ("/stock/lots", "/stock/lots?state=near", f"/stock/lots/{lot.pk}", "/stock/serials?q=S1"):
        assert ruth.get(path).status_code == 200
    piece = level("DRILL").serials.get()
    assert ruth.get(f"/stock/serials/{piece.pk}").status_code == 200
    assert ruth.get(f"/stock/lots/{lot.pk}/recall").status_code == 200
    done = ruth.post(f"/stock/lots/{lot.pk}/recall", {"reason": "glass", "idempotency_key": "1"})

    assert done.status_code == 302, done.content
    assert level("TEA").quarantined == 3


@pytest.mark.usefixtures("stock")
def test_goods_are_set_aside_on_a_page(ruth):
    assert ruth.get("/stock/skus/MUG/hold").status_code == 200
    said = {"place": "PER", "what": "damage", "pieces": "2", "note": "wet", "idempotency_key": "1"}

    assert ruth.post("/stock/skus/MUG/hold", said).status_code == 302
    assert StockLevel.objects.get(location__code="PER").damaged == 2


@pytest.mark.usefixtures("stock")
def test_a_planned_transfer_is_cancelled_on_its_page(ruth):
    wanted = NewTransfer("PER", "SYD", date(2026, 12, 1), (("MUG", 3, ""),))
    number = transferring.plan(wanted, **DOING).number

    ruth.post(f"/stock/transfers/{number}/cancel", {"idempotency_key": "1"})

    assert Transfer.objects.get().status == "cancelled"
