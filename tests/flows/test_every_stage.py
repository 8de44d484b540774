"""What can be done to an order at each stage of its life; stock and money follow once, and the rest still ships.

One table says it. Each deed is done, the books are proved, and the order is then brought to its end.
"""

from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest

from fulfilment import queries as work_queries
from fulfilment.models import AddressRequest, CancellationRequest
from fulfilment.rules import NewParcel, ParcelLine, ParcelsDoNotMatch, ScanKind, WorkHeld
from fulfilment.services.parcels import Box
from inventory.models import StockLevel
from oms.core.errors import Refusal
from oms.flows import (
    amending,
    counting,
    deciding,
    ordering,
    picking,
    readdressing,
    recalling,
    shipping,
    standing,
)
from oms.orders.amendments import Amendment, Difference
from oms.orders.models import Order, PartialQuestion
from oms.orders.partials import PartialDecision
from tests.builders import NOON, PERTH, SYDNEY, TESTER, breaches, location, pack, place, scan, shelf, worker

pytestmark = pytest.mark.django_db
DOING = {"actor": TESTER, "at": NOON}
PRICE_MINOR = 1000

# What is done at once, what a partner is asked for, and what is refused, by its code.
DONE, ASKED = "done", "asked"
LATE, LATE_WHOLE, NO_MOVE = "too-late-to-change", "too-late-to-cancel", "illegal-transition"
DECIDE = "partial-decision-wanted"
DEEDS = ("more", "fewer", "line", "whole", "hold", "release", "address")
TABLE = {
    "backordered": (DONE, DONE, DONE, DONE, DONE, NO_MOVE, DONE),
    "to decide": (DONE, DONE, DONE, DONE, NO_MOVE, DECIDE, DONE),
    "kept whole": (DONE, DONE, DONE, DONE, DONE, NO_MOVE, DONE),
    "allocated": (DONE, DONE, DONE, DONE, DONE, NO_MOVE, DONE),
    "picking": (DONE, DONE, DONE, DONE, DONE, NO_MOVE, DONE),
    "picked": (DONE, DONE, DONE, DONE, DONE, NO_MOVE, DONE),
    "packed": (DONE, LATE, LATE, LATE_WHOLE, DONE, NO_MOVE, LATE),
    # Of what is still here a part can be taken off; what has left cannot.
    "partly shipped": (DONE, DONE, DONE, LATE_WHOLE, DONE, NO_MOVE, LATE),
    "held": (DONE, DONE, DONE, DONE, NO_MOVE, DONE, DONE),
    "held while picked": (DONE, DONE, DONE, DONE, NO_MOVE, DONE, DONE),
    "held while packed": (DONE, LATE, LATE, LATE_WHOLE, NO_MOVE, DONE, LATE),
    "confirmed": (DONE, ASKED, ASKED, ASKED, DONE, NO_MOVE, ASKED),
    "confirmed and held": (DONE, ASKED, ASKED, ASKED, NO_MOVE, DONE, ASKED),
}
CASES = [
    pytest.param(stage, deed, wanted, id=f"{deed} while {stage}")
    for stage, row in TABLE.items()
    for deed, wanted in zip(DEEDS, row, strict=True)
]


def work_of(number: str) -> str:
    return next(
        work.number for work in Order.objects.get(number=number).fulfilment_orders.order_by("sequence")
    )


def hold(number: str) -> None:
    standing.hold_order(number, reason="Check", **DOING)


def pick_all(number: str) -> None:
    scan(work_of(number), "MUG", ScanKind.PICK, 3)
    scan(work_of(number), "CUP", ScanKind.PICK, 2)


def pack_all(number: str) -> None:
    pack(work_of(number), "MUG", 3)
    pack(work_of(number), "CUP", 2)


def ship_mugs(number: str) -> None:
    pack(work_of(number), "MUG", 3)
    shipping.ship(work_of(number), **DOING)


def confirm(number: str) -> None:
    shipping.acknowledge(work_of(number), **DOING)


