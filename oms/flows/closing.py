"""The story of a day's books: closed at the location's midnight, compared with its levels, signed by a person."""

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlencode

from inventory import history
from inventory import queries as stock_queries
from inventory.books import DayNotOver, DayOutOfOrder, Period, last_day_over
from inventory.models import StockClose, StockLocation
from inventory.services import closes
from oms.alerts.models import Severity
from oms.alerts.services import alerts
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.models import User
from oms.core.transactions import owns_transaction

# More alerts than this say no more; the rest stand on the day's page.
MOST_ALERTS = 20


@owns_transaction()
def close_day(location: str, day: date, *, actor: Actor, at: datetime) -> StockClose:
    """Close one day of a location; a day that is closed already is answered as it was closed.

    Raises ``LocationNotFound``, ``DayNotOver``, ``DayOutOfOrder`` when an earlier day is still open.
    """
    place = stock_queries.location(location)
    closes.hold(place)
    last = history.last_close(place.pk)
    if last is not None and day <= last.day:
        return history.close_of(location, day)
    if day > last_day_over(at, place.timezone):
        raise DayNotOver(f"{day} is not over at {location}.")
    days = closes.due(place, through=day, at=at)
    if [each.day for each in days] != [day]:
        open_since = f"{days[0].day} is still open." if days else "Its books begin later."
        raise DayOutOfOrder(f"{day} cannot be closed at {location}. {open_since}")
    return _close(place, days, actor=actor, at=at)[-1]


@owns_transaction()
def close_through(location: str, day: date | None = None, *, actor: Actor, at: datetime) -> list[StockClose]:
    """Close every day of a location that is over, through ``day`` when one is given; after an outage all at once.

    Raises ``LocationNotFound``, ``DayNotOver`` while something of those days is still being written.
    """
    place = stock_queries.location(location)
    closes.hold(place)
    days = closes.due(place, through=day, at=at)
    return _close(place, days, actor=actor, at=at) if days else []


@owns_transaction()
def sign_day(location: str, day: date, *, by: User, note: str, actor: Actor, at: datetime) -> None:
    """Have a person stand for a closed day.

    Raises ``CloseNotFound``, ``AlreadySigned``, ``GapUnexplained``.
    """
    closed = history.close_of(location, day)
    closes.sign(closed, by=by, note=note, at=at)
    audit.record(
        "stock.day_signed", "location", location, actor=actor, at=at, note=f"{day} {note}".strip()[:200]
    )


def _close(place: StockLocation, days: Sequence[Period], *, actor: Actor, at: datetime) -> list[StockClose]:
    gaps, counted = closes.compare(place, since=days[0].opened_at)
    done = closes.close(place, days, gaps=gaps, counted=counted, at=at)
    last = done[-1]
    audit.record(
        "stock.day_closed",
        "location",
        place.code,
        actor=actor,
        at=at,
        note=f"{done[0].day} to {last.day}" if len(done) > 1 else f"{last.day}",
        changes={"pieces": last.pieces_closing, "gap": last.pieces_gap},
    )
    outbox.record(
        "stock.day_closed",
        aggregate=f"location:{place.code}",
        payload={
            "location": place.code,
            "first_day": str(done[0].day),
            "day": str(last.day),
            "pieces": last.pieces_closing,
            "gap": last.pieces_gap,
        },
        at=at,
    )
    _tell_gaps(place, last, at=at)
    return done


def _tell_gaps(place: StockLocation, closed: StockClose, *, at: datetime) -> None:
    for line in history.largest_gaps(closed, most=MOST_ALERTS):
        sku = line.level.sku.code
        alerts.open_alert(
            "stock_gap",
            "stock_level",
            f"{sku}@{place.code}",
            at=at,
            location=place.code,
            severity=Severity.STOP,
            message=f"{sku} at {place.name}: the level shows {line.closing + line.gap}, the books of {closed.day}"
            f" say {line.closing} ({line.gap:+d}).",
            url=f"/stock/movements?{urlencode({'sku': sku, 'site': place.code})}"[:200],
        )
    if closed.levels_gap > MOST_ALERTS:
        alerts.open_alert(
            "stock_gap",
            "stock_close",
            f"{place.code} {closed.day}",
            at=at,
            location=place.code,
            severity=Severity.STOP,
            message=f"{place.name}, {closed.day}: {closed.levels_gap} SKUs differ from the books.",
            url=f"/stock/closes/{place.code}/{closed.day}?show=gaps",
        )
