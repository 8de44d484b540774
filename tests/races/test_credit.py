"""Two orders of one customer at the same instant: together they never pass its limit unheld."""

import pytest

from oms.flows import amending, ordering
from oms.orders.amendments import Amendment, Difference
from oms.orders.models import CustomerAccount, Order
from oms.orders.requests import NewLine, NewOrder
from oms.orders.rules import CreditLimitExceeded
from tests.builders import NOON, PERTH, TESTER, breaches, channel, customer, place, price, shelf
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


def test_edits_and_orders_at_once_never_pass_the_limit_unheld():
    shelf("MUG", on_hand=100)
    channel("api")
    price("MUG", "10.00")
    customer("CAFE", credit_limit_minor=8_000, terms_days=14)
    numbers = [place(("MUG", 1), customer="CAFE").number for _ in range(4)]

    def raise_by_one(number: str):
        more = Amendment((Difference("MUG", 1),))
        return lambda: amending.amend_order(number, more, reason="More", actor=TESTER, at=NOON)

    errors = at_once(*[raise_by_one(number) for number in numbers * 2])

    assert [type(error) for error in errors] == [CreditLimitExceeded] * 4
    assert CustomerAccount.objects.get().owed_minor == 8_000
    assert sum(order.total_minor for order in Order.objects.all()) == 8_000
    assert breaches() == {}
