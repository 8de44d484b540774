"""Changing an accepted order over REST."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from msgspec import UNSET, Meta, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import idempotency
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.errors import Invalid
from oms.flows import amending
from oms.orders import answers, change_queries, queries
from oms.orders.amendments import Amendment, Difference
from oms.orders.answers import OrderAnswer
from oms.orders.intake import MAX_UNIT_PRICE, PRICE_DECIMALS, AddressBody, Word
from oms.orders.models import Order, OrderChange


class DifferenceBody(msgspec.Struct, frozen=True):
    """So many pieces more (or, below 0, fewer) of a SKU; one that the order does not have yet needs a price."""

    sku: Word
    quantity_delta: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    unit_price: Decimal | None = None


class AmendBody(msgspec.Struct, frozen=True):
    """What is to change, and why; what is absent stays. ``version`` is that of the order as it was read."""

    reason: Annotated[str, Meta(max_length=200)] = ""
    reason_code: Annotated[str, Meta(max_length=32)] = ""
    version: int | None = None
    lines: Annotated[list[DifferenceBody], Meta(max_length=500)] = []
    shipping_address: AddressBody | None = None
    gift_message: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    notes: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    po_number: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    shipping_option: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    priority: Annotated[int, Meta(ge=1, le=9)] | UnsetType = UNSET
    deliver_from: date | UnsetType | None = UNSET
    deliver_until: date | UnsetType | None = UNSET

    def to_amendment(self) -> Amendment:
        """The change as plain values.

        Raises ``Invalid`` when it changes nothing or a price is none.
        """
        facts = ("po_number", "shipping_option", "priority", "deliver_from", "deliver_until")
        words = ("gift_message", "notes")
        amendment = Amendment(
            differences=tuple(_difference(each, index) for index, each in enumerate(self.lines)),
            address=self.shipping_address.to_address() if self.shipping_address else None,
            facts=self._said(facts),
            words=self._said(words),
            version=self.version,
        )
        if amendment.is_empty:
            message = "Say at least one thing that changes."
            raise Invalid(message, problems=(("#/", message),))
        if self.deliver_from and self.deliver_until and self.deliver_until < self.deliver_from:
            message = "A delivery window ends after it begins."
            raise Invalid(message, problems=(("#/deliver_until", message),))
        return amendment

    def _said(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names if getattr(self, name) is not UNSET}


class ChangeAnswer(msgspec.Struct):
    """One edit of an order: pieces by SKU, names of other facts, and what the total changed by."""

    version: int
    pieces: dict[str, int]
    facts: list[str]
    value_delta_minor: int
    reason: str
    changed_by: str
    changed_at: Any


class AmendOrder(ApiView):
    """Change an order as far as that is still possible."""

    scope = "orders:write"

    @documented("Change an order", body=AmendBody, answers={200: OrderAnswer}, keyed=True)
    def post(self, request: Request, number: str) -> HttpResponse:
        """Change it; stock, work and totals have followed when the answer arrives."""
        claim = keyed(request, required=False)
        body = read_body(request, AmendBody)
        amendment = body.to_amendment()
        with idempotency.claimed(claim, render=_as_it_stands) as answer:
            amending.amend_order(
                number,
                amendment,
                reason=body.reason,
                code=body.reason_code,
                actor=self.actor,
                at=timezone.now(),
            )
        return answered(answer)


class OrderChanges(ApiView):
    """What was changed of an order, newest first."""

    scope = "orders:read"

    @documented("List the changes of an order", answers={200: list_of(ChangeAnswer)})
    def get(self, request: Request, number: str) -> Response:
        """A page of its edits."""
        rows = change_queries.changes(queries.order(number).pk)
        return page_of(rows, request, render=_change, ordering=("-sequence",))


def _difference(body: DifferenceBody, index: int) -> Difference:
    price = body.unit_price
    if body.quantity_delta == 0:
        message = "Say how many pieces more or fewer."
        raise Invalid(message, problems=((f"#/lines/{index}/quantity_delta", message),))
    if price is not None:
        exponent = price.as_tuple().exponent
        if not isinstance(exponent, int) or not 0 <= price < MAX_UNIT_PRICE or exponent < -PRICE_DECIMALS:
            message = "A unit price is a decimal from 0 with at most four places."
            raise Invalid(message, problems=((f"#/lines/{index}/unit_price", message),))
    return Difference(body.sku, body.quantity_delta, price)


def _as_it_stands(changed: object) -> tuple[int, object]:
    assert isinstance(changed, Order)  # the flow's own answer
    return 200, answers.of_orders([queries.order(changed.number)])[0]


def _change(row: OrderChange) -> ChangeAnswer:
    return ChangeAnswer(
        row.sequence, row.pieces, row.facts, row.value_delta_minor, row.reason, row.changed_by, row.changed_at
    )
