"""A draft as typed: fields to rules and back, buttons, and what stays when it cannot be read."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.http import QueryDict
from django.test import Client

from oms.core.models import User
from oms.flows import ruling
from oms.routing import comparing, queries, sketch_forms, sketches
from oms.routing.models import RuleSetVersion
from oms.routing.rules import (
    Action,
    Condition,
    Criterion,
    Does,
    DraftMoved,
    Fact,
    IfNone,
    Ranking,
    Rule,
    RuleBook,
    RuleInvalid,
    Sites,
    Test,
    VersionPublished,
)
from oms.routing.services import reference
from oms.routing.services.rule_sets import Opened
from oms.routing.sketches import Acts, Asks, RuleSketch, Sketch
from tests import builders
from tests.builders import NOON
from tests.routing.test_doors import BACKEND, person

EVERYTHING = RuleBook(
    rules=(
        Rule(
            1,
            (
                Condition(Fact.VALUE, Test.ABOVE, number=50_000),
                Condition(Fact.POSTCODE, Test.BETWEEN, ("6000", "6999")),
                Condition(Fact.SKU, Test.IS, ("MUG", "CUP")),
                Condition(Fact.COVER, Test.BELOW, number=14),
            ),
            (Action(Does.REQUIRE, Sites(codes=("PER",), kinds=("3pl",), countries=("AU",))),),
        ),
        Rule(
            2, (), (Action(Does.KEEP, Sites(codes=("PER",)), 5), Action(Does.LOCAL, Sites(countries=("AU",))))
        ),
        Rule(3, (), (Action(Does.SPLIT_FROM_VALUE, number=15_000), Action(Does.HOLD, note="look"))),
    ),
    ranking=Ranking((Criterion.COST, Criterion.DAYS), (3, 200)),
    split_penalty_minor=500,
    max_parcels=4,
    if_none=IfNone.ASK,
)


def fields_of(sketch: Sketch, **more: str) -> QueryDict:
    """The form as the page sends it."""
    form = QueryDict(mutable=True)
    form.update({"rules": str(len(sketch.rules)), "ranked": str(len(sketch.criteria))})
    for i, rule in enumerate(sketch.rules):
        form.update({f"r{i}-conditions": str(len(rule.conditions)), f"r{i}-actions": str(len(rule.actions))})
        form[f"r{i}-position"] = str(i + 1)
        for j, asks in enumerate(rule.conditions):
            name = f"r{i}-c{j}"
            form.update({f"{name}-fact": asks.fact, f"{name}-was": asks.fact, f"{name}-test": asks.test})
            form[f"{name}-number"] = asks.number
            form.setlist(f"{name}-values", asks.values)
        for j, acts in enumerate(rule.actions):
            name = f"r{i}-a{j}"
            form.update({f"{name}-does": acts.does, f"{name}-was": acts.does, f"{name}-number": acts.number})
            form.update({f"{name}-note": acts.note, f"{name}-countries": ", ".join(acts.countries)})
            form.setlist(f"{name}-codes", acts.codes)
            form.setlist(f"{name}-kinds", acts.kinds)
    for i, (criterion, weight) in enumerate(zip(sketch.criteria, sketch.weights, strict=True)):
        form.update({f"criterion-{i}": criterion, f"weight-{i}": weight})
    if sketch.mixed:
        form["mixed"] = "on"
    form.update({"split_penalty": sketch.split_penalty, "scarcity": sketch.scarcity})
    form.update({"max_parcels": sketch.max_parcels})
    form.update({"if_none": sketch.if_none, "note": sketch.note})
    form.update(more)
    return form


def typed(book: RuleBook = EVERYTHING) -> Sketch:
    return sketches.of_book(book, note="", currency="AUD")


def test_a_book_comes_back_from_its_form_as_it_was() -> None:
    sketch = typed()

    again = sketch_forms.read(fields_of(sketch))

    assert again == sketch
    assert sketches.from_json(sketch.as_json()) == sketch
    book = sketches.book_of(again, "AUD").book
    assert book == EVERYTHING
    assert (sketch.rules[0].conditions[0].number, sketch.split_penalty) == ("500.00", "5.00")


@pytest.mark.parametrize(
    ("asks", "error"),
    [
        (Asks("value", "above", number="much"), "Write an amount of AUD, such as 500.00."),
        (Asks("value", "above", number="5.005"), "Write an amount of AUD, such as 500.00."),
        (Asks("value", "above", number="-5"), "Write an amount of AUD, such as 500.00."),
        (Asks("value", "above", number="NaN"), "Write an amount of AUD, such as 500.00."),
        (Asks("weight", "above", number="5.5"), "Write a whole number, such as 5."),
        (Asks("channel", "is"), "Tick at least one."),
        (Asks("country", "is", [" "]), "Write at least one."),
        (Asks("postcode", "between", ["6000"]), "A range has a first and a last value."),
    ],
)
def test_a_condition_that_cannot_be_read_says_so_at_its_field(asks: Asks, error: str) -> None:
    sketch = typed(RuleBook(rules=(Rule(1, (), (Action(Does.FORBID_SPLIT),)),)))
    sketch.rules[0].conditions.append(asks)

    written = sketches.book_of(sketch, "AUD")

    assert (written.book, list(written.errors.values())) == (None, [error])
    assert next(iter(written.errors)).startswith("r0-c0-")


@pytest.mark.parametrize(
    ("acts", "asks", "at"),
    [
        (Acts("prefer"), [], "r0-a0-sites"),
        (Acts("keep", ["PER"], number=""), [], "r0-a0-number"),
        (Acts("hold"), [Asks("days_of_cover", "below", number="3")], "r0-a0-does"),
        (Acts("fly"), [], "r0-a0-does"),
    ],
)
def test_an_action_that_cannot_be_carried_out_says_so_at_its_field(
    acts: Acts, asks: list[Asks], at: str
) -> None:
    sketch = typed(RuleBook())
    sketch.rules.append(RuleSketch(asks, [acts]))

    assert list(sketches.book_of(sketch, "AUD").errors) == [at]


def test_a_rule_that_does_nothing_and_a_ranking_that_repeats_itself_are_marked() -> None:
    sketch = typed(RuleBook())
    sketch.rules.append(RuleSketch())
    sketch.criteria, sketch.weights = ["cost", "cost"], ["1", "1"]
    sketch.max_parcels = "65"

    assert set(sketches.book_of(sketch, "AUD").errors) == {"r0-actions", "criteria", "max_parcels"}


def order_of(sketch: Sketch) -> list[int]:
    first = [len(each.conditions) for each in typed().rules]
    return [first.index(len(each.conditions)) for each in sketch.rules]


@pytest.mark.parametrize(
    ("button", "rules"),
    [
        ("up:0", 3),
        ("down:2", 3),
        ("to:2:0", 3),
        ("drop:1", 2),
        ("add", 4),
        ("r9-condition", 3),
        ("up:9", 3),
        ("drop:", 3),
        ("no-such-thing", 3),
        ("r0-cX-drop", 3),
    ],
)
def test_buttons_never_lose_a_rule_that_they_do_not_name(button: str, rules: int) -> None:
    sketch = typed()

    sketch_forms.press(sketch, button)

    assert len(sketch.rules) == rules


def test_buttons_move_rules_and_parts_and_ranks() -> None:
    sketch = typed()
    first, second, third = sketch.rules

    sketch_forms.press(sketch, "to:2:0")
    assert sketch.rules == [third, first, second]
    sketch_forms.press(sketch, "down:0")
    assert sketch.rules == [first, third, second]
    sketch_forms.press(sketch, "r0-c1-drop")
    sketch_forms.press(sketch, "r0-a0-drop")
    sketch_forms.press(sketch, "r0-action")
    assert (len(first.conditions), first.actions) == (3, [Acts()])
    sketch_forms.press(sketch, "rank-up:1")
    assert (sketch.criteria, sketch.weights) == (["days", "cost"], ["200", "3"])
    sketch_forms.press(sketch, "rank-drop:0")
    sketch_forms.press(sketch, "rank-drop:0")
    assert sketch.criteria == ["cost"]
    sketch_forms.press(sketch, "rank-add")
    assert sketch.criteria == ["cost", "parcels"]


def test_a_number_moves_a_rule_and_a_new_question_forgets_the_old_answer() -> None:
    sketch = typed()
    moved = sketch_forms.read(fields_of(sketch, **{"r0-position": "3"}))
    asked = sketch_forms.read(fields_of(sketch, **{"r0-c0-fact": "zone"}))

    assert moved.rules == [*sketch.rules[1:], sketch.rules[0]]
    assert asked.rules[0].conditions[0] == Asks("zone", "is")


def test_differences_are_told_as_sentences() -> None:
    old, new = (
        EVERYTHING,
        RuleBook(
            rules=(EVERYTHING.rules[2], Rule(2, (), (Action(Does.KEEP, Sites(codes=("PER",)), 9),))),
            ranking=EVERYTHING.ranking,
            split_penalty_minor=500,
            max_parcels=3,
            if_none=IfNone.ASK,
        ),
    )

    told = comparing.changes(old, new, currency="AUD", names={"PER": "Perth"})

    assert [(each.kind, bool(each.before), bool(each.after)) for each in told] == [
        ("removed", True, False),
        ("removed", True, False),
        ("added", False, True),
        ("changed", True, True),
    ]
    assert told[-1].after == "No order ships in more than three parcels."
    assert comparing.changes(old, old, currency="AUD", names={}) == []
    swapped = RuleBook(rules=(old.rules[1], old.rules[0], old.rules[2]), **_rest(old))
    assert {each.kind for each in comparing.changes(old, swapped, currency="AUD", names={})} == {"moved"}


def _rest(book: RuleBook) -> dict:
    names = ("ranking", "split_penalty_minor", "max_parcels", "if_none")
    return {name: getattr(book, name) for name in names}


@pytest.fixture
def draft(transactional_db) -> RuleSetVersion:
    builders.location("PER", name="Perth", region="WA")
    dan = person("dan")
    with transaction.atomic():
        reference.set_up(at=NOON)
    live = RuleSetVersion.objects.get(status="published")
    user = User.objects.get(username="dan")
    draft_id = ruling.draft_from(live.pk, actor=user.actor, at=NOON)
    draft = queries.version(draft_id)
    draft.client = dan
    draft.user = user
    return draft


def keep(draft, sketch: Sketch, opened: Opened = Opened(0, "a")) -> RuleSetVersion:  # noqa: B008
    return ruling.keep_typed(draft.pk, sketch, opened, actor=draft.user.actor, at=NOON + timedelta(minutes=1))


def test_what_is_finished_becomes_the_rules_and_what_is_not_is_kept_beside_them(draft) -> None:
    sketch = queries.sketch_of(draft, "AUD")
    sketch.max_parcels, sketch.note = "3", "Fewer parcels"
    kept = keep(draft, sketch)
    assert (kept.max_parcels, kept.note, kept.sketch, kept.edits) == (3, "Fewer parcels", None, 1)

    sketch.split_penalty = "much"
    unfinished = keep(draft, sketch, Opened(1, "a"))

    assert (unfinished.edits, unfinished.split_penalty_minor) == (2, 500)
    assert queries.sketch_of(queries.version(draft.pk), "AUD") == sketch
    with pytest.raises(RuleInvalid, match="Not all of the draft is finished"):
        ruling.test(draft.pk, actor=draft.user.actor, at=NOON)


def test_the_same_again_is_no_edit(draft) -> None:
    sketch = queries.sketch_of(draft, "AUD")

    assert keep(draft, sketch).edits == 0


def test_another_tab_does_not_save_over_what_it_has_not_seen(draft) -> None:
    mine, theirs = queries.sketch_of(draft, "AUD"), queries.sketch_of(draft, "AUD")
    mine.max_parcels, theirs.max_parcels = "2", "5"
    keep(draft, theirs, Opened(0, "theirs"))

    with pytest.raises(DraftMoved, match="dan has changed"):
        keep(draft, mine, Opened(0, "mine"))
    assert keep(draft, mine, Opened(0, "mine", over=True)).max_parcels == 2
    theirs.max_parcels = "4"
    with pytest.raises(DraftMoved):
        keep(draft, theirs, Opened(1, "theirs"))


def test_a_tab_never_stands_in_its_own_way(draft) -> None:
    sketch = queries.sketch_of(draft, "AUD")
    sketch.max_parcels = "2"
    keep(draft, sketch, Opened(0, "a"))
    sketch.max_parcels = "3"

    assert keep(draft, sketch, Opened(0, "a")).max_parcels == 3


def test_the_form_saves_over_http_and_a_published_version_has_none(draft) -> None:
    path = f"/routing/versions/{draft.pk}/edit"
    page = draft.client.get(path)
    assert page.status_code == 200
    sketch = queries.sketch_of(draft, "AUD")

    saved = draft.client.post(path, fields_of(sketch, max_parcels="2", edits="0", tab="t"))
    news = draft.client.post(
        path, fields_of(sketch, max_parcels="x", edits="1", tab="t"), headers={"hx-request": "true"}
    )

    assert "No order ships in more than two parcels." in saved.content.decode()
    assert 'id="max_parcels-error" hx-swap-oob="true"' in news.content.decode()
    assert "Write a whole number" in news.content.decode()
    live = RuleSetVersion.objects.get(status="published")
    assert draft.client.get(f"/routing/versions/{live.pk}/edit").status_code == 302
    away = draft.client.post(f"/routing/versions/{live.pk}/edit", fields_of(sketch))
    assert (away.status_code, RuleSetVersion.objects.get(pk=live.pk).max_parcels) == (302, live.max_parcels)
    with pytest.raises(VersionPublished):
        ruling.keep_typed(live.pk, sketch, Opened(0, "a"), actor=draft.user.actor, at=NOON)


def test_a_stale_form_is_answered_with_both_wordings(draft) -> None:
    path = f"/routing/versions/{draft.pk}/edit"
    sketch = queries.sketch_of(draft, "AUD")
    draft.client.post(path, fields_of(sketch, max_parcels="2", edits="0", tab="theirs"))

    told = draft.client.post(
        path, fields_of(sketch, max_parcels="5", edits="0", tab="mine"), headers={"hx-request": "true"}
    ).content.decode()

    assert "dan has changed this draft meanwhile." in told
    assert "Theirs: No order ships in more than two parcels. Yours: No order" in told
    assert queries.version(draft.pk).max_parcels == 2


def test_a_draft_of_many_rules_opens_with_few_queries(draft, no_n_plus_one) -> None:
    keep(draft, typed(RuleBook(rules=EVERYTHING.rules[1:] * 4)))

    assert draft.client.get(f"/routing/versions/{draft.pk}/edit").status_code == 200


def test_the_admin_leads_to_the_builder_and_leaves_what_is_unfinished_alone(draft) -> None:
    admin, path = person("root", superuser=True), f"/admin/routing/rulesetversion/{draft.pk}/change/"
    page = admin.get(path).content.decode()
    assert f"/routing/versions/{draft.pk}/edit" in page
    assert 'name="split_penalty_minor"' in page

    sketch = queries.sketch_of(draft, "AUD")
    sketch.split_penalty = "much"
    keep(draft, sketch)

    page = admin.get(path).content.decode()
    assert "Finish it in the rules builder" in page
    assert 'name="split_penalty_minor"' not in page


def test_only_who_may_change_rules_opens_the_builder(draft) -> None:
    picker = User.objects.create_user("pia")
    client = Client()
    client.force_login(picker, backend=BACKEND)

    assert client.get(f"/routing/versions/{draft.pk}/edit").status_code == 403
