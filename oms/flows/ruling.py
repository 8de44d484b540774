"""Routing rules: drafted, tested, asked for, published by a second person, and taken back as a new draft."""

from datetime import datetime

from oms.core.actors import Actor
from oms.core.transactions import owns_transaction
from oms.routing.models import RuleSetVersion
from oms.routing.rules import RuleBook
from oms.routing.services import people, reference, rule_sets
from oms.routing.services.rule_sets import Opened
from oms.routing.sketches import Sketch


@owns_transaction()
def set_up(*, at: datetime) -> None:
    """Make what is missing of zones, rate cards and the first rule set; what is there stays."""
    reference.set_up(at=at)


@owns_transaction()
def draft_from(version_id: int, *, actor: Actor, at: datetime) -> int:
    """Start a draft with the wording of any version and return the draft's id.

    Raises ``RuleSetNotFound``, ``Forbidden`` for anybody but a person.
    """
    return rule_sets.draft_from(version_id, by=people.person(actor), at=at).pk


@owns_transaction()
def keep_typed(
    version_id: int, typed: Sketch, opened: Opened, *, actor: Actor, at: datetime
) -> RuleSetVersion:
    """Keep what a person typed into a draft, finished or not.

    Raises ``RuleSetNotFound``, ``VersionPublished``, ``DraftMoved``, ``Forbidden``.
    """
    return rule_sets.keep_typed(version_id, typed, opened, by=people.person(actor), at=at)


@owns_transaction()
def draft_written(
    rule_set_id: int, book: RuleBook, note: str, *, actor: Actor, at: datetime
) -> RuleSetVersion:
    """Start a draft with a wording that a program brings.

    Raises ``RuleSetNotFound``.
    """
    return rule_sets.draft_written(rule_set_id, book, note, actor=actor, at=at)


@owns_transaction()
def test_written(version_id: int, *, actor: Actor, at: datetime) -> None:
    """Read every rule of a draft as the planner will, for a program.

    Raises ``RuleSetNotFound``, ``RuleInvalid``, ``IllegalTransition``.
    """
    rule_sets.test_as(actor, version_id, by=None, at=at)


@owns_transaction()
def test(version_id: int, *, actor: Actor, at: datetime) -> None:
    """Read every rule of a draft as the planner will.

    Raises ``RuleSetNotFound``, ``RuleInvalid``, ``IllegalTransition``, ``Forbidden``.
    """
    rule_sets.test(version_id, by=people.person(actor), at=at)


@owns_transaction()
def ask_to_publish(version_id: int, *, actor: Actor, at: datetime, reason: str = "") -> None:
    """Ask a second person to make a draft live.

    Raises as ``test`` does.
    """
    rule_sets.ask_to_publish(version_id, by=people.person(actor), at=at, reason=reason)


@owns_transaction()
def discard(version_id: int, *, actor: Actor, at: datetime) -> None:
    """Put a draft away that is not wanted any more; it stays in the history.

    Raises ``RuleSetNotFound``, ``VersionPublished``, ``Forbidden`` for anybody but a person.
    """
    rule_sets.discard(version_id, by=people.person(actor), at=at)


@owns_transaction()
def publish(version_id: int, *, actor: Actor, at: datetime) -> None:
    """Make a version live that somebody else wrote and asked for.

    Raises ``RuleSetNotFound``, ``SecondPersonNeeded``, ``Forbidden``, and what an approval may refuse.
    """
    rule_sets.publish(version_id, by=people.person(actor), at=at)
