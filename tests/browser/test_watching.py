"""Alerts and invariants in a real browser: read, taken, closed, proved; nothing for axe to find."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from oms.alerts.models import Alert, Severity
from oms.alerts.services import alerts
from oms.core.models import Grant, User
from oms.flows import proving
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.builders import location, place, rate, shelf
from tests.reports.test_invariants import spoil

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def ruth() -> User:
    """A manager of a shop where a few things went wrong."""
    now = datetime.now(UTC)
    location("PER", name="Perth")
    location("SYD", name="Sydney")
    rate("PER", region="WA", cost_minor=600, days=2)
    shelf("MUG", on_hand=9)
    number = place(("MUG", 2)).number
    with transaction.atomic():
        for hours, kind, subject, about, said, where in (
            (
                1,
                "short_pick",
                "fulfilment_order",
                f"FO-{number[3:]}-1",
                "2 of MUG were not found; they wait.",
                "PER",
            ),
            (
                9,
                "short_pick",
                "fulfilment_order",
                "FO-7-1",
                "1 of CUP was not found; found elsewhere.",
                "SYD",
            ),
            (30, "late_order", "order", number, f"{number} was promised yesterday and has not left.", ""),
            (3, "message.stopped", "message", "77", "Message 77 could not be told: HTTP 503.", ""),
        ):
            alerts.open_alert(
                kind, subject, about, message=said, at=now - timedelta(hours=hours), location=where
            )
        alerts.open_alert(
            "broken_audit", "audit", "chain", message="Entry 12 was changed.", at=now, severity=Severity.STOP
        )
    user = User.objects.create_user("ruth", first_name="Ruth", last_name="Osei")
    Grant.objects.create(user=user, role="manager")
    return user


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_and_nothing_runs_off_the_side(ruth, open_page, owner_connection, theme, size):
    page, bad = open_page("/invariants/?show=broken", user=ruth, size=size, theme=theme), []
    PICTURES.mkdir(exist_ok=True)
    # A state that no flow would leave behind, so that one page has rows to show.
    proving.prove(["I1", "I3"], clock=lambda: datetime.now(UTC))
    spoil(owner_connection, "update orders_order set state = 'closed'", table="orders_order")
    proving.prove(["I18"], clock=lambda: datetime.now(UTC))
    one = Alert.objects.get(kind="late_order").pk
    for address in (
        *("/alerts/", "/alerts/?kind=short_pick", "/alerts/?owner=me", f"/alerts/{one}"),
        *("/invariants/", "/invariants/?show=broken", "/invariants/I18", "/invariants/I36"),
    ):
        page.goto(address)
        name = re.sub(r"[^a-z0-9]+", "-", address.lower()).strip("-").replace(f"-{one}", "-one")
        page.screenshot(path=PICTURES / f"{name}-{size['width']}-{theme}.png", full_page=True)
        bad += [f"{address}: {said}" for said in findings(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            bad.append(f"{address}: runs off the side")
    assert bad == []


def test_an_alert_is_taken_and_closed_with_a_note(ruth, open_page):
    page = open_page("/", user=ruth)
    page.locator("#main").get_by_role("link", name="Alerts").click()
    page.get_by_role("link", name="has not left").click()
    page.get_by_role("button", name="Take 1 alert").click()
    expect(page.locator(".answer-facts")).to_contain_text("Ruth Osei")
    page.get_by_label("What was done").fill("Courier comes at four")
    page.get_by_role("button", name="Close 1 alert").click()
    expect(page.locator("main")).to_contain_text("How it ended")
    expect(page.locator("main")).to_contain_text("Courier comes at four")


def test_every_invariant_is_proved_by_one_button(ruth, open_page):
    page = open_page("/invariants/", user=ruth)
    expect(page.locator("main")).to_contain_text("Never proved")
    page.get_by_role("button", name=re.compile("Prove .* invariants now")).click()
    expect(page.locator("main")).to_contain_text(re.compile("0 differences in"))
    expect(page.locator("main")).not_to_contain_text("Never proved")
