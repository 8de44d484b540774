"""Stories of an order that is to go elsewhere although partners have confirmed its work: they are asked.

Until all of them accept the order keeps its address; then the new one counts for everything at once.
"""

from collections.abc import Sequence
from datetime import datetime

from fulfilment import address_queries, cancellation_queries
from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder
from fulfilment.rules import LIVE_WORK, AddressAsk, ParcelsDoNotMatch
from fulfilment.services import address_requests
from inventory.rules import LevelsMoved
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.transactions import owns_transaction
from oms.flows import addressing, concluding, following, pulling, sourcing
from oms.flows.concluding import Edit
from oms.orders import address_queries as wanted_queries
from oms.orders import queries as order_queries
from oms.orders.amendments import Amendment
from oms.orders.models import AddressChange, Order
from oms.orders.readdressings import AddressPending, AddressState, NoAddressAsked
from oms.orders.requests import Address
from oms.orders.rules import OrderState
from oms.orders.services import addresses, orders
from oms.orders.services.orders import Change

MOST_AT_ONCE = 500


def confirmed(order: Order) -> list[FulfilmentOrder]:
    """The live work of a locked order that partners have confirmed."""
    live = work_queries.lock_live_work(order.pk)
    return [work for work in live if cancellation_queries.is_confirmed_elsewhere(work)]


def ask(edit: Edit, address: Address) -> bool:
    """Ask the partners of a locked order for another address; False when it has none, so that it counts at once.

    Raises ``AddressPending`` when an earlier one has not been settled.
    """
    order, change = edit.order, edit.change
    if wanted_queries.open_change(order.pk) is not None:
        raise AddressPending(
            f"{order.number} waits for partners to accept another address. Withdraw that, or wait."
        )
    works = confirmed(order)
    if works:
        wanted = addresses.want(order, address, by=change)
        for work in works:
            _ask(order, work, wanted, change)
        edit.asked_to_readdress = tuple(dict.fromkeys(work.location.name for work in works))
    return bool(works)


def ask_too(work: FulfilmentOrder, *, actor: Actor, at: datetime) -> None:
    """Ask a partner that has just confirmed work, of an order that is to go elsewhere meanwhile."""
    if work.location.kind == "own":
        return
    wanted = wanted_queries.lock_open(work.order_id)
    asked = {each.fulfilment_order_id for each in address_queries.asked_for(wanted)} if wanted else set()
    if wanted is not None and work.pk not in asked:
        _ask(work.order, work, wanted, Change(wanted.reason, actor, at, wanted.reason_code))


@owns_transaction(retry_on=LevelsMoved)
def answer(number: str, *, accepts: bool, said: str, actor: Actor, at: datetime) -> FulfilmentOrder:
    """Keep a partner's answer to another address; when it is the last to accept the order goes there at once.

    Raises ``FulfilmentOrderNotFound``, ``NoAddressAsked``, ``ParcelsDoNotMatch`` when it accepts what it has packed,
    ``Invalid`` when it refuses without saying why.
    """
    if not accepts and not said.strip():
        message = "Say why the address is refused."
        raise Invalid(message, problems=(("#/reason", message),))
    work = work_queries.lock_work(number)
    request = address_queries.open_request(work)
    order = order_queries.lock_order(work.order.number)
    if accepts and any(line.quantity_packed for line in work_queries.lines_to_work(work)):
        raise ParcelsDoNotMatch(
            f"Part of {number} is packed for the present address. Unpack it, or refuse the new one."
        )
    by = Change(said.strip(), actor, at)
    state = AddressAsk.ACCEPTED if accepts else AddressAsk.REFUSED
    address_requests.answer(request, state, said=by.reason, actor=actor, at=at)
    addressing.tell(order, state.value, [work], by)
    if accepts:
        settle(order, actor=actor, at=at)
    else:
        why = f"{work.location.name} does not send {number} elsewhere: {by.reason}"
        addressing.end(order, AddressState.REFUSED, Change(why, actor, at))
    return work


