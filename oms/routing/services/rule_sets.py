"""Versions of rule sets: drafted, tested, published by a second person; going back is a new draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from oms.channels.models import Channel
from oms.core import approvals, audit
from oms.core.actors import SYSTEM, Actor
from oms.core.models import Approval, User
from oms.core.transactions import joins_transaction
from oms.routing import checking, parsing, queries, rule_queries, sketches
from oms.routing.checking import Finding
from oms.routing.models import RuleRow, RuleSet, RuleSetVersion
from oms.routing.rules import (
    RULE_SET_EDITABLE,
    RULE_SET_LIFECYCLE,
    DraftMoved,
    RuleBook,
    RuleInvalid,
    RuleSetStatus,
    SecondPersonNeeded,
    VersionPublished,
)
from oms.routing.sketches import Sketch

PUBLISH = "routing.publish"
_KIND = "rule_set_version"


@joins_transaction
def create(
    name: str, *, channel: Channel | None = None, customer_type: str = "", by: User | None, at: datetime
) -> RuleSetVersion:
    """Open a rule set and its first draft, which ranks by lowest cost."""
    rule_set = RuleSet.objects.create(name=name, channel=channel, customer_type=customer_type)
    return _new_draft(rule_set, RuleBook(), by=by, at=at, note="")


@joins_transaction
def draft_from(version_id: int, *, by: User | None, at: datetime, note: str = "") -> RuleSetVersion:
    """Start a draft with the wording of this version, be it live or long retired.

    Raises ``RuleSetNotFound``.
    """
    source = queries.version(version_id)
    rule_set = queries.lock_rule_set(source.rule_set_id)
    return _new_draft(rule_set, queries.book_of(source), by=by, at=at, note=note or f"From v{source.number}")


@joins_transaction
def draft_written(
    rule_set_id: int, book: RuleBook, note: str, *, actor: Actor, at: datetime
) -> RuleSetVersion:
    """Start a draft with a wording that a program brings; people ask for it and publish it.

    Raises ``RuleSetNotFound``.
    """
    rule_set = queries.lock_rule_set(rule_set_id)
    return _new_draft(rule_set, book, by=None, at=at, note=note, actor=actor)


@joins_transaction
def rewrite(version_id: int, book: RuleBook, *, by: User | None, at: datetime) -> RuleSetVersion:
    """Replace the whole wording of a draft; what was tested or asked for counts no more.

    Raises ``RuleSetNotFound``, ``VersionPublished``.
    """
    version = _editable(version_id)
    _withdraw(version, by=by, at=at)
    _write(version, book)
    version.status, version.sketch, version.edited_in = RuleSetStatus.DRAFT.value, None, ""
    _note_edit(version, by=by, at=at)
    version.save()
    _tell("rule_set.edited", version, by=by, at=at)
    return version


@dataclass(frozen=True, slots=True)
class Opened:
    """What somebody saw of a draft before typing: after so many edits, in this tab; ``over`` saves all the same."""

    edits: int
    tab: str
    over: bool = False


@joins_transaction
def keep_typed(version_id: int, typed: Sketch, opened: Opened, *, by: User, at: datetime) -> RuleSetVersion:
    """Keep what was typed into a draft: as its rules when all of it can be read, else as it stands.

    Raises ``RuleSetNotFound``, ``VersionPublished``, ``DraftMoved`` when another tab has changed it meanwhile.
    """
    version = _editable(version_id)
    if opened.edits != version.edits and opened.tab != version.edited_in and not opened.over:
        raise DraftMoved(f"{version.edited_by or 'Somebody'} has changed this draft meanwhile.")
    currency = queries.shop_currency()
    if queries.sketch_of(version, currency) == typed:
        return version
    _withdraw(version, by=by, at=at)
    book = sketches.book_of(typed, currency).book
    version.status, version.edited_in = RuleSetStatus.DRAFT.value, opened.tab
    version.sketch = typed.as_json() if book is None else None
    _note_edit(version, by=by, at=at)
    if book is not None:
        version.note = typed.note
        _write(version, book)
    version.save()
    if book is not None:
        _tell("rule_set.edited", version, by=by, at=at)
    return version


@joins_transaction
def edited(version_id: int, *, by: User, at: datetime) -> None:
    """Note that a draft was edited by hand; what was tested or asked for counts no more.

    Raises ``RuleSetNotFound``, ``VersionPublished``.
    """
    version = _editable(version_id)
    _withdraw(version, by=by, at=at)
    version.status, version.sketch, version.edited_in = RuleSetStatus.DRAFT.value, None, ""
    _note_edit(version, by=by, at=at)
    version.save(update_fields=["status", "sketch", "edits", "edited_at", "edited_by", "edited_in"])
    _tell("rule_set.edited", version, by=by, at=at)


@joins_transaction
def test(version_id: int, *, by: User | None, at: datetime) -> RuleSetVersion:
    """Read every rule of a draft as the planner will, for a person or for the house itself.

    Raises as ``test_as`` does.
    """
    return test_as(by.actor if by else SYSTEM, version_id, by=by, at=at)


@joins_transaction
def test_as(actor: Actor, version_id: int, *, by: User | None, at: datetime) -> RuleSetVersion:
    """Read every rule of a draft as the planner will, and note that each can be carried out and can fire.

    Raises ``RuleSetNotFound``, ``RuleInvalid``, ``IllegalTransition``.
    """
    version = queries.lock_version(version_id)
    if version.sketch is not None:
        raise RuleInvalid("Not all of the draft is finished: open it and mend the fields that are marked.")
    book = queries.book_of(version)
    _refuse_findings(checking.findings(book, rule_queries.known_to(version.rule_set, book)))
    RULE_SET_LIFECYCLE.check(version.status, RuleSetStatus.TESTED, what=f"{version}")
    version.status = RuleSetStatus.TESTED.value
    version.save(update_fields=["status"])
    _tell("rule_set.tested", version, by=by, at=at, actor=actor)
    return version


@joins_transaction
def ask_to_publish(version_id: int, *, by: User, at: datetime, reason: str = "") -> Approval:
    """Ask a second person to make this wording live; testing it comes first.

    Raises ``RuleSetNotFound``, ``RuleInvalid``, ``IllegalTransition``.
    """
    version = queries.lock_version(version_id)
    if version.status == RuleSetStatus.DRAFT.value:
        version = test(version_id, by=by, at=at)
    RULE_SET_LIFECYCLE.check(version.status, RuleSetStatus.PUBLISHED, what=f"{version}")
    version.requested_by = by
    version.save(update_fields=["requested_by"])
    return approvals.request(
        PUBLISH,
        subject_kind=_KIND,
        subject_id=str(version.pk),
        content=wording(version),
        by=by,
        at=at,
        reason=reason,
    )


@joins_transaction
def publish(version_id: int, *, by: User, at: datetime) -> RuleSetVersion:
    """Give the second person's word and make the wording live; what was live is retired.

    Raises ``RuleSetNotFound``, ``SecondPersonNeeded``, ``NotApproved``, and what ``approvals.approve``
    refuses.
    """
    rule_set = queries.lock_rule_set(queries.version(version_id).rule_set_id)
    version = queries.lock_version(version_id)
    if by.pk in (version.requested_by_id, version.created_by_id):
        raise SecondPersonNeeded(f"You wrote or asked for {version}; somebody else publishes it.")
    request = queries.publishing_request(version_id)
    if request is None:
        raise approvals.NotApproved(f"Nobody has asked to publish {version}.")
    content = wording(version)
    approvals.approve(request.pk, content=content, by=by, permission=PUBLISH, at=at)
    approvals.use(PUBLISH, subject_kind=_KIND, subject_id=str(version.pk), content=content, at=at)
    return _make_live(rule_set, version, by=by, at=at)


@joins_transaction
def discard(version_id: int, *, by: User, at: datetime) -> None:
    """Put a draft away that is not wanted any more; whoever was asked to publish it is not asked any longer.

    Raises ``RuleSetNotFound``, ``VersionPublished``.
    """
    version = _editable(version_id)
    _withdraw(version, by=by, at=at)
    version.status, version.retired_at = RuleSetStatus.RETIRED.value, at
    version.save(update_fields=["status", "retired_at"])
    _tell("rule_set.discarded", version, by=by, at=at)


@joins_transaction
def publish_first(version_id: int, *, at: datetime) -> RuleSetVersion:
    """Make a rule set's first version live when a shop is set up; later ones need a second person.

    Raises ``SecondPersonNeeded`` when a version has been live before.
    """
    rule_set = queries.lock_rule_set(queries.version(version_id).rule_set_id)
    if queries.was_ever_live(rule_set.pk):
        raise SecondPersonNeeded(f"{rule_set} has been live before.")
    version = queries.lock_version(version_id)
    if version.status == RuleSetStatus.DRAFT.value:
        version = test(version_id, by=None, at=at)
    return _make_live(rule_set, version, by=None, at=at)


def wording(version: RuleSetVersion) -> dict[str, object]:
    """All that a second person puts their word to."""
    rows = [[row.position, row.conditions, row.actions] for row in version.rules.order_by("position")]
    return {
        "rule_set": version.rule_set_id,
        "number": version.number,
        "criteria": list(version.criteria),
        "weights": list(version.weights),
        "split_penalty_minor": version.split_penalty_minor,
        "scarcity_minor": version.scarcity_minor,
        "max_parcels": version.max_parcels,
        "if_none": version.if_none,
        "rules": rows,
    }


def _make_live(
    rule_set: RuleSet, version: RuleSetVersion, *, by: User | None, at: datetime
) -> RuleSetVersion:
    RULE_SET_LIFECYCLE.check(version.status, RuleSetStatus.PUBLISHED, what=f"{version}")
    live = queries.published_version(rule_set.pk)
    if live is not None:
        live.status, live.retired_at = RuleSetStatus.RETIRED.value, at
        live.save(update_fields=["status", "retired_at"])
        _tell("rule_set.retired", live, by=by, at=at)
    version.status, version.published_at, version.approved_by = RuleSetStatus.PUBLISHED.value, at, by
    version.save(update_fields=["status", "published_at", "approved_by"])
    _tell("rule_set.published", version, by=by, at=at)
    return version


def _new_draft(
    rule_set: RuleSet,
    book: RuleBook,
    *,
    by: User | None,
    at: datetime,
    note: str,
    actor: Actor | None = None,
) -> RuleSetVersion:
    version = RuleSetVersion(
        rule_set=rule_set,
        number=queries.last_number(rule_set.pk) + 1,
        created_at=at,
        created_by=by,
        note=note,
    )
    _rank(version, book)
    version.save(force_insert=True)
    _write(version, book)
    _tell("rule_set.drafted", version, by=by, at=at, actor=actor)
    return version


def _write(version: RuleSetVersion, book: RuleBook) -> None:
    _rank(version, book)
    version.rules.all().delete()
    RuleRow.objects.bulk_create(
        RuleRow(
            version=version,
            position=position,
            conditions=parsing.conditions_as_json(rule),
            actions=parsing.actions_as_json(rule),
        )
        for position, rule in enumerate(book.rules, start=1)
    )


def _rank(version: RuleSetVersion, book: RuleBook) -> None:
    version.criteria = [str(each) for each in book.ranking.criteria]
    version.weights = list(book.ranking.weights)
    version.split_penalty_minor = book.split_penalty_minor
    version.scarcity_minor = book.scarcity_minor
    version.max_parcels = book.max_parcels
    version.if_none = book.if_none.value


def _editable(version_id: int) -> RuleSetVersion:
    version = queries.lock_version(version_id)
    if version.status not in RULE_SET_EDITABLE:
        raise VersionPublished(f"{version} is {version.status}; start a draft from it.")
    return version


def _note_edit(version: RuleSetVersion, *, by: User | None, at: datetime) -> None:
    version.edits += 1
    version.edited_by, version.edited_at = by, at


def _withdraw(version: RuleSetVersion, *, by: User | None, at: datetime) -> None:
    if by is not None:
        approvals.void(PUBLISH, subject_kind=_KIND, subject_id=str(version.pk), by=by, at=at)


def _refuse_findings(found: Sequence[Finding]) -> None:
    stops = [each for each in found if each.stops]
    if stops:
        first = f"{stops[0].where}: {stops[0].says}" if stops[0].where else stops[0].says
        more = f" ({len(stops) - 1} more)" if len(stops) > 1 else ""
        problems = tuple((f"#/rules/{each.rule}/{each.at}".rstrip("/"), each.says) for each in stops)
        raise RuleInvalid(f"{first}{more}", problems=problems)


def _tell(
    action: str, version: RuleSetVersion, *, by: User | None, at: datetime, actor: Actor | None = None
) -> None:
    actor = actor or (by.actor if by else SYSTEM)
    audit.record(action, _KIND, version.pk, actor=actor, at=at, changes={"wording": wording(version)})
