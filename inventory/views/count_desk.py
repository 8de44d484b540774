"""Counts at the desk: the list, asking for one, and a third person's word on what two have found."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.urls import reverse

from inventory import count_queries, queries
from inventory.count_rules import BLIND_COUNTS
from inventory.forms_counts import AskForm
from inventory.models import CountLine, CountTask
from inventory.views import looks
from inventory.views.counts import RIGHT, OnOneCount, counter_of
from oms.core import frame, history
from oms.core.status import DONE, LOOK, WAIT, WORK, Look, fill
from oms.core.views.frame import Action, Form, Record, one_effect
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab
from oms.flows import count_opening, count_posting, cycle_counting
from oms.flows.count_opening import Wanted

DECIDES = "stock.approve"
fill(
    "count",
    {
        "open": Look(WAIT, "To count"),
        "counting": Look(WORK, "Counting"),
        "recount": Look(LOOK, "Second count", "repeat"),
        "review": Look(LOOK, "In review"),
        "posted": Look(DONE, "Posted"),
        "cancelled": Look(WAIT, "Rejected", "ban"),
    },
)
STATES = {
    "todo": Q(status__in=BLIND_COUNTS),
    "review": Q(status="review"),
    "posted": Q(status="posted"),
    "rejected": Q(status="cancelled"),
}
DEEDS = {
    "count.opened": "Asked for",
    "count.claimed": "Started",
    "count.put_back": "Put back",
    "count.finished": "Finished",
    "count.recount_asked": "Asked for one more count",
    "count.posted": "Posted",
    "count.rejected": "Rejected",
    "approval.requested": "Approved; a second approver is asked",
    "approval.approved": "Approved as the second",
}


def _site(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(location__code=value)


def _sites(user: Any) -> list[Choice]:
    return [Choice(code, name) for code, name, _ in frame.sites_for(user)]


def _state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(STATES.get(value, Q()))


def _states(user: Any) -> list[Choice]:
    return [
        Choice("todo", "to count"),
        Choice("review", "in review"),
        Choice("posted", "posted"),
        Choice("rejected", "rejected"),
        Choice("all", "any"),
    ]


def _counter(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(Q(first_counter__username=value) | Q(second_counter__username=value))


class CountList(ListPage):
    """Counts of one's sites: what is to be counted, what waits for a word, what is done."""

    permission = RIGHT
    title = "Counts"
    under = "Counts"
    template_name = "inventory/counts.html"
    page_name = "inventory.counts"
    noun = "count,counts"
    order = ("due_on", "id")
    orders: ClassVar = {"newest": ("-opened_at", "-id")}
    search_help = "Filter: number, bin, SKU, counter:mai…"
    tabs = (
        Tab("To count", {}),
        Tab("In review", {"state": "review"}, tone="look"),
        Tab("Posted", {"state": "posted"}, counted=False),
        Tab("Rejected", {"state": "rejected"}, counted=False),
    )
    filters = (
        Filter("state", "State", _state, _states),
        Filter("site", "Site", _site, _sites),
        Filter("counter", "Counter", _counter, kind="text"),
    )
    columns = (
        Column("Count"),
        Column("What"),
        Column("Site"),
        Column("State"),
        Column("Due"),
        Column("With"),
        Column("Why"),
        Column("Opened", "", "newest"),
    )

    def rows(self) -> QuerySet[Any]:
        standing = frame.Standing(self.request.user, self.asked.get("site", ""))
        return count_queries.tasks(standing.sites(RIGHT))

    def narrowed(self, asked: dict[str, str]) -> QuerySet[Any]:
        return super().narrowed({"state": "todo"} | asked)

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(count_queries.named(text))

    def decorate(self, rows: list[Any]) -> list[Any]:
        asked = count_queries.asked_in([row.pk for row in rows])
        for row in rows:
            row.skus, row.counter = asked.get(row.pk, []), counter_of(row)
            row.page = page_of(row, self.request.user)
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        return super().get_context_data(**kwargs) | {
            "may_ask": user.may("stock.approve") or user.may("stock.adjust"),
            "may_decide": user.may(DECIDES),
            "startable": _to_count(frame.Standing(user, self.request.session.get("site", ""))),
        }


def page_of(task: CountTask, user: Any) -> str:
    """Where a person goes from the list: to the shelf while it is counted, afterwards to its page if they may."""
    if task.status in BLIND_COUNTS:
        return reverse("inventory:count_floor", args=[task.number])
    return reverse("inventory:count", args=[task.number]) if user.may(DECIDES) else ""


class AskForCount(Form):
    """Ask for a count of a bin, of the bins up to another one, or of a SKU."""

    permission = "stock.adjust"
    title = "Ask for a count"
    under = "Counts"
    template_name = "inventory/count_ask.html"
    form_class = AskForm

    def get_form_kwargs(self) -> dict[str, Any]:
        codes = self.request.user.locations_for("stock.adjust")
        return super().get_form_kwargs() | {"places": queries.places_for_choice(codes)}

    def get_initial(self) -> dict[str, Any]:
        asked = {name: self.request.GET.get(name, "") for name in ("location", "bin", "sku")}
        return asked | {"location": asked["location"] or self.request.session.get("site", "")}

    def carry_out(self, form: Any) -> str:
        said = form.cleaned_data
        wanted = Wanted(
            location=said["location"],
            bin=said["bin"],
            upto_bin=said["upto_bin"],
            sku=said["sku"],
            within=self.request.user.locations_for("stock.adjust"),
        )
        with one_effect(self.request):
            count_opening.open_counts(wanted, cause=said["cause"], **self.doing.as_arguments)
            self.done_message = "The count is asked for."
        return reverse("inventory:counts")


