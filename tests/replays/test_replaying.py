"""A past period is played again under other circumstances; nothing of it is touched."""

from datetime import timedelta

import pytest

from inventory.models import StockMovement
from oms.catalogue.models import Sku
from oms.flows import counting, replaying
from oms.replays import queries
from oms.replays.models import Replay
from oms.replays.rules import NewSite, ReplayInvalid, Scenario
from oms.routing.rules import Action, Condition, Does, Fact, Rule, RuleBook, Sites, Test
from tests.builders import NOON, SYDNEY, TESTER, breaches, live_rules, place, rate, shelf
from tests.doors.test_order_pages import BACKEND, person
from tests.doors.test_rest_contract import api  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=2)
PERIOD = (NOON - timedelta(hours=1), NOON + timedelta(hours=1))


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture
def period() -> list[str]:
    """Three orders to Perth and one to Sydney, four mugs in each town; the mugs were there an hour before."""
    for code, pieces in (("PER", 4), ("SYD", 4)):
        shelf("MUG", at=code, on_hand=pieces)
    for here, region, cost, days in (
        ("PER", "WA", 600, 2),
        ("PER", "NSW", 1200, 5),
        ("SYD", "WA", 1200, 5),
        ("SYD", "NSW", 600, 2),
    ):
        rate(here, region=region, cost_minor=cost, days=days)
    return [place(("MUG", 1)).number for _ in range(3)] + [place(("MUG", 1), to=SYDNEY).number]


def played(scenario: Scenario) -> Replay:
    replay = replaying.ask("Try", PERIOD, scenario, actor=TESTER, at=LATER)
    assert replaying.run(replay.pk, clock=lambda: LATER)
    return queries.replay(replay.pk)


def test_under_the_same_circumstances_the_same_is_decided(period):
    moved = StockMovement.objects.count()

    done = played(Scenario())

    assert (done.state, done.orders_done, done.summary["changed"]) == ("done", 4, 0)
    assert done.summary["before"] == done.summary["after"]
    assert done.summary["before"]["cost_minor"] == 4 * 600
    assert StockMovement.objects.count() == moved


def test_without_a_warehouse_the_others_serve_and_cost_more(period):
    done = played(Scenario(without=("PER",)))

    assert done.summary["changed"] == 3
    assert done.summary["after"]["cost_minor"] == 3 * 1200 + 600
    changed = queries.results(done.pk, changed=True)
    assert {(tuple(row.sites_before), tuple(row.sites_after)) for row in changed} == {(("PER",), ("SYD",))}


def test_less_stock_leaves_orders_unserved(period):
    done = played(Scenario(without=("PER",), stock_percent=50))

    assert done.summary["after"]["stock_outs"] == 2
    assert done.summary["before"]["stock_outs"] == 0


def test_another_warehouse_gets_a_share_of_the_stock(period):
    done = played(Scenario(new_site=NewSite("ADL", "PER", 50), rate_percent=(("PER", 200),)))

    assert done.state == "done"
    assert ["ADL"] in [row.sites_after for row in queries.results(done.pk)]


def test_what_came_in_the_middle_is_there_from_then_on(period):
    shelf("CUP", at="PER", on_hand=1)
    place(("CUP", 1))
    counting.receive_stock(
        "CUP", location="PER", quantity=5, reference="D", actor=TESTER, at=NOON + timedelta(minutes=5)
    )

    assert played(Scenario()).summary["changed"] == 0


@pytest.mark.parametrize(
    ("begins", "ends", "scenario"),
    [
        (1, 0, Scenario()),
        (-500, -400, Scenario()),
        (-1, 1, Scenario(without=("XXX",))),
        (-1, 1, Scenario(new_site=NewSite("PER", "SYD", 5))),
        (-1, 1, Scenario(new_site=NewSite("ADL", "XXX", 5))),
    ],
)
def test_what_cannot_be_played_is_refused(period, begins, ends, scenario):
    hours = (NOON + timedelta(hours=begins), NOON + timedelta(hours=ends))

    with pytest.raises(ReplayInvalid):
        replaying.ask("Try", hours, scenario, actor=TESTER, at=LATER)


