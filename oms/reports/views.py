"""What must always hold, when it was last proved, and the rows when it does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from oms.core import frame
from oms.core.status import DONE, LOOK, STOP, WAIT, Look, fill
from oms.core.views.frame import Guarded, Page, Record
from oms.flows import proving
from oms.reports import queries
from oms.reports.invariants import INVARIANTS

FRESH = timedelta(hours=26)
fill(
    "invariant",
    {
        "proved": Look(DONE, "Holds"),
        "broken": Look(STOP, "Broken"),
        "stale": Look(LOOK, "Not proved today"),
        "never": Look(WAIT, "Not proved yet"),
    },
)


def state_of(run: Any, *, at: datetime) -> str:
    """Say how an invariant stands by its newest run."""
    if run is None:
        return "never"
    if run.differences:
        return "broken"
    return "proved" if at - run.finished_at < FRESH else "stale"


def _rows(at: datetime) -> list[dict[str, Any]]:
    runs = queries.last_runs()
    return [
        {"invariant": one, "run": runs.get(code), "state": state_of(runs.get(code), at=at)}
        for code, one in INVARIANTS.items()
    ]


class InvariantList(Page):
    """Each promise of the books, recomputed from raw rows."""

    permission = "invariants.view"
    title = "Invariants"
    under = "Invariants"
    template_name = "reports/invariant_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = _rows(datetime.now(UTC))
        ran = [row["run"] for row in rows if row["run"]]
        return super().get_context_data(**kwargs) | {
            "rows": rows,
            "broken": [row for row in rows if row["state"] == "broken"],
            "differences": sum(run.differences for run in ran),
            "checked": sum(run.rows_checked for run in ran),
            "oldest": min((run.finished_at for run in ran), default=None),
        }


class InvariantPage(Record):
    """One promise, and the rows that break it."""

    permission = "invariants.view"
    under = "Invariants"
    template_name = "reports/invariant_detail.html"
    list_url_name = "reports:invariants"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        code = self.kwargs["code"]
        row = next((row for row in _rows(datetime.now(UTC)) if row["invariant"].code == code), None)
        if row is None:
            raise Http404("There is no such invariant.")
        samples = row["run"].samples if row["run"] else []
        columns = list(samples[0]) if samples else []
        return (
            super().get_context_data(**kwargs)
            | row
            | {
                "title": row["invariant"].code,
                "columns": columns,
                "samples": [[sample.get(name) for name in columns] for sample in samples],
            }
        )


class Prove(Guarded):
    """Recompute one invariant or all of them, now."""

    permission = "invariants.view"

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("reports:invariants"))

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = request.POST.get("code", "")
        codes = [asked] if asked in INVARIANTS else list(INVARIANTS)
        proving.prove(codes, clock=lambda: datetime.now(UTC))
        if asked in INVARIANTS:
            return HttpResponseRedirect(reverse("reports:invariant", args=[asked]))
        return HttpResponseRedirect(reverse("reports:invariants"))


def _broken(standing: frame.Standing) -> int:
    return sum(1 for run in queries.last_runs().values() if run.differences)


frame.hang(
    frame.Entry("Invariants", "scale", "reports:invariants", "invariants.view", "Watch", "i", position=65),
    frame.Tile(
        "Broken invariants",
        "scale",
        lambda standing: reverse("reports:invariants"),
        _broken,
        "invariants.view",
        tone="stop",
        hint="figures that do not agree",
        position=75,
    ),
)
