"""Four eyes: a second person's word on one exact content.

An approval is bound to a digest of what is approved. Whoever edits the content afterwards needs
another word, because the digest no longer agrees; a word is good for a day and for one use.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

from oms.core import audit
from oms.core.errors import Conflict, Forbidden, NotFound
from oms.core.models import Approval, User
from oms.core.rules import APPROVAL_LIFECYCLE, ApprovalState
from oms.core.transactions import joins_transaction

GOOD_FOR = timedelta(hours=24)
OPEN = (ApprovalState.REQUESTED.value, ApprovalState.APPROVED.value)


class NotApproved(Conflict):
    """A second person has not approved exactly this."""

    code = "not-approved"


class ApprovalExpired(Conflict):
    """The request for approval has expired; ask again."""

    code = "approval-expired"


class ApprovalStale(Conflict):
    """What was to be approved has been edited since; ask again."""

    code = "approval-stale"


class OwnRequest(Forbidden):
    """Nobody approves their own request."""

    code = "own-request"


def digest(content: Any) -> bytes:
    """The fingerprint of a content: equal contents have equal ones, whatever the order of their keys."""
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).digest()


@joins_transaction
def request(
    action: str,
    *,
    subject_kind: str,
    subject_id: str,
    content: Any,
    by: User,
    at: datetime,
    reason: str = "",
) -> Approval:
    """Ask for a second person's word on this content; an earlier open request for it is void."""
    void(action, subject_kind=subject_kind, subject_id=subject_id, by=by, at=at)
    approval = Approval.objects.create(
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        content=msgspec.json.decode(msgspec.json.encode(content)),
        content_hash=digest(content),
        requested_by=by,
        requested_at=at,
        reason=reason,
        expires_at=at + GOOD_FOR,
    )
    _told("approval.requested", approval, by=by, at=at, note=reason)
    return approval


@joins_transaction
def approve(approval_id: int, *, content: Any, by: User, permission: str, at: datetime) -> Approval:
    """Give the second person's word, on the content as it stands now.

    Raises ``OwnRequest``, ``Forbidden`` without the right, ``ApprovalExpired`` or ``ApprovalStale``.
    """
    approval = _decide(approval_id, ApprovalState.APPROVED, by=by, permission=permission, at=at)
    if bytes(approval.content_hash) != digest(content):
        raise ApprovalStale()
    return _settled(approval, by=by, at=at)


@joins_transaction
def reject(approval_id: int, *, by: User, permission: str, note: str, at: datetime) -> Approval:
    """Refuse the request, with a reason its author can read.

    Raises as ``approve`` does.
    """
    approval = _decide(approval_id, ApprovalState.REJECTED, by=by, permission=permission, at=at)
    approval.decision_note = note
    return _settled(approval, by=by, at=at)


@joins_transaction
def use(action: str, *, subject_kind: str, subject_id: str, content: Any, at: datetime) -> Approval:
    """Spend the approval of exactly this content.

    Raises ``NotApproved``, ``ApprovalExpired`` or ``ApprovalStale``.
    """
    approval = (
        Approval.objects.select_for_update()
        .filter(action=action, subject_kind=subject_kind, subject_id=subject_id, state=ApprovalState.APPROVED)
        .first()
    )
    if approval is None:
        raise NotApproved()
    if at >= approval.expires_at:
        raise ApprovalExpired()
    if bytes(approval.content_hash) != digest(content):
        raise ApprovalStale()
    approval.state = ApprovalState.USED.value
    approval.save(update_fields=["state"])
    return approval


@joins_transaction
def void(action: str, *, subject_kind: str, subject_id: str, by: User, at: datetime) -> None:
    """Make any open request or approval of this subject worthless, as every edit of it does."""
    waiting = Approval.objects.select_for_update().filter(
        action=action, subject_kind=subject_kind, subject_id=subject_id, state__in=OPEN
    )
    for approval in waiting:
        approval.state = ApprovalState.VOIDED.value
        approval.save(update_fields=["state"])
        _told("approval.voided", approval, by=by, at=at)


def _decide(approval_id: int, state: ApprovalState, *, by: User, permission: str, at: datetime) -> Approval:
    approval = Approval.objects.select_for_update().filter(pk=approval_id).first()
    if approval is None:
        raise NotFound("There is no such request for approval.")
    APPROVAL_LIFECYCLE.check(approval.state, state, what="The request")
    if approval.requested_by_id == by.pk:
        raise OwnRequest()
    # Read afresh: a right withdrawn a moment ago counts no more.
    if not User.objects.get(pk=by.pk).may(permission):
        raise Forbidden("You do not have the right to decide this.")
    if at >= approval.expires_at:
        raise ApprovalExpired()
    approval.state = state.value
    return approval


def _settled(approval: Approval, *, by: User, at: datetime) -> Approval:
    approval.decided_by, approval.decided_at = by, at
    approval.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _told(f"approval.{approval.state}", approval, by=by, at=at, note=approval.decision_note)
    return approval


def _told(action: str, approval: Approval, *, by: User, at: datetime, note: str = "") -> None:
    audit.record(
        action,
        approval.subject_kind,
        approval.subject_id,
        actor=by.actor,
        at=at,
        changes={
            "approval": approval.pk,
            "of": approval.action,
            "digest": bytes(approval.content_hash).hex(),
        },
        note=note,
    )
