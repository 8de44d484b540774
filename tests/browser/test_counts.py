"""A count as people do it: by scanner and by figure, across a reload and a dead network, blind to the end."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from inventory import queries
from inventory.models import Bin, CountPlan, CountTask
from inventory.services import adjustments
from inventory.services.adjustments import Where
from oms.catalogue.models import Barcode
from oms.core.models import Grant, User
from oms.core.roles import Role
from oms.flows import count_opening, count_posting, cycle_counting
from oms.flows.count_opening import Wanted
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES, wedge
from tests.builders import TESTER, level, location, reasons, sku
from tests.flows.test_cycle_counting import say

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BOARD, MUG, TOWEL = "9312340070157", "9312340044271", "9312340051200"
# What the books say of the boards; the counter finds three.
BOOKS = 7_319


def person(name: str, given: str, role: Role, place: str = "") -> User:
    """Somebody who can sign in."""
    with transaction.atomic():
        user = User.objects.create_user(name, first_name=given)
        Grant.objects.create(user=user, role=role, location_code=place)
    return user


@pytest.fixture
def bins() -> Bin:
    """A bin in Perth with boards, mugs and towels; the next one is empty."""
    reasons()
    place = location("PER", name="Perth", is_bin_managed=True)
    shelf = Bin.objects.create(location=place, code="B-07-4", path_position=74)
    Bin.objects.create(location=place, code="B-08-1", path_position=81)
    stock = (("7015", "Walnut board", BOARD, BOOKS), ("4428", "Green mug", MUG, 6))
    for code, name, barcode, pieces in (*stock, ("5120", "Linen tea towel", TOWEL, 11)):
        item = sku(code, name=name, unit_cost="12.50")
        Barcode.objects.create(sku=item, code=barcode, is_primary=True)
        with transaction.atomic():
            adjustments.adjust(
                queries.lock_level(item.pk, place.pk),
                quantity_delta=pieces,
                reason=queries.reason("found"),
                note="Opening stock",
                actor=TESTER,
                at=timezone.now() - timedelta(hours=3),
                where=Where(shelf),
            )
    return shelf


def opened(code: str) -> str:
    """A count of a bin at Perth."""
    wanted = Wanted(location="PER", bin=code)
    (number,) = count_opening.open_counts(wanted, cause="Plan Daily", actor=TESTER, at=timezone.now())
    return number


def keep(page, name: str) -> None:
    """A picture for people."""
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"counts-{name}.png", full_page=True)


def test_a_bin_is_counted_by_gun_and_figure_and_nothing_is_lost(open_page, bins):
    mai, number = person("mai", "Mai", Role.PICKER, "PER"), opened("B-07-4")
    page = open_page("/stock/counts/", user=mai, size=PHONE)
    keep(page, "1-list")
    page.get_by_role("button", name="Start next count").click()
    expect(page).to_have_url(re.compile(f"/stock/counts/{number}/count$"))
    page.wait_for_load_state("networkidle")
    for code in (BOARD, MUG):
        wedge(page, code)
        page.wait_for_timeout(700)
    page.wait_for_timeout(700)
    wedge(page, MUG)
    expect(page.get_by_text("2 SKUs, 3 units")).to_be_visible()
    page.get_by_label("Counted units of 4428").fill("6")
    page.get_by_role("button", name="Set the count of 4428").click()
    expect(page.get_by_text("2 SKUs, 7 units")).to_be_visible()
    page.context.set_offline(True)
    wedge(page, TOWEL)
    expect(page.get_by_text("1 unsent")).to_be_visible()
    page.get_by_role("button", name="Finish bin B-07-4").click()
    expect(page.get_by_text("Wait for the network, then finish.").first).to_be_visible()
    keep(page, "2-offline")
    page.context.set_offline(False)
    expect(page.get_by_text("3 SKUs, 8 units")).to_be_visible(timeout=20_000)
    page.reload()
    expect(page.get_by_text("3 SKUs, 8 units")).to_be_visible()
    keep(page, "3-counting")
    assert str(BOOKS) not in page.content()
    page.get_by_role("button", name="Finish bin B-07-4").click()
    expect(page.get_by_text("A second count was asked for.")).to_be_visible()
    keep(page, "4-done")
    assert CountTask.objects.get().status == "recount"


def test_a_scan_is_taken_back_and_an_unknown_code_stops(open_page, bins):
    mai, number = person("mai", "Mai", Role.PICKER, "PER"), opened("B-07-4")
    page = open_page(f"/stock/counts/{number}/count", user=mai, size=PHONE)
    page.get_by_role("button", name="Start counting").click()
    page.wait_for_load_state("networkidle")
    wedge(page, MUG)
    expect(page.get_by_text("1 SKU, 1 unit", exact=True)).to_be_visible()
    wedge(page, "OMS-UNDO")
    expect(page.get_by_text("0 SKUs, 0 units")).to_be_visible()
    wedge(page, "B-08-1")
    expect(page.locator("[data-trail] li").first).to_contain_text("Wrong bin: go to B-07-4")
    page.get_by_role("button", name="Type it").click()
    page.locator("#ct-code").fill("4711")
    page.locator("#count-type").get_by_role("button", name="Count it as typed").click()
    refusal = page.get_by_role("alertdialog")
    expect(refusal).to_contain_text("unknown")
    wedge(page, "OMS-OK")
    expect(refusal).to_have_count(0)


def test_an_empty_bin_takes_one_button(open_page, bins):
    mai, number = person("mai", "Mai", Role.PICKER, "PER"), opened("B-08-1")
    page = open_page(f"/stock/counts/{number}/count", user=mai, size=PHONE)
    page.get_by_role("button", name="Start counting").click()
    page.get_by_role("button", name="Bin is empty").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert CountTask.objects.get().status == "posted"


def counted(number: str, who: str) -> None:
    """Both found three boards of the many that the books see."""
    user, now = User.objects.get(username=who), timezone.now()
    cycle_counting.claim(number, user=user, actor=TESTER, at=now)
    for code, pieces in (("7015", 3), ("4428", 6), ("5120", 11)):
        say(number, code, pieces, who=who, at=now)
    cycle_counting.finish(number, user=user, actor=TESTER, at=now)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_third_person_sees_both_counts_and_decides(open_page, bins, theme, settings):
    settings.COUNT_APPROVAL_MINOR = 10**9
    ruth, number = person("ruth", "Ruth", Role.MANAGER), opened("B-07-4")
    for name in ("mai", "ben"):
        person(name, name.title(), Role.PICKER, "PER")
        counted(number, name)
    for size, width in ((PHONE, "390"), (DESK, "1440")):
        page = open_page(f"/stock/counts/{number}", user=ruth, size=size, theme=theme)
        expect(page.get_by_text("both counts agree")).to_be_visible()
        keep(page, f"5-review-{theme}-{width}")
        assert findings(page) == []
    page.get_by_role("button", name="Approve 3 lines").click()
    expect(page.locator(".page-head")).to_contain_text("Posted")
    assert level("7015").on_hand == 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1440"])
def test_axe_finds_nothing_on_the_pages_of_counts(open_page, bins, theme, size, settings):
    settings.COUNT_APPROVAL_MINOR = 10**9
    ruth, number = person("ruth", "Ruth", Role.MANAGER), opened("B-07-4")
    CountPlan.objects.create(location=bins.location, name="Daily", tolerance_pieces=1)
    for name in ("mai", "ben"):
        person(name, name.title(), Role.PICKER, "PER")
        counted(number, name)
    count_posting.approve(number, user=ruth, note="", actor=TESTER, at=timezone.now())
    count_opening.classify(at=timezone.now())
    waiting = opened("B-08-1")
    cycle_counting.claim(waiting, user=ruth, actor=TESTER, at=timezone.now())
    say(waiting, "4428", 2, who="ruth", at=timezone.now())
    for name, path in {
        "list": "",
        "ask": "new",
        "results": "results",
        "plans": "plans",
        "plan": "plans/new",
        "floor": f"{waiting}/count",
        "posted": number,
    }.items():
        page = open_page(f"/stock/counts/{path}", user=ruth, size=size, theme=theme)
        keep(page, f"6-{name}-{theme}-{size['width']}")
        assert findings(page) == [], path
