"""What-if: the list of replays, asking for one, and what came out of it."""

import csv
from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse

from oms.core import frame, history
from oms.core.money import Money
from oms.core.status import DONE, STOP, WAIT, WORK, Look, fill
from oms.core.views.frame import Form, Guarded, Record, one_effect
from oms.core.views.lists import Column, ListPage, Tab
from oms.flows import replaying
from oms.replays import charts, queries, words
from oms.replays.forms import ReplayForm
from oms.replays.work import wake

fill(
    "replay",
    {
        "queued": Look(WAIT, "Queued"),
        "running": Look(WORK, "Running"),
        "done": Look(DONE, "Done"),
        "failed": Look(STOP, "Failed"),
    },
)
SHOWN = 50
HEADERS = (
    *("order", "placed_at", "changed", "locations_before", "locations_after", "cost_before", "cost_after"),
    *("currency", "days_before", "days_after", "missing_before", "missing_after"),
)


def _state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(state=value)


class ReplayList(ListPage):
    """Every replay, newest first."""

    permission = "routing.view"
    title = "What if"
    under = "What if"
    template_name = "replays/replay_list.html"
    page_name = "replays.list"
    noun = "replay,replays"
    order = ("-asked_at", "-id")
    search_help = "Part of a name"
    tabs = (Tab("All", {}),)
    columns: ClassVar = (
        Column("Replay"),
        Column("State"),
        Column("Period"),
        Column("Orders", "num"),
        Column("Changed", "num"),
        Column("By"),
        Column("Asked"),
    )

    def rows(self) -> QuerySet[Any]:
        return queries.replays()

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(name__icontains=text)

    def decorate(self, rows: list[Any]) -> list[Any]:
        names = history.names_of([row.asked_by for row in rows])
        for row in rows:
            row.by = names.get(row.asked_by, row.asked_by)
        return rows


class NewReplay(Form):
    """Ask for one."""

    permission = "routing.change"
    title = "Play a period again"
    under = "What if"
    template_name = "replays/replay_new.html"
    form_class = ReplayForm

    def get_initial(self) -> dict[str, Any]:
        """The version that a page of rules leads here with."""
        asked = self.request.GET.get("version", "")
        return super().get_initial() | ({"version": asked} if asked.isdecimal() else {})

    def carry_out(self, form: ReplayForm) -> str:
        with one_effect(self.request):
            replay = replaying.ask(
                form.cleaned_data["name"], form.period(), form.scenario(), **self.doing.as_arguments
            )
            wake(replay.pk)
            return reverse("replays:detail", args=[replay.pk])
        return reverse("replays:list")


class ReplayPage(Record):
    """What came out, side by side, by day, and order by order."""

    permission = "routing.view"
    under = "What if"
    list_url_name = "replays:list"
    template_name = "replays/replay_detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("part") != "progress":
            return super().get(request, *args, **kwargs)
        replay = queries.replay(self.kwargs["pk"])
        if not replay.is_working:
            # The page itself looks different now.
            return HttpResponse(headers={"HX-Refresh": "true"})
        self.template_name = "replays/_progress.html"
        return self.render_to_response({"replay": replay})

    def get_title(self) -> str:
        return queries.replay(self.kwargs["pk"]).name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        replay = queries.replay(self.kwargs["pk"])
        asked = self.request.GET
        after = int(asked["after"]) if asked.get("after", "").isdigit() else 0
        everything = asked.get("tab") == "all"
        rows = queries.results(replay.pk, changed=None if everything else True)
        page = list(rows.filter(pk__gt=after)[: SHOWN + 1]) if not replay.is_working else []
        for row in page:
            row.saved_minor = row.cost_before_minor - row.cost_after_minor
        return super().get_context_data(**kwargs) | {
            "replay": replay,
            "sentences": words.said(replay.scenario, queries.version_names()),
            "figures": words.compared(replay.summary, replay.currency),
            "days": charts.daily(queries.by_day(replay.pk)) if replay.summary else None,
            "rows": page[:SHOWN],
            "everything": everything,
            "more": page[SHOWN - 1].pk if len(page) > SHOWN else 0,
        }


class ReplayFile(Guarded):
    """Every order of a replay as CSV."""

    permission = "routing.view"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        replay = queries.replay(pk)
        answer = StreamingHttpResponse(_lines(pk, replay.currency), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="replay-{pk}.csv"'
        return answer


class _Echo:
    def write(self, text: str) -> str:
        return text


def _lines(pk: UUID, currency: str) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(HEADERS)
    for row in queries.results(pk).iterator(chunk_size=2_000):
        yield writer.writerow(
            (
                *(row.order.number, row.placed_at.isoformat(), int(row.is_changed)),
                *(" ".join(row.sites_before), " ".join(row.sites_after)),
                *(
                    Money(row.cost_before_minor, currency).as_text(),
                    Money(row.cost_after_minor, currency).as_text(),
                ),
                *(currency, row.days_before, row.days_after, row.unfilled_before, row.unfilled_after),
            )
        )


frame.hang(frame.Entry("What if", "flask", "replays:list", "routing.view", "Set up", position=61))
