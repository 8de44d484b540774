"""What-if over REST: ask for a replay, watch it, read what came out."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.money import Money
from oms.flows import replaying
from oms.replays import queries, words
from oms.replays.models import Replay, ReplayedOrder
from oms.replays.rules import NewSite, Scenario
from oms.replays.work import wake

Code = Annotated[str, Meta(min_length=1, max_length=16)]
Percent = Annotated[int, Meta(ge=0, le=1000)]


class NewLocationBody(msgspec.Struct, frozen=True):
    """A location that was not there."""

    code: Code
    rates_of: Code
    stock_percent: Annotated[int, Meta(ge=0, le=100)]


class ReplayBody(msgspec.Struct, frozen=True, rename={"begins_at": "from", "ends_at": "until"}):
    """A past period, and what is to be different in it."""

    begins_at: Annotated[datetime, Meta(tz=True)]
    ends_at: Annotated[datetime, Meta(tz=True)]
    name: Annotated[str, Meta(max_length=120)] = ""
    versions: Annotated[list[int], Meta(max_length=50)] = []
    without: Annotated[list[Code], Meta(max_length=100)] = []
    new_location: NewLocationBody | None = None
    stock_percent: Percent = 100
    rate_percent: dict[Code, Percent] = {}
    rates_on: date | None = None

    def to_scenario(self) -> Scenario:
        """What is different, as plain values."""
        new = self.new_location
        return Scenario(
            tuple(self.versions),
            tuple(self.without),
            NewSite(new.code, new.rates_of, new.stock_percent) if new else None,
            self.stock_percent,
            tuple(sorted(self.rate_percent.items())),
            self.rates_on,
        )


class FiguresAnswer(msgspec.Struct):
    """What the orders came to: cost as a decimal string, days summed over the orders, pieces that were missing."""

    orders: int
    parcels: int
    split_orders: int
    cost: str
    days: int
    unfilled: int
    stock_outs: int


class ReplayAnswer(msgspec.Struct):
    """How far a replay is, and what came out: as it was, and as it would have been."""

    id: str
    name: str
    status: str
    progress: int
    url: str
    scenario: list[str]
    orders: int
    changed: int | None
    currency: str
    before: FiguresAnswer | None
    after: FiguresAnswer | None
    failure: str
    asked_at: datetime
    finished_at: datetime | None


class ReplayedAnswer(msgspec.Struct):
    """One order before and after."""

    order: str
    changed: bool
    locations_before: list[str]
    locations_after: list[str]
    cost_before: str
    cost_after: str
    days_before: int
    days_after: int
    unfilled_before: int
    unfilled_after: int


class Replays(ApiView):
    """Replays of past periods."""

    scope = {"GET": "routing:read", "POST": "routing:write"}

    @documented("List replays", answers={200: list_of(ReplayAnswer)})
    def get(self, request: Request) -> Response:
        """A page of replays, newest first."""
        named = partial(_answer, names=queries.version_names())
        return page_of(queries.replays(), request, render=named, ordering=("-asked_at", "-id"))

    @documented("Replay a period", body=ReplayBody, answers={202: ReplayAnswer}, keyed=True)
    def post(self, request: Request) -> HttpResponse:
        """Queue a replay; nothing of stock or orders is touched."""
        claim = keyed(request)
        body = read_body(request, ReplayBody)
        with idempotency.claimed(claim, render=_accepted) as answer:
            replay = replaying.ask(
                body.name,
                (body.begins_at, body.ends_at),
                body.to_scenario(),
                actor=self.actor,
                at=timezone.now(),
            )
            wake(replay.pk)
        return answered(answer)


class OneReplay(ApiView):
    """One replay."""

    scope = "routing:read"

    @documented("Read a replay", answers={200: ReplayAnswer})
    def get(self, request: Request, replay_id: UUID) -> Response:
        """How far it is, and what came out."""
        return Response(_answer(queries.replay(replay_id)))


class ReplayedOrders(ApiView):
    """The orders of a replay."""

    scope = "routing:read"

    @documented(
        "List the orders of a replay",
        answers={200: list_of(ReplayedAnswer)},
        query={"changed": "true: only those that would have been served otherwise."},
    )
    def get(self, request: Request, replay_id: UUID) -> Response:
        """A page of orders, the oldest first."""
        replay = queries.replay(replay_id)
        changed = True if request.query_params.get("changed") == "true" else None
        rows = queries.results(replay.pk, changed=changed)
        return page_of(rows, request, render=lambda row: _order(row, replay.currency), ordering=("id",))


def _accepted(replay: object) -> tuple[int, object]:
    assert isinstance(replay, Replay)  # the flow's own answer
    return 202, _answer(replay)


def _answer(replay: Replay, names: Mapping[int, str] | None = None) -> ReplayAnswer:
    return ReplayAnswer(
        str(replay.pk),
        replay.name,
        replay.state,
        replay.progress,
        f"/api/v1/replays/{replay.pk}",
        words.said(replay.scenario, queries.version_names() if names is None else names),
        replay.orders,
        replay.summary.get("changed"),
        replay.currency,
        _figures(replay.summary.get("before"), replay.currency),
        _figures(replay.summary.get("after"), replay.currency),
        replay.failure,
        replay.asked_at,
        replay.finished_at,
    )


def _figures(said: dict[str, Any] | None, currency: str) -> FiguresAnswer | None:
    if not said:
        return None
    return FiguresAnswer(
        said["orders"],
        said["parcels"],
        said["split"],
        Money(said["cost_minor"], currency).as_text(),
        said["days"],
        said["unfilled"],
        said["stock_outs"],
    )


def _order(row: ReplayedOrder, currency: str) -> ReplayedAnswer:
    return ReplayedAnswer(
        row.order.number,
        row.is_changed,
        row.sites_before,
        row.sites_after,
        Money(row.cost_before_minor, currency).as_text(),
        Money(row.cost_after_minor, currency).as_text(),
        row.days_before,
        row.days_after,
        row.unfilled_before,
        row.unfilled_after,
    )
