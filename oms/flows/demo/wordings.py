"""The rules of the demo shop as two managers have written them: three versions that were live, and a draft in work."""

from collections.abc import Callable
from datetime import datetime, timedelta

from oms.core.actors import Actor
from oms.core.models import User
from oms.flows import ruling
from oms.routing import queries, sketches
from oms.routing.rules import (
    Action,
    Condition,
    Criterion,
    Does,
    Fact,
    IfNone,
    Ranking,
    Rule,
    RuleBook,
    Sites,
    Test,
)
from oms.routing.services.rule_sets import Opened

_ABROAD = Condition(Fact.COUNTRY, Test.IS_NOT, ("AU",))
_FRAGILE = Rule(2, (Condition(Fact.TAG, Test.IS, ("fragile",)),), (Action(Does.FORBID_SPLIT),))
_SUPPLIERS = Rule(1, (_ABROAD,), (Action(Does.EXCLUDE, Sites(kinds=("supplier",))),))
_BY_COST = Ranking((Criterion.COST, Criterion.DAYS))

SECOND = RuleBook(
    rules=(
        _SUPPLIERS,
        _FRAGILE,
        Rule(3, (), (Action(Does.KEEP, Sites(codes=("MEL",)), 2),)),
        Rule(
            4,
            (
                Condition(Fact.VALUE, Test.BELOW, number=4_000),
                Condition(Fact.SERVICE, Test.IS, ("auspost/express",)),
            ),
            (Action(Does.EXCLUDE),),
        ),
    ),
    ranking=_BY_COST,
    split_penalty_minor=500,
    max_parcels=3,
)
THIRD = RuleBook(
    rules=(
        *SECOND.rules,
        Rule(
            5, (Condition(Fact.COVER, Test.BELOW, number=2),), (Action(Does.EXCLUDE, Sites(kinds=("3pl",))),)
        ),
        Rule(
            6,
            (Condition(Fact.VALUE, Test.ABOVE, number=100_000),),
            (Action(Does.HOLD, note="call the customer"),),
        ),
    ),
    ranking=_BY_COST,
    split_penalty_minor=500,
    max_parcels=3,
)
IN_WORK = RuleBook(
    rules=(
        *THIRD.rules,
        Rule(
            7,
            (
                Condition(Fact.VALUE, Test.ABOVE, number=50_000),
                Condition(Fact.VALUE, Test.BELOW, number=10_000),
            ),
            (Action(Does.INSURED),),
        ),
    ),
    ranking=_BY_COST,
    split_penalty_minor=450,
    max_parcels=3,
    if_none=IfNone.ASK,
    scarcity_minor=300,
)


def write(*, now: datetime, say: Callable[[str], None]) -> None:
    """Publish two further versions, each agreed by the other manager, and leave a draft with something to mend."""
    ruth, dan = User.objects.get(username="ruth"), User.objects.get(username="dan")
    live = next(iter(queries.rule_sets())).versions.get(status="published")
    steps = (
        (SECOND, ruth, dan, "Melbourne keeps two; no express under 40"),
        (THIRD, dan, ruth, "Spare the partner's last days; call about large orders"),
    )
    before = live.pk
    for place, (book, writer, second, note) in enumerate(steps):
        at = now - timedelta(minutes=4 - 2 * place)
        before = _draft(before, book, note, writer.actor, at=at)
        ruling.ask_to_publish(before, actor=writer.actor, at=at, reason=note)
        ruling.publish(before, actor=second.actor, at=at + timedelta(minutes=1))
    _draft(before, IN_WORK, "Insured partner for valuable orders", ruth.actor, at=now)
    say("3 versions of the rules, and a draft in work")


def _draft(version_id: int, book: RuleBook, note: str, actor: Actor, *, at: datetime) -> int:
    draft_id = ruling.draft_from(version_id, actor=actor, at=at)
    typed = sketches.of_book(book, note=note, currency=queries.shop_currency())
    ruling.keep_typed(draft_id, typed, Opened(0, "demo"), actor=actor, at=at)
    return draft_id
