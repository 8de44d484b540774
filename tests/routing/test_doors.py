"""Routing as programs and people meet it: the decision over REST, the rules as pages, the admin."""

from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from zeal import zeal_context

from oms.core import tokens
from oms.core.actors import SYSTEM
from oms.core.models import AuditEntry, Grant, User
from oms.routing.models import RoutingDecision, RuleSetVersion
from oms.routing.services import reference
from tests import builders
from tests.builders import NOON

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def perth_example() -> None:
    for code, name, region in (("PER", "Perth", "WA"), ("SYD", "Sydney", "NSW")):
        builders.location(code, name=name, region=region)
    builders.rate("PER", region="WA", cost_minor=600, days=2)
    builders.rate("SYD", region="WA", cost_minor=1200, days=5)
    builders.shelf("MUG", at="PER", on_hand=3)
    builders.shelf("MUG", at="SYD", on_hand=20)
    builders.channel("api")


def program(*scopes: str) -> Client:
    _, text = tokens.create("tests", scopes=scopes, actor=SYSTEM, at=NOON)
    return Client(headers={"authorization": f"Bearer {text}"})


def person(name: str, *, superuser: bool = False) -> Client:
    user = User.objects.create_user(name, is_staff=superuser, is_superuser=superuser)
    Grant.objects.create(user=user, role="manager")
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def press(client: Client, path: str):
    return client.post(path, {"idempotency_key": uuid4().hex}, follow=True)


@pytest.fixture
def live() -> RuleSetVersion:
    builders.location("PER", name="Perth", region="WA")
    with transaction.atomic():
        reference.set_up(at=NOON)
    return RuleSetVersion.objects.get(status="published")


def test_a_decision_explains_itself_over_rest(perth_example: None) -> None:
    placed = builders.place(("MUG", 1))
    decision = RoutingDecision.objects.get(order__number=placed.number)

    answer = program("routing:read").get(f"/api/v1/routing-decisions/{decision.pk}").json()

    assert answer["why"] == (
        "Perth fills all 1 line in one parcel for 6.00 in 2 days."
        " Sydney costs 6.00 more and takes 3 days longer."
    )
    assert (answer["order"], answer["cost"], answer["bound"], answer["optimal"]) == (
        placed.number,
        "6.00",
        "6.00",
        True,
    )
    assert answer["winner"] == {
        "locations": ["PER"],
        "cost": "6.00",
        "days": 2,
        "parcels": 1,
        "unfilled": 0,
    }
    assert answer["runner_up"]["locations"] == ["SYD"]
    seen = [(each["location"], each["stock"], each["cost"], each["days"]) for each in answer["candidates"]]
    assert seen == [("PER", {"MUG": 3}, "6.00", 2), ("SYD", {"MUG": 20}, "12.00", 5)]
    assert answer["parcels"][0]["lines"] == [{"sku": "MUG", "quantity": 1}]


def test_a_decision_needs_its_scope_and_a_number_that_exists() -> None:
    assert program("orders:read").get("/api/v1/routing-decisions/1").status_code == 403
    missing = program("routing:read").get("/api/v1/routing-decisions/1")
    assert (missing.status_code, missing.json()["code"]) == (404, "routing-decision-not-found")


def test_the_rules_page_reads_the_live_rules_as_sentences(live: RuleSetVersion) -> None:
    page = person("dan").get("/routing/").content.decode()

    assert "the destination country is not AU" in page
    assert "never ship from suppliers" in page
    assert "lowest cost, then fewest days" in page


def test_a_draft_is_published_by_somebody_else_and_not_by_its_author(live: RuleSetVersion) -> None:
    dan, mai = person("dan"), person("mai")
    press(dan, f"/routing/versions/{live.pk}/draft")
    draft = RuleSetVersion.objects.get(status="draft")
    press(dan, f"/routing/versions/{draft.pk}/ask")

    refused = press(dan, f"/routing/versions/{draft.pk}/publish")
    assert "somebody else publishes it" in refused.content.decode()
    done = press(mai, f"/routing/versions/{draft.pk}/publish")

    draft.refresh_from_db()
    assert draft.status == "published"
    assert "Live" in done.content.decode()


def test_a_new_draft_opens_where_it_is_edited_and_one_that_is_not_wanted_is_put_away(
    live: RuleSetVersion,
) -> None:
    dan, mai = person("dan"), person("mai")

    opened = press(dan, f"/routing/versions/{live.pk}/draft")
    draft = RuleSetVersion.objects.get(status="draft")
    assert opened.redirect_chain == [(f"/routing/versions/{draft.pk}/edit", 302)]
    press(dan, f"/routing/versions/{draft.pk}/ask")
    away = press(dan, f"/routing/versions/{draft.pk}/discard").content.decode()

    draft.refresh_from_db()
    assert (draft.status, draft.published_at) == ("retired", None)
    assert "<dt>Discarded</dt>" in away
    assert AuditEntry.objects.filter(action="rule_set.discarded").count() == 1
    assert "Nobody has asked" in press(mai, f"/routing/versions/{draft.pk}/publish").content.decode()
    for path in (f"/routing/versions/{live.pk}/discard", f"/routing/versions/{draft.pk}/discard"):
        assert "start a draft from it" in press(dan, path).content.decode()
    live.refresh_from_db()
    assert live.status == "published"


