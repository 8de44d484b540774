"""An order as REST answers it."""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from fulfilment import address_queries, cancellation_queries
from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder
from oms.core.money import Money
from oms.orders import change_queries, partial_queries, queries, risk_queries
from oms.orders.models import AddressChange, Order, OrderLine, PartialQuestion
from oms.orders.requests import Placed
from oms.orders.rules import OrderState, whole_bundles
from oms.routing import queries as routing_queries


class LineAnswer(msgspec.Struct):
    """One line; pieces, and money as decimal strings."""

    sku: str
    quantity: int
    allocated: int
    backordered: int
    shipped: int
    cancelled: int
    unit_price: str = ""
    total: str = ""
    components: list["LineAnswer"] = []


class WorkLineAnswer(msgspec.Struct):
    """Pieces of one SKU in a fulfilment order."""

    sku: str
    quantity: int


class WorkAnswer(msgspec.Struct):
    """A fulfilment order in short."""

    number: str
    location: str
    status: str
    lines: list[WorkLineAnswer]


class CancellationAsked(msgspec.Struct):
    """Pieces that a partner has confirmed and was asked to leave out, and what it says to it."""

    fulfilment_order: str
    location: str
    state: str
    lines: list[WorkLineAnswer]
    reason: str
    requested_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answer: str


class AddressAskedOf(msgspec.Struct):
    """A partner that was asked for another address, and what it says to it."""

    fulfilment_order: str
    location: str
    state: str
    answer_by: datetime
    answered_at: datetime | None
    answer: str


class AddressChangeAnswer(msgspec.Struct):
    """Where the order was to go instead: requested, applied, refused, withdrawn or overtaken; and who was asked."""

    state: str
    shipping_address: dict[str, str]
    reason: str
    requested_at: datetime
    settled_at: datetime | None
    outcome: str
    asked: list[AddressAskedOf]


class LateRiskAnswer(msgspec.Struct):
    """Why an order is going to miss its promise, and when it leaves instead, if anybody knows."""

    cause: str
    reason: str
    expected_by: datetime | None


class PartialAnswer(msgspec.Struct):
    """Whether a part of the order may ship: open until ``decision`` says what became of it."""

    reason: str
    missing: int
    asked_at: datetime
    decision: str
    decided_by: str
    decided_at: datetime | None
    note: str


class HoldAnswer(msgspec.Struct):
    """Why an order stands still, who answers for it, and since when; ``code`` is of the shop's list, or empty."""

    code: str
    reason: str
    owner: str
    placed_by: str
    placed_at: datetime


class RoutingAnswer(msgspec.Struct):
    """The decision that an order follows, and where it explains itself."""

    decision: int
    url: str


class OrderPlaced(msgspec.Struct):
    """What a new order is answered with."""

    number: str
    status: str
    lines: list[LineAnswer]
    fulfilment_orders: list[WorkAnswer]
    routing: RoutingAnswer


class CustomerAnswer(msgspec.Struct):
    """Who buys; name and mail are empty once erased, the code of a known customer stays."""

    type: str
    name: str
    email: str
    code: str | None = None


class OrderAnswer(msgspec.Struct):
    """An order as it stands now."""

    number: str
    status: str
    channel: str
    external_number: str
    customer: CustomerAnswer
    shipping_address: dict[str, str]
    billing_address: dict[str, str]
    currency: str
    total: str
    po_number: str
    gift_message: str
    shipping_option: str
    notes: str
    placed_at: datetime
    promise_by: datetime | None
    first_promise_by: datetime | None
    residential: bool | None
    deliver_from: date | None
    deliver_until: date | None
    partial_policy: str
    terms_days: int | None
    priority: int
    version: int
    lines: list[LineAnswer]
    fulfilment_orders: list[WorkAnswer]
    routing: RoutingAnswer | None
    cancellations: list[CancellationAsked] = []
    late_risk: LateRiskAnswer | None = None
    partial_decision: PartialAnswer | None = None
    hold: HoldAnswer | None = None
    address_change: AddressChangeAnswer | None = None


def of_placed(placed: Placed) -> OrderPlaced:
    """The answer to an order that has just been accepted; costs no query."""
    return OrderPlaced(
        number=placed.number,
        status=placed.status,
        lines=[
            LineAnswer(
                each.sku, each.quantity, each.allocated, each.waiting, 0, 0, each.unit_price, each.total
            )
            for each in placed.lines
        ],
        fulfilment_orders=[
            WorkAnswer(
                work.number, work.location, work.status, [WorkLineAnswer(*line) for line in work.lines]
            )
            for work in placed.work
        ],
        routing=routing(placed.decision_id),
    )


def of_orders(orders: Iterable[Order]) -> list[OrderAnswer]:
    """These orders with lines, work and decision, in a fixed number of queries."""
    found = list(orders)
    ids = [order.pk for order in found]
    lines: dict[int, list[OrderLine]] = {}
    for line in queries.lines_of(ids):
        lines.setdefault(line.order_id, []).append(line)
    work: dict[int, list[FulfilmentOrder]] = {}
    for each in work_queries.work_with_lines().filter(order_id__in=ids):
        work.setdefault(each.order_id, []).append(each)
    decisions = routing_queries.latest_decisions(ids)
    versions = change_queries.versions(ids)
    answered = [
        _answer(
            order,
            lines.get(order.pk, []),
            work.get(order.pk, []),
            decisions.get(order.pk),
            version=versions.get(order.pk, 0),
        )
        for order in found
    ]
    asked, risks = _cancellations(ids), risk_queries.risks_of(ids)
    questions = partial_queries.questions_of(ids)
    held = [order.pk for order in found if order.state == OrderState.ON_HOLD]
    holds = risk_queries.holds_on(held) if held else {}
    moves = address_queries.changes_of(ids)
    for order, answer in zip(found, answered, strict=True):
        answer.cancellations = asked.get(order.pk, [])
        if order.pk in moves:
            answer.address_change = _move(moves[order.pk][0])
        if order.pk in questions:
            answer.partial_decision = _partial(questions[order.pk][0], lines.get(order.pk, []))
        if order.pk in holds:
            hold = holds[order.pk]
            answer.hold = HoldAnswer(hold.code, hold.reason, hold.owner, hold.placed_by, hold.placed_at)
        if order.pk in risks:
            risk = risks[order.pk]
            answer.late_risk = LateRiskAnswer(risk.cause, risk.reason, risk.expected_by)
    return answered


