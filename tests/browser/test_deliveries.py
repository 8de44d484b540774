"""Deliveries in a real browser: nothing for axe to find, nothing off the side, and moved by keyboard alone."""

from datetime import UTC, datetime, timedelta

import pytest

from inventory.models import DeliveryChange
from oms.catalogue.models import Sku
from oms.core.models import Grant, User
from oms.flows import counting, deliveries
from oms.flows.deliveries import NewTerms
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.builders import TESTER, location, place, rate, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = datetime.now(UTC)


def announce(reference: str, pieces: int, days: int) -> int:
    told = {"location": "PER", "quantity": pieces, "reference": reference}
    day = NOW.date() + timedelta(days=days)
    return counting.expect_stock("MUG", **told, expected_on=day, actor=TESTER, at=NOW).pk


@pytest.fixture
def ruth() -> User:
    location("PER", name="Perth")
    rate("PER", region="WA", cost_minor=600, days=2)
    shelf("MUG", at="PER", on_hand=1)
    place(("MUG", 1))
    Sku.objects.filter(code="MUG").update(backorder_policy="preorder")
    user = User.objects.create_user("ruth", first_name="Ruth", last_name="Osei")
    Grant.objects.create(user=user, role="manager")
    return user


@pytest.fixture
def delivery() -> int:
    made = announce("ASN-701", 6, 3)
    for pieces in (2, 1, 3):
        place(("MUG", pieces))
    announce("ASN-702", 4, 9)
    return made


def test_axe_finds_nothing_and_nothing_runs_off_the_side(ruth, delivery, open_page):
    lost = announce("ASN-703", 2, 5)
    number = place(("MUG", 6)).number
    deliveries.change(lost, NewTerms("The ship has sunk", to_come=0), actor=TESTER, at=NOW)
    PICTURES.mkdir(exist_ok=True)
    bad = []
    for size in (DESK, PHONE):
        for theme in ("light", "dark"):
            page = open_page("/", user=ruth, size=size, theme=theme)
            for name, address in (
                ("list", "/stock/deliveries"),
                ("new", "/stock/deliveries/new"),
                ("one", f"/stock/deliveries/{delivery}"),
                ("off", f"/stock/deliveries/{lost}"),
                ("tried", f"/stock/deliveries/{delivery}"),
                ("order", f"/orders/{number}"),
                ("scarce", "/orders/scarce/MUG"),
            ):
                page.goto(address)
                if name == "tried":
                    page.get_by_label("What changes").select_option("off")
                    page.get_by_label("Why").fill("The supplier went out of business")
                    page.get_by_text("Orders touched").wait_for()
                page.screenshot(
                    path=PICTURES / f"delivery-{name}-{size['width']}-{theme}.png", full_page=True
                )
                bad += [f"{address}: {said}" for said in findings(page)]
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    bad.append(f"{address} {size['width']}: runs off the side")
    assert bad == []


def test_it_is_moved_by_keyboard_alone_after_its_effect_was_seen(ruth, delivery, open_page):
    page = open_page(f"/stock/deliveries/{delivery}", user=ruth)
    later = NOW.date() + timedelta(days=6)

    page.get_by_label("What changes").focus()
    page.keyboard.press("Tab")
    page.get_by_label("New day").fill(later.isoformat())
    page.get_by_label("Why").focus()
    page.keyboard.insert_text("Held at customs")
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    expect(page.locator("#preview")).to_contain_text("instead of")
    assert not DeliveryChange.objects.exists()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("ASN-701 is moved.")).to_be_visible()
    expect(page.get_by_role("heading", name="What became of it")).to_be_visible()
    assert DeliveryChange.objects.get().day_after == later
