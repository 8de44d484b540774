"""Closed days: each a period between two midnights, summing to its closing, written once."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import DatabaseError, connection, transaction

from inventory import history
from inventory.books import day_of, last_day_over, midnight, periods
from inventory.models import StockClose, StockCloseLine
from oms.core.actors import SYSTEM
from oms.flows import closing
from tests.builders import location

DST_SYDNEY = date(2026, 10, 4)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 10, 3), "Australia/Sydney", 24),
        (DST_SYDNEY, "Australia/Sydney", 23),
        (date(2026, 4, 5), "Australia/Sydney", 25),
        (date(2026, 10, 4), "Australia/Perth", 24),
        # Here the clock leaps at midnight itself, so that midnight does not exist or comes twice.
        (date(2026, 3, 8), "America/Havana", 23),
        (date(2026, 11, 1), "America/Havana", 25),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight_by_its_own_clock(day, zone, hours):
    (period,) = periods(day, day, zone=zone)
    assert period.closed_at - period.opened_at == timedelta(hours=hours)
    assert day_of(period.opened_at, zone) == day
    assert day_of(period.closed_at - timedelta(seconds=1), zone) == day


def test_days_join_without_a_gap_also_after_a_move_to_another_zone():
    closed_at = midnight(date(2026, 6, 2), "Australia/Perth")
    days = list(periods(date(2026, 6, 2), date(2026, 6, 4), zone="Australia/Sydney", opened_at=closed_at))
    assert days[0].opened_at == closed_at
    assert all(later.opened_at == earlier.closed_at for earlier, later in pairwise(days))


def test_a_day_is_over_a_quarter_of_an_hour_after_its_midnight():
    noon = datetime(2026, 6, 2, 16, 14, 59, tzinfo=UTC)
    assert last_day_over(noon, "Australia/Perth") == date(2026, 6, 1)
    assert last_day_over(noon + timedelta(seconds=1), "Australia/Perth") == date(2026, 6, 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "update inventory_stockclose set pieces_closing = 0",
        "delete from inventory_stockclose",
        "update inventory_stockcloseline set gap = 0",
        "delete from inventory_stockcloseline",
        "truncate inventory_stockcloseline",
        "insert into inventory_stockclose (location_id, day, opened_at, closed_at, recorded_at, levels_moved,"
        " pieces_closing, pieces_gap, levels_gap) select location_id, day, opened_at, closed_at, now(), 0, 0, 0, 0"
        " from inventory_stockclose limit 1",
    ],
)
def test_closed_books_are_final(statement):
    location("PER", timezone="Australia/Perth")
    day = last_day_over(datetime.now(UTC), "Australia/Perth")
    closing.close_day("PER", day, actor=SYSTEM, at=datetime.now(UTC))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert StockClose.objects.get().day == day
    assert history.last_close(StockClose.objects.get().location_id).day == day


@pytest.mark.django_db(transaction=True)
def test_a_line_that_does_not_add_up_is_refused():
    location("PER", timezone="Australia/Perth")
    day = last_day_over(datetime.now(UTC), "Australia/Perth")
    closed = closing.close_day("PER", day, actor=SYSTEM, at=datetime.now(UTC))
    with pytest.raises(DatabaseError, match="a_day_closes_with"), transaction.atomic():
        StockCloseLine.objects.create(
            close=closed,
            level_id=1,
            closed_at=closed.closed_at,
            opening=1,
            received=2,
            closing=4,
            reserved_closing=0,
            quarantined_closing=0,
        )
