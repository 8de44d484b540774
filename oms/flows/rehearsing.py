"""What a change of an order would do, tried by the very code that does it, in a transaction that is taken back."""

from dataclasses import dataclass
from datetime import date, datetime

from fulfilment import queries as work_queries
from inventory.rules import LevelsMoved
from oms.core.actors import Actor
from oms.core.transactions import owns_transaction
from oms.flows import amending
from oms.orders import queries as order_queries
from oms.orders.amendments import Amendment
from oms.orders.models import Order
from oms.orders.services.orders import Change


@dataclass(frozen=True, slots=True)
class Figures:
    """An order before or after: its total, what sending it is planned to cost, from where, and by when it leaves."""

    total_minor: int
    cost_minor: int
    places: tuple[str, ...]
    zone: str
    promise_by: datetime | None
    arrives_on: date | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Both sides of a change, the pieces by SKU that change at once, and what partners would be asked for."""

    before: Figures
    after: Figures
    pieces: dict[str, int]
    asked: dict[str, int]
    asked_to_readdress: tuple[str, ...]


class _TakenBack(Exception):
    """Carries the outcome out of a transaction, and its writes into nothing."""

    def __init__(self, outcome: Rehearsal) -> None:
        super().__init__()
        self.outcome = outcome


def rehearse(number: str, amendment: Amendment, *, actor: Actor, at: datetime) -> Rehearsal:
    """Say what an amendment would do; nothing is changed.

    Raises what ``amending.amend_order`` raises.
    """
    try:
        _try(number, amendment, actor=actor, at=at)
    except _TakenBack as done:
        return done.outcome
    raise AssertionError("a rehearsal is always taken back")


@owns_transaction(retry_on=LevelsMoved)
def _try(number: str, amendment: Amendment, *, actor: Actor, at: datetime) -> None:
    order = order_queries.lock_order(number)
    before = _figures(order)
    edit = amending.carry_out(amendment, order, Change("Rehearsed.", actor, at))
    asked, places = dict(edit.asked), edit.asked_to_readdress
    raise _TakenBack(Rehearsal(before, _figures(order), dict(edit.pieces), asked, places))


def _figures(order: Order) -> Figures:
    work = work_queries.places_of([order.pk]).get(order.pk, [])
    promise = order_queries.promises_of(order.pk).first()
    return Figures(
        total_minor=order.total_minor,
        cost_minor=sum(each.expected_cost_minor or 0 for each in work),
        places=tuple(dict.fromkeys(each.location.name for each in work)),
        zone=work[0].location.timezone if work else "UTC",
        promise_by=order.promise_by,
        arrives_on=promise.arrives_on if promise else None,
        waiting=sum(line.quantity_waiting for line in order_queries.lines_of([order.pk])),
    )
