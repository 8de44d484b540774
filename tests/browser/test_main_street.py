"""The whole job as people do it: an order comes in over REST, is picked, packed and shipped with a scanner."""

import re
from collections.abc import Iterator

import httpx
import pytest
from django.core.management import call_command
from django.db import transaction

from inventory.models import Bin, StockLevel
from oms.catalogue.models import Barcode
from oms.core.models import Grant, User
from oms.core.roles import Role
from tests.browser.conftest import PHONE, PICTURES
from tests.builders import breaches, channel, level, location, rate, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PASSWORD = "seven-teal-kettles"
# Milliseconds between two characters of a wedge scanner.
GUN = 8
MUG, TOWEL, BOWL = "9312340044271", "9312340051200", "9300675024235"
ORDER = {
    "channel": "api",
    "external_number": "WEB-2041",
    "customer": {"type": "b2c", "name": "Lee Kim", "email": "lee.kim@example.com"},
    "shipping_address": {
        "name": "Lee Kim",
        "line1": "14 Wattle Street",
        "city": "Mount Lawley",
        "region": "WA",
        "postcode": "6050",
        "country": "AU",
    },
    "currency": "AUD",
    "gift_message": "Happy housewarming, Jo!",
    "lines": [
        {"sku": "4427", "quantity": 2, "unit_price": "24.00"},
        {"sku": "5120", "quantity": 1, "unit_price": "18.50"},
    ],
}


@pytest.fixture
def shop() -> None:
    """Two sites that hold all of it, Perth cheaper and quicker for Perth; bins and barcodes in Perth."""
    for code, name, cost, days in (("PER", "Perth", 600, 2), ("SYD", "Sydney", 1200, 5)):
        location(code, name=name)
        rate(code, region="WA", cost_minor=cost, days=days)
    channel("api")
    for sku, barcode, spot in (("4427", MUG, "A-03-2"), ("5120", TOWEL, "B-01-1"), ("6611", BOWL, "C-02-4")):
        shelf(sku, at="SYD", on_hand=20)
        held = shelf(sku, at="PER", on_hand=12)
        place = Bin.objects.create(location_id=held.location_id, code=spot)
        StockLevel.objects.filter(pk=held.pk).update(pick_bin=place)
        Barcode.objects.create(sku_id=held.sku_id, code=barcode, is_primary=True)


def person(name: str, given: str, *grants: tuple[Role, str]) -> None:
    """Somebody who can sign in with these roles."""
    with transaction.atomic():
        user = User.objects.create_user(name, password=PASSWORD, first_name=given)
        Grant.objects.bulk_create(Grant(user=user, role=role, location_code=code) for role, code in grants)


@pytest.fixture
def api(live_server, shop) -> Iterator[httpx.Client]:
    """A program with a token that the operator's command printed."""
    text = call_command("create_token", "webshop", scope=["*"], no_color=True)
    headers = {"Authorization": f"Bearer {text.strip()}"}
    with httpx.Client(base_url=f"{live_server.url}/api/v1", headers=headers, trust_env=False) as client:
        yield client


def sign_in(open_page, name: str, **how):
    """Open the sign-in page and come in by name and password."""
    page = open_page("/sign-in", **how)
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/$"))
    return page


def burst(page, code: str) -> None:
    """Type a code like a wedge scanner."""
    page.keyboard.type(code, delay=GUN)
    page.keyboard.press("Enter")


def keep(page, name: str) -> None:
    """Keep a picture of what the person sees."""
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"main-street-{name}.png")


def place(api: httpx.Client) -> dict:
    answer = api.post("/orders", json=ORDER, headers={"Idempotency-Key": "WEB-2041"})
    assert answer.status_code == 201, answer.text
    placed = answer.json()
    assert [work["location"] for work in placed["fulfilment_orders"]] == ["PER"]
    return placed