# Two mugs only are there, and what the order's policy is then.
SHORT = {"backordered": "split", "to decide": "ask", "kept whole": "together"}


def nothing(number: str) -> None:
    """The stage that an order is born in."""


# How the order of three mugs and two cups gets to its stage.
STAGES: dict[str, tuple[Callable[[str], None], ...]] = {
    "backordered": (nothing,),
    "to decide": (nothing,),
    "kept whole": (nothing,),
    "allocated": (nothing,),
    "picking": (lambda number: scan(work_of(number), "CUP", ScanKind.PICK, 1) and None,),
    "picked": (pick_all,),
    "packed": (pack_all,),
    "partly shipped": (ship_mugs,),
    "held": (hold,),
    "held while picked": (pick_all, hold),
    "held while packed": (pack_all, hold),
    "confirmed": (confirm,),
    "confirmed and held": (confirm, hold),
}


def edit(number: str, *differences: tuple[str, int], **changes: object) -> None:
    wanted = tuple(Difference(sku, pieces, Decimal(10)) for sku, pieces in differences)
    amendment = Amendment(wanted, **changes)
    amending.amend_order(number, amendment, reason="They rang", **DOING)


ACTS: dict[str, Callable[[str], object]] = {
    "more": lambda number: edit(number, ("CUP", 1)),
    "fewer": lambda number: edit(number, ("CUP", -1)),
    "line": lambda number: amending.cancel_lines(number, {"CUP": None}, reason="Gone", **DOING),
    "whole": lambda number: ordering.cancel_order(number, reason="Gone", **DOING),
    "hold": hold,
    "release": lambda number: standing.release_order(number, **DOING),
    "address": lambda number: edit(number, address=SYDNEY),
}
# Mugs and cups that are wanted in the end.
WANTED = {
    "more": (3, 3),
    "fewer": (3, 1),
    "line": (3, 0),
    "whole": (0, 0),
    "hold": (3, 2),
    "release": (3, 2),
    "address": (3, 2),
}


def at_stage(stage: str) -> str:
    """Number of an order of three mugs and two cups at this stage."""
    kind = "3pl" if stage.startswith("confirmed") else "own"
    location("PER", kind=kind)
    shelf("MUG", on_hand=2 if stage in SHORT else 10)
    shelf("CUP", on_hand=10)
    number = place(("MUG", 3), ("CUP", 2), partial_policy=SHORT.get(stage, "")).number
    for step in STAGES[stage]:
        step(number)
    return number


def total(number: str) -> int:
    return Order.objects.get(number=number).total_minor


def books() -> list[tuple]:
    levels = StockLevel.objects.order_by("sku__code").values_list(
        "sku__code", "on_hand", "reserved", "available"
    )
    orders = Order.objects.values_list("total_minor", "state", "progress")
    lines = Order.objects.values_list("lines__quantity_allocated", "lines__quantity_cancelled")
    return [*levels, *orders, *lines.order_by("lines__position")]


def finish(number: str) -> None:
    """Bring the order to its end: partners accept, holds are released, stock arrives, everything leaves."""
    for request in CancellationRequest.objects.filter(state="requested"):
        recalling.answer(request.fulfilment_order.number, accepts=True, said="", **DOING)
    for request in AddressRequest.objects.filter(state="requested"):
        readdressing.answer(request.fulfilment_order.number, accepts=True, said="", **DOING)
    if PartialQuestion.objects.filter(decision=""):
        deciding.decide(number, PartialDecision.WAIT, **DOING)
    if Order.objects.get(number=number).state == "on_hold":
        standing.release_order(number, **DOING)
    counting.receive_stock("MUG", location="PER", quantity=5, reference="D", **DOING)
    ordering.serve_backorders(number, **DOING)
    for work in work_queries.live_work_of([Order.objects.get(number=number).pk]):
        boxed = work_queries.boxed_pieces(work)
        left = [
            ParcelLine(line.sku.code, count)
            for line in work_queries.lines_to_work(work)
            if (count := line.quantity - line.quantity_cancelled - line.quantity_shipped - boxed[line.pk])
        ]
        if left:
            parcel = NewParcel("auspost", f"END-{work.number}", tuple(left))
            shipping.ship_parcels(work.number, contents=[parcel], **DOING)
        elif boxed:
            shipping.ship(work.number, **DOING)


