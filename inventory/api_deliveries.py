"""Announced deliveries over REST: what comes when, who counts on it, and what changes. A token sees its locations'."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from django_filters import BooleanFilter, CharFilter, DateFilter, FilterSet
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import delivery_queries
from inventory.delivery_queries import DeliveryNotFound
from inventory.models import ExpectedReceipt
from inventory.queries import LocationNotFound
from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.flows import counting, deliveries, delivery_effects
from oms.flows.deliveries import NewTerms, Outcome
from oms.flows.delivery_effects import Effects, Part

Pieces = Annotated[int, Meta(ge=1, le=1_000_000)]


class DeliveryBody(msgspec.Struct, frozen=True):
    """Pieces of a SKU that will arrive at a location on a document; announced once per document, SKU and location."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    location: Annotated[str, Meta(min_length=1, max_length=16)]
    quantity: Pieces
    reference: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,40}$")]
    expected_on: date


class ChangeBody(msgspec.Struct, frozen=True):
    """What becomes of a delivery: another day, other pieces still to come (0 calls it off), and why.

    ``whole`` moves or calls off all that is to come on its document at its location; ``seen`` is how many pieces you
    saw still to come, and refuses the change when it is another number by now.
    """

    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    expected_on: date | None = None
    to_come: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    whole: bool = False
    seen: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None


class DeliveryAnswer(msgspec.Struct):
    """An announced delivery of one SKU, in pieces; ``preordered`` ones are bound to orders."""

    id: int
    reference: str
    sku: str
    location: str
    expected_on: date
    announced: int
    received: int
    to_come: int
    preordered: int


class PartAnswer(msgspec.Struct):
    """Pieces of an order that count on a delivery; without a reference none holds them."""

    pieces: int
    reference: str | None
    expected_on: date | None


class TouchedAnswer(msgspec.Struct):
    """An order that counted on the delivery: what it counts on and is promised, before and after."""

    order: str
    sku: str
    before: list[PartAnswer]
    after: list[PartAnswer]
    lost: int
    promised_before: datetime | None
    promised_after: datetime | None
    late_risk: str | None


class ChangedAnswer(msgspec.Struct):
    """What a change does: announcements changed, pieces without a delivery, orders promised later, and each order."""

    deliveries: int
    lost: int
    later: int
    orders: list[TouchedAnswer]


class DeliveryFilter(FilterSet):
    """Filters of deliveries."""

    location = CharFilter(field_name="level__location__code", label="Where it will arrive")
    sku = CharFilter(field_name="level__sku__code", label="What will arrive")
    reference = CharFilter(field_name="reference", label="The document")
    expected_before = DateFilter(
        field_name="expected_on", lookup_expr="lt", label="To arrive before this day"
    )
    to_come = BooleanFilter(method="narrow", label="true: not all of it has come; false: nothing is to come")

    class Meta:
        model = ExpectedReceipt
        fields: tuple[str, ...] = ()

    def narrow(self, rows, name, value):
        """Keep what has, or has not, come whole."""
        return (
            rows.filter(delivery_queries.is_to_come())
            if value
            else rows.exclude(delivery_queries.is_to_come())
        )


class DeliveryView(ApiView):
    """A view on deliveries within the token's locations."""

    def delivery(self, delivery_id: int) -> ExpectedReceipt:
        """The delivery with this id, when the token reaches its location.

        Raises ``DeliveryNotFound``.
        """
        found = delivery_queries.delivery(delivery_id)
        if not self.token.may_at(found.level.location.code):
            raise DeliveryNotFound(f"There is no announced delivery {delivery_id}.")
        return found


