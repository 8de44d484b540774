"""Alerts open once per cause and object, gain an owner, and close with a note."""

from datetime import datetime

from django.db.models import F

from oms.alerts.models import Alert, Severity
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.models import User
from oms.core.transactions import joins_transaction


@joins_transaction
def open_alert(
    kind: str,
    subject_kind: str,
    subject_id: str,
    *,
    message: str,
    at: datetime,
    location: str = "",
    url: str = "",
    severity: Severity = Severity.LOOK,
) -> Alert:
    """Open an alert, or count the open one of the same cause and object once more."""
    seen = Alert.objects.filter(
        kind=kind, subject_kind=subject_kind, subject_id=subject_id, closed_at__isnull=True
    ).update(times=F("times") + 1, last_seen_at=at, message=message[:300])
    if not seen:
        Alert.objects.bulk_create(
            [
                Alert(
                    kind=kind,
                    subject_kind=subject_kind,
                    subject_id=subject_id,
                    message=message[:300],
                    severity=severity,
                    url=url,
                    location_code=location,
                    opened_at=at,
                    last_seen_at=at,
                )
            ],
            ignore_conflicts=True,
        )
    return Alert.objects.get(
        kind=kind, subject_kind=subject_kind, subject_id=subject_id, closed_at__isnull=True
    )


@joins_transaction
def assign(alert: Alert, *, owner: User) -> None:
    """Make one person answer for an alert."""
    alert.owner = owner
    alert.save(update_fields=["owner"])


@joins_transaction
def close(alert: Alert, *, note: str, actor: Actor, at: datetime) -> None:
    """Close an alert with a note on what was done.

    Raises ``Invalid`` without one.
    """
    if not note.strip():
        message = "Say what was done about it."
        raise Invalid(message, problems=(("#/note", message),))
    alert.closed_at, alert.closed_by, alert.note = at, actor.label, note.strip()[:500]
    alert.save(update_fields=["closed_at", "closed_by", "note"])
