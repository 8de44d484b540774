"""Orders and stock movements played again in their order."""

from datetime import timedelta

from oms.replays.simulation import Sale, Shift, play
from oms.routing.network import network
from oms.routing.problem import Band, Destination, Line, OrderFacts, Service, Site
from oms.routing.rules import RuleBook
from tests.builders import NOON

SITES = (Site(1, "PER", "Perth"), Site(2, "SYD", "Sydney"))
RATES = {
    1: (Service("road", "Road", "", (Band(None, 600, 2),)),),
    2: (Service("road", "Road", "", (Band(None, 1200, 5),)),),
}
NETWORK = network(SITES, RATES, RuleBook())


def sale(minute: int, pieces: int) -> Sale:
    facts = OrderFacts("api", "b2c", Destination("AU"), (Line(1, 9, "MUG", pieces),))
    return Sale(NOON + timedelta(minutes=minute), minute, facts)


def fates(sales, shifts, stock):
    return [(fate.sites, fate.unfilled) for _, fate in play(sales, shifts, stock, lambda facts: NETWORK)]


def test_each_order_takes_what_the_ones_before_have_left():
    stock = {(1, 9): 3, (2, 9): 2}

    found = fates([sale(1, 2), sale(2, 2), sale(3, 2)], [], stock)

    assert found == [(("PER",), 0), (("SYD",), 0), (("PER",), 1)]
    assert stock == {(1, 9): 0, (2, 9): 0}


def test_what_comes_goes_to_those_who_wait_before_later_orders():
    shifts = [Shift(NOON + timedelta(minutes=2), (1, 9), 3)]

    found = fates([sale(1, 2), sale(2, 2)], shifts, {})

    assert found == [((), 2), (("PER",), 1)]


def test_pieces_that_were_lost_are_not_promised():
    shifts = [Shift(NOON + timedelta(minutes=1), (1, 9), -3)]

    assert fates([sale(1, 1)], shifts, {(1, 9): 3}) == [((), 1)]
