"""Scans of the floor: each key counts once, and what it counted can be taken back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fulfilment.models import FulfilmentOrderLine, Scan
from fulfilment.rules import ScanKind, TooMany
from fulfilment.services import fulfilment_orders
from oms.core.models import User
from oms.core.transactions import joins_transaction


@dataclass(frozen=True, slots=True)
class NewScan:
    """What a device has read: a code, how many pieces it stands for, and the device's own key."""

    key: UUID
    code: str
    quantity: int = 1
    is_typed: bool = False
    bin: str = ""
    lot: str = ""
    serial: str = ""


@joins_transaction
def record(line: FulfilmentOrderLine, kind: ScanKind, scan: NewScan, *, user: User, at: datetime) -> Scan:
    """Count a scan on a locked line.

    Raises ``TooMany`` when the line does not want so many pieces.
    """
    room = (
        line.quantity - line.quantity_cancelled - line.quantity_picked
        if kind is ScanKind.PICK
        else line.quantity_picked - line.quantity_packed
    )
    if scan.quantity > room:
        raise TooMany(f"Only {room} more of {line.sku.code} belong here. Put the rest back.")
    fulfilment_orders.count(line, **{_step(kind): scan.quantity})
    return Scan.objects.create(
        key=scan.key,
        kind=kind.value,
        work_line=line,
        code=scan.code,
        quantity=scan.quantity,
        is_typed=scan.is_typed,
        scanned_by=user,
        scanned_at=at,
    )


@joins_transaction
def undo(scan: Scan, line: FulfilmentOrderLine, *, key: UUID, user: User, at: datetime) -> Scan:
    """Take a scan back by a scan that counts the other way.

    Raises ``TooMany`` when a later step has used the pieces.
    """
    kind = ScanKind(scan.kind)
    used = line.quantity_packed if kind is ScanKind.PICK else line.quantity_shipped
    counted = line.quantity_picked if kind is ScanKind.PICK else line.quantity_packed
    if counted - scan.quantity < used:
        raise TooMany(f"{line.sku.code} has gone on to the next step. Undo that first.")
    fulfilment_orders.count(line, **{_step(kind): -scan.quantity})
    return Scan.objects.create(
        key=key,
        kind=scan.kind,
        work_line=line,
        code=scan.code,
        quantity=-scan.quantity,
        is_typed=False,
        scanned_by=user,
        scanned_at=at,
        undoes=scan,
    )


def _step(kind: ScanKind) -> str:
    return "picked" if kind is ScanKind.PICK else "packed"
