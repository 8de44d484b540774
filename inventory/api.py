"""Stock over REST: levels, movements, adjustments. A token bound to locations sees only those."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django_filters import CharFilter, FilterSet, IsoDateTimeFilter
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import history, queries
from inventory.models import StockLevel, StockMovement
from inventory.queries import LocationNotFound
from inventory.rules import Adjusted
from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.filtering import filtered
from oms.core.api.pages import CursorPages
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.tokens import Token
from oms.flows import counting
from oms.flows.counting import Change, Named

# Beside stock:write: corrections above the daily limit of the place without a second person.
UNLIMITED = "stock:unlimited"


class LevelAnswer(msgspec.Struct):
    """One SKU at one location, in pieces.

    Available is on hand and reported less reserved, quarantined and safety stock. Damaged pieces are among the
    quarantined ones; reported ones are a supplier's own, sellable by the location's policy.
    """

    sku: str
    location: str
    on_hand: int
    reserved: int
    quarantined: int
    safety_stock: int
    available: int
    incoming: int
    damaged: int
    reported: int


class MovementAnswer(msgspec.Struct):
    """One change of one level, in pieces; what the level held after it when one SKU at one location is listed."""

    id: int
    sku: str
    location: str
    kind: str
    on_hand_delta: int
    reserved_delta: int
    quarantined_delta: int
    reason: str | None
    reference: str
    note: str
    actor: str
    moved_at: datetime
    on_hand_after: int | None = None
    reserved_after: int | None = None
    quarantined_after: int | None = None


class AdjustmentBody(msgspec.Struct, frozen=True):
    """A corrected count, in pieces; the reason is a code of the managed list."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    location: Annotated[str, Meta(min_length=1, max_length=16)]
    quantity_delta: Annotated[int, Meta(ge=-10_000_000, le=10_000_000)]
    reason: Annotated[str, Meta(min_length=1, max_length=32)]
    note: Annotated[str, Meta(max_length=300)] = ""
    bin: Annotated[str, Meta(max_length=24)] = ""
    lot: Annotated[str, Meta(max_length=40)] = ""
    serials: list[Annotated[str, Meta(min_length=1, max_length=64)]] = []


class AdjustmentAnswer(msgspec.Struct):
    """What an adjustment did, in pieces."""

    number: str
    sku: str
    location: str
    quantity_delta: int
    on_hand: int
    available: int


class LevelFilter(FilterSet):
    """Filters of levels."""

    sku = CharFilter(field_name="sku__code", label="SKU")
    location = CharFilter(field_name="location__code", label="Location")

    class Meta:
        model = StockLevel
        fields: tuple[str, ...] = ()


class MovementFilter(FilterSet):
    """Filters of movements."""

    sku = CharFilter(field_name="level__sku__code", label="SKU")
    location = CharFilter(field_name="level__location__code", label="Location")
    kind = CharFilter(label="receive, reserve, release, issue or adjust")
    reference = CharFilter(label="Document that caused it")
    moved_after = IsoDateTimeFilter(field_name="moved_at", lookup_expr="gte", label="Moved from")
    moved_before = IsoDateTimeFilter(field_name="moved_at", lookup_expr="lt", label="Moved before")

    class Meta:
        model = StockMovement
        fields: tuple[str, ...] = ()


class StockLevels(ApiView):
    """Levels by SKU and location."""

    scope = "stock:read"

    @documented(
        "List stock levels",
        answers={200: list_of(LevelAnswer)},
        query={name: str(each.label) for name, each in LevelFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the levels that the filters leave."""
        rows = _within(self.token, filtered(LevelFilter, queries.levels(), request), "location__code__in")
        return page_of(rows, request, render=_level, ordering=("sku__code", "location__code", "id"))


class StockMovements(ApiView):
    """The journal of stock, newest first."""

    scope = "stock:read"

    @documented(
        "List stock movements",
        answers={200: list_of(MovementAnswer)},
        query={name: str(each.label) for name, each in MovementFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the movements that the filters leave."""
        rows = _within(
            self.token, filtered(MovementFilter, queries.movements(), request), "level__location__code__in"
        )
        pages = CursorPages()
        pages.ordering = ("-moved_at", "-id")
        found: list[StockMovement] = list(pages.paginate_queryset(rows, request) or ())
        answers = [_movement(movement) for movement in found]
        # Only when nothing between them is left out do the rows of one level add up.
        asked = set(request.query_params)
        if {"sku", "location"} <= asked and not asked & {"kind", "reference"} and found:
            for answer, after in zip(answers, history.run_down(found, [found[0].level_id]), strict=True):
                answer.on_hand_after, answer.reserved_after = after.on_hand, after.reserved
                answer.quarantined_after = after.quarantined
        return pages.get_paginated_response(answers)


class StockAdjustments(ApiView):
    """Corrected counts."""

    scope = "stock:write"

    @documented("Adjust stock", body=AdjustmentBody, answers={201: AdjustmentAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Correct a count by so many pieces, for a reason."""
        claim = keyed(request, required=False)
        body = read_body(request, AdjustmentBody)
        if not self.token.may_at(body.location):
            raise LocationNotFound(f"There is no location {body.location}.")

        def render(done: object) -> tuple[int, object]:
            assert isinstance(done, Adjusted)  # the flow's own answer
            return 201, AdjustmentAnswer(
                done.number,
                body.sku,
                body.location,
                body.quantity_delta,
                done.on_hand_after,
                done.available_after,
            )

        with idempotency.claimed(claim, render=render) as answer:
            self.adjust(body)
        return answered(answer)

    def adjust(self, body: AdjustmentBody) -> None:
        """Correct the count; a program is held to a person's daily limit unless it was trusted with more."""
        named = Named(body.bin, body.lot, tuple(body.serials))
        if self.token.allows(UNLIMITED):
            change = Change(body.sku, body.location, body.quantity_delta, body.reason, body.note, named)
            counting.adjust_freely(change, actor=self.actor, at=timezone.now())
            return
        counting.adjust_stock(
            body.sku,
            location=body.location,
            quantity_delta=body.quantity_delta,
            reason=body.reason,
            note=body.note,
            named=named,
            actor=self.actor,
            at=timezone.now(),
        )


def _within(token: Token, rows: "QuerySet[Any]", lookup: str) -> "QuerySet[Any]":
    return rows if token.locations is None else rows.filter(**{lookup: sorted(token.locations)})


def _level(level: Any) -> LevelAnswer:
    return LevelAnswer(
        level.sku.code,
        level.location.code,
        level.on_hand,
        level.reserved,
        level.quarantined,
        level.safety_stock,
        level.available,
        level.incoming,
        level.damaged,
        level.reported,
    )


def _movement(movement: StockMovement) -> MovementAnswer:
    return MovementAnswer(
        movement.pk,
        movement.level.sku.code,
        movement.level.location.code,
        movement.kind,
        movement.on_hand_delta,
        movement.reserved_delta,
        movement.quarantined_delta,
        movement.reason.code if movement.reason else None,
        movement.reference,
        movement.note,
        movement.actor,
        movement.moved_at,
    )
