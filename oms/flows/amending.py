"""Stories of change: an accepted order gets more, fewer or other pieces, or goes elsewhere."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from fulfilment import queries as work_queries
from inventory.rules import LevelsMoved
from oms.catalogue import queries as sku_queries
from oms.channels import queries as channel_queries
from oms.core import audit, money, outbox
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.lifecycles import IllegalTransition
from oms.core.transactions import owns_transaction
from oms.flows import pulling, sourcing
from oms.orders import queries as order_queries
from oms.orders.amendments import (
    Amendment,
    Difference,
    LineNotFound,
    OrderChanged,
    PriceNeeded,
    TooLateToChange,
)
from oms.orders.models import Order, OrderLine
from oms.orders.rules import OrderBlocked, OrderState
from oms.orders.services import orders
from oms.orders.services.orders import Change, NewPieces
from oms.routing import queries as routing_queries


@dataclass(slots=True)
class _Edit:
    """One edit of a locked order on its way."""

    order: Order
    change: Change
    lines: list[OrderLine] = field(default_factory=list)
    pieces: Counter[str] = field(default_factory=Counter)
    added: list[OrderLine] = field(default_factory=list)


@owns_transaction(retry_on=LevelsMoved)
def amend_order(number: str, amendment: Amendment, *, reason: str, actor: Actor, at: datetime) -> Order:
    """Change an order as far as that is still physically possible; stock, work and totals follow at once.

    Raises ``OrderNotFound``, ``OrderChanged``, ``TooLateToChange``, ``LineNotFound``, ``PriceNeeded``, ``SkuNotFound``,
    ``OrderBlocked``, ``NoRoomToWait``, ``IllegalTransition`` when it has ended, ``Invalid`` without a reason.
    """
    order = order_queries.lock_order(number)
    _check(order, amendment, reason)
    edit = _Edit(order, Change(reason.strip(), actor, at), list(order_queries.lines_of([order.pk])))
    for difference in amendment.differences:
        (_add if difference.pieces > 0 else _take)(edit, difference)
    facts = _change_facts(edit, amendment)
    if not edit.pieces and not facts:
        return order
    value_delta = orders.revalue(order)
    plan = sourcing.source_again(order, actor=actor, at=at, why=f"Changed: {reason.strip()}.")
    _refuse_shortfall(edit, plan.missing if plan else ())
    _end_if_nothing_is_left(edit)
    orders.refresh_progress([order.pk])
    _note(edit, facts, value_delta)
    return order


def _check(order: Order, amendment: Amendment, reason: str) -> None:
    if not reason.strip():
        message = "Say why the order is changed."
        raise Invalid(message, problems=(("#/reason", message),))
    if order.state not in (OrderState.OPEN, OrderState.ON_HOLD):
        raise IllegalTransition(f"{order.number} is {order.status}: nothing of it can be changed any more.")
    seen = orders.changes_of(order.pk)
    if amendment.version is not None and amendment.version != seen:
        raise OrderChanged(
            f"{order.number} has been changed {seen} times, you saw {amendment.version}. Look at it again.",
            version=seen,
        )


def _add(edit: _Edit, difference: Difference) -> None:
    """More pieces are a line of their own, so that what was agreed before stays as it was."""
    sku = sku_queries.sku(difference.sku)
    if sku.is_bundle:
        message = f"{sku.code} is a bundle: place another order for more of it."
        raise TooLateToChange(message)
    known = [line for line in edit.lines if line.sku_id == sku.pk and line.bundle_line_id is None]
    price = difference.unit_price if difference.unit_price is not None else _price(known, sku.code)
    total = money.total(price, difference.pieces, edit.order.currency)
    added = orders.add_line(edit.order, NewPieces(sku, difference.pieces, price, total.amount))
    edit.added.append(added)
    edit.pieces[sku.code] += difference.pieces


def _price(known: Sequence[OrderLine], code: str) -> Decimal:
    if not known:
        raise PriceNeeded(f"The order has no {code} yet: say its unit price.")
    return known[-1].unit_price


def _take(edit: _Edit, difference: Difference) -> None:
    """Fewer pieces: those that wait first, then untouched ones, then picked ones; never packed ones."""
    bundles = [
        line for line in edit.lines if line.bundle_line and line.bundle_line.sku.code == difference.sku
    ]
    if bundles:
        for line in bundles:
            _take_from(edit, [line], -difference.pieces * (line.quantity_per_bundle or 1), difference.sku)
    else:
        own = [line for line in edit.lines if line.sku.code == difference.sku and not line.bundle_line_id]
        if not own:
            raise LineNotFound(f"{edit.order.number} has no {difference.sku}.", sku=difference.sku)
        _take_from(edit, own[::-1], -difference.pieces, difference.sku)
    edit.pieces[difference.sku] += difference.pieces


def _take_from(edit: _Edit, lines: Sequence[OrderLine], pieces: int, sku: str) -> None:
    left = pieces
    cancelled: Counter[int] = Counter()
    for line in lines:
        count = min(left, line.quantity_waiting + line.quantity_unplanned)
        cancelled[line.pk] += count
        left -= count
    wanted: dict[int, int] = {}
    for line in lines:
        wanted[line.pk] = min(left, line.quantity_allocated)
        left -= wanted[line.pk]
    if left:
        raise _too_late(edit.order, sku, pieces - left)
    change = edit.change
    got = pulling.pull(edit.order, wanted, why=change.reason, actor=change.actor, at=change.at)
    if sum(got.values()) != sum(wanted.values()):
        raise _too_late(edit.order, sku, pieces - sum(wanted.values()) + sum(got.values()))
    orders.cancel_pieces(cancelled + Counter(got))


def _too_late(order: Order, sku: str, possible: int) -> TooLateToChange:
    return TooLateToChange(
        f"Only {possible} pieces of {sku} can still be taken off {order.number}: the others are packed or gone."
        " Unpack them first, or take them back as a return.",
        sku=sku,
        possible=possible,
    )


def _change_facts(edit: _Edit, amendment: Amendment) -> list[str]:
    order, address = edit.order, amendment.address
    if address is not None and work_queries.packed_or_gone(order.pk):
        raise TooLateToChange(f"Part of {order.number} is packed for the present address. Unpack it first.")
    before = (order.ship_country, order.ship_region, order.ship_postcode)
    facts = orders.change_facts(order, amendment)
    if address is not None and before != (address.country, address.region, address.postcode):
        # Another place may be cheaper to send from now: all that nobody has touched is planned anew.
        change = edit.change
        wanted = {line.pk: line.quantity_allocated for line in order_queries.lines_of([order.pk])}
        pulling.pull(order, wanted, why=change.reason, actor=change.actor, at=change.at)
    return facts


def _refuse_shortfall(edit: _Edit, missing: Sequence[tuple[str, int]]) -> None:
    """What is added waits for stock only where an order that comes in now might."""
    lacks = dict(missing)
    policy = channel_queries.policies(routing_queries.stamp() or 0)[edit.order.channel.code]
    for line in edit.added:
        if not lacks.get(line.sku.code):
            continue
        if (line.sku.backorder_policy or policy.backorder_policy) == "block":
            raise OrderBlocked(
                f"{lacks[line.sku.code]} pieces of {line.sku.code} are missing, and it is not sold on backorder.",
                sku=line.sku.code,
            )
        orders.check_room_to_wait(line.sku)


def _end_if_nothing_is_left(edit: _Edit) -> None:
    lines = list(order_queries.lines_of([edit.order.pk]))
    if all(line.quantity_cancelled == line.quantity_ordered for line in lines):
        orders.cancel(edit.order, actor=edit.change.actor, at=edit.change.at)


def _note(edit: _Edit, facts: Sequence[str], value_delta: int) -> None:
    order, change = edit.order, edit.change
    version = orders.note_change(order, pieces=edit.pieces, facts=facts, value_delta=value_delta, by=change)
    changes = {"pieces": dict(edit.pieces), "facts": list(facts), "value_minor": value_delta}
    audit.record(
        "order.amended",
        "order",
        order.number,
        actor=change.actor,
        at=change.at,
        note=change.reason,
        changes=changes,
    )
    payload = {"number": order.number, "version": version, "reason": change.reason} | changes
    outbox.record("order.amended", aggregate=f"order:{order.number}", payload=payload, at=change.at)
    freed = sorted(sku for sku, pieces in edit.pieces.items() if pieces < 0)
    if freed:
        outbox.record(
            "stock.changed",
            aggregate=f"order:{order.number}",
            payload={"skus": freed, "document": order.number, "quantity_delta": 1},
            at=change.at,
        )
