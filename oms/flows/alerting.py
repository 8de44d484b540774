"""Stories of an alert: somebody takes it, and closes it with a note."""

from datetime import datetime

from oms.alerts import queries
from oms.alerts.models import Alert
from oms.alerts.services import alerts
from oms.core import audit
from oms.core.actors import Actor
from oms.core.models import User
from oms.core.transactions import owns_transaction


@owns_transaction()
def take_alert(alert_id: int, *, owner: User, actor: Actor, at: datetime) -> Alert:
    """Make one person answer for an open alert, whoever had it before.

    Raises ``AlertNotFound``.
    """
    alert = queries.lock_alert(alert_id)
    alerts.assign(alert, owner=owner)
    audit.record(
        "alert.taken", "alert", alert.pk, actor=actor, at=at, note=f"{alert.kind} {alert.subject_id}"
    )
    return alert


@owns_transaction()
def close_alert(alert_id: int, *, note: str, actor: Actor, at: datetime) -> Alert:
    """Close an open alert with a note on what was done.

    Raises ``AlertNotFound``, ``Invalid`` without a note.
    """
    alert = queries.lock_alert(alert_id)
    alerts.close(alert, note=note, actor=actor, at=at)
    audit.record("alert.closed", "alert", alert.pk, actor=actor, at=at, note=alert.note)
    return alert
