"""Fulfilment orders over REST: how a warehouse or partner answers and reports what has left."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django_filters import BooleanFilter, CharFilter, FilterSet, MultipleChoiceFilter
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from fulfilment import address_queries, cancellation_queries, queries
from fulfilment.models import FulfilmentOrder, Shipment
from fulfilment.rules import FulfilmentOrderNotFound, NewParcel, ParcelLine, RequestStatus, WorkStatus
from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.flows import shipping

Code = Annotated[str, Meta(min_length=1, max_length=64)]


class WorkLine(msgspec.Struct):
    """Pieces of one SKU and how far they are."""

    sku: str
    name: str
    quantity: int
    picked: int
    packed: int
    shipped: int
    cancelled: int


class ParcelAnswer(msgspec.Struct):
    """A parcel with its contents."""

    number: str
    carrier: str
    tracking_number: str
    weight_grams: int | None
    shipped: bool
    lines: list[dict[str, Any]]


class CancellationAnswer(msgspec.Struct):
    """Pieces that the location was asked to leave out, until when it is to answer, and what it has said."""

    state: str
    lines: list[dict[str, Any]]
    reason: str
    reason_code: str
    requested_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answer: str


class AddressChangeAsked(msgspec.Struct):
    """Where the location was asked to send its work instead, until when it is to answer, and what it has said.

    ``outcome`` says what became of the whole order's change; only ``applied`` moves its ``shipping_address``.
    """

    state: str
    outcome: str
    shipping_address: dict[str, str]
    reason: str
    reason_code: str
    requested_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answer: str


class WorkDetail(msgspec.Struct):
    """One order's work at one location."""

    number: str
    order: str
    location: str
    status: str
    request_status: str
    carrier: str
    service: str
    opened_at: datetime
    due_at: datetime | None
    shipping_address: dict[str, str]
    lines: list[WorkLine]
    parcels: list[ParcelAnswer]
    cancellation: CancellationAnswer | None = None
    address_change: AddressChangeAsked | None = None


class ParcelLineBody(msgspec.Struct, frozen=True):
    """Pieces of one SKU in a parcel."""

    sku: Code
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)]
    lot: Annotated[str, Meta(max_length=40)] = ""
    serials: list[Code] = []


class ParcelBody(msgspec.Struct, frozen=True):
    """A parcel that has left."""

    carrier: Annotated[str, Meta(min_length=1, max_length=32)]
    tracking_number: Code
    lines: Annotated[list[ParcelLineBody], Meta(min_length=1, max_length=500)]
    weight_grams: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None

    def to_parcel(self) -> NewParcel:
        """The parcel as a plain value."""
        lines = tuple(
            ParcelLine(line.sku, line.quantity, line.lot, tuple(line.serials)) for line in self.lines
        )
        return NewParcel(self.carrier.strip(), self.tracking_number.strip(), lines, self.weight_grams)


class ShipBody(msgspec.Struct, frozen=True):
    """The parcels that have left together."""

    parcels: Annotated[list[ParcelBody], Meta(min_length=1, max_length=200)]


class RejectBody(msgspec.Struct, frozen=True):
    """Why the work is rejected."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class WorkFilter(FilterSet):
    """Filters of fulfilment orders; several statuses mean any of them."""

    order = CharFilter(field_name="order__number", label="Order")
    location = CharFilter(field_name="location__code", label="Location")
    status = MultipleChoiceFilter(choices=[(each.value, each.value) for each in WorkStatus], label="Status")
    request_status = MultipleChoiceFilter(
        choices=[(each.value, each.value) for each in RequestStatus], label="What the location has answered"
    )
    cancellation = BooleanFilter(method="asked_to_cancel", label="Asked to leave pieces out, not answered")

    address_change = BooleanFilter(method="asked_to_readdress", label="Asked to go elsewhere, not answered")

    class Meta:
        model = FulfilmentOrder
        fields: tuple[str, ...] = ()

    def asked_to_cancel(
        self, rows: "QuerySet[FulfilmentOrder]", name: str, asked: bool
    ) -> "QuerySet[FulfilmentOrder]":
        """Work with a cancellation that waits for its answer, or all other work."""
        waiting = cancellation_queries.unanswered(None).values("fulfilment_order")
        return rows.filter(pk__in=waiting) if asked else rows.exclude(pk__in=waiting)

    def asked_to_readdress(
        self, rows: "QuerySet[FulfilmentOrder]", name: str, asked: bool
    ) -> "QuerySet[FulfilmentOrder]":
        """Work with another address that waits for an answer, or all other work."""
        waiting = address_queries.unanswered(None).values("fulfilment_order")
        return rows.filter(pk__in=waiting) if asked else rows.exclude(pk__in=waiting)


class WorkView(ApiView):
    """A view on fulfilment orders within the token's locations."""

    def work(self, number: str) -> FulfilmentOrder:
        """The fulfilment order with this number.

        Raises ``FulfilmentOrderNotFound``, also when it stands where the token does not reach.
        """
        found = _work().filter(number=number).first()
        if found is None or not self.token.may_at(found.location.code):
            raise FulfilmentOrderNotFound(f"There is no fulfilment order {number}.")
        return found


