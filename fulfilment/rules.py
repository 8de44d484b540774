"""The words of fulfilment and what may follow what; pure."""

from dataclasses import dataclass
from enum import StrEnum

from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.lifecycles import Lifecycle


class WorkStatus(StrEnum):
    """How far the work on a fulfilment order is."""

    OPEN = "open"
    ON_HOLD = "on_hold"
    PICKING = "picking"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


_ENDS = frozenset({WorkStatus.ON_HOLD, WorkStatus.SHIPPED, WorkStatus.CANCELLED})
_STEPS = frozenset({WorkStatus.OPEN, WorkStatus.PICKING, WorkStatus.PICKED, WorkStatus.PACKED})

# Scans and undos move work freely between the steps: the pieces of its lines say where it stands.
WORK_LIFECYCLE = Lifecycle(
    {
        **{step: (_STEPS - {step}) | _ENDS for step in _STEPS},
        WorkStatus.ON_HOLD: _STEPS | {WorkStatus.CANCELLED},
        WorkStatus.SHIPPED: frozenset(),
        WorkStatus.CANCELLED: frozenset(),
    }
)

LIVE_WORK = frozenset(
    {WorkStatus.OPEN, WorkStatus.ON_HOLD, WorkStatus.PICKING, WorkStatus.PICKED, WorkStatus.PACKED}
)


class RequestStatus(StrEnum):
    """What the place that ships has said to the request."""

    QUEUED = "queued"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"


REQUEST_LIFECYCLE = Lifecycle(
    {
        RequestStatus.QUEUED: frozenset(
            {RequestStatus.SENT, RequestStatus.ACKNOWLEDGED, RequestStatus.REJECTED}
        ),
        RequestStatus.SENT: frozenset({RequestStatus.ACKNOWLEDGED, RequestStatus.REJECTED}),
        RequestStatus.ACKNOWLEDGED: frozenset({RequestStatus.REJECTED}),
        RequestStatus.REJECTED: frozenset(),
    }
)


GROWING = {"status": WorkStatus.OPEN.value, "request_status": RequestStatus.QUEUED.value}
"""A request that nobody has begun or answered: more pieces for its place join it, so there is one of them at most."""


class AskState(StrEnum):
    """What became of our asking a partner to cancel pieces that it has confirmed."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"


ASK_LIFECYCLE = Lifecycle(
    {
        AskState.REQUESTED: frozenset({AskState.ACCEPTED, AskState.REFUSED}),
        AskState.ACCEPTED: frozenset(),
        AskState.REFUSED: frozenset(),
    }
)


class AddressAsk(StrEnum):
    """What became of our asking a partner to send confirmed work elsewhere; dropped: it need not answer any more."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DROPPED = "dropped"


ADDRESS_ASK_LIFECYCLE = Lifecycle(
    {
        AddressAsk.REQUESTED: frozenset({AddressAsk.ACCEPTED, AddressAsk.REFUSED, AddressAsk.DROPPED}),
        AddressAsk.ACCEPTED: frozenset(),
        AddressAsk.REFUSED: frozenset(),
        AddressAsk.DROPPED: frozenset(),
    }
)


class ScanKind(StrEnum):
    """What a floor scan did."""

    PICK = "pick"
    PACK = "pack"


class FulfilmentOrderNotFound(NotFound):
    """No fulfilment order has this number."""

    code = "fulfilment-order-not-found"


class WrongItem(Conflict):
    """The scanned item is not on this fulfilment order, or all of it is there already."""

    code = "wrong-item"


class TooMany(Conflict):
    """More pieces than the step before has passed on."""

    code = "too-many"


class ParcelsDoNotMatch(Invalid):
    """The parcels hold something that the fulfilment order does not."""

    code = "parcels-do-not-match"


class WorkHeld(Conflict):
    """The order is on hold: nobody picks, packs or ships it."""

    code = "work-on-hold"


class NotClaimed(Conflict):
    """Somebody else has the task."""

    code = "claimed-by-another"


class NothingAsked(Conflict):
    """Nobody has asked to cancel anything of this fulfilment order, or it was answered before."""

    code = "no-open-cancellation"


class CancellationPending(Conflict):
    """The partner was asked already and has not answered."""

    code = "cancellation-pending"


class DuplicateTracking(Conflict):
    """The carrier's tracking number belongs to another parcel."""

    code = "duplicate-tracking-number"


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """Pieces of one SKU in a parcel: of which lot, and which numbered ones, where these are kept."""

    sku: str
    quantity: int
    lot: str = ""
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewParcel:
    """A parcel that leaves, as the one who ships it describes it."""

    carrier: str
    tracking_number: str
    lines: tuple[ParcelLine, ...]
    weight_grams: int | None = None
