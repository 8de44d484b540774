"""The tables of the ground floor, by noun; callers import this package."""

from oms.core.models.messages import (
    AppliedVersion,
    InboxMessage,
    OutboxMessage,
    WebhookDelivery,
    WebhookEndpoint,
)
from oms.core.models.people import (
    ApiToken,
    Draft,
    Grant,
    SavedView,
    Theme,
    User,
)
from oms.core.models.records import (
    Approval,
    AuditEntry,
    AuditEra,
    AuditSeal,
    IdempotencyKey,
    NumberSeries,
)

__all__ = [
    "ApiToken",
    "AppliedVersion",
    "Approval",
    "AuditEntry",
    "AuditEra",
    "AuditSeal",
    "Draft",
    "Grant",
    "IdempotencyKey",
    "InboxMessage",
    "NumberSeries",
    "OutboxMessage",
    "SavedView",
    "Theme",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
]
