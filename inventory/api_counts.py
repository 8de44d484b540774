"""Counts over REST: asked for, claimed in a person's name, counted blind, decided by somebody else."""

from datetime import date, datetime
from typing import Annotated
from uuid import NAMESPACE_URL, uuid5

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from django_filters import CharFilter, FilterSet, MultipleChoiceFilter
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import count_queries
from inventory.count_rules import BLIND_COUNTS, CountNotFound
from inventory.models import CountLine, CountTask
from inventory.queries import LocationNotFound
from inventory.rules import CountStatus
from inventory.services import counts
from inventory.services.counts import NewScan
from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.errors import Invalid
from oms.core.models import User
from oms.flows import count_opening, count_posting, cycle_counting
from oms.flows.count_opening import Wanted
from oms.flows.cycle_counting import Read

DECIDES = "counts:approve"
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Person = Annotated[str, Meta(min_length=1, max_length=150)]


class CountLineAnswer(msgspec.Struct):
    """One SKU of a count; what the books said and the difference are null while it is counted or decided."""

    sku: str
    lot: str | None
    was_asked_for: bool
    counted: int | None
    counted_at: datetime | None
    expected: int | None
    difference: int | None
    first_count: int | None
    second_count: int | None


class CountTaskAnswer(msgspec.Struct):
    """Something to be counted; the lines are those of the count that is under way."""

    number: str
    location: str
    bin: str | None
    status: str
    cause: str
    due_on: date
    opened_at: datetime
    posted_at: datetime | None
    first_counter: str | None
    second_counter: str | None
    decided_by: str | None
    lines: list[CountLineAnswer]


class AskBody(msgspec.Struct, frozen=True):
    """A bin, the bins up to another one, or a SKU (at a location, or wherever it is kept)."""

    cause: Annotated[str, Meta(min_length=1, max_length=120)]
    location: Annotated[str, Meta(max_length=16)] = ""
    bin: Annotated[str, Meta(max_length=24)] = ""
    upto_bin: Annotated[str, Meta(max_length=24)] = ""
    sku: Annotated[str, Meta(max_length=64)] = ""


class OpenedAnswer(msgspec.Struct):
    """The counts that were opened."""

    numbers: list[str]


class CounterBody(msgspec.Struct, frozen=True):
    """Who counts: a person with the right to, by user name."""

    by: Person


class FigureBody(msgspec.Struct, frozen=True):
    """So many pieces of a SKU (of a lot) were seen; said again, the later figure stands."""

    sku: Code
    counted: Annotated[int, Meta(ge=0, le=1_000_000)]
    lot: Annotated[str, Meta(max_length=40)] = ""
    counted_at: datetime | None = None


class FiguresBody(msgspec.Struct, frozen=True):
    """What a person has counted."""

    by: Person
    lines: Annotated[list[FigureBody], Meta(min_length=1, max_length=500)]


class FinishBody(msgspec.Struct, frozen=True):
    """Who finishes, and whether there was nothing at all."""

    by: Person
    is_empty: bool = False


class DecisionBody(msgspec.Struct, frozen=True):
    """Who decides: a person with the right to who has counted nothing of it."""

    by: Person
    note: Annotated[str, Meta(max_length=300)] = ""


class CountFilter(FilterSet):
    """Filters of counts; several statuses mean any of them."""

    location = CharFilter(field_name="location__code", label="Location")
    bin = CharFilter(field_name="bin__code", label="Bin")
    status = MultipleChoiceFilter(choices=[(each.value, each.value) for each in CountStatus], label="Status")

    class Meta:
        model = CountTask
        fields: tuple[str, ...] = ()


class CountView(ApiView):
    """A view on counts within the token's locations."""

    scope: str | dict[str, str] = "counts:write"

    def task(self, number: str) -> CountTask:
        """The count with this number.

        Raises ``CountNotFound``, also when it stands where the token does not reach.
        """
        found = count_queries.task(number)
        if not self.token.may_at(found.location.code):
            raise CountNotFound(f"There is no count {number}.")
        return found

    def person(self, task: CountTask, username: str, permission: str) -> User:
        """The person in whose name the program acts.

        Raises ``Invalid`` when they may not do this at the count's location.
        """
        return count_queries.person(username, permission=permission, location=task.location.code)

    def answer(self, number: str) -> Response:
        """The count as it stands now."""
        return Response(self.told(self.task(number)))

    def told(self, task: CountTask) -> CountTaskAnswer:
        """What this token may know of a count."""
        return _answer(task, count_queries.lines_of(task.pk), decides=self.token.allows(DECIDES))


