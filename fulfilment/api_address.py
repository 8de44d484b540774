"""What a partner answers over REST when confirmed work is to go to another address."""

from typing import Annotated, Any

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from msgspec import Meta
from rest_framework.request import Request

from fulfilment.api import Verdict, WorkDetail, WorkView, as_answered
from oms.core import idempotency
from oms.core.api import answered, keyed, read_body
from oms.core.api.schema import documented
from oms.flows import readdressing


class AddressVerdictBody(msgspec.Struct, frozen=True):
    """Whether the work goes to the new address; a refusal says why."""

    answer: Verdict
    reason: Annotated[str, Meta(max_length=200)] = ""


class AnswerAddress(WorkView):
    """The location was asked to send its work elsewhere, and answers."""

    scope = "fulfilment:write"

    @documented("Answer an address change", body=AddressVerdictBody, answers={200: WorkDetail}, keyed=True)
    def post(self, request: Request, number: str) -> HttpResponse:
        """Accept: once all who were asked have, the order goes to the new address. Refuse: it keeps the old one."""
        self.work(number)
        claim = keyed(request, required=False)
        body = read_body(request, AddressVerdictBody)

        def render(answered_work: object) -> tuple[int, Any]:
            return 200, as_answered(self.work(number))

        with idempotency.claimed(claim, render=render) as answer:
            readdressing.answer(
                number,
                accepts=body.answer is Verdict.ACCEPT,
                said=body.reason,
                actor=self.actor,
                at=timezone.now(),
            )
        return answered(answer)
