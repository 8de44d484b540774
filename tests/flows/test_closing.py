"""The books of stock: days closed in order, compared with the levels, told when they differ, signed once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from fulfilment.rules import NewParcel, ParcelLine
from inventory import history
from inventory.books import DayNotOver, DayOutOfOrder, GapUnexplained, midnight
from inventory.models import StockClose, StockCloseLine, StockMovement
from oms.alerts.models import Alert
from oms.core.actors import SYSTEM
from oms.core.errors import Refusal
from oms.core.models import User
from oms.flows import closing, counting, ordering, shipping, tasks
from tests.builders import TESTER, breaches, channel, level, location, reasons, request, sku

pytestmark = pytest.mark.django_db(transaction=True)
ZONE = "Australia/Perth"
NOW = datetime.now(UTC)
TODAY = NOW.astimezone(UTC).date()


def noon(days_ago: int) -> datetime:
    """Twelve o'clock in Perth, so many days ago."""
    return midnight(TODAY - timedelta(days=days_ago), ZONE) + timedelta(hours=12)


def day(days_ago: int) -> date:
    return TODAY - timedelta(days=days_ago)


@pytest.fixture
def perth():
    """Five days of mugs: 20 received, 3 shipped, 2 lost, 1 returned, 4 left to Sydney."""
    reasons()
    channel("api")
    location("PER", timezone=ZONE)
    location("SYD", timezone="Australia/Sydney")
    sku("MUG")
    sku("CUP")
    receive("MUG", 20, ago=5)
    receive("CUP", 7, ago=5)
    placed = ordering.place_order(request(("MUG", 3)), actor=TESTER, at=noon(4))
    (work,) = placed.work
    parcel = NewParcel("auspost", "T1", (ParcelLine("MUG", 3),))
    shipping.ship_parcels(work.number, contents=[parcel], actor=TESTER, at=noon(4))
    adjust("MUG", -2, "lost", ago=4)
    adjust("MUG", 1, "returned", ago=3)
    ordering.place_order(request(("MUG", 5)), actor=TESTER, at=noon(3))
    return level("MUG")


def receive(code, quantity, *, ago):
    counting.receive_stock(code, location="PER", quantity=quantity, reference="R", actor=TESTER, at=noon(ago))


def adjust(code, quantity, reason, *, ago):
    counting.adjust_stock(
        code, location="PER", quantity_delta=quantity, reason=reason, note="", actor=TESTER, at=noon(ago)
    )


def close(through: int = 1) -> list[StockClose]:
    return closing.close_through("PER", day(through), actor=SYSTEM, at=NOW)


def line(days_ago: int, code: str = "MUG") -> StockCloseLine | None:
    return StockCloseLine.objects.filter(close__day=day(days_ago), level__sku__code=code).first()


def tamper(owner, statement: str) -> None:
    """Change a table as nobody may, with its walls down."""
    owner.execute("set session_replication_role = replica")
    owner.execute(statement)
    owner.commit()


def test_each_day_says_what_moved_and_closes_with_what_is_there(perth):
    done = close()
    assert [each.day for each in done] == [day(n) for n in (5, 4, 3, 2, 1)]
    first, second, third = line(5), line(4), line(3)
    assert (first.opening, first.received, first.closing) == (0, 20, 20)
    assert (second.opening, second.shipped, second.adjusted, second.closing) == (20, 3, -2, 15)
    assert (third.opening, third.returned, third.closing) == (15, 1, 16)
    assert (third.reserved_closing, second.reserved_closing) == (5, 0)
    assert line(2) is None
    assert [each.pieces_closing for each in done] == [27, 22, 23, 23, 23]
    assert [each.levels_moved for each in done] == [2, 1, 1, 0, 0]
    assert {each.pieces_gap for each in done} == {0}
    assert done[-1].levels_counted == 2
    assert breaches() == {}


def test_days_closed_one_by_one_say_the_same_as_all_at_once(perth):
    one_by_one = [closing.close_day("PER", day(n), actor=SYSTEM, at=NOW) for n in (5, 4, 3, 2, 1)]
    assert [each.pieces_closing for each in one_by_one] == [27, 22, 23, 23, 23]
    assert (line(3).opening, line(3).closing, line(3).reserved_closing) == (15, 16, 5)


def test_closing_twice_changes_nothing(perth):
    first = close()
    assert close() == []
    assert closing.close_day("PER", day(3), actor=SYSTEM, at=NOW) == first[2]
    assert StockClose.objects.count() == 5


def test_no_day_is_left_out_and_none_is_closed_before_it_is_over(perth):
    with pytest.raises(DayOutOfOrder, match="still open"):
        closing.close_day("PER", day(3), actor=SYSTEM, at=NOW)
    with pytest.raises(DayOutOfOrder, match="begin later"):
        closing.close_day("PER", day(30), actor=SYSTEM, at=NOW)
    with pytest.raises(DayNotOver):
        closing.close_day("PER", day(-1), actor=SYSTEM, at=NOW)
    over = midnight(day(4), ZONE)
    assert closing.close_through("PER", actor=SYSTEM, at=over + timedelta(minutes=14)) == []
    assert len(closing.close_through("PER", actor=SYSTEM, at=over + timedelta(minutes=15))) == 1


