"""What a change of a delivery does to those who counted on it: as it was done, or tried and taken back."""

from dataclasses import dataclass
from datetime import date, datetime

from inventory import delivery_queries
from inventory.rules import LevelsMoved
from oms.core.actors import Actor
from oms.core.transactions import owns_transaction
from oms.flows import deliveries
from oms.flows.binding import Rebound
from oms.flows.deliveries import NewTerms, Outcome
from oms.orders import queries as order_queries
from oms.orders import risk_queries


@dataclass(frozen=True, slots=True)
class Part:
    """Pieces that count on one delivery and the day it comes; without a reference they have lost theirs."""

    pieces: int
    reference: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """One order that counted on the delivery: what it counts on before and after, and what it was and is promised."""

    order: str
    sku: str
    before: tuple[Part, ...]
    after: tuple[Part, ...]
    promised_before: datetime | None
    promised_after: datetime | None
    risk: str

    @property
    def lost(self) -> int:
        """Pieces that a delivery held and none does any more."""
        return max(0, _without(self.after) - _without(self.before))

    @property
    def is_later(self) -> bool:
        """Whether it leaves later than its customer was told before."""
        before, after = self.promised_before, self.promised_after
        return after is not None and (before is None or after > before)


@dataclass(frozen=True, slots=True)
class Effects:
    """Everybody who is touched, those with lost pieces first."""

    orders: tuple[Effect, ...]
    deliveries: int

    @property
    def lost(self) -> int:
        """Pieces that a delivery held and none does any more."""
        return sum(each.lost for each in self.orders)

    @property
    def later(self) -> int:
        """Orders that leave later than was promised."""
        return sum(each.is_later for each in self.orders)


class _TakenBack(Exception):
    """Carries the effects out of a transaction, and its writes into nothing."""

    def __init__(self, effects: Effects) -> None:
        super().__init__()
        self.effects = effects


def rehearse(delivery_id: int, terms: NewTerms, *, actor: Actor, at: datetime) -> Effects:
    """Say what a change would do; nothing is changed.

    Raises what ``deliveries.change`` raises.
    """
    try:
        _try(delivery_id, terms, actor=actor, at=at)
    except _TakenBack as done:
        return done.effects
    raise AssertionError("a rehearsal is always taken back")


@owns_transaction(retry_on=LevelsMoved)
def _try(delivery_id: int, terms: NewTerms, *, actor: Actor, at: datetime) -> None:
    outcome = deliveries.carry_out(delivery_id, terms, actor=actor, at=at)
    raise _TakenBack(effects_of(outcome))


def effects_of(outcome: Outcome) -> Effects:
    """What became of every order that counted on a delivery."""
    changed = {each.expected_id for each in outcome.changes}
    touched = [each for each in outcome.rebound if each.is_touched_by(changed)]
    ids = {each.order_id for each in touched}
    named = {key for each in touched for key in (*each.before, *each.after) if key is not None}
    known = {row.pk: row for row in delivery_queries.deliveries().filter(pk__in=named)}
    now = {key: (row.reference, row.expected_on) for key, row in known.items()}
    was = now | {each.expected_id: (each.expected.reference, each.day_before) for each in outcome.changes}
    orders = {order.pk: order for order in order_queries.with_ids(ids)}
    risks = risk_queries.risks_of(ids)
    skus = order_queries.sku_codes({each.line_id for each in touched})
    found = [
        Effect(
            orders[each.order_id].number,
            skus[each.line_id],
            _parts(each.before, was),
            _parts(each.after, now),
            outcome.promised.get(each.order_id),
            orders[each.order_id].promise_by,
            risks[each.order_id].reason if each.order_id in risks else "",
        )
        for each in sorted(touched, key=_worst_first)
    ]
    return Effects(tuple(found), len(outcome.changes))


def _without(parts: tuple[Part, ...]) -> int:
    return sum(part.pieces for part in parts if not part.reference)


def _worst_first(each: Rebound) -> tuple[int, int]:
    return (-each.lost, each.order_id)


def _parts(pieces: dict[int | None, int], named: dict[int, tuple[str, date]]) -> tuple[Part, ...]:
    parts = [Part(count) if key is None else Part(count, *named[key]) for key, count in pieces.items()]
    return tuple(sorted(parts, key=lambda part: (part.on or date.max, part.reference)))