def routing(decision_id: int) -> RoutingAnswer:
    """Where a decision explains itself."""
    return RoutingAnswer(decision_id, f"/api/v1/routing-decisions/{decision_id}")


def _answer(
    order: Order,
    lines: list[OrderLine],
    work: list[FulfilmentOrder],
    decision_id: int | None,
    *,
    version: int,
) -> OrderAnswer:
    contact = order.contact
    return OrderAnswer(
        number=order.number,
        status=order.status,
        channel=order.channel.code,
        external_number=order.external_number,
        customer=_customer(order),
        shipping_address=contact.shipping_address,
        billing_address=contact.billing_address,
        currency=order.currency,
        total=Money(order.total_minor, order.currency).as_text(),
        po_number=order.po_number,
        gift_message=contact.gift_message,
        shipping_option=order.shipping_option,
        notes=contact.notes,
        placed_at=order.placed_at,
        promise_by=order.promise_by,
        first_promise_by=order.first_promise_by,
        residential=order.is_residential,
        deliver_from=order.deliver_from,
        deliver_until=order.deliver_until,
        partial_policy=order.partial_policy or order.channel.partial_policy,
        terms_days=order.terms_days,
        priority=order.priority,
        version=version,
        lines=_lines(lines, order.currency),
        fulfilment_orders=[_work(each) for each in work],
        routing=routing(decision_id) if decision_id else None,
    )


def _partial(question: PartialQuestion, lines: list[OrderLine]) -> PartialAnswer:
    missing = sum(line.quantity_waiting + line.quantity_unplanned for line in lines)
    return PartialAnswer(
        question.reason,
        missing,
        question.asked_at,
        question.decision,
        question.decided_by,
        question.decided_at,
        question.note,
    )


def _cancellations(order_ids: list[int]) -> dict[int, list[CancellationAsked]]:
    found: dict[int, list[CancellationAsked]] = {}
    for each in cancellation_queries.requests_of(order_ids):
        work = each.fulfilment_order
        asked = CancellationAsked(
            work.number,
            work.location.code,
            each.state,
            [WorkLineAnswer(line.work_line.sku.code, line.quantity) for line in each.lines.all()],
            each.reason,
            each.requested_at,
            each.answer_by,
            each.answered_at,
            each.answer,
        )
        found.setdefault(work.order_id, []).append(asked)
    return found


def _move(change: AddressChange) -> AddressChangeAnswer:
    return AddressChangeAnswer(
        change.state,
        change.address,
        change.reason,
        change.requested_at,
        change.settled_at,
        change.outcome,
        [
            AddressAskedOf(
                each.fulfilment_order.number,
                each.fulfilment_order.location.code,
                each.state,
                each.answer_by,
                each.answered_at,
                each.answer,
            )
            for each in change.requests.all()
        ],
    )


def _customer(order: Order) -> CustomerAnswer:
    known, contact = order.customer, order.contact
    code = known.code if known else None
    return CustomerAnswer(order.customer_type, contact.customer_name, contact.customer_email, code)


def _lines(lines: list[OrderLine], currency: str) -> list[LineAnswer]:
    """The lines as the customer ordered them: the components of a bundle stand within it."""
    answers: dict[tuple[int, int], LineAnswer] = {}
    parts: dict[tuple[int, int], list[OrderLine]] = {}
    for line in lines:
        bundle = line.bundle_line
        if bundle is None:
            answers[line.position, 0] = _line(line, currency)
            continue
        key = (line.position, bundle.pk)
        parts.setdefault(next((known for known in parts if known[1] == bundle.pk), key), []).append(line)
    for key, components in parts.items():
        answers[key] = _bundle(components, currency)
    return [answers[key] for key in sorted(answers)]


def _bundle(parts: list[OrderLine], currency: str) -> LineAnswer:
    bundle = parts[0].bundle_line
    assert bundle is not None  # these lines are components
    made = whole_bundles(parts)
    return LineAnswer(
        bundle.sku.code,
        bundle.quantity_ordered,
        made.allocated,
        bundle.quantity_ordered - made.allocated - made.shipped - made.cancelled,
        made.shipped,
        made.cancelled,
        f"{bundle.unit_price:f}",
        Money(bundle.total_minor, currency).as_text(),
        [_line(part, currency) for part in parts],
    )


def _line(line: OrderLine, currency: str) -> LineAnswer:
    return LineAnswer(
        line.sku.code,
        line.quantity_ordered,
        line.quantity_allocated,
        line.quantity_waiting + line.quantity_unplanned,
        line.quantity_shipped,
        line.quantity_cancelled,
        f"{line.unit_price:f}",
        Money(line.total_minor, currency).as_text(),
    )


def _work(work: FulfilmentOrder) -> WorkAnswer:
    lines = [
        WorkLineAnswer(line.sku.code, line.quantity - line.quantity_cancelled) for line in work.lines.all()
    ]
    return WorkAnswer(work.number, work.location.code, work.status, [line for line in lines if line.quantity])
