"""Stories of announced deliveries: moved, changed or called off, while those who counted on them are bound anew."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from inventory import delivery_queries
from inventory import queries as stock_queries
from inventory.models import DeliveryChange, ExpectedReceipt
from inventory.rules import DeliveryMoved, DeliveryRefused, LevelsMoved
from inventory.services import receipts
from oms.alerts.services import alerts
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.transactions import owns_transaction
from oms.flows import binding, foreseeing, sourcing, watching
from oms.flows.binding import Loose, Rebound
from oms.orders import queries as order_queries
from oms.orders import scarcity_queries
from oms.orders.models import Order

UNBOUND = "preorders_unbound"
# The promises of more orders than these are renewed by the relay, each in a transaction of its own.
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class NewTerms:
    """What becomes of a delivery, or of its whole document; None leaves the day, or the pieces still to come, as is.

    ``seen`` is how many were still to come when somebody decided so.
    """

    reason: str
    on: date | None = None
    to_come: int | None = None
    whole: bool = False
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was changed, who counted on it and what they count on now, and the promises of before by order id."""

    changes: tuple[DeliveryChange, ...]
    rebound: tuple[Rebound, ...]
    promised: dict[int, datetime | None]

    @property
    def lost(self) -> int:
        """Pieces that a delivery held and none does any more."""
        return sum(each.lost for each in self.rebound)


@owns_transaction(retry_on=LevelsMoved)
def change(delivery_id: int, terms: NewTerms, *, actor: Actor, at: datetime) -> Outcome:
    """Move a delivery, change its pieces or call it off; preorders are bound anew and their promises follow at once.

    Raises ``DeliveryNotFound``, ``DeliveryRefused``, ``DeliveryMoved``, ``Invalid`` without a reason.
    """
    return carry_out(delivery_id, terms, actor=actor, at=at)


def carry_out(delivery_id: int, terms: NewTerms, *, actor: Actor, at: datetime) -> Outcome:
    """Do it inside the caller's transaction: orders are locked first, then levels, then the delivery.

    Raises what ``change`` raises.
    """
    named = delivery_queries.delivery(delivery_id)
    reason = _check(named, terms, at=at)
    found = delivery_queries.document(named) if terms.whole else [named]
    skus = {each.level.sku_id: each.level.sku.code for each in found}
    loose = binding.lock([each.pk for each in found], skus)
    promised = {key: order.promise_by for key, order in loose.orders.items()}
    stock_queries.lock_levels(skus, named.level.location_id)
    locked = delivery_queries.lock(each.pk for each in found)
    if terms.seen is not None and terms.seen != _to_come(locked):
        raise DeliveryMoved(
            f"{_to_come(locked)} pieces of {named.reference} are still to come now, you saw {terms.seen}. Look again."
        )
    taken = binding.loosen(loose)
    changes = [
        _change(each, terms, reason, actor=actor, at=at) for each in locked if _is_touched(each, terms)
    ]
    if not changes:
        raise DeliveryRefused(f"Nothing of {named.reference} would be other than it is.")
    dealt = binding.deal(taken, skus)
    outcome = Outcome(tuple(changes), tuple(dealt), promised)
    settle(loose, dealt, why=f"{named.reference} {_said(changes)}: {reason}", at=at)
    for each in changes:
        _tell(each, dealt, actor=actor, at=at)
    return outcome


def settle(loose: Loose, dealt: Sequence[Rebound], *, why: str, at: datetime) -> None:
    """Renew the promises of orders that were bound anew, see who is going to be late, and alert on who lost."""
    touched = sorted({each.order_id for each in dealt})
    for order_id in touched[:MOST_AT_ONCE]:
        sourcing.promise_again(loose.orders[order_id], at=at, why=why)
    foreseeing.look_at(touched[:MOST_AT_ONCE], at=at)
    unbound = scarcity_queries.skus_unbound()
    for sku_id in {each.sku_id for each in dealt if each.lost}:
        _alert(loose.skus[sku_id], *unbound[loose.skus[sku_id]], at=at)
    if dealt:
        watching.close_settled(
            UNBOUND, unbound, note="All of them are bound to a delivery, or done with.", at=at
        )


@owns_transaction()
def watch(*, at: datetime) -> int:
    """Close the alerts on preorders that lost their delivery and do not need one any more; says how many SKUs do."""
    unbound = scarcity_queries.skus_unbound()
    watching.close_settled(UNBOUND, unbound, note="All of them are bound to a delivery, or done with.", at=at)
    return len(unbound)


