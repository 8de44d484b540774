"""Another address that partners are asked for: its news, and its end when it does not come true."""

from collections.abc import Sequence

from fulfilment import address_queries
from fulfilment.models import AddressRequest, FulfilmentOrder
from fulfilment.rules import AddressAsk
from fulfilment.services import address_requests
from oms.alerts.services import alerts
from oms.core import audit, outbox
from oms.orders import address_queries as wanted_queries
from oms.orders import job_queries
from oms.orders.models import AddressChange, Order
from oms.orders.readdressings import AddressState
from oms.orders.services import addresses
from oms.orders.services.orders import Change


def end(order: Order, state: AddressState, by: Change, *, is_asked_for: bool = False) -> None:
    """End the open address change of a locked order, if it has one; the order goes where it went.

    Partners that had accepted must be told, and so must staff unless they asked for the end themselves.
    """
    change = wanted_queries.lock_open(order.pk)
    if change is None:
        return
    requests = address_queries.asked_for(change)
    concerned = {AddressAsk.REQUESTED, AddressAsk.ACCEPTED}
    told = [each.fulfilment_order for each in requests if each.state in concerned]
    drop(requests, by)
    addresses.settle(change, state, by=by)
    tell(order, "withdrawn", told, by)
    agreed = [each for each in requests if each.state == AddressAsk.ACCEPTED]
    if agreed or not is_asked_for:
        _alert(order, change, agreed, by)


def drop(requests: Sequence[AddressRequest], by: Change) -> None:
    """Let partners that have not answered off their answer."""
    for each in requests:
        if each.state == AddressAsk.REQUESTED:
            address_requests.answer(each, AddressAsk.DROPPED, said=by.reason, actor=by.actor, at=by.at)


def tell(order: Order, event: str, works: Sequence[FulfilmentOrder], by: Change, answer_by: str = "") -> None:
    """Write down and tell what became of an address change at these places; never the address itself."""
    topic = f"fulfilment.address_{event}"
    for work in works:
        note = f"{work.number} at {work.location.name}. {by.reason}".strip()
        audit.record(topic, "order", order.number, actor=by.actor, at=by.at, note=note)
        payload = {
            "number": work.number,
            "order": order.number,
            "location": work.location.code,
            "reason": by.reason,
            "code": by.code,
        }
        if answer_by:
            payload["answer_by"] = answer_by
        outbox.record(topic, aggregate=f"order:{order.number}", payload=payload, at=by.at)


def _alert(order: Order, change: AddressChange, agreed: Sequence[AddressRequest], by: Change) -> None:
    places = ", ".join(
        f"{each.fulfilment_order.location.name} ({each.fulfilment_order.number})" for each in agreed
    )
    had_agreed = f" Tell {places}, which had accepted." if agreed else ""
    alert = alerts.open_alert(
        "address_stays",
        "order",
        order.number,
        message=f"{order.number} goes to the address it had.{had_agreed} {by.reason}",
        at=by.at,
        url=f"/orders/{order.number}",
    )
    owner = job_queries.person(change.requested_by) or job_queries.owner_of(order.pk)
    if owner is not None and alert.owner_id is None:
        alerts.assign(alert, owner=owner)
