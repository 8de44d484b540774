"""The inbox of what needs a person: by kind, urgency and age, taken by one, closed with a note."""

import re
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from oms.alerts import queries
from oms.alerts.models import Alert
from oms.core import frame, history
from oms.core.errors import Forbidden
from oms.core.status import DONE, LOOK, STOP, Look, fill
from oms.core.templatetags.ui import distance
from oms.core.views.frame import Action, Record
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab
from oms.flows import alerting

fill(
    "alert",
    {"look": Look(LOOK, "Needs a look"), "stop": Look(STOP, "Stops work"), "closed": Look(DONE, "Closed")},
)
KINDS = {
    "late_order": "Late order",
    "late_risk": "Order at risk of being late",
    "overdue_acknowledgement": "Partner has not answered",
    "overdue_cancellation": "Partner has not answered a cancellation",
    "refused_cancellation": "Partner does not cancel",
    "overdue_address": "Partner has not answered a new address",
    "address_stays": "Order keeps its old address",
    "rejected_work": "Work rejected",
    "preorders_unbound": "Preorders lost their delivery",
    "short_pick": "Too few on the shelf",
    "overdue_count": "Counts overdue",
    "displaced_order": "Stock taken back from an order",
    "supplier_short": "Supplier has less than was sold",
    "stock_report_differs": "Partner counts otherwise",
    "letter_failed": "Letter did not go",
    "letter_template": "Letter has no template",
    "mail_server": "Mail server takes no letters",
    "broken_invariant": "Figures do not agree",
    "stock_gap": "Stock differs from its books",
    "broken_audit": "Audit chain broken",
    "message.stopped": "Message stopped",
    "failed_import": "File written in part",
}
DEEDS = {"alert.taken": "Taken", "alert.closed": "Closed"}
# Where the page of a thing is, when its alert names no address.
PAGES = {
    "fulfilment_order": ("fulfilment:pick", "fulfilment.pick"),
    "order": ("orders:detail", "orders.view"),
    "message": ("core:message", "messages.view"),
}
# The desk looks at the order, FO-1001-2 belongs to SO-1001; the floor at the task.
ORDER_OF_WORK = re.compile(r"FO-(\d+)-\d+$")
STATES = (Choice("open", "open"), Choice("closed", "closed"))
URGENCIES = (Choice("stop", "stops work"), Choice("look", "needs a look"))
OWNERS = (Choice("me", "me"), Choice("nobody", "nobody"))


def words_for(kind: str) -> str:
    """Return the words for a kind of alert."""
    return KINDS.get(kind, kind.replace("_", " ").replace(".", " ").capitalize())


def page_of(alert: Alert, user: Any) -> str:
    """Return the address of the thing an alert is about, as far as this person may open it; or nothing."""
    kind, number = alert.subject_kind, alert.subject_id
    order = ORDER_OF_WORK.match(number)
    if kind == "fulfilment_order" and order and user.may("orders.view"):
        kind, number = "order", f"SO-{order[1]}"
    if alert.url or kind not in PAGES:
        return alert.url
    name, right = PAGES[kind]
    return reverse(name, args=[number]) if user.may(right) else ""


def _state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(closed_at__isnull=value == "open")


