"""Files of orders inside the flow that imports them: whole orders meet the very steps that place them over REST.

A dry run remembers what its orders would have taken, as nothing of it is in the database. Nothing here commits, except
that an order is cancelled in a transaction of its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from oms.core.actors import Actor
from oms.core.errors import Refusal
from oms.core.transactions import joins_transaction
from oms.flows import ordering, placement, snapshots
from oms.flows.batches import Batch
from oms.flows.placement import Ids
from oms.flows.snapshots import Snapshot
from oms.imports import order_matching, order_reading, queries
from oms.imports.models import ImportJob
from oms.imports.order_groups import Group
from oms.imports.order_reading import Told
from oms.imports.rules import Change, Choices, Finding, Outcome, Verdict
from oms.orders import queries as order_queries
from oms.orders.requests import NewOrder, Placed
from oms.orders.rules import OrderState

# Orders wait for a locked level no longer than one batch takes.
BATCH = 100
ORDERS = "orders"


@dataclass(slots=True)
class OrderBook:
    """What stays in mind between the batches of one file; the channels by what files call them."""

    channels: Mapping[str, str] = field(default_factory=dict)
    # What earlier orders of a dry run would have taken.
    taken: Counter[tuple[int, int]] = field(default_factory=Counter)
    waited: Counter[int] = field(default_factory=Counter)
    owed: dict[str, int] = field(default_factory=dict)

    def begin(self, seen: Snapshot) -> dict[tuple[int, int], int]:
        """Let a dry run see what is left; the stock as it begins with."""
        for place in seen.stock:
            seen.stock[place] -= self.taken[place]
        seen.waited.update(self.waited)
        seen.terms.owed.update(self.owed)
        return dict(seen.stock)

    def end(self, seen: Snapshot, began: Mapping[tuple[int, int], int]) -> None:
        """Remember what a batch of a dry run would have taken."""
        self.taken.update({place: began[place] - left for place, left in seen.stock.items()})
        self.waited = Counter(seen.waited)
        self.owed |= seen.terms.owed


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on each row of some orders, the rows to write, and how many orders would be or are made."""

    outcomes: list[Outcome]
    batch: Batch
    made: int
    value: dict[str, Decimal]


@joins_transaction
def judge(
    groups: Sequence[Group], choices: Choices, book: OrderBook, *, rehearsed: bool, actor: Actor, at: datetime
) -> Judged:
    """Plan the orders that are not there yet; what was gathered for them is written by whoever asked.

    An order of which any row is wrong is refused whole.
    """
    told = [order_reading.read(group, choices, book.channels) for group in groups]
    there = order_matching.existing(each.key for each in told)
    for each in told:
        if each.key not in there:
            order_reading.settle(each, choices)
    wanted = [each for each in told if each.request is not None]
    batch = Batch(actor=actor, at=at)
    placed = _placed(wanted, batch, book, rehearsed=rehearsed)
    outcomes: list[Outcome] = []
    value: dict[str, Decimal] = {}
    for each in told:
        order = there.get(each.key)
        if order is not None and not each.findings:
            _object_to_other(each, order)
        if each.findings:
            outcomes += each.refused()
        elif order is not None:
            outcomes += [Outcome(line, Verdict.SAME) for line in each.lines]
        else:
            answer = placed[each.key]
            outcomes += _created(each, answer, rehearsed=rehearsed)
            currency = _request(each).currency
            worth = sum((Decimal(line.total) for line in answer.lines), Decimal(0))
            value[currency] = value.get(currency, Decimal(0)) + worth
    return Judged(outcomes, batch, len(placed), value)


def totals(so_far: dict[str, Any], judged: Judged) -> dict[str, Any]:
    """How many orders a file makes and what they come to, by currency."""
    value = {currency: Decimal(amount) for currency, amount in so_far.get("value", {}).items()}
    for currency, amount in judged.value.items():
        value[currency] = value.get(currency, Decimal(0)) + amount
    made = int(so_far.get(ORDERS, 0)) + judged.made
    return so_far | {ORDERS: made, "value": {currency: str(amount) for currency, amount in value.items()}}


