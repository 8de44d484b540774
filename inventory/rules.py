"""The words of stock and the arithmetic of levels; pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from oms.core.errors import Conflict, Invalid
from oms.core.lifecycles import Lifecycle


class LocationKind(StrEnum):
    """Who stands behind a place; the last three are sides of the books where nothing is kept."""

    OWN = "own"
    PARTNER = "3pl"
    SUPPLIER = "supplier"
    TRANSIT = "transit"
    SUPPLY = "supply"
    CUSTOMER = "customer"
    LOSS = "loss"


# Places that orders are served from.
SHIPPING = (LocationKind.OWN, LocationKind.PARTNER, LocationKind.SUPPLIER)
# Places that have levels: goods on their way stand in transit, where nobody can sell them.
STOCK_KEEPING = (*SHIPPING, LocationKind.TRANSIT)


class BinKind(StrEnum):
    """What a bin is for."""

    STORAGE = "storage"
    RECEIVING = "receiving"
    STAGING = "staging"
    INSPECTION = "inspection"


class ReportPolicy(StrEnum):
    """What the stock that a partner or supplier reports is good for."""

    COMPARE = "compare"
    SELL = "sell"


class MovementKind(StrEnum):
    """Why a level changed."""

    RECEIVE = "receive"
    RESERVE = "reserve"
    RELEASE = "release"
    ISSUE = "issue"
    ADJUST = "adjust"
    MOVE = "move"
    HOLD = "hold"
    TRANSFER = "transfer"
    REPAIR = "repair"


class SerialStatus(StrEnum):
    """Where one numbered piece is."""

    IN_STOCK = "in_stock"
    IN_TRANSIT = "in_transit"
    ISSUED = "issued"
    LOST = "lost"


class TransferStatus(StrEnum):
    """How far goods between two locations are."""

    PLANNED = "planned"
    SENT = "sent"
    RECEIVED = "received"
    CANCELLED = "cancelled"


TRANSFER_LIFECYCLE = Lifecycle(
    {
        TransferStatus.PLANNED: frozenset({TransferStatus.SENT, TransferStatus.CANCELLED}),
        TransferStatus.SENT: frozenset({TransferStatus.RECEIVED}),
        TransferStatus.RECEIVED: frozenset(),
        TransferStatus.CANCELLED: frozenset(),
    }
)


class CountStatus(StrEnum):
    """How far a count is: the first person's, perhaps a second one's, and a third one's word."""

    OPEN = "open"
    COUNTING = "counting"
    RECOUNT = "recount"
    REVIEW = "review"
    POSTED = "posted"
    CANCELLED = "cancelled"


COUNT_LIFECYCLE = Lifecycle(
    {
        CountStatus.OPEN: frozenset({CountStatus.COUNTING, CountStatus.CANCELLED}),
        CountStatus.COUNTING: frozenset(
            {
                CountStatus.OPEN,
                CountStatus.RECOUNT,
                CountStatus.REVIEW,
                CountStatus.POSTED,
                CountStatus.CANCELLED,
            }
        ),
        CountStatus.RECOUNT: frozenset({CountStatus.REVIEW, CountStatus.POSTED, CountStatus.CANCELLED}),
        CountStatus.REVIEW: frozenset({CountStatus.RECOUNT, CountStatus.POSTED, CountStatus.CANCELLED}),
        CountStatus.POSTED: frozenset(),
        CountStatus.CANCELLED: frozenset(),
    }
)


class NotEnoughStock(Conflict):
    """Fewer units are there than the move would take."""

    code = "not-enough-stock"


class LevelsMoved(Conflict):
    """A level changed between the look and the reservation; plan again."""

    code = "levels-moved"


class NeedsSecondPerson(Conflict):
    """The correction is worth more than one person may write alone in a day."""

    code = "needs-second-person"


class BinRefused(Conflict):
    """The bin is full, stands elsewhere, or is not for that."""

    code = "bin-refused"


class ReasonRequired(Invalid):
    """An adjustment names no reason from the managed list."""

    code = "reason-required"


class LotRefused(Conflict):
    """The lot has expired, was recalled, or is known with another date."""

    code = "lot-refused"


class SerialRequired(Invalid):
    """Every piece of the SKU has a number of its own, and it is not named."""

    code = "serial-required"


class SerialRefused(Conflict):
    """The serial number is not where it should be, or was named twice."""

    code = "serial-refused"


class AlreadyAnnounced(Conflict):
    """These pieces were announced before under the same document."""

    code = "already-announced"


class DeliveryMoved(Conflict):
    """Somebody received or changed pieces of the delivery since it was looked at."""

    code = "delivery-moved"


class DeliveryRefused(Conflict):
    """Nothing of the delivery is to come any more, or it is not changed here."""

    code = "delivery-refused"


class ArrivalRefused(Conflict):
    """What was scanned does not belong to what should arrive."""

    code = "arrival-refused"


class Level(Protocol):
    """The figures of a stock level, in pieces."""

    on_hand: int
    reserved: int
    quarantined: int


def sellable_of_report(level: Level, said: int) -> int:
    """How many of the pieces that a supplier says it has count as sellable: never fewer than are promised already."""
    return max(0, said, level.reserved + level.quarantined - level.on_hand)


class LotRequired(Invalid):
    """Every piece of the SKU belongs to a lot, and none is named."""

    code = "lot-required"

    def __init__(self, sku: str) -> None:
        message = f"{sku} is kept by lot: scan or type the lot's code."
        super().__init__(message, problems=(("#/lot", message),))


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A level before and after an adjustment, in pieces."""

    number: str
    on_hand_before: int
    on_hand_after: int
    available_after: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """Pieces that arrived: of which lot, or which numbered piece, and whether they can be sold."""

    sku: str
    quantity: int
    lot: str = ""
    expires_on: date | None = None
    serials: tuple[str, ...] = ()
    is_damaged: bool = False


def local_day(timezone: str, at: datetime) -> date:
    """The day that it is at a place."""
    return at.astimezone(ZoneInfo(timezone)).date()