def test_a_worker_that_died_is_followed_by_one_that_begins_anew(period):
    replay = replaying.ask("Try", PERIOD, Scenario(), actor=TESTER, at=LATER)
    assert queries.stalled(LATER) == [replay.pk]
    assert replaying._hold(replay.pk, at=LATER) == 1
    assert queries.stalled(LATER) == []
    assert not replaying.run(replay.pk, clock=lambda: LATER)

    assert replaying.run(replay.pk, clock=lambda: LATER + timedelta(minutes=5))

    assert queries.replay(replay.pk).orders_done == queries.results(replay.pk).count() == 4


def test_the_same_over_rest(api, period, monkeypatch):  # noqa: F811  # the fixture
    asked = {"from": PERIOD[0].isoformat(), "until": PERIOD[1].isoformat(), "without": ["PER"]}
    receipt = api.post("replays", asked)
    assert receipt.status_code == 202, receipt.content
    replaying.run(Replay.objects.get().pk, clock=lambda: LATER)

    done = api.get(f"replays/{receipt.json()['id']}").json()
    orders = api.get(f"replays/{receipt.json()['id']}/orders?changed=true").json()["results"]

    assert (done["status"], done["changed"], done["after"]["cost"]) == ("done", 3, "42.00")
    assert [row["locations_after"] for row in orders] == [["SYD"]] * 3
    assert done["scenario"] == ["Without PER."]


def test_the_same_on_the_pages(client, period):
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    day = NOON.date().isoformat()
    form = {
        "name": "Without Perth",
        "first_day": day,
        "last_day": day,
        "without": ["PER"],
        "stock_percent": "100",
        "idempotency_key": "replay-key-0001",
    }

    sent = client.post("/what-if/new", form)
    replay = Replay.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, f"/what-if/{replay.pk}")
    assert "Playing it again" in client.get(sent["Location"]).content.decode()
    replaying.run(replay.pk, clock=lambda: LATER)

    page = client.get(sent["Location"]).content.decode()
    assert all(text in page for text in ("42.00", "Served otherwise", period[0], "Without PER."))
    assert "Without Perth" in client.get("/what-if/").content.decode()
    # The page as it stood while it worked is loaded again once it is done.
    assert client.get(f"/what-if/{replay.pk}?part=progress")["HX-Refresh"] == "true"
    lines = b"".join(client.get(f"/what-if/{replay.pk}/file").streaming_content).decode().splitlines()
    assert len(lines) == 5
    wrong = client.post("/what-if/new", form | {"new_code": "ADL", "idempotency_key": "replay-key-0002"})
    assert wrong.status_code == 422
    assert "at whose rates" in wrong.content.decode()


def test_rules_are_asked_with_the_facts_of_then(period):
    Sku.objects.filter(code="MUG").update(length_mm=300, width_mm=100, height_mm=100, hazard="9")
    gone = Action(Does.EXCLUDE, Sites(codes=("PER",)))
    facts = (
        Condition(Fact.HAZARD, Test.IS, ("9",)),
        Condition(Fact.LONGEST_SIDE, Test.ABOVE, number=299),
        Condition(Fact.VOLUME, Test.ABOVE, number=2_999),
        # At noon UTC it is eight in the evening in Perth.
        Condition(Fact.HOUR, Test.BELOW, number=21),
        Condition(Fact.HOUR, Test.ABOVE, number=19),
    )
    draft = live_rules(RuleBook((Rule(1, facts, (gone,)),)))

    assert played(Scenario(versions=(draft.pk,))).summary["changed"] == 3


def test_a_replay_names_the_version_it_was_played_under(api, client, period):  # noqa: F811
    live_rules(RuleBook(), name="Others", customer_type="b2b")
    version = live_rules(RuleBook((Rule(1, (), (Action(Does.KEEP, number=1),)),)), name="All")
    done = played(Scenario(versions=(version.pk,)))
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)

    said = f"Rules: {version} instead of the live one."
    assert api.get(f"replays/{done.pk}").json()["scenario"] == [said]
    assert api.get("replays").json()["results"][0]["scenario"] == [said]
    assert said in client.get(f"/what-if/{done.pk}").content.decode()
    assert f"{version} (live)" in client.get("/what-if/new").content.decode()
