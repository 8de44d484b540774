"""Rates, re-planning, replays and scarce stock in a real browser, at a desk and on a phone."""

import re
from datetime import timedelta

import pytest

from oms.core.models import Grant, User
from oms.flows import replanning, replaying, standing
from oms.replays import queries as replays
from oms.replays.rules import Scenario
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.builders import NOON, TESTER, place, rate, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def ruth() -> User:
    user = User.objects.create_user("ruth", first_name="Ruth")
    Grant.objects.create(user=user, role="manager")
    return user


@pytest.fixture
def planned() -> dict[str, str]:
    """A pass that saved a parcel, a replay without Perth, pieces that several orders wait for, and a hold."""
    for code, cost in (("PER", 600), ("SYD", 900)):
        rate(code, region="WA", cost_minor=cost, days=2)
    shelf("MUG", at="PER", on_hand=1)
    shelf("PLATE", at="PER", on_hand=5)
    shelf("MUG", at="SYD", on_hand=5)
    place(("MUG", 1))
    held = place(("MUG", 1), ("PLATE", 1))
    run = replanning.run(actor=TESTER, at=NOON + timedelta(minutes=20))
    for _ in range(2):
        place(("MUG", 9))
    standing.hold_order(held.number, reason="Look first", actor=TESTER, at=NOON)
    period, later = (NOON - timedelta(hours=1), NOON + timedelta(hours=1)), NOON + timedelta(hours=2)
    replay = replaying.ask("Without Perth", period, Scenario(without=("PER",)), actor=TESTER, at=later)
    assert replaying.run(replay.pk, clock=lambda: later)
    return {
        "rates": "/routing/rates",
        "replanning": "/replanning/",
        "replanning-run": f"/replanning/{run.pk}",
        "replanning-pace": "/replanning/pace",
        "replays": "/what-if/",
        "replay-new": "/what-if/new",
        "replay": f"/what-if/{replay.pk}",
        "hot": "/orders/hot",
        "scarce": "/orders/scarce",
        "scarce-sku": "/orders/scarce/MUG",
        "holds": "/orders/holds",
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_and_nothing_runs_off_the_side(ruth, planned, open_page, theme, size):
    page, bad = open_page("/", user=ruth, size=size, theme=theme), []
    PICTURES.mkdir(exist_ok=True)
    for name, address in planned.items():
        assert page.goto(address).ok, address
        page.screenshot(path=PICTURES / f"planning-{name}-{size['width']}-{theme}.png", full_page=True)
        bad += [f"{name}: {said}" for said in findings(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            bad.append(f"{name}: runs off the side")
    assert bad == []


def test_a_manager_asks_what_would_have_been_without_a_warehouse(ruth, planned, open_page):
    page = open_page("/what-if/new", user=ruth)
    page.get_by_label("Name").fill("Without Sydney")
    page.get_by_label("First day").fill("2026-11-23")
    page.get_by_label("Last day").fill("2026-11-23")
    page.get_by_label("SYD (SYD)").check()
    page.get_by_role("button", name="Play it again").click()
    expect(page.get_by_role("heading", name="Without Sydney")).to_be_visible()
    asked = replays.replays().get(name="Without Sydney")
    assert asked.scenario["without"] == ["SYD"]


def test_a_manager_sets_the_pace_and_runs_a_pass_at_once(ruth, planned, open_page):
    page = open_page("/replanning/pace", user=ruth)
    page.get_by_role("button", name="Set the pace").click()
    page.goto("/replanning/")
    page.get_by_role("button", name="Make a pass now").click()
    expect(page.get_by_role("heading", name=re.compile("^Pass "))).to_be_visible()
    expect(page.locator("main")).to_contain_text("Ruth")