def test_the_page_offers_publishing_only_to_a_second_person(live: RuleSetVersion) -> None:
    dan, mai = person("dan"), person("mai")
    press(dan, f"/routing/versions/{live.pk}/draft")
    draft = RuleSetVersion.objects.get(status="draft")
    press(dan, f"/routing/versions/{draft.pk}/ask")

    assert 'aria-disabled="true"' in dan.get(f"/routing/versions/{draft.pk}").content.decode()
    assert (
        f"/routing/versions/{draft.pk}/publish" in mai.get(f"/routing/versions/{draft.pk}").content.decode()
    )


def test_what_must_be_mended_stands_on_the_page_and_in_the_admin(live: RuleSetVersion) -> None:
    dan, admin = person("dan"), person("root", superuser=True)
    press(dan, f"/routing/versions/{live.pk}/draft")
    draft = RuleSetVersion.objects.get(status="draft")
    unknown = [{"fact": "sku", "test": "is", "values": ["SAUCER"]}]
    draft.rules.create(position=9, conditions=unknown, actions=[{"does": "hold"}])

    page = dan.get(f"/routing/versions/{draft.pk}").content.decode()
    refused = press(dan, f"/routing/versions/{draft.pk}/test").content.decode()
    shown = admin.get(f"/admin/routing/rulesetversion/{draft.pk}/change/").content.decode()

    for text in (page, refused, shown):
        assert "There is no SKU SAUCER: choose one that exists." in text
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_a_version_says_what_is_other_than_live_or_than_any_version(live: RuleSetVersion) -> None:
    dan = person("dan")
    press(dan, f"/routing/versions/{live.pk}/draft")
    draft = RuleSetVersion.objects.get(status="draft")
    same = dan.get(f"/routing/versions/{draft.pk}").content.decode()
    RuleSetVersion.objects.filter(pk=draft.pk).update(max_parcels=2)

    with zeal_context():
        page = dan.get(f"/routing/versions/{draft.pk}").content.decode()
    back = dan.get(f"/routing/versions/{live.pk}?compare={draft.pk}").content.decode()

    assert "It says the same." in same
    assert "<del>No order ships in more than three parcels.</del>" in page
    assert "<ins>No order ships in more than two parcels.</ins>" in page
    assert "<ins>No order ships in more than three parcels.</ins>" in back
    replay = f"{reverse('replays:new')}?version={draft.pk}"
    assert replay in page
    assert f'<option value="{draft.pk}" selected>' in dan.get(replay).content.decode()


def test_the_admin_shows_a_version_in_words_and_leaves_a_live_one_alone(live: RuleSetVersion) -> None:
    admin = person("root", superuser=True)

    page = admin.get(f"/admin/routing/rulesetversion/{live.pk}/change/").content.decode()
    assert "What is left is ranked by lowest cost, then fewest days." in page
    assert 'name="split_penalty_minor"' not in page


def test_a_rule_that_says_nothing_sensible_is_refused_in_the_admin(live: RuleSetVersion) -> None:
    admin = person("root", superuser=True)
    press(admin, f"/routing/versions/{live.pk}/draft")
    draft = RuleSetVersion.objects.get(status="draft")
    form = {
        "criteria": "cost",
        "weights": "",
        "split_penalty_minor": "500",
        "scarcity_minor": "0",
        "max_parcels": "2",
        "if_none": "backorder",
        "note": "",
        "rules-TOTAL_FORMS": "1",
        "rules-INITIAL_FORMS": "0",
        "rules-0-version": str(draft.pk),
        "rules-0-position": "9",
        "rules-0-conditions": "[]",
    }
    path = f"/admin/routing/rulesetversion/{draft.pk}/change/"

    refused = admin.post(path, form | {"rules-0-actions": '[{"does": "fly"}]'})
    taken = admin.post(path, form | {"rules-0-actions": '[{"does": "forbid_split"}]'})

    assert "This is one of prefer" in refused.content.decode()
    assert taken.status_code == 302
    assert draft.rules.filter(position=9).exists()


@pytest.mark.parametrize("model", ["ruleset", "zone", "ratecard", "routingdecision", "rulesetversion"])
def test_every_list_of_the_admin_opens(live: RuleSetVersion, perth_example: None, model: str) -> None:
    builders.place(("MUG", 1))

    assert person("root", superuser=True).get(f"/admin/routing/{model}/").status_code == 200


def test_a_new_rule_set_of_the_admin_begins_with_a_draft() -> None:
    admin = person("root", superuser=True)

    done = admin.post(
        "/admin/routing/ruleset/add/",
        {
            "name": "Wholesale",
            "channel": "",
            "customer_type": "b2b",
            "versions-TOTAL_FORMS": "0",
            "versions-INITIAL_FORMS": "0",
        },
    )

    assert done.status_code == 302
    draft = RuleSetVersion.objects.get(rule_set__name="Wholesale")
    assert (draft.number, draft.status) == (1, "draft")
