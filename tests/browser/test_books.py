"""The books of stock in a real browser: readable wide and narrow, light and dark, and a day signed by hand."""

import pytest

from oms.core.actors import SYSTEM
from oms.core.models import Grant, User
from oms.flows import closing, counting
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.builders import TESTER, location, reasons, sku
from tests.flows.test_closing import NOW, ZONE, day, noon

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PAGES = {
    "closes": "/stock/closes/",
    "close": f"/stock/closes/PER/{day(2)}",
    "movements": "/stock/movements?sku=MUG&site=PER",
    "all-movements": "/stock/movements",
    "as-of": "/stock/as-of",
    "sku": "/stock/skus/MUG",
}


@pytest.fixture
def ines() -> User:
    """An accountant of a shop with a fortnight of mugs, each day closed."""
    reasons()
    location("PER", name="Perth", timezone=ZONE)
    for code in ("MUG", "CUP", "BOWL"):
        sku(code)
        counting.receive_stock(
            code, location="PER", quantity=40, reference="DEL-1", actor=TESTER, at=noon(14)
        )
    for ago in range(13, 0, -1):
        for code, pieces, reason in (
            ("MUG", -2, "lost"),
            ("CUP", -(ago % 3) - 1, "damaged"),
            ("BOWL", 1, "returned"),
        ):
            counting.adjust_stock(
                code,
                location="PER",
                quantity_delta=pieces,
                reason=reason,
                note="",
                actor=TESTER,
                at=noon(ago),
            )
    closing.close_through("PER", day(1), actor=SYSTEM, at=NOW)
    user = User.objects.create_user("ines", first_name="Ines", last_name="Moreau")
    Grant.objects.create(user=user, role="accountant")
    return user


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_on_the_pages_of_the_books(ines, open_page, theme, size):
    PICTURES.mkdir(exist_ok=True)
    bad: list[str] = []
    for name, path in PAGES.items():
        page = open_page(path, user=ines, size=size, theme=theme)
        page.screenshot(path=PICTURES / f"books-{name}-{size['width']}-{theme}.png", full_page=True)
        bad += [f"{name}: {said}" for said in findings(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert bad == []


def test_an_accountant_opens_a_day_looks_behind_a_figure_and_signs(ines, open_page):
    page = open_page("/stock/closes/", user=ines)
    page.get_by_role("rowheader").nth(1).get_by_role("link").click()
    page.get_by_role("link", name="MUG").click()
    expect(page.get_by_role("table")).to_contain_text("Adjusted")
    page.go_back()
    page.get_by_label("Note").fill("Counted the mugs")
    page.get_by_role("button", name="Sign the day").click()
    expect(page.get_by_text("Signed by Ines Moreau")).to_be_visible()
    expect(page.get_by_text("Counted the mugs")).to_be_visible()
