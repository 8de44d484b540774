"""Counting on a handheld: blind, one bin or a few SKUs at a time, by scan or by figure."""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from inventory import count_queries, queries
from inventory.count_rules import BLIND_COUNTS, CountNotFound, NotAskedFor
from inventory.models import CountLine, CountTask
from inventory.services import counts
from inventory.services.counts import NewScan
from oms.core.errors import Refusal
from oms.core.frame import Standing
from oms.core.views.frame import Action, Guarded, Page, one_effect, stays
from oms.flows import count_opening, count_posting, cycle_counting
from oms.flows.count_opening import Wanted
from oms.flows.cycle_counting import Read

RIGHT = "stock.count"
MOST_PIECES = 1_000_000


def count_state(task: CountTask, user: Any) -> dict[str, Any]:
    """What a counter sees: their own figures, and never what the books say or what somebody else counted."""
    lines = count_queries.lines_of(task.pk)
    asked = count_posting.asked_now(task, lines) if task.bin_id is None else []
    rows = [_row(task, line) for line in lines if line in asked or counts.counted(task, line) is not None]
    left = [row for row in rows if row["count"] is None]
    touched = count_queries.last_touched(task.pk, user.pk, counts.is_second(task))
    current = next((row for row in rows if row["id"] == touched), None) or (left[0] if left else None)
    return {
        "task": task,
        "mine": counter_of(task) == user,
        "free": counter_of(task) is None and task.status in BLIND_COUNTS,
        "rows": rows,
        "current": current,
        "left": left,
        "pieces": sum(row["count"] or 0 for row in rows),
        "seen": sum(row["count"] is not None for row in rows),
        "is_second": counts.is_second(task),
    }


def counter_of(task: CountTask) -> Any:
    """The person who counts now, or None."""
    return task.second_counter if counts.is_second(task) else task.first_counter


def _row(task: CountTask, line: CountLine) -> dict[str, Any]:
    sku = line.level.sku
    return {
        "id": line.pk,
        "code": sku.code,
        "name": sku.name,
        "lot": line.lot.code if line.lot else "",
        "unit": sku.base_unit,
        "where": line.level.pick_bin.code if task.bin_id is None and line.level.pick_bin else "",
        "count": counts.counted(task, line),
    }


class OnOneCount(Guarded):
    """A view on one count at a location where the person has this right."""

    def task(self) -> CountTask:
        """The count; one elsewhere is not found."""
        try:
            found = count_queries.task(self.kwargs["number"])
        except CountNotFound as refusal:
            raise Http404(str(refusal)) from None
        if not self.request.user.may(str(self.permission), location=found.location.code):
            raise Http404("There is no such count.")
        return found


class CountPage(OnOneCount, Page):
    """One count on the handheld."""

    permission = RIGHT
    under = "Counts"
    template_name = "inventory/count_floor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        task = self.task()
        return (
            super().get_context_data(**kwargs)
            | count_state(task, self.request.user)
            | {"title": f"Count {task.bin.code if task.bin else task.number}"}
        )


class CountScanDoor(OnOneCount):
    """Where a device sends what was scanned or typed, one at a time, each with its own key."""

    permission = RIGHT

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        """Count one scan and answer with the new state of the page."""
        task = self.task()
        read = read_scan(request)
        if read.scan.code != "" and queries.is_bin(task.location_id, read.scan.code):
            return JsonResponse(_bin_scanned(task, read.scan.code))
        try:
            counted = cycle_counting.scan(number, read=read, user=request.user, **self.doing.as_arguments)
        except NotAskedFor as refusal:
            return JsonResponse(self.not_asked(task, read, refusal))
        except Refusal as refusal:
            return JsonResponse(
                {"result": "wrong", "title": "Not counted", "detail": str(refusal), "ack": "OK"}
            )
        sku = counted.line.level.sku
        return JsonResponse(
            {
                "result": "ok",
                "title": f"{sku.code} {sku.name}",
                "undo_url": reverse("inventory:count_undo", args=[counted.scan.key]),
                "html": self.html(),
            }
        )

    def not_asked(self, task: CountTask, read: Read, refusal: Refusal) -> dict[str, Any]:
        """Answer an item that nobody asked for: it stays, and a count of it is asked for."""
        found = count_queries.item_of(read.codes)
        if found is not None:
            wanted = Wanted(location=task.location.code, sku=found[0].code)
            cause = f"Found while counting {task.number}"
            count_opening.open_because(wanted, cause=cause, at=self.doing.at)
        return {
            "result": "look",
            "title": f"{found[0].code if found else read.scan.code}: not asked for here",
            "detail": "Leave it where it stands. A count of it has been asked for.",
        }

    def html(self) -> str:
        """The part of the page that a scan changes."""
        return render_to_string(
            "inventory/count_view.html", count_state(self.task(), self.request.user), self.request
        )


