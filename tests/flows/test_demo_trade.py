"""The businesses of the demo shop buy on terms through the flows, and no promise of the books is broken."""

from datetime import UTC, datetime, timedelta

import pytest

from oms.alerts.models import Alert
from oms.flows.demo import shop, trade
from oms.invoices.models import Invoice
from oms.orders.models import CustomerAccount, Hold, PartialQuestion
from tests.builders import breaches

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_businesses_order_are_billed_pay_and_pass_a_limit() -> None:
    now = datetime.now(UTC)
    sold = shop.open_shop(at=now - timedelta(days=30), say=lambda text: None)

    trade.trade(sold, now=now, say=lambda text: None)

    assert Invoice.objects.filter(settled_at__isnull=False).count() == 1
    assert Invoice.objects.filter(settled_at__isnull=True).count() >= 2
    assert Alert.objects.filter(kind="overdue_invoice", closed_at__isnull=True).exists()
    assert sorted(Hold.objects.values_list("code", flat=True)) == ["credit-limit", "partial"]
    assert PartialQuestion.objects.get().decision == ""
    assert CustomerAccount.objects.filter(unpaid_minor__gt=0, unbilled_minor__gt=0).exists()
    assert breaches() == {}
