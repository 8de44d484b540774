"""Versions of rule sets, and what the database keeps as it was."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from oms.core.models import Approval, Grant, User
from oms.core.roles import Role
from oms.flows import ruling
from oms.routing import queries, rule_queries
from oms.routing.models import RoutingDecision, RuleRow, RuleSetVersion
from oms.routing.problem import Destination
from oms.routing.rules import (
    Action,
    Condition,
    Criterion,
    Does,
    Fact,
    Ranking,
    Rule,
    RuleBook,
    RuleInvalid,
    SecondPersonNeeded,
    Sites,
    Test,
    VersionPublished,
)
from oms.routing.services import reference, rule_sets
from tests import builders
from tests.builders import NOON

pytestmark = pytest.mark.django_db

ONLY_PERTH = RuleBook(
    rules=(Rule(1, (), (Action(Does.REQUIRE, Sites(codes=("PER",))),)),),
    ranking=Ranking((Criterion.PARCELS, Criterion.COST)),
    split_penalty_minor=300,
)


@pytest.fixture
def dan() -> User:
    return _manager("dan")


@pytest.fixture
def mai() -> User:
    return _manager("mai")


def _manager(name: str) -> User:
    user = User.objects.create(username=name)
    Grant.objects.create(user=user, role=Role.MANAGER)
    return user


def _live(book: RuleBook = ONLY_PERTH) -> RuleSetVersion:
    builders.location("PER")
    draft = rule_sets.create("All orders", by=None, at=NOON)
    rule_sets.rewrite(draft.pk, book, by=None, at=NOON)
    return rule_sets.publish_first(draft.pk, at=NOON)


def _publish(version_id: int, *, asked_by: User, by: User) -> RuleSetVersion:
    rule_sets.ask_to_publish(version_id, by=asked_by, at=NOON)
    return rule_sets.publish(version_id, by=by, at=NOON + timedelta(minutes=5))


def test_a_second_person_makes_a_draft_live_and_the_old_version_retires(dan: User, mai: User) -> None:
    first = _live()
    draft = rule_sets.draft_from(first.pk, by=dan, at=NOON)

    _publish(draft.pk, asked_by=dan, by=mai)

    first.refresh_from_db()
    draft.refresh_from_db()
    assert (first.status, draft.status, draft.number) == ("retired", "published", 2)
    assert (draft.requested_by, draft.approved_by) == (dan, mai)


def test_whoever_wrote_a_draft_cannot_publish_it(dan: User, mai: User) -> None:
    draft = rule_sets.draft_from(_live().pk, by=dan, at=NOON)
    rule_sets.ask_to_publish(draft.pk, by=mai, at=NOON)

    with pytest.raises(SecondPersonNeeded):
        rule_sets.publish(draft.pk, by=dan, at=NOON)


def test_an_edit_after_the_request_needs_another_word(dan: User, mai: User) -> None:
    draft = rule_sets.draft_from(_live().pk, by=dan, at=NOON)
    rule_sets.ask_to_publish(draft.pk, by=dan, at=NOON)

    rule_sets.rewrite(draft.pk, RuleBook(), by=dan, at=NOON)

    assert queries.publishing_request(draft.pk) is None
    assert Approval.objects.get().state == "voided"


def test_going_back_is_a_new_draft_with_the_old_wording(dan: User, mai: User) -> None:
    first = _live()
    second = rule_sets.draft_from(first.pk, by=dan, at=NOON)
    rule_sets.rewrite(second.pk, RuleBook(), by=dan, at=NOON)
    _publish(second.pk, asked_by=dan, by=mai)

    back = rule_sets.draft_from(first.pk, by=dan, at=NOON)

    written, original = queries.book_of(queries.version(back.pk)), queries.book_of(queries.version(first.pk))
    assert (back.number, written.rules, written.ranking) == (3, original.rules, original.ranking)


def test_a_published_version_is_not_rewritten(dan: User) -> None:
    with pytest.raises(VersionPublished):
        rule_sets.rewrite(_live().pk, RuleBook(), by=dan, at=NOON)


@pytest.mark.parametrize(
    "statement",
    [
        "update routing_rulesetversion set split_penalty_minor = 1",
        "delete from routing_rulesetversion",
        "update routing_rulerow set position = 9",
        "delete from routing_rulerow",
        "insert into routing_rulerow (version_id, position, conditions, actions)"
        " select id, 9, '[]', '[]' from routing_rulesetversion",
    ],
)
def test_the_database_keeps_a_published_wording(statement: str) -> None:
    _live()

    with (
        pytest.raises(DatabaseError, match="never change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert RuleRow.objects.count() == 1


def test_a_rule_that_names_no_location_is_not_tested(dan: User) -> None:
    draft = rule_sets.create("All orders", by=dan, at=NOON)
    rule_sets.rewrite(draft.pk, ONLY_PERTH, by=dan, at=NOON)

    with pytest.raises(RuleInvalid, match="PER"):
        rule_sets.test(draft.pk, by=dan, at=NOON)


def test_a_decision_is_never_changed() -> None:
    builders.shelf("MUG", at="PER", on_hand=1)
    builders.place(("MUG", 1))

    for statement in ("update routing_routingdecision set days = 9", "delete from routing_routingdecision"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert RoutingDecision.objects.count() == 1


def test_rules_are_read_once_while_the_stamp_stays(django_assert_num_queries) -> None:
    _live()
    stamp = queries.stamp()
    queries.tables_for("api", "b2c", stamp)

    with django_assert_num_queries(0):
        kept = queries.tables_for("api", "b2c", stamp)

    assert kept.book.split_penalty_minor == 300


@pytest.mark.parametrize(
    "change",
    [
        lambda: builders.location("SYD"),
        lambda: builders.rate("PER", region="WA", cost_minor=600, days=2),
        lambda: builders.channel("ebay"),
        lambda: rule_sets.create("Wholesale", customer_type="b2b", by=None, at=NOON),
    ],
)
def test_any_change_that_the_planner_reads_moves_the_stamp(change) -> None:
    before = queries.stamp()

    change()

    assert queries.stamp() != before


def test_the_most_particular_published_set_counts() -> None:
    _live()
    draft = rule_sets.create("Wholesale", customer_type="b2b", by=None, at=NOON)
    rule_sets.rewrite(draft.pk, RuleBook(split_penalty_minor=900), by=None, at=NOON)
    rule_sets.publish_first(draft.pk, at=NOON)
    stamp = queries.stamp()

    assert queries.tables_for("api", "b2c", stamp).book.name == "All orders"
    assert queries.tables_for("api", "b2b", stamp).book.name == "Wholesale"


@pytest.mark.parametrize(
    ("site", "destination", "cost_minor", "days"),
    [
        ("PER", Destination("AU", "WA", "6050"), 600, 2),
        ("SYD", Destination("AU", "WA", "6050"), 1200, 5),
        ("MEL", Destination("AU", "WA", "6050"), 1140, 4),
        ("SYD", Destination("AU", "NSW", "2000"), 600, 2),
        ("MEL", Destination("AU", "", "3141"), 600, 2),
        ("SYD", Destination("AU", "ACT", "2601"), 840, 3),
        ("PER", Destination("NZ", "", "6011"), 1800, 6),
        ("PER", Destination("DE", "", "10115"), 3200, 9),
    ],
)
def test_the_reference_rates_are_those_of_the_example(
    site: str, destination: Destination, cost_minor: int, days: int
) -> None:
    for code, region in (("PER", "WA"), ("SYD", "NSW"), ("MEL", "VIC")):
        builders.location(code, region=region)
    reference.set_up(at=NOON)

    network = queries.tables_for("api", "b2c", queries.stamp()).network(destination)

    lane = next(lane for lane in network.lanes if lane.site.code == site)
    step = lane.choices[0].at(999)
    assert step is not None
    assert (step.cost_minor, step.days, step.service.code) == (cost_minor, days, "standard")


def test_setting_up_twice_changes_nothing() -> None:
    builders.location("PER", region="WA")
    reference.set_up(at=NOON)
    stamp = queries.stamp()

    assert reference.set_up(at=NOON) is None
    assert queries.stamp() == stamp


def test_the_flow_of_publishing_asks_for_a_second_person(dan: User, mai: User) -> None:
    draft_id = ruling.draft_from(_live().pk, actor=dan.actor, at=NOON)
    ruling.ask_to_publish(draft_id, actor=dan.actor, at=NOON)
    ruling.publish(draft_id, actor=mai.actor, at=NOON)

    assert queries.version(draft_id).status == "published"


def test_a_draft_that_can_never_fire_is_not_tested_and_says_what_to_mend(dan: User) -> None:
    draft = rule_sets.draft_from(_live().pk, by=dan, at=NOON)
    never = (Condition(Fact.VALUE, Test.ABOVE, number=500), Condition(Fact.VALUE, Test.BELOW, number=100))
    unknown = Condition(Fact.SKU, Test.IS, ("SAUCER",))
    forbid = (Action(Does.FORBID_SPLIT),)
    rule_sets.rewrite(
        draft.pk, RuleBook((Rule(1, never, forbid), Rule(2, (unknown,), forbid))), by=dan, at=NOON
    )

    with pytest.raises(RuleInvalid) as refused, transaction.atomic():
        rule_sets.test(draft.pk, by=dan, at=NOON)

    assert str(refused.value).startswith("Rule 1: No figure meets this and an earlier condition")
    assert [at for at, _ in refused.value.problems] == ["#/rules/1/conditions/1", "#/rules/2/conditions/0"]
    assert queries.version(draft.pk).status == "draft"


def test_what_is_known_is_read_from_the_shop(no_n_plus_one) -> None:
    builders.location("PER")
    builders.channel("web")
    builders.sku("MUG", tags=["Fragile"], category="Mugs", hazard="9")
    builders.sku("CUP", is_active=False)
    builders.rate("PER", region="WA", cost_minor=500, days=2)
    asks = [
        *((Fact.SKU, code) for code in ("mug", "CUP", "SAUCER")),
        *((Fact.TAG, tag) for tag in ("fragile", "frozen")),
        *((Fact.CATEGORY, "mugs"), (Fact.HAZARD, "9"), (Fact.HAZARD, "3")),
        *((Fact.ZONE, "AU-WA"), (Fact.SERVICE, "auspost/standard"), (Fact.CHANNEL, "web")),
    ]
    rules = [
        Rule(i, (Condition(fact, Test.IS, (value,)),), (Action(Does.HOLD),))
        for i, (fact, value) in enumerate(asks)
    ]
    services = Rule(9, rules[9].conditions, (Action(Does.EXCLUDE),))
    draft = rule_sets.create("All orders", by=None, at=NOON)
    rule_sets.rewrite(draft.pk, RuleBook((*rules[:9], services, *rules[10:])), by=None, at=NOON)

    found = rule_queries.findings(queries.version(draft.pk))

    assert [(each.rule, each.stops) for each in found] == [(2, False), (3, True), (5, False), (8, False)]
