"""Bins, arrivals, transfers and lots in a real Chromium: scanned, narrow and wide, light and dark, axe silent."""

from datetime import date

import pytest

from inventory.models import Bin, StockContent, StockLevel
from inventory.rules import Arrived
from oms.core.models import Grant
from oms.core.roles import Role
from oms.flows import arriving, holding, shelving, transferring
from oms.flows.holding import Held
from oms.flows.transferring import NewTransfer
from tests import builders
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES, wedge
from tests.builders import NOON, TESTER, level, location, place, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.django_db(transaction=True)
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture
def ruth():
    """A manager of everything."""
    user = builders.worker("ruth")
    Grant.objects.create(user=user, role=Role.MANAGER, location_code="")
    return user


@pytest.fixture
def floor() -> dict[str, str]:
    """Perth by bins with mugs, two lots of tea, drills; a transfer on its way to Sydney."""
    shelf(on_hand=8)
    location("SYD")
    home = Bin.objects.create(location=location("PER"), code="A-01-1", path_position=1)
    StockLevel.objects.update(pick_bin=home)
    builders.sku("TEA", is_lot_tracked=True)
    builders.sku("DRILL", is_serial_tracked=True)
    shelving.manage_by_bins("PER", **DOING)
    arrived = [
        Arrived("TEA", 3, "L1", date(2026, 12, 10)),
        Arrived("TEA", 3, "L2", date(2028, 6, 30)),
        Arrived("DRILL", 2, serials=("S1", "S2")),
    ]
    arriving.receive_arrivals(arrived, location="PER", reference="IN-1", **DOING)
    wanted = NewTransfer("PER", "SYD", date(2026, 12, 1), (("MUG", 3, ""), ("TEA", 1, "L2")))
    sent = transferring.send(transferring.plan(wanted, **DOING).number, **DOING)
    planned = transferring.plan(NewTransfer("PER", "SYD", date(2026, 12, 1), (("MUG", 1, ""),)), **DOING)
    holding.set_aside(Held("MUG", "PER", 1, is_damaged=True), note="wet", **DOING)
    lot = StockContent.objects.filter(lot__code="L1").get().lot
    return {
        "sent": sent.number,
        "planned": planned.number,
        "lot": str(lot.pk),
        "serial": str(level("DRILL").serials.get(code="S1").pk),
        "work": place(("TEA", 1)).work[0].number,
    }


PAGES = (
    ("transfers", "/stock/transfers"),
    ("transfer", "/stock/transfers/{sent}"),
    ("transfer-new", "/stock/transfers/new"),
    ("transfer-send", "/stock/transfers/{planned}/send"),
    ("transfer-receive", "/stock/transfers/{sent}/receive"),
    ("transfer-short", "/stock/transfers/{sent}/short"),
    ("receive", "/stock/receive"),
    ("put-away", "/stock/put-away"),
    ("put-away-per", "/stock/put-away/PER"),
    ("move", "/stock/move/PER"),
    ("lots", "/stock/lots"),
    ("lot", "/stock/lots/{lot}"),
    ("lot-recall", "/stock/lots/{lot}/recall"),
    ("serials", "/stock/serials"),
    ("serial", "/stock/serials/{serial}"),
    ("hold", "/stock/skus/MUG/hold"),
    ("approvals", "/stock/approvals"),
    ("pick", "/pick/{work}"),
)


@pytest.mark.parametrize(("size", "theme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk"])
def test_the_pages_fit_and_axe_is_silent(open_page, ruth, floor, size, theme):
    PICTURES.mkdir(exist_ok=True)
    wrong = {}
    page = open_page("/stock/transfers", user=ruth, size=size, theme=theme)
    for name, path in PAGES:
        answer = page.goto(path.format(**floor))
        assert answer.status == 200, path
        page.screenshot(path=PICTURES / f"floor-{name}-{size['width']}-{theme}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found = findings(page)
        if wide > 0 or found:
            wrong[name] = (wide, found)
    assert wrong == {}


def test_goods_are_put_away_with_a_gun(open_page, ruth, floor):
    page = open_page("/stock/put-away/PER", user=ruth, size=PHONE)
    page.wait_for_load_state("networkidle")

    wedge(page, "DRILL")
    expect(page.locator("#scan-view")).to_contain_text("Go to bin")
    wedge(page, "STAGING")
    expect(page.get_by_role("alertdialog")).to_contain_text("not for storing")
    wedge(page, "OMS-OK")
    wedge(page, "A-01-1")
    expect(page.locator("[data-trail] li").first).to_contain_text("2 into A-01-1")

    wedge(page, "OMS-UNDO")
    expect(page.locator("[data-trail] li").first).to_contain_text("2 back where they were")


def test_a_transfer_is_received_with_a_gun(open_page, ruth, floor):
    page = open_page(f"/stock/transfers/{floor['sent']}/receive", user=ruth, size=PHONE)
    page.wait_for_load_state("networkidle")

    wedge(page, "TEA1")
    expect(page.get_by_role("alertdialog")).to_contain_text("Nobody knows this code")
    wedge(page, "OMS-OK")
    for _ in range(3):
        page.evaluate("oms.scan('MUG', {typed: true})")
    expect(page.locator("#scan-view .three")).to_contain_text("3")
    page.get_by_role("button", name="Post this receipt").click()

    expect(page.locator("h1")).to_contain_text(floor["sent"])
    assert level(at="SYD").on_hand == 3


def test_a_lot_is_picked_from_its_bin(open_page, ruth, floor):
    page = open_page(f"/pick/{floor['work']}", user=ruth, size=PHONE)
    page.wait_for_load_state("networkidle")
    expect(page.locator("#scan-view")).to_contain_text("L1")

    page.evaluate("oms.scan('TEA', {typed: true})")

    expect(page.locator("#scan-view")).to_contain_text("picked")
    assert StockContent.objects.get(bin__code="STAGING").lot.code == "L1"
