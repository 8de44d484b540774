"""Orders and stock movements played again in their order."""

from datetime import timedelta

from oms.replays.simulation import Memory, Sale, Shift, play
from oms.routing.network import network
from oms.routing.problem import Band, Destination, Line, OrderFacts, Service, Site
from oms.routing.rules import Action, Condition, Does, Fact, Rule, RuleBook, Sites, Test
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


def fates(sales, shifts, stock, prepared=NETWORK, memory=None):
    played = play(sales, shifts, stock, lambda facts: prepared, memory)
    return [(fate.sites, fate.unfilled) for _, fate in played]


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


def not_perth(**asked) -> RuleBook:
    gone = Action(Does.EXCLUDE, Sites(codes=("PER",)))
    return RuleBook((Rule(1, (Condition(**asked),), (gone,)),))


def test_a_cap_counts_the_orders_of_the_play_by_the_sites_own_day():
    cap = Action(Does.CAP_ORDERS, Sites(codes=("PER",)), number=1)
    prepared = network(SITES, RATES, RuleBook((Rule(1, (), (cap,)),)))
    day = 24 * 60

    found = fates([sale(1, 1), sale(2, 1), sale(day, 1)], [], {(1, 9): 9, (2, 9): 9}, prepared)

    assert [sites for sites, _ in found] == [("PER",), ("SYD",), ("PER",)]


def test_days_of_cover_are_those_of_then():
    prepared = network(SITES, RATES, not_perth(fact=Fact.COVER, test=Test.BELOW, number=3))
    asked = []

    def paces(at):
        asked.append(at)
        return {(1, 9): 1_000}

    found = fates([sale(1, 1), sale(2, 1), sale(3, 1)], [], {(1, 9): 4, (2, 9): 9}, prepared, Memory(paces))

    assert [sites for sites, _ in found] == [("PER",), ("PER",), ("SYD",)]
    assert len(asked) == 1
