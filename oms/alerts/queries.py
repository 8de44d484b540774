"""Questions about what needs a person."""

from collections.abc import Iterable

from django.db.models import Count, Max, Min, QuerySet

from oms.alerts.models import Alert
from oms.core.errors import NotFound


class AlertNotFound(NotFound):
    """There is no such open alert here; somebody may have closed it."""

    code = "alert-not-found"


def alerts(codes: Iterable[str] | None) -> QuerySet[Alert]:
    """The alerts of these locations; None is everywhere, which alone sees what belongs to no location."""
    rows = Alert.objects.select_related("owner")
    return rows if codes is None else rows.filter(location_code__in=list(codes))


def open_alerts(codes: Iterable[str] | None) -> QuerySet[Alert]:
    """Those that nobody has closed."""
    return alerts(codes).filter(closed_at__isnull=True)


def by_kind(rows: QuerySet[Alert]) -> QuerySet[Alert, dict]:
    """How many of these alerts each kind has, its oldest and its worst; the kinds that stop work first."""
    sums = (
        rows.order_by()
        .values("kind")
        .annotate(count=Count("pk"), oldest=Min("opened_at"), worst=Max("severity"))
    )
    return sums.order_by("-worst", "oldest", "kind")


def kinds() -> list[str]:
    """The kinds that alerts have had."""
    return list(Alert.objects.order_by("kind").values_list("kind", flat=True).distinct())


def lock_open(kind: str) -> list[Alert]:
    """The open alerts of one kind, locked until the transaction ends."""
    rows = Alert.objects.select_for_update(of=("self",)).filter(kind=kind, closed_at__isnull=True)
    return list(rows.order_by("pk"))


def lock_open_about(kind: str, subject_ids: Iterable[str]) -> list[Alert]:
    """The open alerts of one kind about these objects, locked until the transaction ends."""
    rows = Alert.objects.select_for_update(of=("self",)).filter(kind=kind, closed_at__isnull=True)
    return list(rows.filter(subject_id__in=list(subject_ids)).order_by("pk"))


def lock_alert(alert_id: int) -> Alert:
    """One open alert, locked until the transaction ends.

    Raises ``AlertNotFound``, also when it has been closed.
    """
    found = Alert.objects.select_for_update(of=("self",)).filter(pk=alert_id, closed_at__isnull=True).first()
    if found is None:
        raise AlertNotFound()
    return found
