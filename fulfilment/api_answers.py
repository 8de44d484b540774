"""What a partner answers over REST when it is asked to change work that it has confirmed."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from msgspec import Meta
from rest_framework.request import Request

from fulfilment.api import WorkDetail, WorkView, as_answered
from fulfilment.models import FulfilmentOrder
from oms.core import idempotency
from oms.core.api import answered, keyed, read_body
from oms.core.api.schema import documented
from oms.flows import readdressing, recalling


class Verdict(StrEnum):
    """What a location says to what it is asked."""

    ACCEPT = "accept"
    REFUSE = "refuse"


class VerdictBody(msgspec.Struct, frozen=True):
    """Whether the location does what it is asked; a refusal says why."""

    answer: Verdict
    reason: Annotated[str, Meta(max_length=200)] = ""


class AskedView(WorkView):
    """The location was asked for something, and answers."""

    scope = "fulfilment:write"

    def keep(self, request: Request, number: str, flow: Callable[..., FulfilmentOrder]) -> HttpResponse:
        """Keep the answer by this flow, once per idempotency key; the work as it then stands."""
        self.work(number)
        claim = keyed(request, required=False)
        body = read_body(request, VerdictBody)

        def render(answered_work: object) -> tuple[int, object]:
            return 200, as_answered(self.work(number))

        accepts = body.answer is Verdict.ACCEPT
        with idempotency.claimed(claim, render=render) as answer:
            flow(number, accepts=accepts, said=body.reason, actor=self.actor, at=timezone.now())
        return answered(answer)


class AnswerCancellation(AskedView):
    """The location was asked to leave pieces out, and answers."""

    @documented("Answer a cancellation", body=VerdictBody, answers={200: WorkDetail}, keyed=True)
    def post(self, request: Request, number: str) -> HttpResponse:
        """Accept: the pieces are free and cancelled at once. Refuse: they stay, and whoever asked is told why."""
        return self.keep(request, number, recalling.answer)


class AnswerAddress(AskedView):
    """The location was asked to send its work elsewhere, and answers."""

    @documented("Answer an address change", body=VerdictBody, answers={200: WorkDetail}, keyed=True)
    def post(self, request: Request, number: str) -> HttpResponse:
        """Accept: once all who were asked have, the order goes to the new address. Refuse: it keeps the old one."""
        return self.keep(request, number, readdressing.answer)
