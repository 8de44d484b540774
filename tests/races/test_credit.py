"""Two orders of one customer at the same instant: together they never pass its limit unheld."""

import pytest

from oms.flows import ordering
from oms.orders.models import CustomerAccount, Order
from oms.orders.requests import NewLine, NewOrder
from tests.builders import NOON, PERTH, TESTER, breaches, channel, customer, price, shelf
from tests.races.test_attack import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_twelve_orders_at_once_and_only_what_fits_the_limit_goes_on():
    shelf("MUG", on_hand=100)
    channel("api")
    price("MUG", "10.00")
    customer("CAFE", credit_limit_minor=5_000)

    def buy(number: int):
        line = NewLine("MUG", 1, by_list=True)
        wanted = NewOrder("api", f"R-{number}", "Café", PERTH, "AUD", (line,), customer="CAFE")
        return lambda: ordering.place_order(wanted, actor=TESTER, at=NOON)

    errors = at_once(*[buy(number) for number in range(12)])

    assert errors == []
    # What is held counts too: nobody knows yet whether it will be delivered.
    assert Order.objects.filter(state="open").count() == 5
    assert Order.objects.filter(state="on_hold").count() == 7
    assert CustomerAccount.objects.get().unbilled_minor == 12_000
    assert breaches() == {}
