"""Letters over REST: to read, and once more."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, DateTimeFilter, FilterSet
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.flows import lettering
from oms.letters import queries
from oms.letters.models import OCCASIONS, Letter
from oms.letters.rules import LetterStatus


class LetterAnswer(msgspec.Struct):
    """A letter to a customer; in a list without what it said. Recipient and words are empty once erased."""

    id: int
    occasion: str
    order: str
    customer: str
    status: str
    letter_set: str
    queued_at: datetime
    settled_at: datetime | None
    error: str
    again_of: int | None
    reason: str
    recipient: str
    subject: str
    text: str | None = None
    html: str | None = None


class AgainBody(msgspec.Struct, forbid_unknown_fields=True):
    """Why a letter is written once more; ``to`` corrects the order's mail address first."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    to: Annotated[str, Meta(max_length=254)] = ""


class LetterFilter(FilterSet):
    """Filters of letters."""

    order = CharFilter(field_name="order__number", label="Order")
    customer = CharFilter(field_name="customer__code", label="Customer")
    occasion = ChoiceFilter(choices=OCCASIONS, label="confirmed, shipped, delayed, cancelled or invoiced")
    status = ChoiceFilter(
        choices=[(each.value, each.value) for each in LetterStatus],
        label="queued, sent, logged (no mail server), failed or withdrawn (erased before it went)",
    )
    queued_from = DateTimeFilter(
        field_name="queued_at", lookup_expr="gte", label="Written at this instant or later"
    )

    class Meta:
        model = Letter
        fields: tuple[str, ...] = ()


class Letters(ApiView):
    """All letters, newest first."""

    scope = "letters:read"

    @documented(
        "List letters",
        answers={200: list_of(LetterAnswer)},
        query={name: str(each.label) for name, each in LetterFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the letters that the filters leave."""
        rows = filtered(LetterFilter, queries.letters(), request)
        return page_of(rows, request, render=_answer, ordering=("-queued_at", "-id"))


class OneLetter(ApiView):
    """One letter."""

    scope = "letters:read"

    @documented("Read a letter", answers={200: LetterAnswer})
    def get(self, request: Request, letter_id: int) -> Response:
        """The letter with what it said."""
        return Response(_whole(queries.letter(letter_id)))


class SendLetterAgain(ApiView):
    """Write a letter once more."""

    scope = "letters:write"

    @documented("Send a letter again", body=AgainBody, answers={200: LetterAnswer}, keyed=True)
    def post(self, request: Request, letter_id: int) -> Any:
        """Queue a new letter on the same occasion, with the present wording, facts and address."""
        claim = keyed(request)
        body = read_body(request, AgainBody)
        with idempotency.claimed(claim, render=_written) as answer:
            lettering.send_again(
                letter_id, reason=body.reason, to=body.to, actor=self.actor, at=timezone.now()
            )
        return answered(answer)


def _written(letter: object) -> tuple[int, object]:
    assert isinstance(letter, Letter)  # the flow's own answer
    return 200, _whole(queries.letter(letter.pk))


def _whole(letter: Letter) -> LetterAnswer:
    answer, content = _answer(letter), getattr(letter, "content", None)
    if content is not None:
        answer.text, answer.html = content.text, content.html
    return answer


def _answer(letter: Letter) -> LetterAnswer:
    content = getattr(letter, "content", None)
    return LetterAnswer(
        letter.pk,
        letter.occasion,
        letter.order.number,
        letter.customer.code if letter.customer else "",
        letter.status,
        letter.version.template.letter_set.code if letter.version else "",
        letter.queued_at,
        letter.settled_at,
        letter.error,
        letter.again_of_id,
        letter.reason,
        content.recipient if content else "",
        content.subject if content else "",
    )
