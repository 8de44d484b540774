"""One table: topic -> what the house does about it. Each reaction may run more than once."""

from datetime import datetime

from oms.alerts.services import alerts
from oms.core import webhooks
from oms.core.actors import SYSTEM
from oms.core.outbox import Message
from oms.core.relay import Reaction
from oms.core.transactions import owns_transaction
from oms.flows import count_opening, ordering
from oms.flows.count_opening import Wanted


def serve_waiting(message: Message) -> None:
    """Stock came free: the orders that wait for it are served, each in its turn."""
    said = message.payload
    # An order that only waited frees nothing when it is cancelled.
    skus = said["skus"] if "skus" in said else [said["sku"]]
    if message.payload.get("quantity_delta", 1) <= 0:
        return
    for sku in skus:
        ordering.serve_waiting(sku, actor=SYSTEM, at=message.claimed_at)


def count_what_was_short(message: Message) -> None:
    """A picker found too few: what the books say is there is counted, unless it is being counted already."""
    said = message.payload
    if "sku" in said:
        wanted = Wanted(location=said["location"], sku=said["sku"], bin=said.get("bin", ""))
        count_opening.open_because(wanted, cause=f"Short pick of {said['number']}", at=message.claimed_at)


# A topic that stands here names all of its reactions, the webhooks' among them.
REACTIONS: dict[str, tuple[Reaction, ...]] = {
    webhooks.DELIVER: (webhooks.deliver,),
    "stock.changed": (webhooks.fan_out, serve_waiting),
    "order.cancelled": (webhooks.fan_out, serve_waiting),
    "pick.short": (webhooks.fan_out, count_what_was_short),
}
# News of every other topic is told to the endpoints that listen.
OTHERWISE: tuple[Reaction, ...] = (webhooks.fan_out,)


@owns_transaction()
def tell_of_dead_letter(message_id: int, error: str, at: datetime) -> None:
    """Open an alert for a message that has stopped; it holds back what comes after it."""
    alerts.open_alert(
        "message.stopped",
        "message",
        str(message_id),
        message=f"Message {message_id} could not be told: {error}",
        at=at,
        url=f"/messages/{message_id}",
    )