class FulfilmentOrders(WorkView):
    """All fulfilment orders, newest first."""

    scope = "fulfilment:read"

    @documented(
        "List fulfilment orders",
        answers={200: list_of(WorkDetail)},
        query={name: str(each.label) for name, each in WorkFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the fulfilment orders that the filters leave."""
        rows = filtered(WorkFilter, _work(), request)
        if self.token.locations is not None:
            rows = rows.filter(location__code__in=sorted(self.token.locations))
        return page_of(rows, request, render=as_answered, ordering=("-opened_at", "-id"))


class OneFulfilmentOrder(WorkView):
    """One fulfilment order."""

    scope = "fulfilment:read"

    @documented("Read a fulfilment order", answers={200: WorkDetail})
    def get(self, request: Request, number: str) -> Response:
        """The fulfilment order with lines, parcels and address."""
        return Response(as_answered(self.work(number)))


class Acknowledge(WorkView):
    """The location takes the work on."""

    scope = "fulfilment:write"

    @documented("Acknowledge a fulfilment order", answers={200: WorkDetail})
    def post(self, request: Request, number: str) -> Response:
        """Say that the work will be done."""
        self.work(number)
        shipping.acknowledge(number, actor=self.actor, at=timezone.now())
        return Response(as_answered(self.work(number)))


class Reject(WorkView):
    """The location will not do the work."""

    scope = "fulfilment:write"

    @documented("Reject a fulfilment order", body=RejectBody, answers={200: WorkDetail})
    def post(self, request: Request, number: str) -> Response:
        """Say that the work will not be done; the order is sourced elsewhere."""
        self.work(number)
        body = read_body(request, RejectBody)
        shipping.reject(number, reason=body.reason, actor=self.actor, at=timezone.now())
        return Response(as_answered(self.work(number)))


class Ship(WorkView):
    """Parcels have left."""

    scope = "fulfilment:write"

    @documented(
        "Report shipped parcels",
        body=ShipBody,
        answers={200: WorkDetail},
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Report parcels with their tracking numbers; the pieces leave the stock."""
        self.work(number)
        claim = keyed(request, required=False)
        body = read_body(request, ShipBody)

        def render(shipment: object) -> tuple[int, object]:
            assert isinstance(shipment, Shipment)  # the flow's own answer
            return 200, as_answered(self.work(number))

        with idempotency.claimed(claim, render=render) as answer:
            shipping.ship_parcels(
                number,
                contents=[parcel.to_parcel() for parcel in body.parcels],
                actor=self.actor,
                at=timezone.now(),
            )
        return answered(answer)


def _work() -> QuerySet[FulfilmentOrder]:
    rows = queries.work_with_lines().select_related("order__contact")
    return rows.prefetch_related(cancellation_queries.newest_first(), address_queries.newest_first())


def _address_change(work: FulfilmentOrder) -> AddressChangeAsked | None:
    last = next(iter(work.address_requests.all()), None)
    if last is None:
        return None
    change = last.change
    return AddressChangeAsked(
        last.state,
        change.state,
        change.address,
        change.reason,
        change.reason_code,
        last.requested_at,
        last.answer_by,
        last.answered_at,
        last.answer,
    )


def _cancellation(work: FulfilmentOrder) -> CancellationAnswer | None:
    last = next(iter(work.cancellations.all()), None)
    if last is None:
        return None
    return CancellationAnswer(
        last.state,
        [{"sku": line.work_line.sku.code, "quantity": line.quantity} for line in last.lines.all()],
        last.reason,
        last.reason_code,
        last.requested_at,
        last.answer_by,
        last.answered_at,
        last.answer,
    )


def as_answered(work: FulfilmentOrder) -> WorkDetail:
    """The fulfilment order as REST answers it."""
    return WorkDetail(
        number=work.number,
        order=work.order.number,
        location=work.location.code,
        status=work.status,
        request_status=work.request_status,
        carrier=work.carrier,
        service=work.service,
        opened_at=work.opened_at,
        due_at=work.due_at,
        shipping_address=work.order.contact.shipping_address,
        lines=[
            WorkLine(
                line.sku.code,
                line.sku.name,
                line.quantity,
                line.quantity_picked,
                line.quantity_packed,
                line.quantity_shipped,
                line.quantity_cancelled,
            )
            for line in work.lines.all()
        ],
        parcels=[
            ParcelAnswer(
                parcel.number,
                parcel.carrier,
                parcel.tracking_number,
                parcel.weight_grams,
                parcel.shipment_id is not None,
                [{"sku": line.work_line.sku.code, "quantity": line.quantity} for line in parcel.lines.all()],
            )
            for parcel in work.parcels.all()
        ],
        cancellation=_cancellation(work),
        address_change=_address_change(work),
    )
