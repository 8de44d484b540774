"""The books of the demo shop: every past day is closed, and the last month is signed but for its end."""

from datetime import datetime, timedelta

from inventory import queries as stock_queries
from oms.core.actors import SYSTEM
from oms.core.models import User
from oms.flows import closing

SIGNED_DAYS = 30
WAITING_DAYS = 3


def close_days(*, at: datetime) -> int:
    """Close every day that has ended at every site and sign the older ones of the last month; how many were closed."""
    ines = User.objects.get(username="ines")
    closed = 0
    for code, _, _ in stock_queries.working_sites():
        days = closing.close_through(code, actor=SYSTEM, at=at)
        closed += len(days)
        for close in days[-SIGNED_DAYS:-WAITING_DAYS]:
            signed_at = min(at, close.closed_at + timedelta(hours=9))
            closing.sign_day(code, close.day, by=ines, note="", actor=ines.actor, at=signed_at)
    return closed
