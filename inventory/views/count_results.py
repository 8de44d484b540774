"""How right the books were: lines that agreed, by site and week, down to each line; and the plans of counting."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from inventory import count_accuracy, count_queries
from inventory.count_rules import ACCURACY_TARGET
from inventory.forms_counts import DAYS, PlanForm
from inventory.views.count_desk import _sites
from oms.core import frame
from oms.core.views.frame import Form, Page, one_effect
from oms.core.views.lists import LAST_DAYS, Choice, Column, Filter, ListPage, Tab, days
from oms.flows import count_planning

SEES = "stock.approve"
WEEKS = 12


def _site(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(task__location__code=value)


def _off(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "yes":
        return rows.exclude(difference=0)
    return rows.exclude(count_accuracy.IS_TOLERATED) if value == "over" else rows


class Results(ListPage):
    """Lines of posted counts, and the accuracy that they add up to."""

    permission = SEES
    title = "Count results"
    under = "Counts"
    template_name = "inventory/count_results.html"
    page_name = "inventory.count_results"
    noun = "line,lines"
    order = ("-task__posted_at", "-id")
    search_help = "Filter: SKU, bin or count"
    tabs = (
        Tab("All lines", {}),
        Tab("Differences", {"off": "yes"}, tone="look"),
        Tab("Over tolerance", {"off": "over"}, tone="look"),
    )
    filters = (
        Filter("site", "Site", _site, _sites),
        Filter("posted", "Posted", days("task__posted_at"), lambda user: LAST_DAYS),
        Filter(
            "off",
            "Difference",
            _off,
            lambda user: [Choice("yes", "any"), Choice("over", "over tolerance")],
        ),
    )
    columns: ClassVar = (
        Column("SKU"),
        Column("Where"),
        Column("Count"),
        Column("Posted"),
        Column("Books", "num"),
        Column("Counted", "num"),
        Column("Difference", "num"),
        Column("Value", "num"),
    )

    def rows(self) -> QuerySet[Any]:
        return count_accuracy.posted_lines(self.request.user.locations_for(SEES))

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(count_accuracy.line_named(text))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = datetime.now(UTC)
        site = self.asked.get("site", "")
        weekly = count_accuracy.by_week(
            self.narrowed({"site": site} if site else {}),
            zone=self.zone(site),
            since=now - timedelta(weeks=WEEKS),
        )
        trend = [{"week": week["week"].date()} | shares(week) for week in weekly]
        return super().get_context_data(**kwargs) | {
            "accuracy": shares(count_accuracy.accuracy(self.narrowed(self.asked))),
            "trend": trend,
            "target": ACCURACY_TARGET,
        }

    def zone(self, site: str) -> ZoneInfo:
        """The clock by which weeks begin: the site's, or that of the first site."""
        known = {code: zone for code, _, zone in frame.sites_for(self.request.user)}
        return ZoneInfo(known.get(site) or next(iter(known.values()), "UTC"))


def shares(sums: Any) -> dict[str, Any]:
    """Per cent of lines that agreed, that were within tolerance, and of the value that was where it should be."""
    lines, worth = sums["lines"], sums["books_worth"] or Decimal(0)
    off = sums["off_worth"] or Decimal(0)
    exact = _per_cent(sums["exact"], lines)
    return {
        "lines": lines,
        "wrong": lines - sums["exact"],
        "exact": exact,
        "tolerated": _per_cent(sums["tolerated"], lines),
        "value": _per_cent(max(Decimal(0), worth - off), worth),
        "good": exact is None or exact >= ACCURACY_TARGET,
    }


def _per_cent(part: Any, whole: Any) -> Decimal | None:
    return (100 * Decimal(part) / Decimal(whole)).quantize(Decimal("0.1")) if whole else None


class ResultsFile(Results):
    """The same lines as a file."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write every line that the filters leave."""
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = 'attachment; filename="count-results.csv"'
        out = csv.writer(answer)
        out.writerow(
            ("count", "posted_at", "location", "bin", "sku", "lot", "expected", "counted", "difference")
        )
        for row in self.narrowed(self.asked).order_by(*self.order).iterator(chunk_size=2_000):
            task = row.task
            said = (row.level.sku.code, row.lot.code if row.lot else "")
            out.writerow(
                (
                    *(task.number, task.posted_at.isoformat(), task.location.code),
                    task.bin.code if task.bin else "",
                    # A spreadsheet must not take a code for a formula.
                    *(f"'{text}" if text[:1] in tuple("=+-@\t\r") else text for text in said),
                    *(row.expected, row.counted, row.difference),
                )
            )
        return answer


class Plans(Page):
    """What is counted how often, site by site."""

    permission = SEES
    title = "Count plans"
    under = "Counts"
    template_name = "inventory/count_plans.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        codes = self.request.user.locations_for(SEES)
        rows = count_queries.plans()
        rows = rows if codes is None else rows.filter(location__code__in=codes)
        shown = list(rows[:200])
        names = dict(DAYS)
        for row in shown:
            row.days_words = ", ".join(names[day] for day in sorted(row.weekdays)) or "every day"
        return super().get_context_data(**kwargs) | {
            "rows": shown,
            "classes": count_queries.classes(codes),
        }


class NewPlan(Form):
    """Add a plan."""

    permission = SEES
    title = "New count plan"
    under = "Counts"
    template_name = "inventory/count_plan.html"
    form_class = PlanForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"codes": self.request.user.locations_for(SEES)}

    def carry_out(self, form: Any) -> str:
        with one_effect(self.request):
            count_planning.save_plan(form.save(commit=False), **self.doing.as_arguments)
            self.done_message = "The plan is saved."
        return reverse("inventory:count_plans")


class OnePlan(NewPlan):
    """Change a plan."""

    title = "Count plan"

    def get_form_kwargs(self) -> dict[str, Any]:
        codes = self.request.user.locations_for(SEES)
        plan = count_queries.plans().filter(pk=self.kwargs["pk"]).first()
        if plan is None or (codes is not None and plan.location.code not in codes):
            raise Http404("There is no such plan.")
        return super().get_form_kwargs() | {"instance": plan}