def unserved(groups: Sequence[Group], choices: Choices, book: OrderBook, refusal: Refusal) -> list[Outcome]:
    """The rows of orders that could not be placed for others who wanted the same pieces at that instant."""
    outcomes: list[Outcome] = []
    for group in groups:
        told = order_reading.read(group, choices, book.channels)
        told.object_to(refusal)
        outcomes += told.refused()
    return outcomes


@dataclass(frozen=True, slots=True)
class Made:
    """An order that a file made: its number, and the rows that told of it."""

    number: str
    rows: tuple[int, ...]


def made_after(job: ImportJob, after: int, *, limit: int) -> tuple[list[Made], int]:
    """The next orders that a file made, and the place in the journal up to which they stand."""
    changes = queries.journal_after(job, after, limit=limit)
    rows: dict[str, dict[int, None]] = {}
    for change in changes:
        rows.setdefault(change.subject.partition(" ")[0], {})[change.row] = None
    found = [Made(number, tuple(told)) for number, told in rows.items()]
    return found, changes[-1].pk if changes else after


def withdraw(made: Iterable[Made], *, reason: str, actor: Actor, at: datetime) -> dict[int, Finding]:
    """Cancel orders one by one; for each row that stays, why.

    An order that is cancelled already is as it should be.
    """
    stays: dict[int, Finding] = {}
    for each in made:
        why = _withdrawn(each.number, reason=reason, actor=actor, at=at)
        if why:
            stays |= {row: Finding(row, "external_number", each.number, why) for row in each.rows}
    return stays


def _withdrawn(number: str, *, reason: str, actor: Actor, at: datetime) -> str:
    try:
        order = ordering.cancel_order(number, reason=reason, actor=actor, at=at)
    except Refusal as refusal:
        is_cancelled = order_queries.order(number).state == OrderState.CANCELLED
        return "" if is_cancelled else str(refusal)
    if order.state == OrderState.CANCELLED:
        return ""
    return "A partner has confirmed it and was asked; it stays until the partner agrees."


def _placed(
    wanted: Sequence[Told], batch: Batch, book: OrderBook, *, rehearsed: bool
) -> dict[tuple[str, str], Placed]:
    requests = [_request(each) for each in wanted]
    if not requests:
        return {}
    seen = snapshots.look(requests, rehearsed=rehearsed)
    began = book.begin(seen) if rehearsed else {}
    ids, placed = Ids(seen), {}
    for each, request in zip(wanted, requests, strict=True):
        _object_to_skus(each, seen)
        if each.findings:
            continue
        try:
            placed[each.key] = placement.place(request, seen, batch, ids)
        except Refusal as refusal:
            each.object_to(refusal)
    if rehearsed:
        book.end(seen, began)
    return placed


def _object_to_skus(told: Told, seen: Snapshot) -> None:
    """Name every SKU that is not sold at once, not only the first."""
    told.findings += [
        line.finding("sku", "No active SKU has this code.")
        for line in told.lines
        if line.values["sku"] not in seen.skus
    ]


def _object_to_other(told: Told, order: Any) -> None:
    """Refuse an order whose number is another's, or one's that was cancelled: nobody would send it."""
    if order.state == OrderState.CANCELLED and not order_reading.finished(told.said):
        why = f"It is order {order.number} already, and that was cancelled: give it another number."
        told.findings.append(told.finding("external_number", why))
        return
    if column := order_matching.contradiction(told, order):
        what = "other lines" if column == "line" else f"another {column.replace('_', ' ')}"
        why = f"It is order {order.number} already, and that has {what}."
        told.findings.append(told.finding("external_number", why))


def _created(told: Told, placed: Placed, *, rehearsed: bool) -> list[Outcome]:
    subject = told.subject if rehearsed else f"{placed.number} {told.subject}"
    outcomes = []
    for line, each in zip(told.lines, placed.lines, strict=True):
        said = f"{each.quantity} × {each.sku} at {each.unit_price} {_request(told).currency}"
        if each.waiting:
            said += f", {each.waiting} waiting for stock"
        changes = [Change(subject, "line", "", said)]
        if placed.status == OrderState.ON_HOLD:
            changes.append(Change(subject, "status", "", "on hold"))
        outcomes.append(Outcome(line, Verdict.CREATED, (), tuple(changes)))
    return outcomes


def _request(told: Told) -> NewOrder:
    assert told.request is not None  # it was settled
    return told.request
