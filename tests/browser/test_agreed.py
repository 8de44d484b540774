"""What was agreed and billed, on the pages of an order and of its customer: to look at, and for axe."""

from datetime import UTC, date, datetime

import pytest

from fulfilment.rules import NewParcel, ParcelLine
from oms.core.models import Grant, User
from oms.flows import shipping
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.builders import TESTER, channel, customer, place, shelf

pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def shop() -> dict[str, str]:
    """A café's order, half of it sent and billed; the pages by name."""
    shelf("MUG", on_hand=40)
    channel("api")
    customer("CAFE", terms_days=14)
    window = {"deliver_from": date(2026, 12, 1), "deliver_until": date(2026, 12, 4)}
    placed = place(("MUG", 3), customer="CAFE", po_number="PO-77", gift_message="With love", **window)
    parcel = NewParcel("auspost", "33AB", (ParcelLine("MUG", 1),))
    shipping.ship_parcels(placed.work[0].number, contents=[parcel], actor=TESTER, at=datetime.now(UTC))
    return {"order": f"/orders/{placed.number}", "customer": "/customers/CAFE"}


@pytest.fixture
def ruth() -> User:
    user = User.objects.create_user("ruth", first_name="Ruth", last_name="Osei")
    Grant.objects.create(user=user, role="manager")
    return user


@pytest.mark.parametrize("name", ["order", "customer"])
def test_axe_finds_nothing_and_nothing_runs_off_the_side(open_page, shop, ruth, name):
    for kind, size, theme in (("desk", DESK, "light"), ("phone", PHONE, "dark")):
        page = open_page(shop[name], user=ruth, size=size, theme=theme)
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"agreed-{name}-{kind}-{theme}.png", full_page=True)
        assert findings(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
