"""Another address for confirmed work in a real browser: asked on the change page, answered by keyboard."""

from datetime import UTC, datetime, timedelta

import pytest

from oms.flows import amending, ordering, shipping
from oms.orders.amendments import Amendment
from oms.orders.models import Order
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.browser.test_accessibility import ruth, tab_to  # noqa: F401  # a fixture
from tests.builders import SYDNEY, TESTER, channel, location, request, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def number() -> str:
    """An order of which two partners have each confirmed a part."""
    channel("api")
    for code, name, sku in (("OCEAN", "Ocean 3PL", "4401"), ("RIVER", "River Fulfilment", "4402")):
        location(code, name=name, kind="3pl", timezone="Australia/Perth")
        shelf(sku, at=code, on_hand=9)
    at = datetime.now(UTC) - timedelta(hours=1)
    placed = ordering.place_order(request(("4401", 2), ("4402", 1)), actor=TESTER, at=at)
    for work in placed.work:
        shipping.acknowledge(work.number, actor=TESTER, at=at)
    return placed.number


def move(number: str) -> None:
    at = datetime.now(UTC) - timedelta(minutes=20)
    amending.amend_order(number, Amendment(address=SYDNEY), reason="They moved", actor=TESTER, at=at)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_pages_are_clean(ruth, number, open_page, theme, size):  # noqa: F811
    page, bad = open_page(f"/orders/{number}/change", user=ruth, size=size, theme=theme), []
    PICTURES.mkdir(exist_ok=True)
    page.get_by_label("Street").fill("1 Pitt Street")
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    expect(page.get_by_text("asked to send it to the new address")).to_have_count(2)
    _look(page, bad, f"address-asks-{size['width']}-{theme}")
    move(number)
    for name, address in (("order", f"/orders/{number}"), ("list", "/address-changes")):
        page.goto(address)
        if name == "list":
            page.locator("summary", has_text="Record answer").first.click()
        _look(page, bad, f"address-{name}-{size['width']}-{theme}")
    page.goto(f"/orders/{number}/change")
    _look(page, bad, f"address-closed-{size['width']}-{theme}")
    assert bad == []


def _look(page, bad, name):
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    bad += [f"{name}: {said}" for said in findings(page)]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        bad.append(f"{name}: runs off the side")


def test_both_answers_are_recorded_by_keyboard_and_the_order_moves(ruth, number, open_page):  # noqa: F811
    move(number)
    page = open_page(f"/orders/{number}", user=ruth)
    for place in ("Ocean 3PL", "River Fulfilment"):
        summary = page.locator("summary", has_text=f"{place} to the new address")
        summary.focus()
        page.keyboard.press("Enter")
        tab_to(page, "button", "They accept")
        page.keyboard.press("Enter")
        expect(summary).to_have_count(0)
    expect(page.get_by_text("It keeps the address it has")).to_have_count(0)
    assert Order.objects.get(number=number).ship_postcode == SYDNEY.postcode


def test_a_wish_is_withdrawn_on_the_orders_page(ruth, number, open_page):  # noqa: F811
    move(number)
    page = open_page(f"/orders/{number}", user=ruth)
    page.get_by_text("Withdraw the new address").click()
    page.get_by_label("Why it stays").fill("They stay after all")
    page.get_by_role("button", name="Keep the address it has").click()
    expect(page.get_by_text("It keeps the address it has")).to_have_count(0)
    assert Order.objects.get(number=number).address_changes.get().state == "withdrawn"
