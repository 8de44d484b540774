"""Taking a wish for another address back, over REST."""

from typing import Annotated

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from msgspec import Meta
from rest_framework.request import Request

from oms.core import idempotency
from oms.core.api import answered, keyed, read_body
from oms.core.api.schema import documented
from oms.core.api.views import ApiView
from oms.flows import readdressing
from oms.orders import answers, queries
from oms.orders.answers import OrderAnswer
from oms.orders.models import Order


class WithdrawBody(msgspec.Struct, frozen=True):
    """Why the order goes where it went."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class WithdrawAddress(ApiView):
    """Partners were asked to send an order elsewhere, and need not any more."""

    scope = "orders:write"

    @documented("Withdraw an address change", body=WithdrawBody, answers={200: OrderAnswer}, keyed=True)
    def post(self, request: Request, number: str) -> HttpResponse:
        """Keep the address that the order has; partners that were asked are told."""
        claim = keyed(request, required=False)
        body = read_body(request, WithdrawBody)
        with idempotency.claimed(claim, render=_as_it_stands) as answer:
            readdressing.withdraw(number, reason=body.reason, actor=self.actor, at=timezone.now())
        return answered(answer)


def _as_it_stands(kept: object) -> tuple[int, object]:
    assert isinstance(kept, Order)  # the flow's own answer
    return 200, answers.of_orders([queries.order(kept.number)])[0]
