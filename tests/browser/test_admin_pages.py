"""The admin's pages of one thing in a real browser: no breach of the policy, nothing off the side."""

from datetime import date

import pytest
from django.urls import reverse

from fulfilment.models import FulfilmentOrder
from inventory.models import Bin, ExpectedReceipt, StockLevel, StockLocation
from oms.catalogue.models import Barcode, Sku
from oms.channels.models import Channel
from oms.core.models import Grant, User
from oms.orders.models import Order
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.builders import pack, place, rate, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SHOWN = (Sku, StockLocation, StockLevel, ExpectedReceipt, Channel, Order, FulfilmentOrder)


@pytest.fixture
def boss() -> User:
    """An administrator of a shop with something in it."""
    rate("PER", region="WA", cost_minor=600, days=2)
    level = shelf("MUG", on_hand=9)
    Bin.objects.create(location=level.location, code="A-01")
    Barcode.objects.create(sku=level.sku, code="9300675024235", is_primary=True)
    ExpectedReceipt.objects.create(
        level=level, reference="PO-1", quantity_expected=5, expected_on=date(2026, 12, 1)
    )
    pack(place(("MUG", 2)).work[0].number, "MUG")
    user = User.objects.create_user("boss")
    Grant.objects.create(user=user, role="administrator")
    return user


def address(row, page: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_of_one_thing_keeps_the_policy(boss, open_page, size):
    page, bad = open_page("/admin/", user=boss, size=size), []
    PICTURES.mkdir(exist_ok=True)
    for model in SHOWN:
        assert page.goto(address(model.objects.first())).ok
        page.screenshot(path=PICTURES / f"admin-{model._meta.model_name}-{size['width']}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            bad.append(f"{model.__name__} runs off the side")
    assert bad == []


def test_a_location_is_chosen_by_typing_its_name(boss, open_page):
    page = open_page(address(Channel.objects.get()), user=boss)
    page.locator(".field-locations .select2-search__field").click()
    page.keyboard.type("PER")
    page.locator(".select2-results__option", has_text="PER").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
    assert Channel.objects.get().locations.get().code == "PER"


def test_an_order_is_held_from_the_list_and_a_refusal_names_it(boss, open_page):
    number = Order.objects.get().number
    page = open_page("/admin/orders/order/", user=boss)
    page.locator("input.action-select").check()
    page.locator("select[name=action]").select_option("hold")
    page.locator("input[name=reason]").fill("Address looks wrong")
    page.locator("button[name=index]").click()
    expect(page.locator(".messagelist")).to_contain_text("Done for 1")
    page.locator("input.action-select").check()
    page.locator("select[name=action]").select_option("hold")
    page.locator("input[name=reason]").fill("Twice")
    page.locator("button[name=index]").click()
    expect(page.locator(".messagelist .error")).to_contain_text(number)
