from itertools import count

import pytest
from django.db import connections

from oms.core.database import base

pytestmark = pytest.mark.django_db
SECONDS = count(1_000_000, 1_000)


@pytest.fixture
def asked(monkeypatch):
    """How often the connection was asked whether it lives, request by request."""
    connection, times, began = connections["default"], [], next(SECONDS)
    monkeypatch.setattr(connection, "is_usable", lambda: not times.append(1))
    monkeypatch.setattr(connection, "health_check_enabled", True)

    def asked(*, after):
        monkeypatch.setattr(base, "monotonic", lambda: float(began + after))
        connection.health_check_done = False
        connection.close_if_health_check_failed()
        return len(times)

    return asked


def test_a_connection_that_has_rested_is_asked_whether_it_lives(asked):
    assert asked(after=0) == 1
    assert asked(after=base.RESTED_SECONDS + 1) == 2


def test_a_connection_that_has_just_worked_is_not_asked(asked):
    assert [asked(after=0), asked(after=4), asked(after=8)] == [1, 1, 1]
