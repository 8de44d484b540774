"""Customers, a new order and invoices in a real browser: silent for axe, by keyboard and by scanner alone."""

import pytest

from fulfilment.rules import NewParcel, ParcelLine
from oms.core.models import Grant, User
from oms.core.roles import Role
from oms.flows import shipping
from oms.orders.models import CustomerAddress, Order
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES, wedge
from tests.builders import NOON, TESTER, channel, customer, location, place, price, rate, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def ruth() -> User:
    """A manager, with two customers, their orders and an overdue invoice."""
    user = User.objects.create_user("ruth", first_name="Ruth", last_name="Osei")
    Grant.objects.create(user=user, role=Role.MANAGER)
    location("PER", name="Perth")
    rate("PER", region="WA", cost_minor=600, days=2)
    channel("api")
    channel("desk", kind="desk")
    mug = shelf("MUG", on_hand=90)
    mug.sku.barcodes.create(code="9312345678907", is_primary=True)
    price("MUG", "20.00", "wholesale")
    cafe = customer("CAFE", credit_limit_minor=20_000, terms_days=14)
    customer("HOTEL", name="Hotel Swan")
    for code, line1, billing in (("dock", "2 Pier Road", True), ("bar", "31 Hay Street", False)):
        CustomerAddress.objects.create(
            customer=cafe, code=code, label=code.title(), name="Café Nord", line1=line1, city="Fremantle",
            region="WA", postcode="6160", country="AU", is_billing=billing,
        )  # fmt: skip
    sent = place(("MUG", 3), customer="CAFE", po_number="PO-7")
    parcel = NewParcel("auspost", "T-1", (ParcelLine("MUG", 3),))
    shipping.ship_parcels(sent.work[0].number, contents=[parcel], actor=TESTER, at=NOON.replace(month=10))
    place(("MUG", 2), customer="CAFE")
    return user


PAGES = {
    "customers": "/customers/",
    "customer": "/customers/CAFE",
    "customer-edit": "/customers/CAFE/edit",
    "order-new": "/orders/new?customer=CAFE",
    "invoices": "/invoices/",
    "invoice": "/invoices/INV-1001",
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_any_screen(open_page, ruth, name):
    for size, theme in ((DESK, "light"), (PHONE, "dark")):
        page = open_page(PAGES[name], user=ruth, size=size, theme=theme)
        kind = "phone" if size is PHONE else "desk"
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}-{kind}-{theme}.png", full_page=True)
        assert findings(page) == []
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} scrolls sideways on a {kind}"


def test_an_order_is_placed_by_keyboard_and_scanner_alone(open_page, ruth):
    page = open_page("/orders/new", user=ruth)
    page.get_by_label("Customer optional").focus()
    page.keyboard.type("CAFE")
    page.keyboard.press("Tab")
    expect(page.locator("[data-terms]")).to_contain_text("pays within 14 days")
    expect(page.locator("#id_ship_to")).to_have_value("bar")
    page.locator("h1").click()
    for _ in range(2):
        wedge(page, "9312345678907")
        page.wait_for_timeout(900)
    expect(page.locator("#sku-0")).to_have_value("MUG")
    expect(page.locator("#quantity-0")).to_have_value("2")
    expect(page.locator("#unit_price-0")).to_have_attribute("placeholder", "20.0000")

    page.get_by_role("button", name="Preview routing").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Preview, table")).to_contain_text("MUG")
    page.screenshot(path=PICTURES / "order-new-preview.png", full_page=True)
    page.get_by_role("button", name="Place 1 order").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("SO-")
    placed = Order.objects.order_by("-id").first()
    assert (placed.customer.code, placed.total_minor) == ("CAFE", 4_000)


def test_what_was_typed_survives_a_reload(open_page, ruth):
    page = open_page("/orders/new", user=ruth)
    with page.expect_response("**/me/draft"):
        page.get_by_label("SKU of line 2").fill("MUG")
    page.reload()

    expect(page.locator("#sku-2")).to_have_value("MUG")
    page.get_by_role("button", name="Start over").click()
    expect(page.locator("#sku-2")).to_have_value("")
