"""Lots and numbered pieces over REST: where they stand, who got them; a recall takes a lot off sale at once."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django_filters import BooleanFilter, CharFilter, DateFilter, FilterSet
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import lot_queries
from inventory.models import Lot, SerialNumber
from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.errors import Forbidden
from oms.flows import holding
from oms.flows.holding import Recalled

MOST_TRACED = 1_000


class LotAnswer(msgspec.Struct):
    """A lot over all locations, in pieces."""

    sku: str
    lot: str
    expires_on: date | None
    recalled_at: datetime | None
    recall_reason: str
    on_hand: int
    quarantined: int


class LotSpot(msgspec.Struct):
    """Where pieces of a lot stand."""

    location: str
    bin: str | None
    on_hand: int
    quarantined: int


class LotLeft(msgspec.Struct):
    """Pieces of a lot that left for an order."""

    order: str
    location: str
    quantity: int
    shipped_at: datetime


class LotDetail(msgspec.Struct):
    """A lot with where it stands and which orders got it."""

    lot: LotAnswer
    stands: list[LotSpot]
    left: list[LotLeft]


class RecallBody(msgspec.Struct, frozen=True):
    """Why the lot is recalled."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class RecallAnswer(msgspec.Struct):
    """What a recall did: pieces off sale, orders that were moved, orders that have it in hand."""

    sku: str
    lot: str
    pieces: int
    displaced: list[str]
    in_hand: list[str]


class SerialAnswer(msgspec.Struct):
    """Where one numbered piece is."""

    sku: str
    serial: str
    status: str
    location: str | None
    changed_at: datetime


class LotFilter(FilterSet):
    """Filters of lots."""

    sku = CharFilter(field_name="sku__code", label="SKU")
    expires_before = DateFilter(field_name="expires_on", lookup_expr="lt", label="Expires before this day")
    recalled = BooleanFilter(
        field_name="recalled_at", lookup_expr="isnull", exclude=True, label="Recalled or not"
    )

    class Meta:
        model = Lot
        fields: tuple[str, ...] = ()


class SerialFilter(FilterSet):
    """Filters of numbered pieces."""

    sku = CharFilter(field_name="sku__code", label="SKU")
    serial = CharFilter(field_name="code", label="Serial number")
    location = CharFilter(field_name="level__location__code", label="Location")

    class Meta:
        model = SerialNumber
        fields: tuple[str, ...] = ()


class Lots(ApiView):
    """All lots by SKU."""

    scope = "stock:read"

    @documented(
        "List lots",
        answers={200: list_of(LotAnswer)},
        query={name: str(each.label) for name, each in LotFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the lots that the filters leave."""
        rows: QuerySet[Any] = filtered(LotFilter, lot_queries.lots(), request)
        return page_of(rows, request, render=_lot, ordering=("sku__code", "code", "id"))


class OneLot(ApiView):
    """One lot."""

    scope = "stock:read"

    @documented("Read a lot", answers={200: LotDetail})
    def get(self, request: Request, sku: str, lot: str) -> Response:
        """The lot, where it stands, and which orders got it (the newest thousand)."""
        found = lot_queries.lot(sku, lot)
        codes = self.token.locations
        left = lot_queries.who_got(found)
        if codes is not None:
            left = left.filter(level__location__code__in=sorted(codes))
        stands = [
            LotSpot(row.level.location.code, row.bin.code if row.bin else None, row.on_hand, row.quarantined)
            for row in lot_queries.where_it_stands(found, codes)
        ]
        gone = [
            LotLeft(row.reference, row.level.location.code, -row.on_hand_delta, row.moved_at)
            for row in left[:MOST_TRACED]
        ]
        return Response(LotDetail(_lot(found), stands, gone))


class RecallLot(ApiView):
    """A lot is taken off sale."""

    scope = "stock:write"

    @documented("Recall a lot", body=RecallBody, answers={200: RecallAnswer})
    def post(self, request: Request, sku: str, lot: str) -> HttpResponse:
        """Take all pieces of a lot off sale everywhere; needs a token that is bound to no location."""
        if self.token.locations is not None:
            raise Forbidden("A recall reaches every location; this token does not.")
        claim = keyed(request, required=False)
        body = read_body(request, RecallBody)

        def render(done: object) -> tuple[int, object]:
            assert isinstance(done, Recalled)  # the flow's own answer
            return 200, RecallAnswer(sku, lot, done.pieces, list(done.displaced), list(done.in_hand))

        with idempotency.claimed(claim, render=render) as answer:
            holding.recall_lot(sku, lot, reason=body.reason, actor=self.actor, at=timezone.now())
        return answered(answer)


class Serials(ApiView):
    """Numbered pieces."""

    scope = "stock:read"

    @documented(
        "List serial numbers",
        answers={200: list_of(SerialAnswer)},
        query={name: str(each.label) for name, each in SerialFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the numbered pieces that the filters leave."""
        rows: QuerySet[Any] = filtered(SerialFilter, lot_queries.serials(), request)
        if self.token.locations is not None:
            rows = rows.filter(level__location__code__in=sorted(self.token.locations))
        return page_of(rows, request, render=_serial, ordering=("sku__code", "code", "id"))


def _lot(row: Any) -> LotAnswer:
    return LotAnswer(
        row.sku.code,
        row.code,
        row.expires_on,
        row.recalled_at,
        row.recall_reason,
        row.on_hand,
        row.quarantined,
    )


def _serial(row: SerialNumber) -> SerialAnswer:
    place = row.level.location.code if row.level else None
    return SerialAnswer(row.sku.code, row.code, row.status, place, row.changed_at)
