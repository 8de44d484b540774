"""Transfers over REST: planned, sent, received, cancelled. A token bound to locations sees those of its ends."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

import msgspec
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, FilterSet
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import floor_queries
from inventory.floor_queries import TransferNotFound
from inventory.models import Transfer
from inventory.queries import LocationNotFound
from inventory.rules import Arrived, TransferStatus
from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.flows import transferring
from oms.flows.transferring import NewTransfer

Code = Annotated[str, Meta(min_length=1, max_length=64)]
Place = Annotated[str, Meta(min_length=1, max_length=16)]
LotCode = Annotated[str, Meta(max_length=40)]
Pieces = Annotated[int, Meta(ge=1, le=1_000_000)]


class TransferLineBody(msgspec.Struct, frozen=True):
    """Pieces of one SKU that are to go, of one lot when it matters which."""

    sku: Code
    quantity: Pieces
    lot: LotCode = ""


class TransferBody(msgspec.Struct, frozen=True):
    """A new transfer; its goods are set aside at once."""

    origin: Place
    destination: Place
    expected_on: date
    lines: Annotated[list[TransferLineBody], Meta(min_length=1, max_length=500)]
    note: Annotated[str, Meta(max_length=300)] = ""


class SendBody(msgspec.Struct, frozen=True):
    """The serial numbers that leave, by SKU; empty when no SKU has them."""

    serials: dict[str, list[Code]] = {}


class ArrivedBody(msgspec.Struct, frozen=True):
    """Pieces of one SKU that have arrived."""

    sku: Code
    quantity: Pieces
    lot: LotCode = ""
    serials: list[Code] = []
    damaged: bool = False


class ReceiveBody(msgspec.Struct, frozen=True):
    """What has arrived; with a reason from the managed list, what has not is lost and the transfer ends."""

    lines: Annotated[list[ArrivedBody], Meta(max_length=500)]
    lost_for: Annotated[str, Meta(max_length=32)] = ""


class TransferLineAnswer(msgspec.Struct):
    """One SKU of a transfer, in pieces."""

    sku: str
    quantity: int
    lot: str | None
    sent: int
    received: int
    lost: int
    loss_reason: str | None


class TransferAnswer(msgspec.Struct):
    """One transfer."""

    number: str
    origin: str
    destination: str
    status: str
    expected_on: date
    note: str
    planned_at: datetime
    sent_at: datetime | None
    closed_at: datetime | None
    lines: list[TransferLineAnswer]


class TransferFilter(FilterSet):
    """Filters of transfers."""

    origin = CharFilter(field_name="origin__code", label="Where from")
    destination = CharFilter(field_name="destination__code", label="Where to")
    status = ChoiceFilter(choices=[(each.value, each.value) for each in TransferStatus], label="Status")

    class Meta:
        model = Transfer
        fields: tuple[str, ...] = ()


class TransferView(ApiView):
    """A view on transfers within the token's locations."""

    def transfer(self, number: str, *, end: str = "") -> Transfer:
        """The transfer with this number, when the token reaches that end of it (or any).

        Raises ``TransferNotFound``.
        """
        found = floor_queries.transfer(number)
        ends = (getattr(found, end),) if end else (found.origin, found.destination)
        if not any(self.token.may_at(place.code) for place in ends):
            raise TransferNotFound(f"There is no transfer {number}.")
        return found

    def done(self, request: Request, status: int, act: Callable[[], object]) -> HttpResponse:
        """Do it once per key and answer with the transfer."""

        def render(transfer: object) -> tuple[int, object]:
            assert isinstance(transfer, Transfer)  # the flow's own answer
            return status, _answer(floor_queries.transfer(transfer.number))

        with idempotency.claimed(keyed(request, required=False), render=render) as answer:
            act()
        return answered(answer)


class Transfers(TransferView):
    """All transfers, newest first; new ones are planned here."""

    scope = {"GET": "stock:read", "POST": "stock:write"}

    @documented(
        "List transfers",
        answers={200: list_of(TransferAnswer)},
        query={name: str(each.label) for name, each in TransferFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the transfers that the filters leave."""
        rows = filtered(TransferFilter, floor_queries.transfers(), request)
        if self.token.locations is not None:
            codes = sorted(self.token.locations)
            rows = rows.filter(Q(origin__code__in=codes) | Q(destination__code__in=codes))
        return page_of(rows, request, render=_answer, ordering=("-planned_at", "-id"))

    @documented("Plan a transfer", body=TransferBody, answers={201: TransferAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Set goods aside that will go to another location."""
        body = read_body(request, TransferBody)
        if not self.token.may_at(body.origin):
            raise LocationNotFound(f"There is no location {body.origin}.")
        lines = tuple((line.sku, line.quantity, line.lot) for line in body.lines)
        wanted = NewTransfer(body.origin, body.destination, body.expected_on, lines, body.note)
        return self.done(request, 201, lambda: transferring.plan(wanted, actor=self.actor, at=timezone.now()))


class OneTransfer(TransferView):
    """One transfer."""

    scope = "stock:read"

    @documented("Read a transfer", answers={200: TransferAnswer})
    def get(self, request: Request, number: str) -> Response:
        """The transfer with its lines."""
        return Response(_answer(self.transfer(number)))


class SendTransfer(TransferView):
    """The goods leave."""

    scope = "stock:write"

    @documented("Send a transfer", body=SendBody, answers={200: TransferAnswer})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Let the goods leave; they are on their way, and incoming where they go."""
        self.transfer(number, end="origin")
        body = read_body(request, SendBody)
        return self.done(
            request,
            200,
            lambda: transferring.send(number, numbers=body.serials, actor=self.actor, at=timezone.now()),
        )


class ReceiveTransfer(TransferView):
    """The goods arrive."""

    scope = "stock:write"

    @documented("Receive a transfer", body=ReceiveBody, answers={200: TransferAnswer})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Put what has arrived into stock; damaged pieces are set aside."""
        self.transfer(number, end="destination")
        body = read_body(request, ReceiveBody)
        arrived = [
            Arrived(line.sku, line.quantity, line.lot, None, tuple(line.serials), line.damaged)
            for line in body.lines
        ]
        return self.done(
            request,
            200,
            lambda: transferring.receive(
                number, arrived=arrived, lost_for=body.lost_for, actor=self.actor, at=timezone.now()
            ),
        )


class CancelTransfer(TransferView):
    """The goods stay."""

    scope = "stock:write"

    @documented("Cancel a transfer", answers={200: TransferAnswer})
    def post(self, request: Request, number: str) -> HttpResponse:
        """Call a transfer off before it leaves."""
        self.transfer(number, end="origin")
        return self.done(
            request, 200, lambda: transferring.cancel(number, actor=self.actor, at=timezone.now())
        )


def _answer(transfer: Transfer) -> TransferAnswer:
    return TransferAnswer(
        number=transfer.number,
        origin=transfer.origin.code,
        destination=transfer.destination.code,
        status=transfer.status,
        expected_on=transfer.expected_on,
        note=transfer.note,
        planned_at=transfer.planned_at,
        sent_at=transfer.sent_at,
        closed_at=transfer.closed_at,
        lines=[
            TransferLineAnswer(
                line.sku.code,
                line.quantity,
                line.lot.code if line.lot else None,
                line.quantity_sent,
                line.quantity_received,
                line.quantity_lost,
                line.loss_reason.code if line.loss_reason else None,
            )
            for line in transfer.lines.all()
        ],
    )
