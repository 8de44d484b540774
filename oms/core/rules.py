"""States of what the ground floor keeps, and which may follow which."""

from enum import StrEnum

from oms.core.lifecycles import Lifecycle


class MessageState(StrEnum):
    WAITING = "waiting"
    LEASED = "leased"
    DELIVERED = "delivered"
    DEAD = "dead"
    DISCARDED = "discarded"


class ApprovalState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOIDED = "voided"
    USED = "used"


OUTBOX_LIFECYCLE = Lifecycle(
    {
        MessageState.WAITING: frozenset({MessageState.LEASED, MessageState.DISCARDED}),
        MessageState.LEASED: frozenset(
            {MessageState.DELIVERED, MessageState.WAITING, MessageState.DEAD, MessageState.DISCARDED}
        ),
        MessageState.DEAD: frozenset({MessageState.WAITING, MessageState.DISCARDED}),
        MessageState.DELIVERED: frozenset(),
        MessageState.DISCARDED: frozenset(),
    }
)

INBOX_LIFECYCLE = Lifecycle(
    {
        MessageState.WAITING: frozenset({MessageState.DELIVERED, MessageState.DEAD}),
        MessageState.DEAD: frozenset({MessageState.WAITING, MessageState.DISCARDED}),
        MessageState.DELIVERED: frozenset(),
        MessageState.DISCARDED: frozenset(),
    }
)

APPROVAL_LIFECYCLE = Lifecycle(
    {
        ApprovalState.REQUESTED: frozenset(
            {ApprovalState.APPROVED, ApprovalState.REJECTED, ApprovalState.VOIDED}
        ),
        ApprovalState.APPROVED: frozenset({ApprovalState.USED, ApprovalState.VOIDED}),
        ApprovalState.REJECTED: frozenset(),
        ApprovalState.VOIDED: frozenset(),
        ApprovalState.USED: frozenset(),
    }
)