@owns_transaction()
def withdraw(number: str, *, reason: str, actor: Actor, at: datetime) -> Order:
    """Take the wish for another address back; the order goes where it went.

    Raises ``OrderNotFound``, ``NoAddressAsked``, ``Invalid`` without a reason.
    """
    if not reason.strip():
        message = "Say why the new address is withdrawn."
        raise Invalid(message, problems=(("#/reason", message),))
    order = order_queries.lock_order(number)
    if wanted_queries.open_change(order.pk) is None:
        raise NoAddressAsked(f"{number} is not to go elsewhere, or that was settled before.")
    by = Change(reason.strip(), actor, at)
    addressing.end(order, AddressState.WITHDRAWN, by, is_asked_for=True)
    return order


def settle(order: Order, *, actor: Actor, at: datetime, without: frozenset[int] = frozenset()) -> None:
    """Let a locked order go elsewhere when all whom it asked have accepted or have no work of it any more.

    ``without`` names location ids where nothing of it may be planned.
    """
    wanted = wanted_queries.lock_open(order.pk)
    if wanted is None:
        return
    requests = address_queries.asked_for(wanted)
    gone = [each for each in requests if each.fulfilment_order.status not in LIVE_WORK]
    addressing.drop(gone, Change("The work is cancelled.", actor, at))
    if any(each.state == AddressAsk.REQUESTED for each in requests):
        return
    packed = work_queries.packed_or_gone(order.pk)
    if packed:
        why = f"{', '.join(packed)} was packed for the old address before all had answered."
        addressing.end(order, AddressState.OVERTAKEN, Change(why, actor, at))
        return
    _apply(order, wanted, actor=actor, at=at, without=without)


def end_what_left(work: FulfilmentOrder, *, shipment: str, actor: Actor, at: datetime) -> None:
    """A part of the order has just left for the address it had: it goes nowhere else any more."""
    why = Change(f"Pieces of {work.number} have left with {shipment}.", actor, at)
    addressing.end(work.order, AddressState.OVERTAKEN, why)


def settle_stranded(*, actor: Actor, at: datetime) -> int:
    """Settle address changes whose last asked work was cancelled otherwise; says how many."""
    numbers = address_queries.stranded()[:MOST_AT_ONCE]
    for number in numbers:
        _settle(number, actor=actor, at=at)
    return len(numbers)


@owns_transaction(retry_on=LevelsMoved)
def _settle(number: str, *, actor: Actor, at: datetime) -> None:
    settle(order_queries.lock_order(number), actor=actor, at=at)


def change_facts(order: Order, amendment: Amendment, change: Change) -> list[str]:
    """Change what an amendment says of a locked order beside its lines, and free what is to be planned anew."""
    before = _what_plans_rest_on(order)
    facts = orders.change_facts(order, amendment)
    if before != _what_plans_rest_on(order):
        # Another place may be cheaper to send from now: all that nobody has touched is planned anew.
        wanted = {line.pk: line.quantity_allocated for line in order_queries.lines_of([order.pk])}
        pulling.pull(order, wanted, why=change.reason, actor=change.actor, at=change.at)
    return facts


def _apply(
    order: Order, wanted: AddressChange, *, actor: Actor, at: datetime, without: frozenset[int]
) -> None:
    """Send a locked order elsewhere: what is ours is planned anew, what partners have accepted follows."""
    change = Change(wanted.reason, actor, at, wanted.reason_code)
    before = _what_plans_rest_on(order)
    facts = change_facts(order, Amendment(address=Address(**wanted.address)), change)
    addresses.settle(wanted, AddressState.APPLIED, by=Change("", actor, at))
    sourcing.source_again(order, actor=actor, at=at, why=f"Changed: {wanted.reason}.", without=without)
    if before != _what_plans_rest_on(order):
        following.follow(order, _agreed(order), why=f"Changed: {wanted.reason}.", at=at)
    concluding.conclude(Edit(order, change, facts=facts), 0)


def _agreed(order: Order) -> Sequence[FulfilmentOrder]:
    return confirmed(order) if order.state in (OrderState.OPEN, OrderState.ON_HOLD) else ()


def _ask(order: Order, work: FulfilmentOrder, wanted: AddressChange, change: Change) -> None:
    request = address_requests.ask(work, wanted, at=change.at)
    addressing.tell(order, "requested", [work], change, answer_by=request.answer_by.isoformat())


def _what_plans_rest_on(order: Order) -> tuple[object, ...]:
    where = (order.ship_country, order.ship_region, order.ship_postcode)
    return (*where, order.shipping_option, order.deliver_from)
