"""Re-planning: what passes have saved, which orders they touched, and whether there are any."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from oms.core import frame, history
from oms.core.views.frame import Button, Form, Record
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab
from oms.flows import replanning
from oms.replanning import queries
from oms.replanning.forms import PaceForm
from oms.runtime import metrics

MONTH = timedelta(days=30)
SHOWN = 50


def _outcome(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(exchanges__gt=0) if value == "saved" else rows.filter(exchanges=0)


def _outcomes(user: Any) -> list[Choice]:
    return [Choice("saved", "Saved something"), Choice("nothing", "Changed nothing")]


class RunList(ListPage):
    """Every pass, newest first, and what they came to."""

    permission = "routing.view"
    title = "Re-planning"
    under = "Re-planning"
    template_name = "replanning/run_list.html"
    page_name = "replanning.list"
    noun = "pass,passes"
    order = ("-started_at", "-id")
    tabs = (Tab("All", {}), Tab("Saved something", {"outcome": "saved"}))
    filters: ClassVar = (Filter("outcome", "Outcome", _outcome, _outcomes),)
    columns: ClassVar = (
        Column("Pass"),
        Column("Orders", "num"),
        Column("Split", "num"),
        Column("Exchanges", "num"),
        Column("Overtaken", "num"),
        Column("Parcels saved", "num"),
        Column("Cost saved", "num"),
        Column("By"),
    )

    def rows(self) -> QuerySet[Any]:
        return queries.runs()

    def decorate(self, rows: list[Any]) -> list[Any]:
        names = history.names_of([row.started_by for row in rows])
        for row in rows:
            row.by = names.get(row.started_by, row.started_by)
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "policy": queries.policy(),
            "month": queries.totals(datetime.now(UTC) - MONTH),
            "ever": queries.totals(),
            "may_change": self.request.user.has_perm("routing.change"),
        }


class RunPage(Record):
    """One pass, exchange by exchange."""

    permission = "routing.view"
    under = "Re-planning"
    list_url_name = "replanning:list"
    template_name = "replanning/run_detail.html"

    def get_title(self) -> str:
        return f"Pass {self.kwargs['pk']}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = queries.run(self.kwargs["pk"])
        asked = self.request.GET.get("after", "")
        after = int(asked) if asked.isdigit() and len(asked) < 18 else 0
        rows = list(queries.replanned(run.pk).filter(pk__gt=after)[: SHOWN + 1])
        return super().get_context_data(**kwargs) | {
            "run": run,
            "by": history.names_of([run.started_by]).get(run.started_by, run.started_by),
            "rows": rows[:SHOWN],
            "more": rows[SHOWN - 1].pk if len(rows) > SHOWN else 0,
        }


class PacePage(Form):
    """Switch it on or off, and say how often."""

    permission = "routing.change"
    title = "Pace of re-planning"
    under = "Re-planning"
    template_name = "replanning/pace.html"
    form_class = PaceForm
    done_message = "The pace is set."

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"instance": queries.policy()}

    def carry_out(self, form: PaceForm) -> str:
        replanning.set_pace(form.pace(), **self.doing.as_arguments)
        return reverse("replanning:list")


class RunNow(Button):
    """Make a pass at once; pressed twice, the second pass finds nothing left to do."""

    permission = "routing.change"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("replanning:list")

    def post(self, request: HttpRequest) -> HttpResponse:
        run = replanning.run(**self.doing.as_arguments)
        return HttpResponseRedirect(reverse("replanning:detail", args=[run.pk]))


@metrics.source
def saved_by_replanning() -> Iterator[Metric]:
    """What passes have saved so far, and when the last one was."""
    totals = queries.totals()
    yield CounterMetricFamily(
        "oms_replanning_saved_parcels", "Parcels that re-planning has spared", value=totals.saved_parcels
    )
    cost = CounterMetricFamily(
        "oms_replanning_saved_minor", "Cost that re-planning has spared, minor units", labels=["currency"]
    )
    cost.add_metric([totals.currency], totals.saved_minor)
    yield cost
    yield CounterMetricFamily("oms_replanning_exchanges", "Exchanges carried out", value=totals.exchanges)
    yield CounterMetricFamily("oms_replanning_passes", "Passes over unreleased orders", value=totals.passes)
    last = totals.last_at.timestamp() if totals.last_at else 0.0
    yield GaugeMetricFamily("oms_replanning_last_pass_seconds", "When the last pass began", value=last)


frame.hang(frame.Entry("Re-planning", "route", "replanning:list", "routing.view", "Set up", position=62))
