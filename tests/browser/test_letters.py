"""Letters in a real browser: pages to look at and for axe, a wording previewed, tried and saved."""

from datetime import UTC, datetime, timedelta

import pytest

from oms.core.models import Grant, OutboxMessage, User
from oms.core.relay import drain
from oms.flows.management.commands.relay import house_relay
from oms.letters.models import ChannelLetters, Letter, LetterTemplate
from oms.letters.rules import Occasion
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.builders import channel, customer, place, shelf

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


# Fields that stick out of their card, which hides what does.
CUT_OFF = """[...document.querySelectorAll(".module .form-row > div, .module textarea")]
    .filter(one => one.getBoundingClientRect().right > one.closest(".module").getBoundingClientRect().right + 1)
    .map(one => one.tagName + " " + one.closest(".form-row").className)"""


@pytest.fixture
def shop() -> dict[str, str]:
    """A café and a person who were written to, one letter that failed; the pages by name."""
    shelf("MUG", on_hand=40)
    row = ChannelLetters.objects.create(
        channel=channel("api"),
        occasions=[each.value for each in Occasion],
        since=datetime.now(UTC) - timedelta(days=30),
    )
    customer("CAFE", terms_days=14)
    placed = place(("MUG", 3), customer="CAFE", po_number="PO-77")
    place(("MUG", 1), customer_email="lee@example.com", gift_message="Enjoy!")
    drain(house_relay())
    now, theirs = datetime.now(UTC), Letter.objects.get(customer__code="CAFE")
    Letter.objects.create(
        key="shipped:x",
        occasion="shipped",
        order=theirs.order,
        customer=theirs.customer,
        status="failed",
        error="The mail server refuses it for good (550 5.1.1 no such user).",
        queued_at=now,
        settled_at=now,
    )
    return {
        "letters": "/letters/",
        "letter": f"/letters/{theirs.pk}",
        "order": f"/orders/{placed.number}",
        "customer": "/customers/CAFE",
        "template": f"/admin/letters/lettertemplate/{template().pk}/change/",
        "preview": f"/admin/letters/lettertemplate/{template().pk}/preview/",
        "channel": f"/admin/letters/channelletters/{row.pk}/change/",
    }


def template() -> LetterTemplate:
    return LetterTemplate.objects.get(letter_set__code="business", occasion="confirmed")


@pytest.fixture
def ruth() -> User:
    user = User.objects.create_user("ruth", first_name="Ruth", last_name="Osei", email="ruth@shop.example")
    Grant.objects.create(user=user, role="manager")
    return user


@pytest.mark.parametrize("name", ["letters", "letter", "order", "customer"])
def test_axe_finds_nothing_and_nothing_runs_off_the_side(open_page, shop, ruth, name):
    for kind, size, theme in (("desk", DESK, "light"), ("phone", PHONE, "dark")):
        page = open_page(shop[name], user=ruth, size=size, theme=theme)
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"letters-{name}-{kind}-{theme}.png", full_page=True)
        assert findings(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("name", ["template", "preview", "channel"])
def test_the_admin_keeps_the_policy_and_the_page(open_page, shop, ruth, name):
    for kind, size, theme in (("desk", DESK, "light"), ("phone", PHONE, "dark")):
        # Without the tests' own script: in the letter's sandbox it could not run.
        page = open_page(shop[name], user=ruth, size=size, theme=theme, patient=False)
        PICTURES.mkdir(exist_ok=True)
        if name == "preview":
            page.frame_locator("#letter-html").locator("p").first.wait_for()
        page.screenshot(path=PICTURES / f"letters-{name}-{kind}-{theme}.png", full_page=True)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert page.evaluate(CUT_OFF) == []


def test_a_wording_is_typed_previewed_tried_mended_and_saved(open_page, shop, ruth):
    page = open_page(shop["template"], user=ruth, patient=False)
    page.get_by_label("Subject").fill("Ahoy {{ order_number }}")
    page.get_by_label("HTML").fill("<p style='color: #b00'>For {{ customer_name }}</p>")
    page.get_by_role("button", name="Preview with an order").click()
    expect(page.locator("#letter-subject")).to_contain_text("Ahoy SO-")
    expect(page.frame_locator("#letter-html").locator("p")).to_have_text("For Lee Kim")
    colour = page.frame_locator("#letter-html").locator("p").evaluate("node => getComputedStyle(node).color")
    assert colour == "rgb(187, 0, 0)"
    page.screenshot(path=PICTURES / "letters-preview-typed.png", full_page=True)

    page.get_by_role("button", name="Send a test letter to me").click()
    expect(page.locator(".messagelist")).to_contain_text("on its way to ruth@shop.example")
    assert OutboxMessage.objects.filter(topic="letter.test").count() == 1
    assert template().version == 1

    page.get_by_role("link", name="Go on writing").click()
    expect(page.get_by_label("Subject")).to_have_value("Ahoy {{ order_number }}")
    page.get_by_label("Subject").fill("Ahoy {{ order_numbr }}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".errorlist").first).to_contain_text("Did you mean order_number?")
    page.screenshot(path=PICTURES / "letters-template-refused.png", full_page=True)
    page.get_by_label("Subject").fill("Ahoy {{ order_number }}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
    assert (template().version, template().subject) == (2, "Ahoy {{ order_number }}")


def test_a_letter_is_sent_again_by_keyboard(open_page, shop, ruth):
    page = open_page(shop["letter"], user=ruth)
    page.get_by_role("button", name="Send again").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Reason").fill("They never got it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="They never got it")).to_be_visible()
    page.screenshot(path=PICTURES / "letters-sent-again.png", full_page=True)
    assert Letter.objects.filter(reason="They never got it", status="queued").count() == 1