class CountTasks(CountView):
    """All counts, newest first."""

    scope = {"GET": "counts:read", "POST": "counts:write"}

    @documented(
        "List counts",
        answers={200: list_of(CountTaskAnswer)},
        query={name: str(each.label) for name, each in CountFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the counts that the filters leave."""
        rows = filtered(CountFilter, count_queries.tasks_with_lines(self.token.locations), request)
        decides = self.token.allows(DECIDES)
        return page_of(
            rows,
            request,
            render=lambda task: _answer(task, list(task.lines.all()), decides=decides),
            ordering=("-opened_at", "-id"),
        )

    @documented("Ask for counts", body=AskBody, answers={201: OpenedAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Open a count for each bin, or for the SKU at each location."""
        claim = keyed(request, required=False)
        body = read_body(request, AskBody)
        if body.location and not self.token.may_at(body.location):
            raise LocationNotFound(f"There is no location {body.location}.")
        if bool(body.bin) == bool(body.sku):
            raise Invalid("Name a bin or a SKU, one of the two.", problems=(("#/bin", "One of the two."),))
        wanted = Wanted(body.location, body.bin, body.upto_bin, body.sku, self.token.locations)

        def render(numbers: object) -> tuple[int, object]:
            assert isinstance(numbers, list)  # the flow's own answer
            return 201, OpenedAnswer(numbers)

        with idempotency.claimed(claim, render=render) as answer:
            count_opening.open_counts(wanted, cause=body.cause, actor=self.actor, at=timezone.now())
        return answered(answer)


class OneCountTask(CountView):
    """One count."""

    scope = "counts:read"

    @documented("Read a count", answers={200: CountTaskAnswer})
    def get(self, request: Request, number: str) -> Response:
        """The count with the figures of whoever counts it now; those of the books once it is decided."""
        return self.answer(number)


class ClaimCount(CountView):
    """Somebody starts on a count."""

    @documented("Claim a count", body=CounterBody, answers={200: CountTaskAnswer})
    def post(self, request: Request, number: str) -> Response:
        """Give the count to a person."""
        task = self.task(number)
        user = self.person(task, read_body(request, CounterBody).by, "stock.count")
        cycle_counting.claim(number, user=user, actor=self.actor, at=timezone.now())
        return self.answer(number)


class CountFigures(CountView):
    """What was counted."""

    @documented("Report counted pieces", body=FiguresBody, answers={200: CountTaskAnswer})
    def post(self, request: Request, number: str) -> Response:
        """Set the figures of the person who counts; safe to repeat, each line has one effect."""
        task, body = self.task(number), read_body(request, FiguresBody)
        user = self.person(task, body.by, "stock.count")
        for line in body.lines:
            if line.counted_at is not None and line.counted_at.tzinfo is None:
                raise Invalid("counted_at names its zone.", problems=(("#/lines", "An instant has a zone."),))
            # The same figure of the same instant is the same statement; without an instant it is a new one.
            at = timezone.now()
            said = f"{number}:{body.by}:{line.sku}:{line.lot}:{line.counted}:{line.counted_at or at}"
            scan = NewScan(
                uuid5(NAMESPACE_URL, f"count:{said}"), line.sku, line.counted, is_typed=True, is_figure=True
            )
            read = Read(scan, (line.sku,), line.lot, line.counted_at)
            cycle_counting.scan(number, read=read, user=user, actor=self.actor, at=at)
        return self.answer(number)


class FinishCount(CountView):
    """A person's count ends."""

    @documented("Finish a count", body=FinishBody, answers={200: CountTaskAnswer})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Finish; the status says whether a second count was asked for."""
        task = self.task(number)
        claim = keyed(request, required=False)
        body = read_body(request, FinishBody)
        user = self.person(task, body.by, "stock.count")

        def render(done: object) -> tuple[int, object]:
            return 200, self.told(self.task(number))

        with idempotency.claimed(claim, render=render) as answer:
            cycle_counting.finish(
                number, user=user, is_empty=body.is_empty, actor=self.actor, at=timezone.now()
            )
        return answered(answer)


class ApproveCount(CountView):
    """A third person believes a count."""

    scope = DECIDES

    @documented("Approve a count", body=DecisionBody, answers={200: CountTaskAnswer})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Post the differences; still in review means that a second approver is asked for."""
        task = self.task(number)
        claim = keyed(request, required=False)
        body = read_body(request, DecisionBody)
        user = self.person(task, body.by, "stock.approve")

        def render(done: object) -> tuple[int, object]:
            return 200, self.told(self.task(number))

        with idempotency.claimed(claim, render=render) as answer:
            count_posting.approve(number, user=user, note=body.note, actor=self.actor, at=timezone.now())
        return answered(answer)


class RecountCount(CountView):
    """A third person wants one more count."""

    scope = DECIDES

    @documented("Ask for a recount", body=DecisionBody, answers={200: CountTaskAnswer})
    def post(self, request: Request, number: str) -> Response:
        """Open the count once more for somebody who has not counted it."""
        task = self.task(number)
        user = self.person(task, read_body(request, DecisionBody).by, "stock.approve")
        cycle_counting.count_again(number, user=user, actor=self.actor, at=timezone.now())
        return self.answer(number)


class RejectCount(CountView):
    """A third person does not believe a count."""

    scope = DECIDES

    @documented("Reject a count", body=DecisionBody, answers={200: CountTaskAnswer})
    def post(self, request: Request, number: str) -> Response:
        """End the count; the stock stays as it is."""
        task, body = self.task(number), read_body(request, DecisionBody)
        user = self.person(task, body.by, "stock.approve")
        cycle_counting.reject(number, user=user, note=body.note, actor=self.actor, at=timezone.now())
        return self.answer(number)


def _answer(task: CountTask, lines: list[CountLine], *, decides: bool) -> CountTaskAnswer:
    blind = task.status in BLIND_COUNTS or (task.status == CountStatus.REVIEW and not decides)
    if blind and task.bin_id is not None:
        # What an earlier counter found in the bin would tell the next one where to look.
        lines = [line for line in lines if counts.counted(task, line) is not None]
    return CountTaskAnswer(
        number=task.number,
        location=task.location.code,
        bin=task.bin.code if task.bin else None,
        status=task.status,
        cause=task.cause,
        due_on=task.due_on,
        opened_at=task.opened_at,
        posted_at=task.posted_at,
        first_counter=task.first_counter.username if task.first_counter else None,
        second_counter=task.second_counter.username if task.second_counter else None,
        decided_by=task.decided_by.username if task.decided_by else None,
        lines=[_blind(task, line) if blind else _open(line) for line in lines],
    )


def _blind(task: CountTask, line: CountLine) -> CountLineAnswer:
    # Between two counts, and in review, there is nobody whose figures a counter may read.
    now = task.status in (CountStatus.COUNTING, CountStatus.RECOUNT)
    at = line.second_counted_at if counts.is_second(task) else line.first_counted_at
    return CountLineAnswer(
        sku=line.level.sku.code,
        lot=line.lot.code if line.lot else None,
        # In a bin everything is asked for; whether the books know of it is not told.
        was_asked_for=task.bin_id is not None or not line.is_found,
        counted=counts.counted(task, line) if now else None,
        counted_at=at if now else None,
        expected=None,
        difference=None,
        first_count=None,
        second_count=None,
    )


def _open(line: CountLine) -> CountLineAnswer:
    found = count_posting.settled(line)
    return CountLineAnswer(
        sku=line.level.sku.code,
        lot=line.lot.code if line.lot else None,
        was_asked_for=not line.is_found,
        counted=found.counted if found else None,
        counted_at=found.counted_at if found else None,
        expected=found.expected if found else None,
        difference=found.difference if found else None,
        first_count=line.first_count,
        second_count=line.second_count,
    )
