"""Every page that a person opens on the way of an order: axe finds nothing, the keyboard reaches the next step."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from fulfilment.rules import ScanKind
from inventory.models import Bin, StockLevel
from oms.core.models import Grant, OutboxMessage, User
from oms.core.roles import Role
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.builders import channel, location, pack, place, rate, scan, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MOST_TABS = 60


@pytest.fixture
def ruth() -> User:
    """A manager who may do everything, everywhere."""
    user = User.objects.create_user(
        "ruth", first_name="Ruth", last_name="Osei", is_staff=True, is_superuser=True
    )
    Grant.objects.create(user=user, role=Role.MANAGER)
    return user


@pytest.fixture
def work() -> dict[str, str]:
    """A shop with an order's work at every step of the floor, by the name of the step."""
    for code, name in (("PER", "Perth"), ("SYD", "Sydney")):
        location(code, name=name)
        rate(code, region="WA", cost_minor=600, days=2)
    channel("api")
    held = shelf("MUG", at="PER", on_hand=40)
    shelf("CUP", at="PER", on_hand=40)
    spot = Bin.objects.create(location_id=held.location_id, code="A-03-2")
    StockLevel.objects.filter(pk=held.pk).update(pick_bin=spot)
    due = {"promise_by": datetime.now(UTC) + timedelta(minutes=38), "gift_message": "Enjoy!"}
    numbers = {
        step: place(("MUG", 2), ("CUP", 1), **due).work[0].number
        for step in ("open", "begun", "picked", "packed")
    }
    scan(numbers["begun"], "MUG", ScanKind.PICK)
    for code, pieces in (("MUG", 2), ("CUP", 1)):
        scan(numbers["picked"], code, ScanKind.PICK, pieces)
        pack(numbers["packed"], code, pieces)
    scan(numbers["picked"], "MUG", ScanKind.PACK)
    OutboxMessage.objects.create(
        topic="order.placed", aggregate="order:SO-1", payload={"number": "SO-1"}, state="dead", attempts=8,
        recorded_at=datetime.now(UTC), due_at=datetime.now(UTC), last_error="HTTP 503 from shop.example.com",
    )  # fmt: skip
    return numbers


def addresses(work: dict[str, str]) -> dict[str, str]:
    """The pages by a telling name."""
    return {
        "home": "/",
        "orders": "/orders/",
        "order": f"/orders/SO-{work['open'].split('-')[1]}",
        "stock": "/stock/",
        "sku": "/stock/skus/MUG",
        "to-pick": "/pick",
        "to-pack": "/pack",
        "to-ship": "/ship",
        "pick": f"/pick/{work['open']}",
        "pick-begun": f"/pick/{work['begun']}",
        "pick-done": f"/pick/{work['picked']}",
        "short": f"/pick/{work['open']}/short",
        "pack": f"/pack/{work['picked']}",
        "ship": f"/ship/{work['packed']}",
        "dead-letters": "/messages?state=dead",
        "alerts": "/alerts/",
        "invariants": "/invariants/",
        "profile": "/me",
        "admin": "/admin/",
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_on_the_way_of_an_order(ruth, work, open_page, theme, size):
    page, bad = open_page("/", user=ruth, size=size, theme=theme), []
    PICTURES.mkdir(exist_ok=True)
    for name, address in addresses(work).items():
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, address
        page.screenshot(path=PICTURES / f"way-{name}-{size['width']}-{theme}.png", full_page=True)
        bad += [f"{address}: {said}" for said in findings(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            bad.append(f"{address}: runs off the side")
    assert bad == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_refusal_and_the_card_to_type_a_code_are_clean(ruth, work, open_page, theme):
    page = open_page(f"/pick/{work['open']}", user=ruth, size=PHONE, theme=theme)
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Type it").click()
    assert findings(page) == []
    page.get_by_label("Code on the label").fill("NOBODY-KNOWS")
    page.get_by_role("button", name="Count it as typed").click()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    assert findings(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_signing_in_is_clean(db, open_page, theme, size):
    assert findings(open_page("/sign-in", theme=theme, size=size)) == []


def tab_to(page, role: str, name: str) -> None:
    """Press Tab until this control has the focus."""
    wanted = page.get_by_role(role, name=name).first
    for _ in range(MOST_TABS):
        if wanted.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} is not reached by {MOST_TABS} tabs.")


def test_the_keyboard_alone_goes_from_the_queue_to_the_hand_over(ruth, work, open_page):
    page = open_page("/pick", user=ruth)
    tab_to(page, "button", "Start next task")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/pick/FO-"))

    page.goto(f"/pick/{work['picked']}")
    tab_to(page, "link", "Pack 3 pieces")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/pack/{work['picked']}$"))
    tab_to(page, "button", "Close parcel")

    page.goto(f"/ship/{work['packed']}")
    tab_to(page, "button", "Ship 2 parcels")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Everything has left.")).to_be_visible()


def test_the_keyboard_alone_signs_in_and_reaches_the_admin(ruth, open_page):
    page = open_page("/sign-in")
    tab_to(page, "button", "Sign in")
    page = open_page("/admin/", user=ruth)
    tab_to(page, "link", "Stock locations")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/inventory/stocklocation/"))
