"""One table: topic -> what the house does about it. Each reaction may run more than once."""

from datetime import datetime

from oms.alerts.services import alerts
from oms.core import webhooks
from oms.core.relay import Reaction
from oms.core.transactions import owns_transaction

# A topic that stands here names all of its reactions, the webhooks' among them.
REACTIONS: dict[str, tuple[Reaction, ...]] = {
    webhooks.DELIVER: (webhooks.deliver,),
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
