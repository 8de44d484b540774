"""The rules builder in a real browser: by mouse, by keyboard only, on a phone, and with two people at once."""

import pytest
from django.db import transaction
from django.utils import timezone

from oms.core.models import Grant, User
from oms.routing import queries
from oms.routing.models import RuleSetVersion
from oms.routing.rules import Does, Fact
from oms.routing.services import reference, rule_sets
from tests import builders
from tests.browser.axe import findings
from tests.browser.conftest import PHONE, PICTURES

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.django_db(transaction=True)


def manager(name: str) -> User:
    user = User.objects.create_user(name, first_name=name.title())
    Grant.objects.create(user=user, role="manager")
    return user


@pytest.fixture
def dan() -> User:
    return manager("dan")


@pytest.fixture
def draft(dan: User) -> RuleSetVersion:
    for code, name, region in (("PER", "Perth", "WA"), ("SYD", "Sydney", "NSW")):
        builders.location(code, name=name, region=region)
    builders.channel("web")
    with transaction.atomic():
        live = reference.set_up(at=timezone.now())
        assert live is not None
        return rule_sets.draft_from(live.pk, by=dan, at=timezone.now())


def book(draft: RuleSetVersion):
    return queries.book_of(queries.version(draft.pk))


def axe_finds_nothing(page) -> None:
    page.evaluate("scrollTo(0, 0)")
    assert findings(page) == []


def test_a_rule_is_written_and_reads_back_at_once(open_page, dan, draft) -> None:
    page = open_page(f"/routing/versions/{draft.pk}/edit", user=dan)
    page.get_by_role("button", name="Add rule").click()
    page.locator("#r2-c0-fact").select_option(Fact.VALUE.value)
    page.get_by_label("Order value").fill("500")
    page.locator("#r2-a0-does").select_option(Does.REQUIRE.value)
    page.locator("#standing").get_by_text("to finish").wait_for()
    assert len(book(draft).rules) == 2

    page.get_by_label("Sydney", exact=True).last.check()
    page.get_by_text("When the order value is above 500.00 AUD, ship only from Sydney.").first.wait_for()
    page.locator("#standing").get_by_text("Draft kept").wait_for()

    rule = book(draft).rules[2]
    assert (rule.conditions[0].number, rule.actions[0].sites.codes) == (50_000, ("SYD",))
    page.screenshot(path=PICTURES / "builder-light.png", full_page=True)
    axe_finds_nothing(page)


def test_what_cannot_be_read_says_so_at_its_field_and_is_still_there_tomorrow(open_page, dan, draft) -> None:
    page = open_page(f"/routing/versions/{draft.pk}/edit", user=dan, theme="dark")
    page.locator("#split_penalty").fill("much")
    page.locator("#max_parcels").fill("3")
    page.locator("#note").focus()
    page.locator("#split_penalty-error").get_by_text("Write an amount of AUD, such as 500.00.").wait_for()
    page.locator("#standing").get_by_text("1 field is to finish").wait_for()
    assert page.locator("#split_penalty").get_attribute("aria-invalid") == "true"
    page.screenshot(path=PICTURES / "builder-dark.png", full_page=True)
    axe_finds_nothing(page)

    page.reload()
    assert page.locator("#split_penalty").input_value() == "much"
    assert book(draft).split_penalty_minor == 500


def test_rules_are_moved_by_keyboard_alone_and_the_focus_goes_along(open_page, dan, draft) -> None:
    page = open_page(f"/routing/versions/{draft.pk}/edit", user=dan)
    fragile = "When a tag is fragile, do not split the order."

    page.locator("#r1-up").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#r0-down")).to_be_focused()
    expect(page.locator("#r0-says")).to_contain_text(fragile)
    page.keyboard.press("Enter")
    expect(page.locator("#r1-up")).to_be_focused()
    expect(page.locator("#r1-says")).to_contain_text(fragile)

    page.locator("#r1-position").fill("1")
    page.keyboard.press("Tab")
    page.locator("#r0-says").get_by_text(fragile).wait_for()
    page.locator("#standing").get_by_text("Draft kept").wait_for()
    assert [rule.actions[0].does for rule in book(draft).rules] == [Does.FORBID_SPLIT, Does.EXCLUDE]


def test_a_rule_is_dragged_by_its_grip(open_page, dan, draft) -> None:
    page = open_page(f"/routing/versions/{draft.pk}/edit", user=dan)

    page.locator(".build-rule").nth(1).locator("[data-grip]").hover()
    page.mouse.down()
    page.locator(".build-rule").nth(0).locator("[data-grip]").hover()
    page.mouse.up()

    page.locator("#r0-says").get_by_text("do not split the order").wait_for()
    assert [rule.actions[0].does for rule in book(draft).rules] == [Does.FORBID_SPLIT, Does.EXCLUDE]


def test_a_condition_typed_and_a_button_pressed_at_once_are_both_kept(open_page, dan, draft) -> None:
    page = open_page(f"/routing/versions/{draft.pk}/edit", user=dan)

    page.locator("#r1-c0-values").fill("fragile, frozen")
    page.locator("#add-rule").click()  # the change and the press leave together
    page.locator("#r2-c0-fact").wait_for()

    expect(page.locator("#r2-c0-fact")).to_be_focused()
    assert page.locator("#r1-c0-values").input_value() == "fragile, frozen"
    sketch = queries.sketch_of(queries.version(draft.pk), "AUD")
    assert (sketch.rules[1].conditions[0].values, len(sketch.rules)) == (["fragile", "frozen"], 3)


def test_two_people_do_not_lose_each_others_work(open_page, dan, draft) -> None:
    mine = open_page(f"/routing/versions/{draft.pk}/edit", user=dan)
    theirs = open_page(f"/routing/versions/{draft.pk}/edit", user=manager("mai"))
    theirs.locator("#max_parcels").fill("2")
    theirs.locator("#note").focus()
    theirs.locator("#standing").get_by_text("Draft kept").wait_for()

    mine.locator("#max_parcels").fill("5")
    mine.locator("#note").focus()
    mine.get_by_text("has changed this draft meanwhile").wait_for()
    mine.get_by_text("Theirs: No order ships in more than two parcels.").wait_for()
    assert (mine.locator("#max_parcels").input_value(), book(draft).max_parcels) == ("5", 2)
    mine.screenshot(path=PICTURES / "builder-moved.png", full_page=True)
    axe_finds_nothing(mine)

    mine.get_by_role("button", name="Keep mine").click()
    mine.locator("#standing").get_by_text("Draft kept").wait_for()
    assert book(draft).max_parcels == 5
    theirs.locator("#max_parcels").fill("4")
    theirs.locator("#note").focus()
    theirs.get_by_role("button", name="Take theirs").click()
    expect(theirs.locator("#max_parcels")).to_have_value("5")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_builder_fits_a_phone(open_page, dan, draft, theme) -> None:
    page = open_page(f"/routing/versions/{draft.pk}/edit", user=dan, size=PHONE, theme=theme)
    page.get_by_role("button", name="Add rule").click()
    page.locator("#r2-c0-fact").wait_for()
    page.screenshot(path=PICTURES / f"builder-phone-{theme}.png", full_page=True)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    axe_finds_nothing(page)
