"""How the states of orders look, and what the deeds in an order's history are called."""

from dataclasses import dataclass

from oms.core.status import DONE, LOOK, STOP, WAIT, WORK, Look, fill

STATUS = {
    "backordered": Look(LOOK, "Backorder"),
    "allocated": Look(WAIT, "Queued"),
    "picking": Look(WORK, "Picking"),
    "picked": Look(WORK, "Picked"),
    "packed": Look(WORK, "Packed"),
    "partially_shipped": Look(WORK, "Part shipped"),
    "shipped": Look(DONE, "Shipped"),
    "on_hold": Look(STOP, "On hold"),
    "cancelled": Look(WAIT, "Cancelled", "ban"),
}
STATE = {
    "open": Look(WORK, "Open"),
    "on_hold": Look(STOP, "On hold"),
    "closed": Look(DONE, "Closed"),
    "cancelled": Look(WAIT, "Cancelled", "ban"),
}
fill("order", STATUS)
fill("order_state", STATE)
fill(
    "fulfilment",
    {
        "open": Look(WAIT, "Queued"),
        "on_hold": Look(STOP, "On hold"),
        "picking": Look(WORK, "Picking"),
        "picked": Look(WORK, "Picked"),
        "packed": Look(WORK, "Packed"),
        "shipped": Look(DONE, "Shipped"),
        "cancelled": Look(WAIT, "Cancelled", "ban"),
    },
)
fill(
    "request",
    {
        "queued": Look(WAIT, "Not sent"),
        "sent": Look(WORK, "Sent"),
        "acknowledged": Look(DONE, "Acknowledged"),
        "rejected": Look(STOP, "Rejected"),
    },
)
fill(
    "cancellation",
    {
        "requested": Look(WORK, "Asked"),
        "accepted": Look(DONE, "Accepted"),
        "refused": Look(STOP, "Refused"),
    },
)
fill(
    "candidate",
    {
        "chosen": Look(DONE, "Chosen"),
        "runner-up": Look(WAIT, "Runner-up"),
        "kept": Look(WAIT, "Kept"),
        "dropped": Look(WAIT, "Dropped", "ban"),
    },
)


@dataclass(frozen=True, slots=True)
class Deed:
    """How one kind of audit entry reads in a timeline."""

    says: str
    icon: str
    tone: str = WAIT


DEEDS = {
    "order.placed": Deed("took in the order", "inbox"),
    "order.sourced": Deed("found stock for it", "route"),
    "order.replanned": Deed("planned it anew with others", "route", WORK),
    "order.held": Deed("put the order on hold", "player-pause", STOP),
    "order.released": Deed("released the order", "player-play", WORK),
    "order.hold-assigned": Deed("handed the hold over", "user", WORK),
    "order.partial_decided": Deed("decided what ships", "check", WORK),
    "order.amended": Deed("changed the order", "adjustments", WORK),
    "order.cancelled": Deed("cancelled the order", "ban", LOOK),
    "work.claimed": Deed("claimed the work", "user", WORK),
    "work.released": Deed("gave the work back", "user"),
    "work.picked": Deed("picked", "packages", DONE),
    "work.packed": Deed("packed", "box", DONE),
    "pick.short": Deed("found too few", "alert-triangle", LOOK),
    "parcel.closed": Deed("closed a parcel", "box", DONE),
    "invoice.issued": Deed("billed what left", "note", DONE),
    "invoice.settled": Deed("marked an invoice as paid", "credit-card", DONE),
    "letter.sent": Deed("wrote to the customer", "mail", DONE),
    "letter.logged": Deed("wrote a letter that was only logged", "mail"),
    "letter.withdrawn": Deed("withdrew a letter", "mail", LOOK),
    "letter.failed": Deed("could not send a letter", "mail", STOP),
    "letter.sent_again": Deed("had a letter sent again", "repeat", WORK),
    "order.mail_corrected": Deed("corrected the mail address", "mail", WORK),
    "letter.test_asked": Deed("tried a template on it", "mail"),
    "parcel.opened": Deed("opened a parcel again", "arrow-back-up", LOOK),
    "shipment.left": Deed("handed it over", "truck", DONE),
    "fulfilment_order.acknowledged": Deed("accepted the work", "check", WORK),
    "fulfilment.cancellation_requested": Deed("asked the partner to leave out", "send", WORK),
    "fulfilment.cancellation_accepted": Deed("leaves out what was asked", "check", DONE),
    "fulfilment.cancellation_refused": Deed("does not cancel", "hand-stop", STOP),
    "fulfilment.address_requested": Deed("asked the partner to send it elsewhere", "send", WORK),
    "fulfilment.address_accepted": Deed("sends it to the new address", "check", DONE),
    "fulfilment.address_refused": Deed("does not send it elsewhere", "hand-stop", STOP),
    "fulfilment.address_withdrawn": Deed("left the address as it was", "arrow-back-up", LOOK),
    "fulfilment_order.rejected": Deed("rejected the work", "hand-stop", STOP),
}


def deed_of(action: str) -> Deed:
    """Return how an action reads; one that nobody described is shown by its own name."""
    return DEEDS.get(action) or Deed(action.replace(".", " ").replace("_", " "), "note")
