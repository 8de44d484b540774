"""What must always hold, when it was last proved, and the rows where it does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404
from django.urls import reverse

from oms.core import frame
from oms.core.status import DONE, LOOK, STOP, Look, fill
from oms.core.views.frame import Action, Page, Record
from oms.flows import proving
from oms.reports import queries
from oms.reports.invariants import INVARIANTS
from oms.reports.models import InvariantRun

# The clock proves every night; a proof older than this missed its turn.
FRESH = timedelta(hours=26)
fill(
    "invariant",
    {
        "proved": Look(DONE, "Holds"),
        "broken": Look(STOP, "Broken"),
        "stale": Look(LOOK, "Not proved today"),
        "never": Look(STOP, "Never proved"),
    },
)
NEEDS = frozenset({"broken", "never"})


def state_of(run: InvariantRun | None, *, at: datetime) -> str:
    """Say how an invariant stands by its newest run."""
    if run is None:
        return "never"
    if run.differences:
        return "broken"
    return "proved" if at - run.finished_at < FRESH else "stale"


def lines(at: datetime) -> list[dict[str, Any]]:
    """Return each invariant with its newest run and how it stands."""
    runs = queries.last_runs()
    return [
        {"invariant": one, "run": runs.get(code), "state": state_of(runs.get(code), at=at)}
        for code, one in INVARIANTS.items()
    ]


class InvariantList(Page):
    """Each promise of the books, recomputed from raw rows; ``?show=broken`` keeps what needs a person."""

    permission = "invariants.view"
    title = "Invariants"
    under = "Invariants"
    template_name = "reports/invariant_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        every = lines(datetime.now(UTC))
        wrong = [line for line in every if line["state"] in NEEDS]
        narrow = self.request.GET.get("show") == "broken"
        runs = [line["run"] for line in every if line["run"]]
        rows = wrong if narrow else every
        return super().get_context_data(**kwargs) | {
            "rows": rows,
            "total": len(rows),
            "narrow": narrow,
            "every": len(every),
            "wrong": len(wrong),
            "broken": sum(line["state"] == "broken" for line in every),
            "never": sum(line["state"] == "never" for line in every),
            "differences": sum(run.differences for run in runs),
            "checked": sum(run.rows_checked for run in runs),
            "oldest": min((run.finished_at for run in runs), default=None),
            "may_prove": self.request.user.may(Prove.permission),
        }


class InvariantPage(Record):
    """One promise, and the rows that break it."""

    permission = "invariants.view"
    under = "Invariants"
    template_name = "reports/invariant_detail.html"
    list_url_name = "reports:invariants"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        at, one = datetime.now(UTC), INVARIANTS.get(self.kwargs["code"])
        if one is None:
            raise Http404("There is no such invariant.")
        runs = list(queries.runs_of(one.code)[:12])
        run = runs[0] if runs else None
        # The database keeps no order of keys; the query names the most telling columns first.
        columns = sorted(run.samples[0], key=one.breaches.find) if run and run.samples else []
        return super().get_context_data(**kwargs) | {
            "title": one.code,
            "invariant": one,
            "run": run,
            "runs": runs,
            "state": state_of(run, at=at),
            "columns": [name.replace("_", " ") for name in columns],
            "samples": [[sample.get(name) for name in columns] for sample in run.samples] if run else [],
            "may_prove": self.request.user.may(Prove.permission),
            "repairable": one.code in proving.REPAIRABLE and state_of(run, at=at) == "broken",
        }


class Prove(Action):
    """Recompute one invariant or all of them, now."""

    permission = "invariants.repair"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("reports:invariants")

    def carry_out(self, **kwargs: Any) -> None:
        asked = self.request.POST.get("code", "")
        codes = [asked] if asked in INVARIANTS else list(INVARIANTS)
        findings = proving.prove(codes, clock=lambda: datetime.now(UTC))
        broken = [found.invariant.code for found in findings if found.differences]
        if broken:
            messages.error(self.request, f"Recomputed {len(codes)}; broken: {', '.join(broken)}.")
        else:
            messages.success(self.request, f"Recomputed {len(codes)} from raw rows: 0 differences.")


class Repair(Action):
    """Bring the levels that break an invariant back to the rows behind them, and prove it again."""

    permission = "invariants.repair"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("reports:invariant", args=[kwargs["code"]])

    def carry_out(self, **kwargs: Any) -> None:
        at, code = datetime.now(UTC), kwargs["code"]
        actor = self.request.user.actor
        done = proving.repair(code, note=self.request.POST.get("note", ""), actor=actor, at=at)
        messages.success(
            self.request, f"{done} stock levels repaired. Prove {code} again to see that it holds."
        )


def _wrong(standing: frame.Standing) -> int:
    """Count what ``?show=broken`` lists."""
    return sum(line["state"] in NEEDS for line in lines(datetime.now(UTC)))


frame.hang(
    frame.Entry("Invariants", "scale", "reports:invariants", "invariants.view", "Watch", "i", position=65),
    frame.Tile(
        "Invariants",
        "scale",
        lambda standing: reverse("reports:invariants") + "?show=broken",
        _wrong,
        "invariants.view",
        tone="stop",
        hint="broken or never proved",
        position=75,
    ),
)
