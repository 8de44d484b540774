"""Rule sets as programs meet them: read, drafted, tested; asking and publishing stay with two people."""

import pytest
from zeal import zeal_context

from oms.core.models import AuditEntry
from oms.routing.models import RuleSetVersion
from oms.routing.rules import RuleBook
from tests import builders
from tests.doors.test_rest_contract import Api, api  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db
ONLY_PERTH = {
    "rules": [
        {
            "conditions": [{"fact": "value", "test": "above", "number": 50_000}],
            "actions": [{"does": "require", "sites": {"codes": ["PER"]}}],
        }
    ],
    "criteria": ["parcels", "cost"],
    "split_penalty": "4.50",
    "scarcity": "3.00",
    "max_parcels": 3,
    "if_none": "ask",
    "note": "Valuable orders from Perth",
}


@pytest.fixture
def live(api) -> RuleSetVersion:  # noqa: F811
    return builders.live_rules(RuleBook())


def drafts(live: RuleSetVersion) -> str:
    return f"rule-sets/{live.rule_set_id}/versions"


def test_a_program_drafts_and_tests_and_a_person_does_the_rest(api, live) -> None:  # noqa: F811
    made = api.post(drafts(live), ONLY_PERTH)
    assert made.status_code == 201, made.content
    draft = made.json()

    assert draft["sentences"][0] == "When the order value is above 500.00 AUD, ship only from Per."
    assert (draft["split_penalty"], draft["scarcity"], draft["if_none"]) == ("4.50", "3.00", "ask")
    assert draft["version"]["status"] == "draft"
    assert draft["rules"] == ONLY_PERTH["rules"]
    tested = api.post(f"rule-set-versions/{draft['version']['id']}/test")
    again = api.post(f"rule-set-versions/{draft['version']['id']}/test")
    assert [each.json()["version"]["status"] for each in (tested, again)] == ["tested", "tested"]
    assert api.post(f"rule-set-versions/{draft['version']['id']}/publish").status_code == 404
    told = AuditEntry.objects.filter(action__startswith="rule_set.", actor_kind="token")
    assert sorted(told.values_list("action", flat=True)) == ["rule_set.drafted", "rule_set.tested"]


def test_the_same_key_drafts_once(api, live) -> None:  # noqa: F811
    first = api.post(drafts(live), ONLY_PERTH, key="k").json()
    second = api.post(drafts(live), ONLY_PERTH, key="k").json()

    assert first == second
    assert live.rule_set.versions.count() == 2


def test_sets_and_versions_are_listed(api, live) -> None:  # noqa: F811
    for _ in range(3):
        api.post(drafts(live), ONLY_PERTH)

    with zeal_context():
        (one,) = api.get("rule-sets").json()["results"]
    with zeal_context():
        listed = api.get(drafts(live)).json()["results"]

    assert one == {
        "id": live.rule_set_id,
        "name": "All orders",
        "channel": "",
        "customer_type": "",
        "live": live.pk,
    }
    assert [each["number"] for each in listed] == [4, 3, 2, 1]
    assert api.get(f"rule-set-versions/{live.pk}").json()["version"]["status"] == "published"


def test_what_can_never_fire_is_found_and_not_tested(api, live) -> None:  # noqa: F811
    never = {
        "conditions": [{"fact": "sku", "test": "is", "values": ["SAUCER"]}],
        "actions": [{"does": "hold"}],
    }
    draft = api.post(drafts(live), ONLY_PERTH | {"rules": [never]}).json()

    refused = api.post(f"rule-set-versions/{draft['version']['id']}/test")

    says = "There is no SKU SAUCER: choose one that exists."
    assert draft["findings"] == [{"rule": 1, "at": "conditions/0", "says": says, "stops": True}]
    assert (refused.status_code, refused.json()["code"]) == (422, "routing-rule-invalid")
    assert refused.json()["errors"][0]["pointer"] == "#/rules/1/conditions/0"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"criteria": ["beauty"]}, "#/criteria/0"),
        ({"weights": [1]}, "#/weights"),
        ({"split_penalty": "-1"}, "#/split_penalty"),
        ({"scarcity": "1e99"}, "#/scarcity"),
        ({"rules": [{"actions": [{"does": "fly"}]}]}, "#/rules/0/actions/0/does"),
    ],
)
def test_a_wording_that_cannot_be_carried_out_is_refused_where_it_stands(api, live, change, pointer) -> None:  # noqa: F811
    refused = api.post(drafts(live), ONLY_PERTH | change)

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert live.rule_set.versions.count() == 1


def test_reading_and_writing_have_scopes_of_their_own(api, live) -> None:  # noqa: F811
    reader = Api("routing:read")

    assert reader.get("rule-sets").status_code == 200
    assert reader.post(drafts(live), ONLY_PERTH).status_code == 403
    assert Api("orders:read").get(f"rule-set-versions/{live.pk}").status_code == 403
    assert reader.get("rule-set-versions/999999").status_code == 404
    assert api.post("rule-sets/999999/versions", ONLY_PERTH).status_code == 404
