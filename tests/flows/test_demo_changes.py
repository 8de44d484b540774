"""The demo shop shows an edited order, and a partner that was asked, refused and accepted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fulfilment.models import CancellationRequest
from oms.flows.demo import changes, shop
from oms.orders.models import AddressChange, OrderChange
from tests import builders

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_customers_of_the_demo_shop_change_their_minds() -> None:
    now, said = timezone.now(), []
    sold = shop.open_shop(at=now - timedelta(days=1), say=said.append)

    changes.change_minds(sold, now=now, say=said.append)

    asked = CancellationRequest.objects.order_by("pk").values_list("state", flat=True)
    assert list(asked) == ["requested", "refused", "accepted"]
    moved = AddressChange.objects.order_by("pk").values_list("state", flat=True)
    assert list(moved) == ["requested", "refused", "applied"]
    assert OrderChange.objects.filter(reason="Customer asked").count() == 3
    assert builders.breaches() == {}
