"""Stories of four eyes: a correction above the limit is asked for, and another person says yes or no."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from inventory import approval_queries
from inventory import queries as stock_queries
from inventory.rules import Adjusted
from oms.alerts.services import alerts
from oms.catalogue import queries as sku_queries
from oms.core import approvals
from oms.core.actors import Actor
from oms.core.errors import NotFound
from oms.core.models import Approval, User
from oms.core.transactions import owns_transaction
from oms.flows import counting
from oms.flows.counting import Change, Named

ACTION, SUBJECT, RIGHT = "stock.adjust", "adjustment", "stock.approve"


@owns_transaction()
def ask(change: Change, *, by: User, at: datetime) -> Approval:
    """Ask a second person for a correction that is worth too much for one; an earlier request for the same is void.

    Raises ``SkuNotFound``, ``LocationNotFound``, ``ReasonRequired``.
    """
    stock_queries.reason(change.reason)
    sku = sku_queries.sku(change.sku)
    place = stock_queries.location(change.location)
    content = asdict(change) | {"unit_cost": str(sku.unit_cost)}
    asked = approvals.request(
        ACTION,
        subject_kind=SUBJECT,
        subject_id=f"{sku.code}@{place.code}",
        content=content,
        by=by,
        at=at,
        reason=change.note,
    )
    alerts.open_alert(
        "approval_wanted",
        "approval",
        str(asked.pk),
        message=f"{by} asks for {change.quantity_delta:+d} of {sku.code} at {place.name}: {change.reason}.",
        at=at,
        location=place.code,
        url="/stock/approvals",
    )
    return asked


@owns_transaction()
def grant(approval_id: int, *, by: User, actor: Actor, at: datetime) -> Adjusted:
    """Agree to a correction that somebody else has asked for: it is written at once, as theirs.

    Raises ``NotFound``, ``OwnRequest``, ``Forbidden``, ``ApprovalExpired``, ``ApprovalStale`` when its cost
    has changed, and what a correction raises.
    """
    asked = _asked(approval_id)
    change = _change(asked.content)
    content = asked.content | {"unit_cost": str(sku_queries.sku(change.sku).unit_cost)}
    approvals.approve(approval_id, content=content, by=by, permission=RIGHT, at=at)
    approvals.use(ACTION, subject_kind=SUBJECT, subject_id=asked.subject_id, content=content, at=at)
    return counting.correct(change, actor=asked.requested_by.actor, at=at)


@owns_transaction()
def refuse(approval_id: int, *, note: str, by: User, actor: Actor, at: datetime) -> Approval:
    """Say no to a correction that somebody else has asked for.

    Raises ``NotFound``, ``OwnRequest``, ``Forbidden``, ``ApprovalExpired``.
    """
    return approvals.reject(_asked(approval_id).pk, by=by, permission=RIGHT, note=note, at=at)


def _asked(approval_id: int) -> Approval:
    found = approval_queries.asked_for(approval_id)
    if found is None:
        raise NotFound("There is no such request for approval.")
    return found


def _change(content: dict[str, Any]) -> Change:
    named = content["named"]
    return Change(
        content["sku"],
        content["location"],
        content["quantity_delta"],
        content["reason"],
        content["note"],
        Named(named["bin"], named["lot"], tuple(named["serials"])),
    )
