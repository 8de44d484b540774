"""Scarce stock over REST: who waits for a SKU, in which turn, and a manager's decision."""

from datetime import date

import msgspec
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core.api import read_body
from oms.core.api.schema import documented
from oms.core.api.views import ApiView
from oms.flows import projecting, scarcity
from oms.orders import scarcity_queries
from oms.orders.scarcity_queries import Scarce


class ScarceAnswer(msgspec.Struct):
    """A SKU that orders wait for; pieces."""

    sku: str
    name: str
    orders: int
    waiting: int
    on_hand: int
    reported: int
    reserved: int
    available: int
    incoming: int
    next_delivery_on: date | None


class ScarceAnswers(msgspec.Struct):
    """The SKUs that orders wait for, most pieces first; 500 at most."""

    results: list[ScarceAnswer]


class TurnAnswer(msgspec.Struct):
    """A line that waits: what it gets now, when to expect the rest (null: nothing announced), and why this turn."""

    turn: int
    order: str
    waiting: int
    now: int
    expected_on: date | None
    why: list[str]


class QueueAnswer(msgspec.Struct):
    """Who gets what of a SKU, the first to be served at the head."""

    sku: str
    served_by: list[str]
    queue: list[TurnAnswer]


class TurnBody(msgspec.Struct, frozen=True):
    """Which order goes before (or after) all others, and why; ``turn`` null takes the decision back."""

    order: str
    turn: str | None
    note: str = ""


class ScarceSkus(ApiView):
    """What is scarce."""

    scope = "orders:read"

    @documented("List scarce SKUs", answers={200: ScarceAnswers})
    def get(self, request: Request) -> Response:
        """The SKUs that orders wait for."""
        return Response(ScarceAnswers([_scarce(row) for row in scarcity_queries.scarce()]))


class ScarceSku(ApiView):
    """The queue of one SKU."""

    scope = {"GET": "orders:read", "POST": "orders:write"}

    @documented("Read who waits for a SKU", answers={200: QueueAnswer})
    def get(self, request: Request, sku: str) -> Response:
        """The lines that wait, in their turn; empty when none does."""
        return Response(_queue(sku))

    @documented("Decide an order's turn", body=TurnBody, answers={200: QueueAnswer})
    def post(self, request: Request, sku: str) -> Response:
        """Serve an order ``first`` or ``last`` from now on; the queue as it then stands."""
        body = read_body(request, TurnBody)
        doing = {"actor": self.actor, "at": timezone.now()}
        if body.turn is None:
            scarcity.forget_turn(body.order, sku=sku, **doing)
        else:
            is_first = scarcity.is_first(body.turn)
            scarcity.decide_turn(body.order, sku=sku, is_first=is_first, note=body.note, **doing)
        return Response(_queue(sku))


def _scarce(row: Scarce) -> ScarceAnswer:
    return ScarceAnswer(
        row.sku,
        row.name,
        row.orders,
        row.waiting,
        row.on_hand,
        row.reported,
        row.reserved,
        row.available,
        row.incoming,
        row.next_on,
    )


def _queue(sku: str) -> QueueAnswer:
    found = next((row for row in scarcity_queries.scarce() if row.sku == sku), None)
    rows = projecting.outlooks(found, at=timezone.now()) if found else []
    return QueueAnswer(
        sku,
        [str(each) for each in scarcity_queries.criteria()],
        [
            TurnAnswer(
                row.place,
                row.line.order.number,
                row.line.quantity_waiting,
                row.now,
                row.expected_on,
                list(row.why),
            )
            for row in rows
        ],
    )
