"""Stock that others keep: their reports are compared, or sold from, and never written over ours."""

from datetime import timedelta

import pytest

from inventory.models import StockLevel
from inventory.queries import differing_lines
from inventory.rules import ReportPolicy
from inventory.services.stock_reports import ReportTaken
from oms.alerts.models import Alert
from oms.core.errors import Invalid
from oms.flows import reporting_stock, shipping
from tests.builders import NOON, TESTER, breaches, channel, level, location, pack, place, shelf, sku

pytestmark = pytest.mark.django_db


def report(at: str, reference: str = "R1", *, hours: int = 0, is_complete: bool = False, **pieces: int):
    moment = NOON + timedelta(hours=hours)
    return reporting_stock.take_report(
        at, pieces, reference=reference, reported_at=moment, is_complete=is_complete, actor=TESTER, at=moment
    )


@pytest.fixture
def suppliers():
    sku("MUG")
    for code in ("KILN", "LOOM"):
        location(code, kind="supplier", report_policy="sell")


def test_fifteen_here_and_thirty_there_are_forty_five_to_sell(suppliers):
    report("KILN", MUG=15)
    report("LOOM", MUG=30)

    assert sum(StockLevel.objects.values_list("available", flat=True)) == 45
    assert place(("MUG", 45)).lines[0].waiting == 0
    assert sum(StockLevel.objects.values_list("available", flat=True)) == 0
    assert place(("MUG", 1)).lines[0].waiting == 1
    assert breaches() == {}


def test_a_supplier_whose_every_piece_is_promised_can_ship_them_one_by_one(suppliers):
    report("KILN", MUG=3)
    channel("api")
    numbers = [place(("MUG", 1)).work[0].number for _ in range(3)]

    for number in numbers:
        pack(number, "MUG")
        shipping.ship(number, actor=TESTER, at=NOON)

    assert (level(at="KILN").on_hand, level(at="KILN").reported, level(at="KILN").reserved) == (0, 0, 0)
    assert breaches() == {}


def test_a_partner_that_is_only_compared_changes_nothing_of_ours():
    shelf("MUG", at="3PL", on_hand=7)

    taken = report("3PL", MUG=4)

    assert (level(at="3PL").on_hand, level(at="3PL").reported) == (7, 0)
    assert differing_lines(taken) == 1
    assert "1 SKUs otherwise" in Alert.objects.get(kind="stock_report_differs").message


def test_the_books_are_those_of_the_instant_of_the_report():
    shelf("MUG", at="3PL", on_hand=7)

    taken = report("3PL", hours=-1, MUG=0)

    assert taken.lines.get().ours == 0


def test_a_supplier_that_has_less_than_was_sold_is_said_at_once(suppliers):
    report("KILN", MUG=15)
    place(("MUG", 10))

    report("KILN", "R2", hours=1, MUG=4)

    assert (level(at="KILN").reported, level(at="KILN").available) == (10, 0)
    assert "6 of MUG fewer" in Alert.objects.get(kind="supplier_short").message
    assert breaches() == {}


def test_a_report_that_has_left_out_our_orders_is_not_reduced_by_them_again(suppliers):
    type(location("KILN")).objects.filter(code="KILN").update(report_counts_our_orders=True)
    report("KILN", MUG=15)
    place(("MUG", 10))

    report("KILN", "R2", hours=1, MUG=5)

    assert level(at="KILN").available == 5


def test_an_older_report_that_comes_late_has_no_effect(suppliers):
    report("KILN", "R2", hours=2, MUG=5)

    report("KILN", "R1", hours=1, MUG=50)

    assert level(at="KILN").available == 5


def test_a_complete_report_says_that_there_is_none_of_anything_else(suppliers):
    sku("CUP")
    report("KILN", MUG=5, CUP=3)

    report("KILN", "R2", hours=1, is_complete=True, CUP=3)

    assert level("MUG", at="KILN").available == 0
    assert level("CUP", at="KILN").available == 3


def test_the_same_report_is_taken_once(suppliers):
    report("KILN", MUG=5)

    with pytest.raises(ReportTaken):
        report("KILN", MUG=6)


def test_a_report_of_the_future_is_refused(suppliers):
    with pytest.raises(Invalid, match="still to come"):
        reporting_stock.take_report(
            "KILN",
            {"MUG": 1},
            reference="R",
            reported_at=NOON + timedelta(1),
            is_complete=False,
            actor=TESTER,
            at=NOON,
        )


def test_what_is_promised_stays_promised_when_nothing_is_sold_from_there_any_more(suppliers):
    report("KILN", MUG=15)
    place(("MUG", 2))

    reporting_stock.set_report_policy("KILN", ReportPolicy.COMPARE, actor=TESTER, at=NOON)

    assert (level(at="KILN").reported, level(at="KILN").available) == (2, 0)


def test_a_channel_keeps_its_buffer_of_reported_stock(suppliers):
    channel("shy", stock_buffer=14)
    report("KILN", MUG=15)

    assert place(("MUG", 2), via="shy").lines[0].waiting == 1
