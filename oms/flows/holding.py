"""Stories of goods that must not be sold: set aside, given back, recalled, expired."""

from dataclasses import dataclass
from datetime import datetime

from inventory import floor_queries, lot_queries
from inventory import queries as stock_queries
from inventory.models import Lot, StockLevel
from inventory.rules import ReasonRequired
from inventory.services import holds, lots
from inventory.services.adjustments import Where
from oms.alerts.models import Severity
from oms.alerts.services import alerts
from oms.catalogue import queries as sku_queries
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.transactions import owns_transaction
from oms.flows import displacing


@dataclass(frozen=True, slots=True)
class Held:
    """Which pieces are meant: where they stand, of which lot, and as what they are set aside."""

    sku: str
    location: str
    pieces: int
    is_damaged: bool = False
    bin: str = ""
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a recall took off sale, whose promises gave way, and who has it in hand."""

    lot: Lot
    pieces: int
    displaced: tuple[str, ...]
    in_hand: tuple[str, ...]


@owns_transaction()
def set_aside(what: Held, *, note: str, actor: Actor, at: datetime) -> str:
    """Take pieces off sale; when they were promised, the newest promises give way. The number of that.

    Raises ``SkuNotFound``, ``LocationNotFound``, ``BinNotFound``, ``LotNotFound``, ``ReasonRequired``,
    ``NotEnoughStock``.
    """
    level, where = _spot(what, note)
    displaced = displacing.make_room(level, what.pieces, why=note, actor=actor, at=at)
    level = stock_queries.lock_level(level.sku_id, level.location_id)
    number = holds.set_aside(
        level, what.pieces, is_damaged=what.is_damaged, note=note, where=where, actor=actor, at=at
    )
    _note("stock.set_aside", what, number, note, actor=actor, at=at, displaced=displaced)
    return number


@owns_transaction()
def give_back(what: Held, *, note: str, actor: Actor, at: datetime) -> str:
    """Put pieces that were set aside on sale again; the number of that.

    Raises ``SkuNotFound``, ``LocationNotFound``, ``BinNotFound``, ``LotNotFound``, ``ReasonRequired``,
    ``NotEnoughStock``, ``LotRefused`` when the lot was recalled or has expired.
    """
    level, where = _spot(what, note)
    level = stock_queries.lock_level(level.sku_id, level.location_id)
    lots.check_sellable(level, where.lot, at=at)
    number = holds.give_back(
        level, what.pieces, is_damaged=what.is_damaged, note=note, where=where, actor=actor, at=at
    )
    _note("stock.given_back", what, number, note, actor=actor, at=at)
    outbox.record(
        "stock.changed",
        aggregate=f"sku:{what.sku}",
        payload={
            "sku": what.sku,
            "location": what.location,
            "document": number,
            "quantity_delta": what.pieces,
        },
        at=at,
    )
    return number


@owns_transaction()
def recall_lot(sku: str, code: str, *, reason: str, actor: Actor, at: datetime) -> Recalled:
    """Take all pieces of a lot off sale everywhere at once; promises they had served give way.

    Raises ``LotNotFound``, ``LotRefused`` when it was recalled before, ``Invalid`` without a reason.
    """
    lot = lot_queries.lock_lot(sku, code)
    in_hand = tuple(lot_queries.in_somebodys_hand(lot))
    lots.recall(lot, reason=reason, at=at)
    why = f"Lot {code} of {sku} was recalled: {lot.recall_reason}"
    pieces = 0
    displaced: list[str] = []
    for level in lot_queries.levels_holding(lot):
        taken, orders = _quarantine(level, lot, why, actor=actor, at=at)
        pieces += taken
        displaced += orders
    message = f"{why}. {pieces} pieces are off sale."
    if in_hand:
        message += f" Picked for {', '.join(in_hand[:5])}: take it out."
    alerts.open_alert(
        "lot_recalled",
        "lot",
        f"{sku}/{code}",
        message=message,
        at=at,
        url=f"/stock/lots/{lot.pk}",
        severity=Severity.STOP,
    )
    audit.record("lot.recalled", "lot", str(lot.pk), actor=actor, at=at, note=why, changes={"pieces": pieces})
    payload = {"sku": sku, "lot": code, "reason": lot.recall_reason, "pieces": pieces}
    outbox.record("lot.recalled", aggregate=f"sku:{sku}", payload=payload, at=at)
    return Recalled(lot, pieces, tuple(dict.fromkeys(displaced)), in_hand)


@owns_transaction()
def expire(level_id: int, *, actor: Actor, at: datetime) -> int:
    """Take the lots of a level that must not be sold any more off sale; the pieces."""
    level = stock_queries.level_with_id(level_id)
    pieces = 0
    for lot, _ in lot_queries.lots_past_sale(level, at):
        why = f"Lot {lot.code} of {level.sku.code} expires on {lot.expires_on:%d %b %Y}"
        taken, displaced = _quarantine(level, lot, why, actor=actor, at=at)
        pieces += taken
        alerts.open_alert(
            "lot_expired",
            "lot",
            f"{lot.pk}@{level.location.code}",
            message=f"{why}: {taken} pieces at {level.location.name} are off sale. {len(displaced)} orders moved.",
            at=at,
            location=level.location.code,
            url=f"/stock/lots/{lot.pk}",
        )
        audit.record(
            "lot.expired", "lot", str(lot.pk), actor=actor, at=at, note=f"{taken} at {level.location}"
        )
    return pieces


def _quarantine(
    level: StockLevel, lot: Lot, why: str, *, actor: Actor, at: datetime
) -> tuple[int, tuple[str, ...]]:
    free = lot_queries.sellable_of(level, lot)
    displaced = displacing.make_room(level, free, why=why, actor=actor, at=at)
    locked = stock_queries.lock_level(level.sku_id, level.location_id)
    return holds.set_lot_aside(locked, lot, note=why, actor=actor, at=at), displaced


def _spot(what: Held, note: str) -> tuple[StockLevel, Where]:
    if not note.strip():
        message = "Say why."
        raise ReasonRequired(message, problems=(("#/note", message),))
    sku = sku_queries.sku(what.sku)
    place = stock_queries.location(what.location)
    level = stock_queries.level(sku.pk, place.pk)
    where = Where(
        floor_queries.bin_at(place.pk, what.bin) if what.bin else None,
        lot_queries.lot(what.sku, what.lot) if what.lot else None,
    )
    return level, where


def _note(
    action: str,
    what: Held,
    number: str,
    note: str,
    *,
    actor: Actor,
    at: datetime,
    displaced: tuple[str, ...] = (),
) -> None:
    changes = {
        "location": what.location,
        "pieces": what.pieces,
        "damaged": what.is_damaged,
        "lot": what.lot,
        "bin": what.bin,
        "displaced": list(displaced),
    }
    audit.record(action, "sku", what.sku, actor=actor, at=at, note=f"{number} {note}", changes=changes)