def attempt(deed: str, number: str) -> str:
    """Done, asked, or the code of the refusal."""
    try:
        ACTS[deed](number)
    except Refusal as refusal:
        return refusal.code
    asked = CancellationRequest.objects.exists() or AddressRequest.objects.exists()
    return ASKED if asked else DONE


@pytest.mark.parametrize(("stage", "deed", "wanted"), CASES)
def test_what_is_possible_follows_once_and_what_is_not_changes_nothing(stage, deed, wanted):
    number = at_stage(stage)
    before = books()

    assert attempt(deed, number) == wanted

    assert breaches() == {}
    if wanted not in (DONE, ASKED):
        assert books() == before
    mugs, cups = WANTED[deed] if wanted in (DONE, ASKED) else (3, 2)
    if wanted == DONE:
        assert total(number) == PRICE_MINOR * (mugs + cups)
    if wanted == ASKED:
        assert total(number) == PRICE_MINOR * 5

    finish(number)

    assert breaches() == {}
    order = Order.objects.get(number=number)
    if deed == "address":
        assert order.ship_postcode == (SYDNEY.postcode if wanted in (DONE, ASKED) else PERTH.postcode)
    assert total(number) == PRICE_MINOR * (mugs + cups)
    assert order.state == ("closed" if mugs + cups else "cancelled")
    left = {
        level.sku.code: (level.on_hand, level.reserved) for level in StockLevel.objects.select_related("sku")
    }
    start = 2 if stage in SHORT else 10
    assert left == {"MUG": (start + 5 - mugs, 0), "CUP": (10 - cups, 0)}


def test_an_order_that_is_held_when_its_last_open_piece_is_cancelled_closes():
    number = at_stage("partly shipped")
    hold(number)

    amending.cancel_lines(number, {"CUP": None}, reason="Gone", **DOING)

    order = Order.objects.get(number=number)
    assert (order.state, order.progress, order.total_minor) == ("closed", "shipped", 3000)
    assert not order.holds.filter(released_at__isnull=True).exists()
    assert breaches() == {}


def test_a_scan_is_taken_back_although_more_was_added_meanwhile():
    number = at_stage("allocated")
    counted = scan(work_of(number), "CUP", ScanKind.PICK, 1)
    edit(number, ("CUP", 1))
    assert Order.objects.get(number=number).fulfilment_orders.count() == 2

    picking.undo(counted.scan.key, new_key=uuid4(), user=worker(), at=NOON)

    assert breaches() == {}
    finish(number)
    assert Order.objects.get(number=number).state == "closed"


@pytest.mark.parametrize("stage", ["held while picked", "held while packed"])
def test_the_floor_stops_when_an_order_is_held(stage):
    number = at_stage(stage)
    work, mai = work_of(number), worker()
    deeds = (
        lambda: picking.claim(work, user=mai, **DOING),
        lambda: scan(work, "MUG", ScanKind.PICK),
        lambda: scan(work, "MUG", ScanKind.PACK),
        lambda: picking.close_parcel(work, box=Box(), **DOING),
        lambda: picking.short_pick(work, sku="MUG", missing=1, reason="lost", **DOING),
    )
    for deed in deeds:
        with pytest.raises(WorkHeld, match="take the next task"):
            deed()
    with pytest.raises(ParcelsDoNotMatch, match="Release order"):
        shipping.ship(work, **DOING)
    assert picking.claim_next(None, user=mai, **DOING) is None


def test_held_work_stays_held_whatever_is_taken_off_it():
    number = at_stage("held while picked")

    edit(number, ("CUP", -1))

    assert [work.status for work in Order.objects.get(number=number).fulfilment_orders.all()] == ["on_hold"]
