"""The demo shop shows preorders whose deliveries changed, made through the flows."""

from datetime import UTC, datetime, timedelta

import pytest

from inventory.models import DeliveryChange
from oms.alerts.models import Alert
from oms.flows.demo import preorders, shop
from oms.orders.models import SupplyClaim
from tests.builders import breaches

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_one_delivery_is_late_one_brings_less_and_somebody_has_lost():
    now = datetime.now(UTC)
    sold = shop.open_shop(at=now - timedelta(days=30), say=lambda text: None)

    preorders.sell_ahead(sold, now=now, say=lambda text: None)

    assert DeliveryChange.objects.count() == 2
    held = dict.fromkeys(("ASN-780", "ASN-781", "lost"), 0)
    for claim in SupplyClaim.objects.select_related("expected"):
        held[claim.expected.reference if claim.expected else "lost"] += claim.quantity
    assert held == {"ASN-780": 8, "ASN-781": 3, "lost": 1}
    assert Alert.objects.get(kind="preorders_unbound").closed_at is None
    assert breaches() == {}
