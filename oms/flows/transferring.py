"""Stories of a transfer: planned, sent, received piece by piece, cancelled before it leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from inventory import delivery_queries, floor_queries
from inventory import queries as stock_queries
from inventory.models import Lot, Transfer
from inventory.rules import ArrivalRefused, Arrived, LevelsMoved
from inventory.services import arrivals, transfers
from inventory.services.arrivals import NewArrival
from inventory.services.transfers import Journey, Wanted
from oms.alerts.services import alerts
from oms.catalogue import queries as sku_queries
from oms.catalogue.models import Sku
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.errors import NotFound
from oms.core.transactions import owns_transaction
from oms.flows import binding, deliveries
from oms.flows.arriving import Noted


@dataclass(frozen=True, slots=True)
class NewTransfer:
    """What is to go where: (SKU code, pieces, lot or "") per line."""

    origin: str
    destination: str
    expected_on: date
    lines: tuple[tuple[str, int, str], ...]
    note: str = ""


class LotNotFound(NotFound):
    """The SKU has no such lot."""

    code = "lot-not-found"


@owns_transaction()
def plan(request: NewTransfer, *, actor: Actor, at: datetime) -> Transfer:
    """Set goods aside that will go to another location.

    Raises ``LocationNotFound``, ``SkuNotFound``, ``LotNotFound``, ``NotEnoughStock``, ``Invalid``.
    """
    journey = Journey(
        stock_queries.location(request.origin),
        stock_queries.location(request.destination),
        request.expected_on,
        request.note,
    )
    skus = sku_queries.skus_by_code(code for code, _, _ in request.lines)
    wanted = [Wanted(skus[code], pieces, _lot(skus[code], lot)) for code, pieces, lot in request.lines]
    transfer = transfers.plan(journey, wanted, actor=actor, at=at)
    _note(transfer, "transfer.planned", actor=actor, at=at)
    return transfer


@owns_transaction()
def send(
    number: str, *, numbers: Mapping[str, Sequence[str]] | None = None, actor: Actor, at: datetime
) -> Transfer:
    """The goods leave: they are on their way, and incoming where they go.

    Raises ``TransferNotFound``, ``IllegalTransition``, ``SerialRequired``, ``SerialRefused``.
    """
    transfer = floor_queries.lock_transfer(number)
    transfers.send(transfer, numbers=numbers or {}, actor=actor, at=at)
    _note(transfer, "transfer.sent", actor=actor, at=at)
    return transfer


@owns_transaction()
def cancel(number: str, *, actor: Actor, at: datetime) -> Transfer:
    """Call a transfer off before it leaves; its goods may be sold again.

    Raises ``TransferNotFound``, ``IllegalTransition``.
    """
    transfer = floor_queries.lock_transfer(number)
    transfers.cancel(transfer, actor=actor, at=at)
    _note(transfer, "transfer.cancelled", actor=actor, at=at)
    _tell_stock(transfer, transfer.origin.code, at=at)
    return transfer


@owns_transaction()
def note_arrival(number: str, *, sku: str, read: NewArrival, actor: Actor, at: datetime) -> Noted:
    """Note one scan of something that arrived; the same key counts once, and nothing moves before it is posted.

    Raises ``TransferNotFound``, ``SkuNotFound``, ``ArrivalRefused``, ``LotRequired``, ``SerialRequired``.
    """
    transfer = floor_queries.lock_transfer(number)
    seen = floor_queries.scan_with_key(read.key)
    if seen is not None:
        return Noted(seen, is_repeat=True)
    article = sku_queries.sku(sku)
    scan = arrivals.record(transfer.destination, number, article, read, actor=actor, at=at)
    waiting = floor_queries.arrivals(transfer.destination_id, number)
    transfers.check_arrival(transfer, arrivals.counted(waiting))
    return Noted(scan)


@owns_transaction()
def post_arrivals(number: str, *, actor: Actor, at: datetime) -> str:
    """Put everything that was scanned into stock; the receipt's number.

    Raises ``TransferNotFound``, ``ArrivalRefused`` when nothing was scanned.
    """
    transfer = floor_queries.lock_transfer(number)
    waiting = floor_queries.arrivals(transfer.destination_id, number)
    receipt = _receive(transfer, arrivals.counted(waiting), actor=actor, at=at)
    arrivals.mark_posted(waiting, receipt)
    return receipt


@owns_transaction(retry_on=LevelsMoved)
def receive(
    number: str, *, arrived: Sequence[Arrived], lost_for: str = "", actor: Actor, at: datetime
) -> Transfer:
    """The destination reports what has arrived; with a reason, what has not is lost and the transfer ends.

    Raises ``TransferNotFound``, ``ArrivalRefused``, ``ReasonRequired``, ``SerialRequired``.
    """
    transfer = floor_queries.lock_transfer(number)
    if arrived or not lost_for:
        _receive(transfer, arrived, actor=actor, at=at)
    if lost_for:
        _lose(transfer, lost_for, actor=actor, at=at)
    return transfer


@owns_transaction(retry_on=LevelsMoved)
def close_short(number: str, *, reason: str, actor: Actor, at: datetime) -> Transfer:
    """What has not arrived will not come: it is written off for a reason, and the transfer ends.

    Raises ``TransferNotFound``, ``ReasonRequired``, ``Conflict`` when nothing is on its way.
    """
    transfer = floor_queries.lock_transfer(number)
    _lose(transfer, reason, actor=actor, at=at)
    return transfer


@owns_transaction()
def watch(*, today: date, at: datetime) -> int:
    """Alert on transfers that should have arrived by now; says how many."""
    late = floor_queries.overdue_transfers(today)
    for transfer in late:
        alerts.open_alert(
            "overdue_transfer",
            "transfer",
            transfer.number,
            at=at,
            location=transfer.destination.code,
            message=f"{transfer.number} from {transfer.origin.name} was expected on {transfer.expected_on:%d %b}.",
            url=f"/stock/transfers/{transfer.number}",
        )
    return len(late)


def _receive(transfer: Transfer, arrived: Sequence[Arrived], *, actor: Actor, at: datetime) -> str:
    if not arrived:
        raise ArrivalRefused("Nothing was scanned. Scan what has arrived first.")
    transfers.check_arrival(transfer, arrived)
    skus = {line.sku.code: line.sku for line in transfer.lines.all()}
    receipt = arrivals.post(
        transfer.destination,
        transfer.number,
        [(skus[each.sku], each) for each in arrived],
        counter=floor_queries.transit(),
        actor=actor,
        at=at,
    )
    transfers.count_arrived(transfer, arrived, at=at)
    _note(transfer, "transfer.received", actor=actor, at=at, note=receipt)
    _tell_stock(transfer, transfer.destination.code, at=at)
    return receipt


def _lose(transfer: Transfer, reason: str, *, actor: Actor, at: datetime) -> None:
    why = stock_queries.reason(reason)
    skus = {line.sku_id: line.sku.code for line in transfer.lines.all()}
    loose = binding.lock(delivery_queries.on_document(transfer.number, transfer.destination_id), skus)
    taken = binding.loosen(loose)
    lost = transfers.lose(transfer, why, actor=actor, at=at)
    dealt = binding.deal(taken, skus)
    deliveries.settle(loose, dealt, why=f"{transfer.number} was lost on the way.", at=at)
    alerts.open_alert(
        "transfer_short",
        "transfer",
        transfer.number,
        at=at,
        location=transfer.destination.code,
        message=f"{lost} pieces of {transfer.number} were lost on the way: {why.name}.",
        url=f"/stock/transfers/{transfer.number}",
    )
    _note(transfer, "transfer.short", actor=actor, at=at, note=f"{lost} lost: {reason}")


def _lot(sku: Sku, code: str) -> Lot | None:
    if not code:
        return None
    found = floor_queries.lot_of(sku.pk, code)
    if found is None:
        raise LotNotFound(f"{sku.code} has no lot {code}.")
    return found


def _note(transfer: Transfer, topic: str, *, actor: Actor, at: datetime, note: str = "") -> None:
    payload = {
        "number": transfer.number,
        "origin": transfer.origin.code,
        "destination": transfer.destination.code,
        "status": transfer.status,
    }
    audit.record(topic, "transfer", transfer.number, actor=actor, at=at, note=note)
    outbox.record(topic, aggregate=f"transfer:{transfer.number}", payload=payload, at=at)


def _tell_stock(transfer: Transfer, location: str, *, at: datetime) -> None:
    skus = sorted(line.sku.code for line in transfer.lines.all())
    outbox.record(
        "stock.changed",
        aggregate=f"transfer:{transfer.number}",
        payload={"skus": skus, "location": location, "document": transfer.number},
        at=at,
    )
