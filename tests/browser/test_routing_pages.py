"""The rules as a manager sees them: sentences, a draft, a second person."""

import pytest
from django.db import transaction
from django.utils import timezone

from oms.core.models import Grant, User
from oms.routing.models import RuleSetVersion
from oms.routing.services import reference, rule_sets
from tests import builders
from tests.browser.axe import findings
from tests.browser.conftest import DESK, PHONE, PICTURES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dan() -> User:
    user = User.objects.create_user("dan")
    Grant.objects.create(user=user, role="manager")
    return user


@pytest.fixture
def draft(dan: User) -> RuleSetVersion:
    builders.location("PER", name="Perth", region="WA")
    with transaction.atomic():
        live = reference.set_up(at=timezone.now())
        assert live is not None
        return rule_sets.draft_from(live.pk, by=dan, at=timezone.now(), note="Fragile goods stay together")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_rules_read_well_and_axe_finds_nothing(open_page, dan, draft, theme) -> None:
    page = open_page("/routing/", user=dan, theme=theme)
    page.get_by_role("heading", name="All orders").wait_for()
    page.screenshot(path=PICTURES / f"routing-{theme}.png", full_page=True)
    assert findings(page) == []

    page.get_by_role("link", name="v2").click()
    page.get_by_role("button", name="Ask to publish v2").click()
    page.get_by_text("asked to publish this").wait_for()
    page.screenshot(path=PICTURES / f"routing-version-{theme}.png", full_page=True)
    assert findings(page) == []


@pytest.mark.parametrize(("theme", "size"), [("light", DESK), ("dark", PHONE)])
def test_asking_pages_read_well_at_a_desk_and_on_a_phone(open_page, dan, draft, theme, size) -> None:
    builders.channel("web")
    builders.shelf("MUG", at="PER", on_hand=3)
    asked = "channel=web&customer_type=b2c&country=AU&region=WA&postcode=6050"
    pages = {
        "try": f"/routing/versions/{draft.pk}/try?{asked}&lines=MUG+x+2&order=&value=&shipping_option=",
        "why": f"/routing/why?{asked}&sku=MUG&quantity=5",
        "version": f"/routing/versions/{draft.pk}",
    }
    for name, path in pages.items():
        page = open_page(path, user=dan, theme=theme, size=size)
        page.screenshot(path=PICTURES / f"asking-{name}-{size['width']}-{theme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert findings(page) == []