def _kind(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(kind=value)


def _kinds(user: Any) -> list[Choice]:
    return [Choice(kind, words_for(kind)) for kind in queries.kinds()]


def _severity(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(severity=value)


def _site(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    # What belongs to no location concerns each of them.
    return rows.filter(location_code__in=["", value])


def _sites(user: Any) -> list[Choice]:
    return [Choice(code, name) for code, name, _ in frame.sites_for(user)]


def _owner(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(owner__isnull=True) if value == "nobody" else rows.filter(owner__username=value)


class AlertList(ListPage):
    """Open alerts: what stops work first, then the oldest."""

    permission = "alerts.view"
    title = "Alerts"
    under = "Alerts"
    template_name = "alerts/alert_list.html"
    page_name = "alerts.list"
    noun = "alert,alerts"
    order = ("-severity", "opened_at", "id")
    orders: ClassVar = {"seen": ("-last_seen_at", "-id")}
    search_help = "Filter: text, number, kind:short_pick, owner:me…"
    tabs = (
        Tab("Open", {}, tone="look"),
        Tab("Stop work", {"severity": "stop"}, tone="stop"),
        Tab("Mine", {"owner": "me"}),
        Tab("Nobody's", {"owner": "nobody"}),
        Tab("Closed", {"state": "closed"}, counted=False),
    )
    filters = (
        Filter("kind", "Kind", _kind, _kinds),
        Filter("severity", "Urgency", _severity, lambda user: URGENCIES),
        Filter("site", "Site", _site, _sites),
        Filter("owner", "Owner", _owner, lambda user: OWNERS),
        Filter("state", "State", _state, lambda user: STATES),
    )
    columns = (
        Column("What happened"),
        Column("Kind"),
        Column("Urgency"),
        Column("About"),
        Column("Times", "num"),
        Column("Owner"),
        Column("Since"),
        Column("Last seen", "", "seen"),
    )

    def rows(self) -> QuerySet[Any]:
        return queries.alerts(self.request.user.locations_for("alerts.view"))

    def narrowed(self, asked: dict[str, str]) -> QuerySet[Any]:
        meant = {"state": "open"} | asked
        if meant.get("owner") == "me":
            meant["owner"] = self.request.user.get_username()
        return super().narrowed(meant)

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(message__icontains=text) | rows.filter(subject_id__icontains=text)

    def decorate(self, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.words, row.page = words_for(row.kind), page_of(row, self.request.user)
        return rows

    def groups(self) -> list[dict[str, Any]]:
        """Count the alerts of each kind under the other filters; a kind chosen already is taken back."""
        rest = {name: value for name, value in self.asked.items() if name != "kind"}
        found = []
        for line in queries.by_kind(self.narrowed(rest)):
            here = line["kind"] == self.asked.get("kind")
            query = urlencode(rest if here else rest | {"kind": line["kind"]})
            age = distance(datetime.now(UTC) - line["oldest"])
            words = words_for(line["kind"])
            found.append(line | {"words": words, "age": age, "here": here, "url": f"?{query}"})
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"groups": self.groups()}


class AlertPage(Record):
    """One alert: what happened, what it is about, who has it."""

    permission = "alerts.view"
    under = "Alerts"
    template_name = "alerts/alert_detail.html"
    list_url_name = "alerts:list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        rows = queries.alerts(user.locations_for("alerts.view"))
        alert = rows.filter(pk=self.kwargs["pk"]).first()
        if alert is None:
            raise Http404("There is no such alert.")
        before, after = AlertList.neighbours(
            alert, list_query=self.request.GET.get("list", ""), user=user, request=self.request
        )
        deeds = history.of("alert", str(alert.pk))[:20]
        return super().get_context_data(**kwargs) | {
            "title": words_for(alert.kind),
            "alert": alert,
            "page": page_of(alert, user),
            "deeds": [{"entry": deed, "words": DEEDS.get(deed.action, deed.action)} for deed in deeds],
            "same_kind": rows.filter(kind=alert.kind, closed_at__isnull=True).count(),
            "may_change": may_change(user, alert),
            "previous_record": before,
            "next_record": after,
        }


def may_change(user: Any, alert: Alert) -> bool:
    """Tell whether this person may act on an alert: where it is, or everywhere when it is nowhere."""
    codes = user.locations_for("alerts.change")
    return codes is None or alert.location_code in codes


class _OnAlert(Action):
    permission = "alerts.change"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("alerts:detail", kwargs=kwargs)

    def here(self, pk: int) -> int:
        """Return the number of an alert this person may act on.

        Raises ``AlertNotFound``, ``Forbidden``.
        """
        alert = queries.alerts(self.request.user.locations_for("alerts.view")).filter(pk=pk).first()
        if alert is None:
            raise queries.AlertNotFound()
        if not may_change(self.request.user, alert):
            raise Forbidden(f"Your roles do not reach {alert.location_code or 'every location'}.")
        return pk


class Take(_OnAlert):
    """Answer for one alert."""

    def carry_out(self, **kwargs: Any) -> None:
        alerting.take_alert(self.here(kwargs["pk"]), owner=self.request.user, **self.doing.as_arguments)


class Close(_OnAlert):
    """Close one alert with a note."""

    def carry_out(self, **kwargs: Any) -> None:
        note = self.request.POST.get("note", "")
        alerting.close_alert(self.here(kwargs["pk"]), note=note, **self.doing.as_arguments)


def _count(standing: frame.Standing) -> int:
    """Count what the list shows to the same person at the same site."""
    rows = queries.open_alerts(standing.user.locations_for("alerts.view"))
    return (_site(rows, standing.site) if standing.site else rows).order_by().count()


def _inbox(standing: frame.Standing) -> str:
    return reverse("alerts:list") + (f"?{urlencode({'site': standing.site})}" if standing.site else "")


frame.hang(
    frame.Entry(
        "Alerts", "bell", "alerts:list", "alerts.view", "Watch", "l", position=60, count=_count, tab=True
    ),
    frame.Tile(
        "Alerts", "bell", _inbox, _count, "alerts.view", tone="look", hint="need a person", position=70
    ),
)
