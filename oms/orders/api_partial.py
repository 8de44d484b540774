"""What a person decides about an order that cannot leave whole, over REST."""

from typing import Annotated, Literal

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from msgspec import Meta
from rest_framework.request import Request

from oms.core import idempotency
from oms.core.api import answered, keyed, read_body
from oms.core.api.schema import documented
from oms.core.api.views import ApiView
from oms.flows import deciding
from oms.orders import answers, queries
from oms.orders.answers import OrderAnswer
from oms.orders.models import Order
from oms.orders.partials import PartialDecision


class PartialDecisionBody(msgspec.Struct, frozen=True):
    """What becomes of the order; ``missing`` is the number of pieces that whoever decides has seen missing."""

    decision: Literal["ship_available", "wait", "cancel_rest"]
    note: Annotated[str, Meta(max_length=200)] = ""
    missing: Annotated[int, Meta(ge=0)] | None = None


class DecidePartial(ApiView):
    """Decide about an order that cannot leave whole."""

    scope = "orders:write"

    @documented(
        "Decide on a partial shipment", body=PartialDecisionBody, answers={200: OrderAnswer}, keyed=True
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Ship what is there and the rest later, wait and send everything together, or cancel the rest.

        Once it is decided, or everything has come, another decision is a conflict.
        """
        claim = keyed(request, required=False)
        body = read_body(request, PartialDecisionBody)
        with idempotency.claimed(claim, render=_as_it_stands) as answer:
            deciding.decide(
                number,
                PartialDecision(body.decision),
                note=body.note,
                missing=body.missing,
                actor=self.actor,
                at=timezone.now(),
            )
        return answered(answer)


def _as_it_stands(decided: object) -> tuple[int, object]:
    assert isinstance(decided, Order)  # the flow's own answer
    return 200, answers.of_orders([queries.order(decided.number)])[0]
