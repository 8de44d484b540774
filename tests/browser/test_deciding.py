"""The card that asks what ships, in a real browser: nothing for axe to find, and decided by keyboard alone."""

import pytest

from oms.core.models import Grant, User
from oms.orders.models import PartialQuestion
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.builders import location, place, rate, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def ruth() -> User:
    location("PER", name="Perth")
    rate("PER", region="WA", cost_minor=600, days=2)
    shelf("MUG", at="PER", on_hand=4)
    user = User.objects.create_user("ruth", first_name="Ruth", last_name="Osei")
    Grant.objects.create(user=user, role="manager")
    return user


def test_axe_finds_nothing_and_nothing_runs_off_the_side(ruth, open_page):
    shelf("CUP", on_hand=1)
    asked = place(("MUG", 3), ("CUP", 2), partial_policy="ask").number
    kept = place(("MUG", 3), partial_policy="together").number
    PICTURES.mkdir(exist_ok=True)
    bad = []
    for size in (DESK, PHONE):
        for theme in ("light", "dark"):
            page = open_page("/", user=ruth, size=size, theme=theme)
            for name, address in (
                ("asked", f"/orders/{asked}"),
                ("kept", f"/orders/{kept}"),
                ("worklist", "/orders/?needs=decision"),
            ):
                page.goto(address)
                page.screenshot(path=PICTURES / f"decide-{name}-{size['width']}-{theme}.png", full_page=True)
                bad += [f"{address}: {said}" for said in findings(page)]
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    bad.append(f"{address} {size['width']}: runs off the side")
    assert bad == []


def test_it_is_decided_by_keyboard_alone(ruth, open_page):
    number = place(("MUG", 5), partial_policy="ask").number
    page = open_page(f"/orders/{number}", user=ruth)

    page.get_by_role("link", name="Decide", exact=True).press("Enter")
    choice = page.get_by_label("Decision", exact=True)
    choice.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(choice).to_have_value("wait")
    page.keyboard.press("Tab")
    page.keyboard.insert_text("They want one parcel")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="It is kept until all of it is there")).to_be_visible()
    question = PartialQuestion.objects.get()
    assert (question.decision, question.note) == ("wait", "They want one parcel")