def test_goods_that_go_elsewhere_are_transferred_on_both_sides(perth):
    with transaction.atomic():
        StockMovement.objects.create(
            level=perth,
            kind="adjust",
            on_hand_delta=-4,
            moved_at=noon(2),
            counter_location=location("SYD"),
            reason=StockMovement.objects.filter(reason__isnull=False).first().reason,
            source="test",
            source_key="1",
            actor="test",
        )
    close()
    closing.close_through("SYD", day(1), actor=SYSTEM, at=NOW)
    out = line(2)
    assert (out.opening, out.transferred, out.closing) == (16, -4, 12)
    there = StockCloseLine.objects.get(level__location__code="SYD")
    assert (there.opening, there.transferred, there.adjusted, there.closing) == (0, 4, 0, 4)


def test_a_level_changed_behind_the_ledgers_back_is_a_gap_and_an_alert(perth, owner_connection):
    close(through=3)
    tamper(owner_connection, f"update inventory_stocklevel set on_hand = on_hand + 5 where id = {perth.pk}")
    adjust("CUP", -1, "lost", ago=2)
    (closed,) = close(through=2)
    # The mugs did not move that day; the comparison sees them all the same.
    assert (line(2).opening, line(2).closing, line(2).gap) == (16, 16, 5)
    assert (closed.levels_gap, closed.pieces_gap, closed.pieces_closing) == (1, 5, 22)
    alert = Alert.objects.get(kind="stock_gap")
    assert (alert.location_code, alert.subject_id) == ("PER", "MUG@PER")
    assert "shows 21" in alert.message
    assert alert.url == "/stock/movements?sku=MUG&site=PER"
    close(through=1)
    assert Alert.objects.get(kind="stock_gap").times == 2
    tamper(owner_connection, f"update inventory_stocklevel set on_hand = on_hand - 5 where id = {perth.pk}")


def test_a_movement_slipped_into_a_closed_day_is_a_gap(perth, owner_connection):
    close(through=3)
    tamper(
        owner_connection,
        "insert into inventory_stockmovement (level_id, kind, on_hand_delta, moved_at, counter_location_id, source,"
        f" source_key, actor) select {perth.pk}, 'receive', 2, '{noon(4)}', id, 'sql', 'x', 'me'"
        " from inventory_stocklocation where kind = 'supply';"
        f"update inventory_stocklevel set on_hand = on_hand + 2 where id = {perth.pk}",
    )
    close(through=2)
    assert line(2).gap == 2


def test_nothing_is_dated_into_a_closed_day(perth):
    close()
    for ago in (5, 1):
        with pytest.raises((DatabaseError, Refusal)):
            receive("MUG", 1, ago=ago)
    assert level("MUG").on_hand == 16
    counting.receive_stock("MUG", location="PER", quantity=1, reference="R", actor=TESTER, at=NOW)
    assert level("MUG").on_hand == 17


def test_stock_of_the_past_stands_as_it_stood(perth):
    before = {
        ago: history.as_of([perth.pk], noon(ago) + timedelta(hours=1))[perth.pk] for ago in (6, 5, 4, 3)
    }
    assert [each.on_hand for each in before.values()] == [0, 20, 15, 16]
    assert [each.reserved for each in before.values()] == [0, 0, 0, 5]
    close()
    for ago, stood in before.items():
        assert history.as_of([perth.pk], noon(ago) + timedelta(hours=1))[perth.pk] == stood


def test_a_day_is_signed_once_and_a_gap_needs_a_word(perth, owner_connection):
    user = User.objects.create_user("ines")
    tamper(owner_connection, f"update inventory_stocklevel set on_hand = on_hand - 1 where id = {perth.pk}")
    close()
    closing.sign_day("PER", day(2), by=user, note="", actor=TESTER, at=NOW)
    with pytest.raises(GapUnexplained):
        closing.sign_day("PER", day(1), by=user, note=" ", actor=TESTER, at=NOW)
    closing.sign_day("PER", day(1), by=user, note="Counted again", actor=TESTER, at=NOW)
    with pytest.raises(Refusal, match="signed already"):
        closing.sign_day("PER", day(1), by=user, note="again", actor=TESTER, at=NOW)
    assert history.close_of("PER", day(1)).signature.note == "Counted again"
    tamper(owner_connection, f"update inventory_stocklevel set on_hand = on_hand + 1 where id = {perth.pk}")


def test_the_command_closes_every_location(perth, capsys):
    call_command("close_stock")
    assert "PER: " in capsys.readouterr().out
    assert history.last_close(perth.location_id).day >= day(2)


def test_the_clock_closes_every_location_and_again_changes_nothing(perth):
    assert tasks.close_stock() > 0
    assert tasks.close_stock() == 0