class CountReview(OnOneCount, Record):
    """One count: both counts beside the books of their instant, once nobody counts it any more."""

    permission = DECIDES
    under = "Counts"
    template_name = "inventory/count_review.html"
    list_url_name = "inventory:counts"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        task, user = self.task(), self.request.user
        blind = task.status in BLIND_COUNTS
        lines = count_queries.lines_of(task.pk)
        word = count_queries.word_asked(task.number, self.doing.at)
        return (
            super().get_context_data(**kwargs)
            | ({} if blind else _figures(task, lines))
            | {
                "title": task.number,
                "task": task,
                "blind": blind,
                "counter": counter_of(task),
                "deeds": [
                    {"entry": deed, "words": DEEDS.get(deed.action, deed.action)}
                    for deed in history.of("count", task.number)[:30]
                ],
                "in_review": task.status == "review",
                "word": word,
                "why_not": _why_not(task, lines, word, user) if task.status == "review" else "",
                "may_recount": user.pk not in count_queries.counters_of(task.pk),
            }
        )


def _figures(task: CountTask, lines: list[CountLine]) -> dict[str, Any]:
    dated = [(line, found.counted_at) for line in lines if (found := count_posting.settled(line))]
    hands = count_posting.in_hands(dated) if task.bin_id is None else {}
    rows = [_line(line, hands.get(line.level_id, 0)) for line in lines]
    moved = count_queries.last_movements(task, [line.level_id for line in lines])
    names = history.names_of(each.actor for each in moved)
    for each in moved:
        each.what = looks.MOVED.get(each.kind, each.kind.capitalize())
        each.who, each.document = names.get(each.actor, each.actor), looks.document_of(each.reference)
    return {
        "rows": rows,
        "twice": any(row["second"] is not None for row in rows),
        "total": sum(row["value"] or 0 for row in rows),
        "currency": lines[0].level.sku.currency if lines else "",
        "moved": moved,
        "agree": count_posting.agree(lines),
    }


def _line(line: CountLine, hands: int) -> dict[str, Any]:
    found, off = count_posting.settled(line), count_posting.off(line)
    return {
        "line": line,
        "sku": line.level.sku,
        "books": found.expected if found else None,
        "hands": hands,
        "first": line.first_count,
        "first_off": _minus(line.first_count, line.first_expected),
        "second": line.second_count,
        "second_off": _minus(line.second_count, line.second_expected),
        "off": off.pieces,
        "value": off.value_minor,
    }


def _minus(count: int | None, expected: int | None) -> int | None:
    return None if count is None else count - (expected or 0)


def _why_not(task: CountTask, lines: list[CountLine], word: Any, user: Any) -> str:
    """Why this person cannot approve the count now; empty when they can."""
    if user.pk in count_queries.counters_of(task.pk):
        return "You have counted this; somebody else decides."
    if not count_posting.agree(lines):
        return "The two counts do not agree: ask for one more."
    if word is not None and word.requested_by_id == user.pk:
        return "You have approved it; the value asks for a second approver."
    return ""


class _Decision(OnOneCount, Action):
    permission = DECIDES

    def fallback(self, **kwargs: Any) -> str:
        return reverse("inventory:count", args=[kwargs["number"]])


class Approve(_Decision):
    """Believe the count and post its differences."""

    def carry_out(self, **kwargs: Any) -> None:
        self.task()
        note = self.request.POST.get("note", "").strip()
        count_posting.approve(kwargs["number"], user=self.request.user, note=note, **self.doing.as_arguments)


class Recount(_Decision):
    """Ask for one more count by somebody new."""

    def carry_out(self, **kwargs: Any) -> None:
        self.task()
        cycle_counting.count_again(kwargs["number"], user=self.request.user, **self.doing.as_arguments)


class Reject(_Decision):
    """End the count without touching the stock."""

    def carry_out(self, **kwargs: Any) -> None:
        self.task()
        note = self.request.POST.get("note", "")
        cycle_counting.reject(kwargs["number"], user=self.request.user, note=note, **self.doing.as_arguments)


def _to_count(standing: frame.Standing) -> int:
    return count_queries.to_count(standing.sites(RIGHT), standing.user.pk).order_by().count()


def _in_review(standing: frame.Standing) -> int:
    return count_queries.tasks(standing.sites(DECIDES)).filter(status="review").order_by().count()


def _listed(standing: frame.Standing) -> int:
    return count_queries.tasks(standing.sites(RIGHT)).filter(STATES["todo"]).order_by().count()


def _list(standing: frame.Standing, **asked: str) -> str:
    parts = "&".join(f"{name}={value}" for name, value in asked.items()) + standing.query
    return reverse("inventory:counts") + (f"?{parts.lstrip('&')}" if parts else "")


def found(text: str, user: Any) -> list[frame.Found]:
    """The count that a text or a scan names."""
    rows = count_queries.tasks(user.locations_for(RIGHT)).filter(number__iexact=text.strip())
    return [
        frame.Found(row.number, page, "clipboard-check", f"{row.location.name}, {row.status}", exact=True)
        for row in rows
        if (page := page_of(row, user))
    ]


frame.hang(
    frame.Finder("counts", found, RIGHT, position=25),
    frame.Entry(
        "Counts", "clipboard-check", "inventory:counts", RIGHT, "Stock", "c", position=38, count=_listed
    ),
    frame.Tile("Counts", "clipboard-check", _list, _listed, RIGHT, hint="to count", position=40),
    frame.Tile(
        "Counts in review",
        "clipboard-check",
        lambda standing: _list(standing, state="review"),
        _in_review,
        DECIDES,
        tone="look",
        hint="wait for a word",
        position=41,
    ),
)
