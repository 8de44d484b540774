"""What is late is told once, where it is late, and taken back when it is not late any more."""

from datetime import timedelta

import pytest

from oms.alerts.models import Alert
from oms.flows import ordering, watching
from tests.builders import NOON, TESTER, place, shelf

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_late_order_alerts_its_site_and_the_alert_closes_with_its_cause():
    shelf("MUG", at="PER", on_hand=5)
    placed = place(("MUG", 1), promise_by=NOON + timedelta(hours=1))

    assert watching.late_orders(at=NOON) == 0
    assert watching.late_orders(at=NOON + timedelta(hours=2)) == 1
    alert = Alert.objects.get()
    assert (alert.subject_id, alert.location_code, alert.closed_at) == (placed.number, "PER", None)

    ordering.cancel_order(placed.number, reason="changed my mind", actor=TESTER, at=NOON)
    assert watching.late_orders(at=NOON + timedelta(hours=3)) == 0

    alert.refresh_from_db()
    assert (alert.closed_by, alert.note) == ("system", "It is late no more.")


def test_an_order_that_two_sites_hold_up_is_everybodys_alert():
    for site in ("PER", "SYD"):
        shelf("MUG", at=site, on_hand=1)
    place(("MUG", 2), promise_by=NOON)

    watching.late_orders(at=NOON + timedelta(hours=2))

    assert Alert.objects.get().location_code == ""
