"""The page of rates: from where, to where, at what weight."""

import pytest
from django.urls import reverse
from zeal import zeal_context

from oms.core.models import Grant, User
from oms.core.roles import Role
from oms.routing.models import Rate
from tests.builders import rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    user = User.objects.create_user("ruth", password="x")
    Grant.objects.create(user=user, role=Role.MANAGER, location_code="")
    client.force_login(user)
    rate("PER", region="WA", cost_minor=600, days=2)
    rate("SYD", region="WA", cost_minor=1200, days=5)
    Rate.objects.filter(cost_minor=600).update(up_to_grams=5_000)
    return client


def test_what_each_location_asks_stands_beside_the_zone(manager):
    with zeal_context():
        page = manager.get(reverse("routing:rates")).content.decode()

    assert "AU-WA" in page
    assert "6.00" in page
    assert "12.00" in page


def test_what_is_too_heavy_has_no_rate(manager):
    page = manager.get(reverse("routing:rates"), {"grams": "5001"}).content.decode()

    assert "6.00" not in page
    assert "12.00" in page


@pytest.mark.parametrize("grams", ["", "x", "-1", "9" * 40, "0"])
def test_any_weight_is_answered(manager, grams):
    assert manager.get(reverse("routing:rates"), {"grams": grams, "service": "none"}).status_code == 200
