"""Re-planning at its doors: the pages, the REST reads and the figures."""

from datetime import timedelta

import pytest
from django.urls import reverse
from zeal import zeal_context

from oms.core.models import Grant, User
from oms.core.roles import Role
from oms.flows import replanning
from oms.replanning import queries
from oms.runtime import metrics
from tests import builders
from tests.builders import NOON, TESTER, place, rate, shelf
from tests.doors.test_rest_contract import Api, api  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def passed():
    """A pass that made one exchange."""
    rate("PER", region="WA", cost_minor=600, days=2)
    rate("SYD", region="WA", cost_minor=900, days=2)
    shelf("MUG", at="PER", on_hand=1)
    shelf("PLATE", at="PER", on_hand=5)
    shelf("MUG", at="SYD", on_hand=5)
    place(("MUG", 1))
    place(("MUG", 1), ("PLATE", 1))
    return replanning.run(actor=TESTER, at=NOON + timedelta(minutes=20))


@pytest.fixture
def manager(client):
    user = User.objects.create_user("ruth", password="x")
    Grant.objects.create(user=user, role=Role.MANAGER, location_code="")
    client.force_login(user)
    return client


def test_passes_and_their_orders_are_read_over_rest(api, passed):  # noqa: F811  # the fixture
    (run,) = api.get("replanning/runs").json()["results"]
    orders = api.get(f"replanning/runs/{run['id']}/orders").json()["results"]

    assert (run["exchanges"], run["saved_parcels"], run["saved_cost"]) == (1, 1, "6.00")
    assert [(each["exchange"], each["parcels_before"], each["parcels_after"]) for each in orders] == [
        (1, 1, 1),
        (1, 2, 1),
    ]
    assert api.get("replanning/runs/999/orders").status_code == 404


def test_it_needs_the_right_to_read_routing(api):  # noqa: F811
    assert Api("orders:read").get("replanning/runs").status_code == 403


def test_the_pages_show_what_was_saved(manager, passed):
    with zeal_context():
        page = manager.get(reverse("replanning:list")).content.decode()
    with zeal_context():
        detail = manager.get(reverse("replanning:detail", args=[passed.pk])).content.decode()

    assert "Parcels, 30 days" in page
    assert "6.00" in page
    assert "PER + SYD" in detail
    assert "/orders/SO-" in detail


def test_a_manager_switches_it_off(manager):
    answer = manager.post(reverse("replanning:pace"), {"every_minutes": 60, "left_alone_minutes": 15})

    assert answer.status_code == 302
    policy = queries.policy()
    assert (policy.is_on, policy.every_minutes, policy.left_alone_minutes) == (False, 60, 15)
    assert "Off." in manager.get(reverse("replanning:list")).content.decode()


def test_a_pace_out_of_bounds_is_told_at_its_field(manager):
    answer = manager.post(
        reverse("replanning:pace"), {"is_on": "on", "every_minutes": 1, "left_alone_minutes": 0}
    )

    assert answer.status_code == 422
    assert queries.policy().every_minutes == 10


def test_a_pass_can_be_made_by_hand(manager):
    manager.post(reverse("replanning:now"), {"idempotency_key": "k1"})

    assert queries.runs().count() == 1


def test_a_picker_sees_none_of_it(client):
    user = User.objects.create_user("mai", password="x")
    Grant.objects.create(user=user, role=Role.PICKER, location_code="PER")
    client.force_login(user)

    assert client.get(reverse("replanning:list")).status_code == 403
    assert client.post(reverse("replanning:now")).status_code == 403


def test_the_figures_are_for_prometheus_too(passed):
    text = metrics.exposition().decode()

    assert "oms_replanning_saved_parcels_total 1.0" in text
    assert 'oms_replanning_saved_minor_total{currency="AUD"} 600.0' in text
    assert builders.breaches() == {}
