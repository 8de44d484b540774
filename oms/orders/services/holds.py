"""Holds: a reason, an owner, and who may let the order go on."""

from dataclasses import dataclass
from datetime import datetime

from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.transactions import joins_transaction
from oms.orders.models import Hold, Order
from oms.orders.rules import ORDER_LIFECYCLE, NotYoursToRelease, OrderState, Releasable, may_release


@dataclass(frozen=True, slots=True)
class Standing:
    """Why an order stands still, and who answers for it."""

    reason: str
    code: str = ""
    owner: str = ""


@joins_transaction
def hold(order: Order, why: Standing, *, actor: Actor, at: datetime) -> Hold:
    """Stop a locked order for a reason.

    Raises ``IllegalTransition`` when it is not open, ``Invalid`` without a reason.
    """
    if not why.reason.strip():
        message = "Say why the order is held."
        raise Invalid(message, problems=(("#/reason", message),))
    ORDER_LIFECYCLE.check(OrderState(order.state), OrderState.ON_HOLD, what=order.number)
    order.state = OrderState.ON_HOLD.value
    order.save(update_fields=["state"])
    return Hold.objects.create(
        order=order,
        code=why.code,
        reason=why.reason.strip()[:200],
        owner=why.owner,
        placed_by=actor.label,
        placed_at=at,
    )


@joins_transaction
def assign(held: Hold, *, owner: str) -> None:
    """Make one person answer for a hold."""
    held.owner = owner
    held.save(update_fields=["owner"])


def check_release(held: Hold, who: Releasable, *, username: str, is_manager: bool) -> None:
    """Let only those release a hold whom its reason names.

    Raises ``NotYoursToRelease``.
    """
    if may_release(who, is_owner=bool(username) and username == held.owner, is_manager=is_manager):
        return
    by = "a manager" if who is Releasable.MANAGER or not held.owner else f"{held.owner} or a manager"
    raise NotYoursToRelease(f"“{held.reason}” is released by {by}. Ask them, or hand the hold over.")
