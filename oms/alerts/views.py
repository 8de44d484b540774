"""The inbox of what needs a person: by cause and age, taken by one, closed with a note."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from oms.alerts import queries
from oms.alerts.models import Alert
from oms.core import frame, history
from oms.core.status import DONE, LOOK, STOP, Look, fill
from oms.core.views.frame import Action, Record
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab
from oms.flows import alerting

fill(
    "alert",
    {"look": Look(LOOK, "Needs a look"), "stop": Look(STOP, "Stops work"), "closed": Look(DONE, "Closed")},
)
CAUSES = {
    "late_order": "Late order",
    "overdue_acknowledgement": "Partner has not answered",
    "rejected_work": "Work rejected",
    "short_pick": "Too few in the bin",
    "broken_invariant": "Figures do not agree",
    "broken_audit": "Audit chain broken",
    "dead_letter": "Message stopped",
}


STATES = (Choice("open", "open"), Choice("closed", "closed"))
URGENCIES = (Choice("look", "needs a look"), Choice("stop", "stops work"))


def cause_of(kind: str) -> str:
    """Return the words for a cause."""
    return CAUSES.get(kind, kind.replace("_", " ").capitalize())


def _causes(user: Any) -> list[Choice]:
    return [Choice(kind, cause_of(kind)) for kind in queries.kinds()]


def _sites(user: Any) -> list[Choice]:
    return [Choice(code, name) for code, name, _ in frame.sites_for(user)]


def _state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(closed_at__isnull=value == "open")


def _kind(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(kind=value)


def _severity(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(severity=value)


def _site(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(location_code__in=["", value])


def _owner(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(owner__isnull=True) if value == "nobody" else rows.filter(owner__username=value)


class AlertList(ListPage):
    """Open alerts, the last seen first."""

    permission = "alerts.view"
    title = "Alerts"
    under = "Alerts"
    template_name = "alerts/alert_list.html"
    page_name = "alerts.list"
    noun = "alert,alerts"
    order = ("-last_seen_at", "-id")
    search_help = "Filter: text, state:open, owner:nobody…"
    tabs = (
        Tab("Open", {"state": "open"}, tone="look"),
        Tab("Stop work", {"state": "open", "severity": "stop"}, tone="stop"),
        Tab("Nobody's", {"state": "open", "owner": "nobody"}),
        Tab("All", {}, counted=False),
    )
    filters = (
        Filter("state", "State", _state, lambda user: STATES),
        Filter("cause", "Cause", _kind, _causes),
        Filter(
            "severity",
            "Urgency",
            _severity,
            lambda user: URGENCIES,
        ),
        Filter(
            "site",
            "Site",
            _site,
            _sites,
        ),
        Filter("owner", "Owner", _owner, kind="text"),
    )
    columns = (
        Column("What happened"),
        Column("Cause"),
        Column("Urgency"),
        Column("Times", "num"),
        Column("Owner"),
        Column("Since"),
        Column("Last seen"),
    )

    def rows(self) -> QuerySet[Any]:
        return queries.alerts(self.request.user.locations_for("alerts.view"))

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(message__icontains=text)

    def decorate(self, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.cause = cause_of(row.kind)
        return rows


class AlertPage(Record):
    """One alert: what happened, what it is about, who has it."""

    permission = "alerts.view"
    under = "Alerts"
    template_name = "alerts/alert_detail.html"
    list_url_name = "alerts:list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = queries.alerts(self.request.user.locations_for("alerts.view"))
        alert: Alert | None = rows.filter(pk=self.kwargs["pk"]).first()
        if alert is None:
            raise Http404("There is no such alert.")
        return super().get_context_data(**kwargs) | {
            "title": cause_of(alert.kind),
            "alert": alert,
            "closed_by": history.names_of([alert.closed_by]).get(alert.closed_by, alert.closed_by),
            "same_cause": rows.filter(kind=alert.kind, closed_at__isnull=True).count(),
            "may_change": self.request.user.may("alerts.change"),
        }


class _OnAlert(Action):
    permission = "alerts.change"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("alerts:detail", kwargs=kwargs)


class Take(_OnAlert):
    """Answer for one alert."""

    def carry_out(self, **kwargs: Any) -> None:
        alerting.take_alert(kwargs["pk"], owner=self.request.user, **self.doing.as_arguments)


class Close(_OnAlert):
    """Close one alert with a note."""

    def carry_out(self, **kwargs: Any) -> None:
        alerting.close_alert(kwargs["pk"], note=self.request.POST.get("note", ""), **self.doing.as_arguments)


def _count(standing: frame.Standing) -> int:
    rows = queries.open_alerts(standing.user.locations_for("alerts.view"))
    return (_site(rows, standing.site) if standing.site else rows).count()


frame.hang(
    frame.Entry("Alerts", "bell", "alerts:list", "alerts.view", "Watch", "l", position=60, tab=True),
    frame.Tile(
        "Alerts",
        "bell",
        lambda standing: f"{reverse('alerts:list')}?state=open{standing.query}",
        _count,
        "alerts.view",
        tone="look",
        hint="open",
        position=70,
    ),
)
