"""One table: topic -> what the house does about it. Each reaction may run more than once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from oms.alerts.services import alerts
from oms.core import webhooks
from oms.core.actors import SYSTEM
from oms.core.outbox import Message
from oms.core.relay import Reaction
from oms.core.transactions import owns_transaction
from oms.flows import count_opening, deliveries, lettering, ordering, watching
from oms.flows.count_opening import Wanted
from oms.letters import queries as letter_queries
from oms.letters.rules import Occasion


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


def write_confirmation(message: Message) -> None:
    """An order came in: its customer is told."""
    number = message.payload["number"]
    _write(message, Occasion.CONFIRMED, number, "")


def write_shipped(message: Message) -> None:
    """Parcels left: the customer gets their tracking numbers."""
    said = message.payload
    _write(message, Occasion.SHIPPED, said["order"], said["number"], {"shipment": said["number"]})


def write_delayed(message: Message) -> None:
    """A promise moved: the customer is told when it became later."""
    said = message.payload
    to = datetime.fromisoformat(said["to"])
    if to > datetime.fromisoformat(said["from"]):
        about = {name: said[name] for name in ("from", "to", "arrives_on")}
        _write(message, Occasion.DELAYED, said["number"], f"{to.astimezone(UTC):%Y-%m-%dT%H:%MZ}", about)


def write_pieces_cancelled(message: Message) -> None:
    """An order was changed: the customer is told of pieces that were taken off it."""
    said = message.payload
    pieces = {sku: -count for sku, count in said["pieces"].items() if count < 0}
    if pieces:
        _write(message, Occasion.CANCELLED, said["number"], f"v{said['version']}", {"pieces": pieces})


def write_cancelled(message: Message) -> None:
    """A whole order was cancelled: the customer is told."""
    _write(message, Occasion.CANCELLED, message.payload["number"], "")


def write_invoiced(message: Message) -> None:
    """An invoice was issued: the customer gets it."""
    said = message.payload
    _write(message, Occasion.INVOICED, said["order"], said["number"], {"invoice": said["number"]})


def _write(
    message: Message, occasion: Occasion, order: str, which: str, about: Mapping[str, Any] | None = None
) -> None:
    key = ":".join(filter(None, [occasion.value, order, which]))
    told_at, at = message.recorded_at, message.claimed_at
    lettering.write(occasion, order, key, about or {}, told_at=told_at, at=at)


def alert_oversold(message: Message) -> None:
    """Somebody else promised what we have not: a person looks."""
    watching.oversold(message.payload["number"], message.payload["why"], at=message.claimed_at)


def promise_the_rest(message: Message) -> None:
    """A delivery was changed for more orders than one transaction renews the promises of: the others follow."""
    said = message.payload
    if said["orders"] > deliveries.MOST_AT_ONCE:
        why = f"{said['reference']} was changed: {said['reason']}"
        deliveries.promise_the_rest(said["sku_ids"], why=why, at=message.claimed_at)


# A topic that stands here names all of its reactions, the webhooks' among them.
REACTIONS: dict[str, tuple[Reaction, ...]] = {
    webhooks.DELIVER: (webhooks.deliver,),
    letter_queries.SEND: (lettering.deliver,),
    letter_queries.TEST: (lettering.deliver_test,),
    "stock.changed": (webhooks.fan_out, serve_waiting),
    "order.placed": (webhooks.fan_out, write_confirmation),
    "order.promise_moved": (webhooks.fan_out, write_delayed),
    "order.amended": (webhooks.fan_out, write_pieces_cancelled),
    "order.cancelled": (webhooks.fan_out, serve_waiting, write_cancelled),
    "shipment.left": (webhooks.fan_out, write_shipped),
    "invoice.issued": (webhooks.fan_out, write_invoiced),
    "order.oversold": (webhooks.fan_out, alert_oversold),
    "delivery.changed": (webhooks.fan_out, promise_the_rest),
    "delivery.called_off": (webhooks.fan_out, promise_the_rest),
    "pick.short": (webhooks.fan_out, count_what_was_short),
}
# News of every other topic is told to the endpoints that listen.
OTHERWISE: tuple[Reaction, ...] = (webhooks.fan_out,)


def tell_of_dead_letter(message_id: int, error: str, at: datetime) -> None:
    """Open an alert for a message that has stopped; one that carries a letter says what to do about the letter."""
    letter = letter_queries.of_message(message_id)
    if letter is not None:
        lettering.fail(letter, error=error, at=at)
    else:
        _tell_of_message(message_id, error, at)


@owns_transaction()
def _tell_of_message(message_id: int, error: str, at: datetime) -> None:
    alerts.open_alert(
        "message.stopped",
        "message",
        str(message_id),
        message=f"Message {message_id} could not be told: {error}",
        at=at,
        url=f"/messages/{message_id}",
    )