class Undo(Guarded):
    """Take a scan back, from the trail or by the printed card."""

    permission = RIGHT

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Undo once; a second time changes nothing."""
        seen = count_queries.scan_with_key(key)
        if seen is None or not request.user.may(RIGHT, location=seen.line.task.location.code):
            raise Http404("That scan is not known here.")
        new_key = as_uuid(request.headers.get("Idempotency-Key", f"undo:{key}"))
        try:
            undone = cycle_counting.undo(key, new_key=new_key, user=request.user, at=self.doing.at)
        except Refusal as refusal:
            return JsonResponse({"result": "wrong", "title": str(refusal), "ack": "OK"})
        state = count_state(count_queries.task(seen.line.task.number), request.user)
        html = render_to_string("inventory/count_view.html", state, request)
        return JsonResponse({"result": "ok", "title": f"Undone: {undone.line.level.sku.code}", "html": html})


class Claim(OnOneCount, Action):
    """Start on a count: it is then this person's."""

    permission = RIGHT

    def fallback(self, **kwargs: Any) -> str:
        return reverse("inventory:count_floor", args=[kwargs["number"]])

    def carry_out(self, **kwargs: Any) -> None:
        self.task()
        cycle_counting.claim(kwargs["number"], user=self.request.user, **self.doing.as_arguments)


class PutBack(OnOneCount, Action):
    """Put a count back into the queue: the counter themselves, or who may decide about counts."""

    permission = RIGHT

    def fallback(self, **kwargs: Any) -> str:
        return reverse("inventory:counts")

    def carry_out(self, **kwargs: Any) -> None:
        task, user = self.task(), self.request.user
        if counter_of(task) != user and not user.may("stock.approve", location=task.location.code):
            raise Refusal(f"{task.number} is with {counter_of(task)}.")
        cycle_counting.put_back(kwargs["number"], **self.doing.as_arguments)


class Finish(OnOneCount):
    """End one's count; what comes of it is not told to who counted."""

    permission = RIGHT

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        """Lead back whoever comes here after signing in again."""
        return HttpResponseRedirect(reverse("inventory:count_floor", args=[number]))

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        """Finish once."""
        self.task()
        is_empty = request.POST.get("empty") == "1"
        try:
            with one_effect(request):
                cycle_counting.finish(number, user=request.user, is_empty=is_empty, **self.doing.as_arguments)
        except Refusal as refusal:
            stays(request, refusal)
            return HttpResponseRedirect(reverse("inventory:count_floor", args=[number]))
        return HttpResponseRedirect(reverse("inventory:count_done", args=[number]))


class Done(OnOneCount, Page):
    """What a counter reads in the end: thank you, or that somebody else counts it again."""

    permission = RIGHT
    under = "Counts"
    title = "Counted"
    template_name = "inventory/count_done.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        task = self.task()
        waiting = count_queries.to_count(frozenset({task.location.code}), self.request.user.pk)
        return super().get_context_data(**kwargs) | {
            "task": task,
            "again": task.status == "recount",
            "waiting": waiting.count(),
        }


class NextCount(Guarded):
    """Start the next count: one's own that is begun, else the one that is due first."""

    permission = RIGHT

    def post(self, request: HttpRequest) -> HttpResponse:
        """Claim it and open it; back to the list when there is none or somebody was quicker."""
        standing = Standing(request.user, request.session.get("site", ""))
        rows = count_queries.to_count(standing.sites(RIGHT), request.user.pk)
        for task in rows[:5]:
            try:
                cycle_counting.claim(task.number, user=request.user, **self.doing.as_arguments)
            except Refusal:
                continue
            return HttpResponseRedirect(reverse("inventory:count_floor", args=[task.number]))
        return HttpResponseRedirect(reverse("inventory:counts"))


def read_scan(request: HttpRequest) -> Read:
    """What a request says was scanned or typed; ``figure`` is a whole count, ``quantity`` is added to it."""
    said = {name: request.POST.get(name, "").strip()[:128] for name in ("code", "gtin", "lot", "figure")}
    figure = said["figure"]
    is_figure = figure.isascii() and figure.isdigit()
    quantity = request.POST.get("quantity", "")
    pieces = int(figure) if is_figure else int(quantity) if quantity.isascii() and quantity.isdigit() else 1
    scan = NewScan(
        as_uuid(request.headers.get("Idempotency-Key", "")),
        said["code"],
        min(pieces, MOST_PIECES) if is_figure else max(1, min(pieces, MOST_PIECES)),
        request.POST.get("typed") == "1",
        is_figure,
    )
    return Read(scan, same_item(said["code"], said["gtin"]), said["lot"], _instant(request))


def same_item(code: str, gtin: str) -> tuple[str, ...]:
    """The ways in which a code and its GTIN may be written down: with and without leading zeros."""
    found = [code]
    if gtin:
        bare = gtin.lstrip("0")
        found += [gtin, *(bare.zfill(length) for length in (8, 12, 13, 14) if len(bare) <= length)]
    return tuple(dict.fromkeys(found))


def as_uuid(key: str) -> UUID:
    """The key as a UUID: itself when it is one, else one that follows from it.

    Raises ``Http404`` without a key: a scan that could be counted twice is not taken.
    """
    if not key:
        raise Http404("A scan carries an Idempotency-Key.")
    try:
        return UUID(key)
    except ValueError:
        return uuid5(NAMESPACE_URL, key)


def _instant(request: HttpRequest) -> datetime | None:
    try:
        said = parse_datetime(request.POST.get("scanned_at", ""))
    except ValueError:
        return None
    return said if said is not None and said.tzinfo is not None else None


def _bin_scanned(task: CountTask, code: str) -> dict[str, Any]:
    if task.bin is None or task.bin.code == code:
        return {"result": "ok", "title": f"Bin {code}", "detail": "Right bin. Now scan what is in it."}
    return {
        "result": "look",
        "title": f"Wrong bin: go to {task.bin.code}",
        "detail": f"This is {code}. Nothing was counted.",
    }
