"""Questions about what needs a person."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from oms.alerts.models import Alert
from oms.core.errors import NotFound


class AlertNotFound(NotFound):
    """There is no such alert."""

    code = "alert-not-found"


def alerts(codes: Iterable[str] | None) -> QuerySet[Alert]:
    """The alerts of these locations, and those of no location; None is everywhere."""
    rows = Alert.objects.select_related("owner")
    return rows if codes is None else rows.filter(Q(location_code="") | Q(location_code__in=list(codes)))


def open_alerts(codes: Iterable[str] | None) -> QuerySet[Alert]:
    """Those that nobody has closed."""
    return alerts(codes).filter(closed_at__isnull=True)


def kinds() -> list[str]:
    """The causes that alerts have had."""
    return list(Alert.objects.order_by("kind").values_list("kind", flat=True).distinct())


def lock_alert(alert_id: int) -> Alert:
    """One open alert, locked until the transaction ends.

    Raises ``AlertNotFound``, also when it has been closed.
    """
    found = Alert.objects.select_for_update(of=("self",)).filter(pk=alert_id, closed_at__isnull=True).first()
    if found is None:
        raise AlertNotFound("This alert is closed already, or never was.")
    return found
