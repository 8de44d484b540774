"""Changing an order in a real browser: by keyboard alone, with a live preview and a draft that survives."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from oms.flows import amending, ordering, shipping
from oms.orders.amendments import Amendment, Difference
from oms.orders.models import OrderChange
from tests import builders
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES, wedge
from tests.browser.test_accessibility import ruth, tab_to  # noqa: F401  # a fixture
from tests.builders import TESTER, channel, location, rate, request, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NAMES = ("Stoneware mug", "Linen napkin, set of 4", "Cast iron pan 26 cm", "Oak board")


@pytest.fixture
def number() -> str:
    """An order of forty lines, eight of which a partner has confirmed and is asked to leave one out."""
    for code, name, kind in (("PER", "Perth", "own"), ("OCEAN", "Ocean 3PL", "3pl")):
        location(code, name=name, kind=kind, timezone="Australia/Perth")
        rate(code, region="WA", cost_minor=600, days=2)
        rate(code, region="NSW", cost_minor=1200, days=5)
    channel("api")
    codes = [f"{4400 + row}" for row in range(40)]
    for row, code in enumerate(codes):
        builders.sku(code, name=NAMES[row % 4])
        shelf(code, at="PER" if row % 5 else "OCEAN", on_hand=9)
    at = datetime.now(UTC) - timedelta(hours=1)
    wanted = request(*[(code, 2 + row % 3) for row, code in enumerate(codes)], gift_message="Enjoy!")
    placed = ordering.place_order(wanted, actor=TESTER, at=at)
    for work in placed.work:
        if work.location == "OCEAN":
            shipping.acknowledge(work.number, actor=TESTER, at=at)
    first = Amendment((Difference("4401", -1), Difference("4402", 2), Difference("4400", -2)))
    amending.amend_order(placed.number, first, reason="They rang", actor=TESTER, at=at)
    return placed.number


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_pages_of_a_long_order_are_clean(ruth, number, open_page, theme, size):  # noqa: F811
    page, bad = open_page("/", user=ruth, size=size, theme=theme), []
    PICTURES.mkdir(exist_ok=True)
    for name, address in (
        ("order", f"/orders/{number}"),
        ("change", f"/orders/{number}/change"),
        ("cancellations", "/cancellations"),
    ):
        page.goto(address)
        if name == "change":
            page.get_by_label("4402 shall be").fill("1")
            expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
        page.screenshot(path=PICTURES / f"long-{name}-{size['width']}-{theme}.png", full_page=True)
        bad += [f"{address}: {said}" for said in findings(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            bad.append(f"{address}: runs off the side")
    assert bad == []


def test_the_keyboard_alone_changes_an_order_and_a_draft_survives(ruth, number, open_page):  # noqa: F811
    page = open_page(f"/orders/{number}", user=ruth)
    tab_to(page, "link", "Change order")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/change$"))
    tab_to(page, "spinbutton", "4401 shall be")
    page.keyboard.press("Control+A")
    page.keyboard.type("1")
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    expect(page.get_by_role("region", name="What it would do, table")).to_contain_text("the same")

    page.wait_for_timeout(900)
    page.reload()
    expect(page.get_by_label("4401 shall be")).to_have_value("1")
    expect(page.get_by_text("What you had typed before is here again.")).to_be_visible()

    page.get_by_label("Reason").select_option("customer-asked")
    page.get_by_role("button", name=f"Save change of {number}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{number} is changed.")).to_be_visible()
    assert OrderChange.objects.first().pieces == {"4401": -1}


def test_letters_typed_fast_choose_a_reason_and_are_no_scan(ruth, number, open_page):  # noqa: F811
    page = open_page(f"/orders/{number}", user=ruth)
    page.get_by_role("button", name="Hold order").click()
    reason = page.locator("#hold-code")
    wanted = reason.locator("option").last.inner_text()
    reason.focus()
    wedge(page, wanted, end="")
    page.wait_for_timeout(700)
    expect(reason.locator("option:checked")).to_have_text(wanted)
    expect(page).to_have_url(re.compile(f"/orders/{number}$"))


def test_a_draft_of_an_older_order_is_compared_and_never_overwrites(ruth, number, open_page):  # noqa: F811
    page = open_page(f"/orders/{number}/change", user=ruth)
    page.get_by_label("Notes").fill("Leave it at the gate")
    page.wait_for_timeout(900)
    meanwhile = Amendment((Difference("4403", -1),), words={"gift_message": "From Ada"})
    amending.amend_order(number, meanwhile, reason="They rang again", actor=TESTER, at=datetime.now(UTC))

    page.reload()
    expect(page.get_by_label("Notes")).to_have_value("Leave it at the gate")
    page.get_by_label("Reason").select_option("customer-asked")
    page.get_by_role("button", name=f"Save change of {number}").click()
    table = page.get_by_role("region", name="Three versions, table")
    expect(table).to_contain_text("From Ada")
    assert findings(page) == []
    expect(page.get_by_label("Gift message")).to_have_value("From Ada")
    page.get_by_role("button", name=f"Save change of {number}").click()
    expect(page.get_by_text(f"{number} is changed.")).to_be_visible()
    assert OrderChange.objects.first().facts == ["notes"]