def pick(page, work: str) -> None:
    """Walk the task with the gun; one wrong item on the way stops everything until it is acknowledged."""
    page.get_by_role("link", name=re.compile("^To pick")).first.click()
    keep(page, "2-queue")
    page.get_by_role("button", name="Start next task").click()
    expect(page).to_have_url(re.compile(f"/pick/{work}$"))
    page.wait_for_load_state("networkidle")
    keep(page, "3-pick")
    burst(page, "A-03-2")
    burst(page, MUG)
    expect(page.get_by_role("progressbar", name="1 of 3 pieces picked")).to_be_visible()
    burst(page, BOWL)
    refusal = page.get_by_role("alertdialog")
    expect(refusal).to_contain_text("Wrong item")
    keep(page, "4-wrong-item")
    burst(page, TOWEL)
    page.wait_for_timeout(1500)
    expect(refusal).to_be_visible()
    page.get_by_role("button", name="OK, scan 4427").click()
    expect(refusal).to_have_count(0)
    expect(page.get_by_role("progressbar", name="1 of 3 pieces picked")).to_be_visible()
    page.wait_for_timeout(500)
    burst(page, MUG)
    burst(page, TOWEL)
    expect(page.get_by_role("heading", name="All 3 picked")).to_be_visible()
    keep(page, "5-all-picked")


def pack(page) -> str:
    """Scan everything into one parcel, close it, and answer its tracking number."""
    page.get_by_role("link", name="Pack 3 pieces").click()
    page.wait_for_load_state("networkidle")
    for code in (MUG, TOWEL):
        burst(page, code)
    expect(page.get_by_text("2 of 3 pieces packed")).to_be_visible()
    burst(page, MUG)
    expect(page.get_by_text("3 of 3 pieces packed")).to_be_visible()
    keep(page, "6-pack")
    page.get_by_label("Weight in grams").fill("1120")
    page.get_by_label("Carrier").select_option("auspost")
    page.get_by_label("Tracking number").fill("AP123456785AU")
    page.get_by_role("button", name="Close parcel").click()
    expect(page.get_by_role("heading", name="Closed parcels")).to_be_visible()
    keep(page, "7-parcel-closed")
    return "AP123456785AU"


def label_is_pdf(page) -> None:
    """The label is answered as a PDF to the one who packs."""
    address = page.get_by_role("link", name="Print label").first.get_attribute("href")
    assert page.evaluate(
        """async address => {
            const answer = await fetch(address), body = await answer.text();
            return [answer.status, answer.headers.get("content-type"), body.slice(0, 4)];
        }""",
        address,
    ) == [200, "application/pdf", "%PDF"]


def ship(page) -> None:
    page.get_by_role("link", name="Ship 1 parcel").click()
    keep(page, "8-ship")
    page.get_by_role("button", name="Ship 1 parcel").click()
    expect(page.get_by_text("Everything has left.")).to_be_visible()


def test_an_order_comes_in_over_rest_and_leaves_by_the_scanner(open_page, api):
    person("mai", "Mai", (Role.PICKER, "PER"), (Role.PACKER, "PER"))
    person("ruth", "Ruth", (Role.MANAGER, ""))
    placed = place(api)

    mai = sign_in(open_page, "mai", size=PHONE)
    keep(mai, "1-home")
    pick(mai, placed["fulfilment_orders"][0]["number"])
    tracking = pack(mai)
    label_is_pdf(mai)
    ship(mai)

    ruth = sign_in(open_page, "ruth")
    ruth.goto(f"/orders/{placed['number']}")
    expect(ruth.locator(".page-head")).to_contain_text("Shipped")
    expect(ruth.locator("main")).to_contain_text(tracking)
    keep(ruth, "9-order-shipped")
    told = api.get(f"/orders/{placed['number']}").json()
    assert told["status"] == "shipped"
    assert [line["shipped"] for line in told["lines"]] == [2, 1]
    assert [(level(sku).on_hand, level(sku).reserved) for sku in ("4427", "5120", "6611")] == [
        (10, 0), (11, 0), (12, 0)
    ]  # fmt: skip
    call_command("reconcile", all=True, fail_on_diff=True)
    assert breaches() == {}
