"""Orders over REST."""

from typing import Annotated, Any

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body, refusal_body
from oms.core.api.bodies import read_part
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.errors import Invalid, Refusal
from oms.flows import amending, ordering, standing
from oms.orders import answers, queries
from oms.orders.answers import OrderAnswer, OrderPlaced
from oms.orders.filters import OrderFilter
from oms.orders.intake import OrderBody, Word
from oms.orders.models import Order
from oms.orders.requests import NewOrder, Placed

MOST_AT_ONCE = 1_000


class BulkBody(msgspec.Struct, frozen=True):
    """From 1 to 1,000 orders; each is checked by itself."""

    orders: list[msgspec.Raw]


class BulkAnswer(msgspec.Struct):
    """One order's fate: the HTTP status it would have had alone, with the order or the problem."""

    status: int
    order: OrderPlaced | None = None
    problem: dict[str, Any] | None = None


class BulkAnswers(msgspec.Struct):
    """An answer per order, in the order of the request."""

    results: list[BulkAnswer]
    accepted: int
    refused: int


class HoldBody(msgspec.Struct, frozen=True):
    """Why an order stands still: words, or a code of the list of reasons; ``owner`` is a username."""

    reason: str = ""
    code: str = ""
    owner: str = ""


class CancelledLineBody(msgspec.Struct, frozen=True):
    """Pieces of one SKU to cancel; without a quantity all that have not left."""

    sku: Word
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None


class CancelBody(msgspec.Struct, frozen=True):
    """Why an order is cancelled, in words or by a code of the list of reasons; ``lines`` when only a part of it is."""

    reason: str = ""
    reason_code: Annotated[str, msgspec.Meta(max_length=32)] = ""
    lines: Annotated[list[CancelledLineBody], msgspec.Meta(max_length=500)] = []

    def pieces(self) -> dict[str, int | None]:
        """Pieces by SKU.

        Raises ``Invalid`` when a SKU is named twice.
        """
        wanted = {line.sku: line.quantity for line in self.lines}
        if len(wanted) < len(self.lines):
            message = "Name each SKU once."
            raise Invalid(message, problems=(("#/lines", message),))
        return wanted


class Orders(ApiView):
    """All orders, newest first; new ones are accepted here."""

    scope = {"GET": "orders:read", "POST": "orders:write"}

    @documented(
        "List orders",
        answers={200: list_of(OrderAnswer)},
        query={name: str(each.label) for name, each in OrderFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the orders that the filters leave."""
        rows = filtered(OrderFilter, queries.orders(), request)
        page = page_of(rows, request, render=lambda order: order, ordering=("-placed_at", "-id"))
        page.data["results"] = answers.of_orders(page.data["results"])
        return page

    @documented("Place an order", body=OrderBody, answers={201: OrderPlaced}, keyed=True)
    def post(self, request: Request) -> HttpResponse:
        """Accept one order: its stock is reserved and its work is open when the answer arrives."""
        claim = keyed(request)
        body = read_body(request, OrderBody)
        with idempotency.claimed(claim, render=_created) as answer:
            ordering.place_order(body.to_request(), actor=self.actor, at=timezone.now())
        return answered(answer)


class BulkOrders(ApiView):
    """Many orders in one call, written together."""

    scope = {"POST": "orders:write"}

    @documented("Place up to 1,000 orders", body=BulkBody, answers={200: BulkAnswers}, keyed=True)
    def post(self, request: Request) -> HttpResponse:
        """Accept every good order; a bad one refuses only itself."""
        claim = keyed(request)
        body = read_body(request, BulkBody)
        if not 1 <= len(body.orders) <= MOST_AT_ONCE:
            message = f"Send 1 to {MOST_AT_ONCE:,} orders at once."
            raise Invalid(message, problems=(("#/orders", message),))
        read = [_read(raw) for raw in body.orders]
        good = [each for each in read if isinstance(each, NewOrder)]

        def render(placed: object) -> tuple[int, object]:
            fates = iter(placed)  # type: ignore[call-overload]  # the flow's list, one entry per good order
            return 200, _bulk([each if isinstance(each, Refusal) else next(fates) for each in read])

        with idempotency.claimed(claim, render=render) as answer:
            ordering.place_orders(good, actor=self.actor, at=timezone.now())
        return answered(answer)


class OneOrder(ApiView):
    """One order as it stands now."""

    scope = "orders:read"

    @documented("Read an order", answers={200: OrderAnswer})
    def get(self, request: Request, number: str) -> Response:
        """The order with lines, work and the decision it follows."""
        return _as_it_stands(queries.order(number))


class CancelOrder(ApiView):
    """Cancel an order, or some of its lines, as far as nothing of it is packed."""

    scope = "orders:write"

    @documented("Cancel an order", body=CancelBody, answers={200: OrderAnswer}, keyed=True)
    def post(self, request: Request, number: str) -> HttpResponse:
        """Cancel it; its stock is free when the answer arrives.

        What a partner has confirmed is asked for and stands under ``cancellations`` until the partner answers.
        """
        claim = keyed(request, required=False)
        body = read_body(request, CancelBody) if request._request.body else CancelBody()
        pieces = body.pieces()
        said = {"reason": body.reason, "code": body.reason_code, "actor": self.actor, "at": timezone.now()}
        with idempotency.claimed(claim, render=_changed) as answer:
            if pieces:
                amending.cancel_lines(number, pieces, **said)
            else:
                ordering.cancel_order(number, **said)
        return answered(answer)


class HoldOrder(ApiView):
    """Stop an order for a reason."""

    scope = "orders:write"

    @documented("Hold an order", body=HoldBody, answers={200: OrderAnswer})
    def post(self, request: Request, number: str) -> Response:
        """Hold it; its stock stays reserved."""
        body = read_body(request, HoldBody)
        standing.hold_order(
            number,
            reason=body.reason,
            code=body.code,
            owner=body.owner,
            actor=self.actor,
            at=timezone.now(),
        )
        return _as_it_stands(queries.order(number))


class ReleaseOrder(ApiView):
    """Let a held order go on."""

    scope = "orders:write"

    @documented("Release an order from hold", answers={200: OrderAnswer})
    def post(self, request: Request, number: str) -> Response:
        """Release it; its work goes on where it was left."""
        standing.release_order(number, actor=self.actor, at=timezone.now())
        return _as_it_stands(queries.order(number))


def _created(placed: object) -> tuple[int, object]:
    assert isinstance(placed, Placed)  # the flow's own answer
    return 201, answers.of_placed(placed)


def _read(raw: msgspec.Raw) -> NewOrder | Refusal:
    try:
        return read_part(raw, OrderBody).to_request()
    except Refusal as refusal:
        return refusal


def _bulk(fates: list[Placed | Refusal]) -> BulkAnswers:
    results = [
        BulkAnswer(fate.status, problem=refusal_body(fate))
        if isinstance(fate, Refusal)
        else BulkAnswer(201, order=answers.of_placed(fate))
        for fate in fates
    ]
    accepted = sum(1 for fate in fates if isinstance(fate, Placed))
    return BulkAnswers(results, accepted, len(fates) - accepted)


def _changed(order: object) -> tuple[int, object]:
    assert isinstance(order, Order)  # the flow's own answer
    return 200, answers.of_orders([queries.order(order.number)])[0]


def _as_it_stands(order: Order) -> Response:
    return Response(answers.of_orders([order])[0])
