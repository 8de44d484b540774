"""The desk pages in a real browser: nothing for axe to find, keys that work, one click one effect."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from oms.core.models import Draft, Grant, OutboxMessage, User
from oms.orders.models import Order
from tests.browser.axe import findings, findings_in_both_themes
from tests.browser.conftest import DESK, PHONE, PICTURES, wedge
from tests.builders import channel, location, order, pack, place, rate, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def ruth():
    """A manager who also runs the admin, in a shop where something is in every state."""
    for code, name, region in (("PER", "Perth", "WA"), ("SYD", "Sydney", "NSW")):
        location(code, name=name)
        rate(code, region="WA", cost_minor=600 if region == "WA" else 1200, days=2)
    shelf("MUG", at="PER", on_hand=12)
    shelf("MUG", at="SYD", on_hand=7)
    channel("api")
    now = datetime.now(UTC)
    place(("MUG", 2), promise_by=now + timedelta(minutes=38), gift_message="Happy housewarming, Jo!")
    pack(place(("MUG", 1), promise_by=now - timedelta(minutes=52)).work[0].number, "MUG")
    shelf("CUP", at="PER", on_hand=1)
    place(("CUP", 99))
    OutboxMessage.objects.create(
        topic="order.placed", aggregate="order:SO-1", payload={"number": "SO-1"}, state="dead", attempts=8,
        recorded_at=now, due_at=now, last_error="HTTP 503 from https://shop.example.com/hooks",
    )  # fmt: skip
    user = User.objects.create_user(
        "ruth", first_name="Ruth", last_name="Osei", is_staff=True, is_superuser=True
    )
    Grant.objects.create(user=user, role="manager")
    return user


def addresses() -> list[str]:
    first = Order.objects.order_by("id").values_list("number", flat=True).first()
    message = OutboxMessage.objects.get(state="dead").pk
    return [
        "/", "/orders/", "/orders/?needs=action&q=t", f"/orders/{first}", "/stock/", "/stock/skus/MUG",
        "/stock/skus/MUG?site=PER&show=reserved", "/stock/skus/MUG/adjust", "/messages?state=dead",
        f"/messages/{message}", f"/messages/{message}/mend", f"/messages/{message}/discard", "/me",
        "/me/second-step",
        "/alerts/", "/invariants/", "/invariants/I1/", "/routing/", "/scanner", "/scanner/cards",
        "/find?q=mug", "/find?q=nothing", "/nowhere",
        "/admin/",
    ]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_and_nothing_runs_off_the_side(ruth, open_page, theme, size):
    page, bad = open_page("/", user=ruth, size=size, theme=theme), []
    PICTURES.mkdir(exist_ok=True)
    for address in addresses():
        page.goto(address)
        name = re.sub(r"[^a-z0-9]+", "-", address.lower()).strip("-") or "home"
        page.screenshot(path=PICTURES / f"{name}-{size['width']}-{theme}.png", full_page=True)
        bad += [f"{address}: {said}" for said in findings(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            bad.append(f"{address}: runs off the side")
    assert bad == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_signing_in_is_clean_too(db, open_page, theme):
    assert findings(open_page("/sign-in", theme=theme)) == []


def test_the_palette_finds_an_order_by_keyboard_alone(ruth, open_page):
    page = open_page("/", user=ruth)
    number = Order.objects.order_by("id").values_list("number", flat=True).first()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette input")).to_be_focused()
    assert findings(page) == []
    page.keyboard.type(number[-4:], delay=150)
    expect(page.locator("#palette [data-hits] a").first).to_contain_text(number)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/orders/{number}$"))


def test_letters_go_places_and_walk_rows_but_not_while_typing(ruth, open_page):
    page = open_page("/", user=ruth)
    page.keyboard.press("g")
    page.wait_for_timeout(150)
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile("/orders/$"))
    page.wait_for_load_state("networkidle")
    page.keyboard.press("j")
    expect(page.locator("tbody tr").first.locator("a.main")).to_be_focused()
    page.wait_for_timeout(200)
    page.keyboard.press("x")
    expect(page.locator(".bulk")).to_contain_text("1 ticked")
    page.wait_for_timeout(200)
    page.keyboard.press("/")
    expect(page.locator("[data-filter]")).to_be_focused()
    page.keyboard.type("jxgo", delay=200)
    expect(page.locator("[data-filter]")).to_have_value("jxgo")
    expect(page).to_have_url(re.compile("/orders/$"))


def test_a_scan_on_a_desk_page_opens_the_record(ruth, open_page):
    page = open_page("/messages", user=ruth)
    number = Order.objects.order_by("id").values_list("number", flat=True).first()
    wedge(page, number)
    expect(page).to_have_url(re.compile(f"/orders/{number}$"))
    wedge(page, "NOBODY-KNOWS-1")
    expect(page.locator("main")).to_contain_text("Nobody knows NOBODY-KNOWS-1")


def test_the_theme_follows_the_person_to_another_browser(ruth, open_page):
    page = open_page("/", user=ruth)
    with page.expect_response("**/me/theme"):
        page.get_by_role("button", name="Theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    other = open_page("/orders/", user=User.objects.get(pk=ruth.pk))
    expect(other.locator("html")).to_have_attribute("data-theme", "dark")
    assert other.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"


def test_a_double_click_holds_once_and_a_reason_half_typed_is_not_lost(ruth, open_page):
    placed = place(("MUG", 1))
    page = open_page(f"/orders/{placed.number}", user=ruth)
    reason = page.locator("#hold").get_by_label("Note")
    page.get_by_role("button", name="Hold order").click()
    with page.expect_response("**/me/draft"):
        reason.fill("Address looks wrong")
    page.reload()
    page.get_by_role("button", name="Hold order").click()
    expect(reason).to_have_value("Address looks wrong")
    page.get_by_role("button", name="Hold 1 order").dblclick()
    expect(page.locator("main")).to_contain_text("On hold: Address looks wrong")
    expect(page.get_by_role("region", name="Timeline").locator("li")).to_have_count(2)
    assert order(placed).state == "on_hold"
    assert not Draft.objects.exists()


def test_the_answer_can_be_copied_and_the_menu_opens_on_a_phone(ruth, open_page):
    number = Order.objects.order_by("id").values_list("number", flat=True).first()
    page = open_page(f"/orders/{number}", user=ruth, size=PHONE)
    page.get_by_role("button", name="Copy answer").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    page.get_by_role("button", name="Open menu").click()
    page.locator("#side").get_by_role("link", name="Stock look-up").click()
    expect(page).to_have_url(re.compile("/stock/$"))


def test_an_adjustment_shows_before_and_after_while_it_is_typed(ruth, open_page):
    page = open_page("/stock/skus/MUG/adjust?site=PER", user=ruth)
    page.get_by_label("Change").fill("-1")
    expect(page.locator("[data-preview]")).to_contain_text("On hand 12 → 11")
    page.get_by_label("Reason").select_option("damaged")
    page.get_by_role("button", name="Adjust 1 count").click()
    expect(page.locator("main")).to_contain_text("on hand 12 → 11")


def admin_addresses(page) -> list[str]:
    links = page.locator("#content-main a").evaluate_all("links => links.map(link => link.pathname)")
    return [link for link in dict.fromkeys(links) if link.startswith("/admin/")]


def test_the_admin_keeps_the_policy_on_its_index_lists_and_forms(ruth, open_page):
    page = open_page("/admin/", user=ruth)
    for address in admin_addresses(page):
        assert page.goto(address).ok, address


@pytest.mark.parametrize("kind", ["lists", "forms"])
def test_the_admin_is_as_readable_as_the_staff_pages(ruth, open_page, kind):
    # Axe reads imported style sheets into a style element of its own, which the policy reports.
    page, bad = open_page("/admin/", user=ruth, watch=False), []
    for address in admin_addresses(page):
        if address.endswith("/add/") == (kind == "forms"):
            page.goto(address)
            bad += [f"{address}: {each}" for each in findings_in_both_themes(page)]
    assert bad == []