@owns_transaction(retry_on=LevelsMoved)
def promise_again(number: str, *, why: str, at: datetime) -> Order:
    """Renew the promise of one order after a delivery that it may count on was changed.

    Raises ``OrderNotFound``.
    """
    order = order_queries.lock_order(number)
    sourcing.promise_again(order, at=at, why=why)
    return order


def promise_the_rest(sku_ids: Iterable[int], *, why: str, at: datetime) -> int:
    """Renew the promises of all preorders of these SKUs, a page at a time; how many orders."""
    wanted, last, seen = sorted(sku_ids), 0, 0
    while numbers := scarcity_queries.preorders_of(wanted, after=last):
        for number in numbers:
            last = promise_again(number, why=why, at=at).pk
        seen += len(numbers)
    return seen


def _check(named: ExpectedReceipt, terms: NewTerms, *, at: datetime) -> str:
    if delivery_queries.is_transfer(named.reference):
        raise DeliveryRefused(
            f"{named.reference} is a transfer that has left: receive it, or close it with a shortage."
        )
    if terms.to_come and terms.whole:
        message = "A whole document is moved or called off; pieces are changed SKU by SKU."
        raise Invalid(message, problems=(("#/whole", message),))
    if terms.on is None and terms.to_come is None:
        message = "Say the new day, the pieces that are still to come, or that nothing comes."
        raise Invalid(message, problems=(("#/expected_on", message),))
    # Wherever the site is, yesterday by universal time is over or about to be.
    if terms.on is not None and terms.on < at.date() - timedelta(days=1):
        message = "That day is over."
        raise Invalid(message, problems=(("#/expected_on", message),))
    if not terms.reason.strip():
        message = "Say why: everybody who waits for it is told."
        raise Invalid(message, problems=(("#/reason", message),))
    return terms.reason.strip()[:200]


def _to_come(rows: Iterable[ExpectedReceipt]) -> int:
    return sum(each.quantity_expected - each.quantity_received for each in rows)


def _is_touched(row: ExpectedReceipt, terms: NewTerms) -> bool:
    """A document has SKUs that came already, or that are announced for the day as it is."""
    to_come = _to_come([row])
    if not terms.whole:
        return True
    return to_come > 0 and (terms.to_come == 0 or terms.on not in (None, row.expected_on))


def _change(
    row: ExpectedReceipt, terms: NewTerms, reason: str, *, actor: Actor, at: datetime
) -> DeliveryChange:
    on = row.expected_on if terms.on is None else terms.on
    to_come = _to_come([row]) if terms.to_come is None else terms.to_come
    if not to_come:
        on = row.expected_on
    return receipts.change(row, on=on, to_come=to_come, reason=reason, actor=actor, at=at)


def _said(changes: Sequence[DeliveryChange]) -> str:
    first = changes[0]
    if not first.pieces_after:
        return "was called off"
    if first.day_before == first.day_after:
        return f"brings {first.pieces_after} instead of {first.pieces_before}"
    return f"was moved to {first.day_after:%d %b}"


def _tell(change: DeliveryChange, dealt: Sequence[Rebound], *, actor: Actor, at: datetime) -> None:
    row, level = change.expected, change.expected.level
    theirs = [each for each in dealt if each.sku_id == level.sku_id and each.is_touched_by((row.pk,))]
    counted = {"orders": len({each.order_id for each in theirs}), "lost": sum(each.lost for each in theirs)}
    days = [change.day_before.isoformat(), change.day_after.isoformat()]
    pieces = [change.pieces_before, change.pieces_after]
    action = "delivery.changed" if change.pieces_after else "delivery.called_off"
    audit.record(
        action,
        "delivery",
        str(row.pk),
        actor=actor,
        at=at,
        note=change.reason,
        changes={"expected_on": days, "to_come": pieces} | counted,
    )
    told = {
        "id": row.pk,
        "reference": row.reference,
        "sku": level.sku.code,
        "location": level.location.code,
        "expected_on": days,
        "to_come": pieces,
        "reason": change.reason,
        "sku_ids": [level.sku_id],
    }
    outbox.record(action, aggregate=f"delivery:{row.pk}", payload=told | counted, at=at)


def _alert(code: str, orders: int, pieces: int, *, at: datetime) -> None:
    alerts.open_alert(
        UNBOUND,
        "sku",
        code,
        at=at,
        message=f"{pieces} preordered of {code} in {orders} orders lost their delivery: no other one holds them.",
        url=f"/orders/scarce/{code}",
    )