class Deliveries(DeliveryView):
    """All of them, soonest first; new ones are announced here."""

    scope = {"GET": "stock:read", "POST": "stock:write"}

    @documented(
        "List deliveries",
        answers={200: list_of(DeliveryAnswer)},
        query={name: str(each.label) for name, each in DeliveryFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of what is or was announced, as the filters leave it."""
        codes = None if self.token.locations is None else sorted(self.token.locations)
        rows = filtered(DeliveryFilter, delivery_queries.deliveries(codes), request)
        return page_of(rows, request, render=_answer, ordering=("expected_on", "id"))

    @documented("Announce a delivery", body=DeliveryBody, answers={201: DeliveryAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Announce pieces; preorders that lost their delivery are bound to them first."""
        body = read_body(request, DeliveryBody)
        if not self.token.may_at(body.location):
            raise LocationNotFound(f"There is no location {body.location}.")

        def render(made: object) -> tuple[int, object]:
            assert isinstance(made, ExpectedReceipt)  # the flow's own answer
            return 201, _answer(delivery_queries.delivery(made.pk))

        with idempotency.claimed(keyed(request, required=False), render=render) as answer:
            counting.expect_stock(
                body.sku,
                location=body.location,
                quantity=body.quantity,
                reference=body.reference,
                expected_on=body.expected_on,
                actor=self.actor,
                at=timezone.now(),
            )
        return answered(answer)


class OneDelivery(DeliveryView):
    """One delivery."""

    scope = "stock:read"

    @documented("Read a delivery", answers={200: DeliveryAnswer})
    def get(self, request: Request, delivery_id: int) -> Response:
        """What is to come, what came, and how much of it is preordered."""
        return Response(_answer(self.delivery(delivery_id)))


class ChangeDelivery(DeliveryView):
    """It comes on another day, with other pieces, or not at all."""

    scope = "stock:write"

    @documented("Change a delivery", body=ChangeBody, answers={200: ChangedAnswer})
    def post(self, request: Request, delivery_id: int) -> HttpResponse:
        """Change it; who counted on it is bound anew in the declared order, and promises follow."""
        body = read_body(request, ChangeBody)
        self.delivery(delivery_id)

        def render(outcome: object) -> tuple[int, object]:
            assert isinstance(outcome, Outcome)  # the flow's own answer
            return 200, _changed(delivery_effects.effects_of(outcome))

        with idempotency.claimed(keyed(request, required=False), render=render) as answer:
            deliveries.change(delivery_id, _terms(body), actor=self.actor, at=timezone.now())
        return answered(answer)


class PreviewDelivery(DeliveryView):
    """What that would do."""

    scope = "stock:write"

    @documented("Preview a change of a delivery", body=ChangeBody, answers={200: ChangedAnswer})
    def post(self, request: Request, delivery_id: int) -> Response:
        """Try the change by the very steps that carry it out, and take it back."""
        body = read_body(request, ChangeBody)
        self.delivery(delivery_id)
        effects = delivery_effects.rehearse(delivery_id, _terms(body), actor=self.actor, at=timezone.now())
        return Response(_changed(effects))


def _terms(body: ChangeBody) -> NewTerms:
    return NewTerms(body.reason, body.expected_on, body.to_come, body.whole, body.seen)


def _answer(row: ExpectedReceipt) -> DeliveryAnswer:
    return DeliveryAnswer(
        row.pk,
        row.reference,
        row.level.sku.code,
        row.level.location.code,
        row.expected_on,
        row.quantity_expected,
        row.quantity_received,
        row.quantity_expected - row.quantity_received,
        row.quantity_bound,
    )


def _changed(effects: Effects) -> ChangedAnswer:
    return ChangedAnswer(
        effects.deliveries,
        effects.lost,
        effects.later,
        [
            TouchedAnswer(
                each.order,
                each.sku,
                [_part(part) for part in each.before],
                [_part(part) for part in each.after],
                each.lost,
                each.promised_before,
                each.promised_after,
                each.risk or None,
            )
            for each in effects.orders
        ],
    )


def _part(part: Part) -> PartAnswer:
    return PartAnswer(part.pieces, part.reference or None, part.on)
