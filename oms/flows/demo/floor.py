"""The demo's warehouses by bins: lots that expire, numbered pieces, transfers in every state, goods to put away."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from inventory.rules import Arrived
from inventory.services.arrivals import NewArrival
from oms.catalogue.models import Sku
from oms.core.actors import SYSTEM
from oms.flows import arriving, holding, shelving, transferring
from oms.flows.holding import Held
from oms.flows.transferring import NewTransfer

SITES = ("PER", "SYD", "MEL")
# Code: (name, cost, shelf-life margin in days)
BY_LOT = {
    "5001": ("Hand cream, lemon myrtle 75 ml", "6.20", 30),
    "5002": ("Olive oil soap", "2.90", 60),
    "5003": ("Breakfast tea, 100 g", "4.10", 14),
    "5004": ("Honey, 400 g", "5.60", 30),
}
# SKU, pieces, lot.
Of = tuple[str, int, str]
BY_NUMBER = {"5101": ("Espresso machine", "312.00"), "5102": ("Stand mixer", "246.00")}


def open_floor(*, at: datetime) -> None:
    """Switch the own warehouses to bins, and leave work of each kind on the floor."""
    for site in SITES:
        shelving.manage_by_bins(site, actor=SYSTEM, at=at)
    _skus(at=at)
    _lots(at=at)
    _numbered(at=at)
    _transfers(at=at)
    holding.set_aside(Held("5002", "PER", 2, is_damaged=True), note="Wrapping torn", actor=SYSTEM, at=at)
    holding.recall_lot("5004", "H-0311", reason="Glass found by the producer", actor=SYSTEM, at=at)


def _skus(*, at: datetime) -> None:
    for code, (name, cost, margin) in BY_LOT.items():
        Sku.objects.create(
            code=code,
            name=name,
            category="pantry",
            unit_cost=Decimal(cost),
            weight_grams=300,
            is_lot_tracked=True,
            shelf_life_margin_days=margin,
            created_at=at,
            updated_at=at,
        )
    for code, (name, cost) in BY_NUMBER.items():
        Sku.objects.create(
            code=code,
            name=name,
            category="kitchen",
            unit_cost=Decimal(cost),
            weight_grams=6400,
            is_serial_tracked=True,
            created_at=at,
            updated_at=at,
        )


def _lots(*, at: datetime) -> None:
    today = at.date()
    for number, site in enumerate(SITES):
        arrived = [
            Arrived("5001", 24, f"C-0{number + 1}", today + timedelta(days=48 + 90 * number)),
            Arrived("5002", 36, f"S-1{number}", today + timedelta(days=400)),
            Arrived("5003", 18, "T-77", today + timedelta(days=26)),
            Arrived("5003", 30, "T-81", today + timedelta(days=300)),
            Arrived("5004", 12, "H-0311", today + timedelta(days=500)),
        ]
        arriving.receive_arrivals(arrived, location=site, reference=f"DN-{site}-51", actor=SYSTEM, at=at)


def _numbered(*, at: datetime) -> None:
    for number, site in enumerate(SITES):
        arrived = [
            Arrived("5101", 3, serials=tuple(f"EM{number}{piece:04d}" for piece in range(1, 4))),
            Arrived("5102", 2, serials=tuple(f"SM{number}{piece:04d}" for piece in range(1, 3))),
        ]
        arriving.receive_arrivals(arrived, location=site, reference=f"DN-{site}-52", actor=SYSTEM, at=at)


def _transfers(*, at: datetime) -> None:
    """One is planned, one cancelled, one late on its way, one half scanned, one received, one short."""
    soon = at.date() + timedelta(days=4)
    _plan("PER", "SYD", soon, ("5001", 6), ("5003", 5), at=at)
    transferring.cancel(_plan("SYD", "MEL", soon, ("5002", 4), at=at), actor=SYSTEM, at=at)
    _send(_plan("SYD", "PER", at.date() - timedelta(days=1), ("5002", 8), at=at), at=at)
    half = _send(_plan("MEL", "PER", soon, ("5002", 6), at=at), at=at)
    read = NewArrival(UUID(int=51, version=4), 4, "S-12")
    transferring.note_arrival(half, sku="5002", read=read, actor=SYSTEM, at=at)
    done = _send(_plan("MEL", "SYD", soon, ("5003", 6, "T-81"), at=at), at=at)
    transferring.receive(done, arrived=[Arrived("5003", 6, "T-81")], actor=SYSTEM, at=at)
    short = _send(_plan("PER", "MEL", soon, ("5002", 5), at=at), at=at)
    transferring.receive(short, arrived=[Arrived("5002", 3, "S-10")], lost_for="lost", actor=SYSTEM, at=at)
    transferring.watch(today=at.date(), at=at)


def _plan(origin: str, destination: str, day: date, *lines: tuple[str, int] | Of, at: datetime) -> str:
    rows = tuple((line[0], line[1], line[2] if len(line) == 3 else "") for line in lines)
    wanted = NewTransfer(origin, destination, day, rows)
    return transferring.plan(wanted, actor=SYSTEM, at=at).number


def _send(number: str, *, at: datetime) -> str:
    transferring.send(number, actor=SYSTEM, at=at)
    return number
