"""Each fact that a rule can ask, with the order or site that it is about and with the one just beside it."""

from datetime import UTC, datetime, timedelta

import pytest

from oms.routing import parsing
from oms.routing.network import network
from oms.routing.planner import plan
from oms.routing.plans import Plan
from oms.routing.problem import Band, Destination, Line, OrderFacts, Service, Site
from oms.routing.rules import Action, Condition, Criterion, Does, Fact, Ranking, Rule, RuleBook, Sites, Test

A = Site(1, "A", "Albany", timezone="Australia/Perth", orders_per_day=10)
B = Site(2, "B", "Broome", timezone="Australia/Perth", priority=200)
MONDAY_NOON_UTC = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # eight in the evening in Perth
LAMP = Line(1, 7, "LAMP", 2, 400, frozenset({"fragile"}), "lighting", "9", 300, 2_000)
ORDER = OrderFacts(
    "web",
    "b2b",
    Destination("AU", "WA", "6050"),
    (LAMP,),
    value_minor=20_000,
    placed_at=MONDAY_NOON_UTC - timedelta(hours=5),
    asked_at=MONDAY_NOON_UTC,
    shipping_option="express",
    loads={1: 7},
    paces={(1, 7): 500},
)
STOCK = {(1, 7): 6, (2, 7): 6}


def planned(rule: Rule, order: OrderFacts = ORDER, zone: str = "AU-WA", **kind) -> Plan:
    services = kind.pop("services", {1: [_service("post", 500)], 2: [_service("post", 600)]})
    prepared = network((A, B), services, RuleBook((rule,), **kind), zone=zone)
    return plan(order, stock=STOCK, network=prepared)


def _service(code: str, cost_minor: int, days: int = 3, carrier: str = "auspost") -> Service:
    return Service(code, code.title(), carrier, (Band(None, cost_minor, days),))


def never_a(*asked: Condition) -> Rule:
    return Rule(1, asked, (Action(Does.EXCLUDE, Sites(codes=("A",))),))


def site_of(found: Plan) -> str:
    return found.parcels[0].site


def says(fact: Fact, test: Test, *values: str, number: int = 0) -> Condition:
    data = {"fact": fact, "test": test} | ({"values": list(values)} if values else {"number": number})
    return parsing.condition(data)


@pytest.mark.parametrize(
    ("holds", "fails"),
    [
        (says(Fact.CHANNEL, Test.IS, "web", "api"), says(Fact.CHANNEL, Test.IS, "api")),
        (says(Fact.CUSTOMER_TYPE, Test.IS_NOT, "b2c"), says(Fact.CUSTOMER_TYPE, Test.IS, "b2c")),
        (says(Fact.COUNTRY, Test.IS, "au"), says(Fact.COUNTRY, Test.IS, "NZ")),
        (says(Fact.REGION, Test.IS, "WA"), says(Fact.REGION, Test.IS_NOT, "WA")),
        (
            says(Fact.POSTCODE, Test.BETWEEN, "6000", "6050"),
            says(Fact.POSTCODE, Test.BETWEEN, "6000", "6049"),
        ),
        (says(Fact.POSTCODE, Test.BETWEEN, "800", "10000"), says(Fact.POSTCODE, Test.BETWEEN, "7", "800")),
        (says(Fact.POSTCODE, Test.STARTS_WITH, "60"), says(Fact.POSTCODE, Test.STARTS_WITH, "61")),
        (says(Fact.ZONE, Test.IS, "AU-WA"), says(Fact.ZONE, Test.IS_NOT, "au-wa")),
        (says(Fact.VALUE, Test.ABOVE, number=19_999), says(Fact.VALUE, Test.ABOVE, number=20_000)),
        (says(Fact.VALUE, Test.BELOW, number=20_001), says(Fact.VALUE, Test.BELOW, number=20_000)),
        (says(Fact.WEIGHT, Test.ABOVE, number=799), says(Fact.WEIGHT, Test.ABOVE, number=800)),
        (says(Fact.LONGEST_SIDE, Test.ABOVE, number=299), says(Fact.LONGEST_SIDE, Test.ABOVE, number=300)),
        (says(Fact.VOLUME, Test.BELOW, number=4_001), says(Fact.VOLUME, Test.BELOW, number=4_000)),
        (says(Fact.SKU, Test.IS, "lamp"), says(Fact.SKU, Test.IS_NOT, "LAMP")),
        (says(Fact.TAG, Test.IS, "Fragile"), says(Fact.TAG, Test.IS, "frozen")),
        (says(Fact.CATEGORY, Test.IS, "lighting"), says(Fact.CATEGORY, Test.IS, "mugs")),
        (says(Fact.HAZARD, Test.IS, "3", "9"), says(Fact.HAZARD, Test.IS, "3")),
        (says(Fact.SHIPPING_OPTION, Test.IS, "express"), says(Fact.SHIPPING_OPTION, Test.IS, "standard")),
        (says(Fact.ORDER_AGE, Test.ABOVE, number=4), says(Fact.ORDER_AGE, Test.ABOVE, number=5)),
        (says(Fact.AVAILABLE, Test.BELOW, number=7), says(Fact.AVAILABLE, Test.BELOW, number=6)),
        (says(Fact.ORDERS_LEFT, Test.BELOW, number=4), says(Fact.ORDERS_LEFT, Test.BELOW, number=3)),
        (says(Fact.HOUR, Test.ABOVE, number=19), says(Fact.HOUR, Test.ABOVE, number=20)),
        (says(Fact.WEEKDAY, Test.IS, "mon"), says(Fact.WEEKDAY, Test.IS, "sat", "sun")),
        (says(Fact.COVER, Test.BELOW, number=13), says(Fact.COVER, Test.BELOW, number=12)),
        (says(Fact.COVER, Test.ABOVE, number=11), says(Fact.COVER, Test.ABOVE, number=12)),
    ],
    ids=lambda asked: f"{asked.fact}-{asked.test}",
)
def test_a_fact_that_holds_moves_the_order_and_one_that_does_not_leaves_it(holds, fails) -> None:
    assert site_of(planned(never_a(holds))) == "B"
    assert site_of(planned(never_a(fails))) == "A"


def test_every_fact_is_tried_above_or_below() -> None:
    tried = {
        *(each.fact for pair in _pairs() for each in pair),
        Fact.SERVICE,  # by the tests that follow
    }

    assert tried == set(Fact)


def _pairs() -> list[tuple[Condition, Condition]]:
    test = test_a_fact_that_holds_moves_the_order_and_one_that_does_not_leaves_it
    return next(mark.args[1] for mark in test.pytestmark if mark.name == "parametrize")


def test_all_conditions_of_a_rule_must_hold() -> None:
    dear, here = says(Fact.VALUE, Test.ABOVE, number=19_999), says(Fact.COUNTRY, Test.IS, "AU")
    elsewhere = says(Fact.COUNTRY, Test.IS, "NZ")

    assert site_of(planned(never_a(dear, here))) == "B"
    assert site_of(planned(never_a(dear, elsewhere))) == "A"


def test_what_never_sells_at_a_site_lasts_for_ever() -> None:
    rule = Rule(1, (says(Fact.COVER, Test.BELOW, number=1_000_000),), (Action(Does.EXCLUDE),))

    found = planned(rule)

    assert [(each.site, each.kept) for each in found.candidates] == [("A", False), ("B", True)]


def test_days_of_cover_are_those_of_the_sku_that_runs_out_first() -> None:
    order = OrderFacts("web", "b2c", Destination("AU"), (LAMP, Line(2, 8, "WICK", 1)), paces={(1, 8): 3_000})
    rule = Rule(1, (says(Fact.COVER, Test.BELOW, number=3),), (Action(Does.EXCLUDE),))
    prepared = network((A,), {}, RuleBook((rule,)))

    assert plan(order, stock={(1, 7): 90, (1, 8): 8}, network=prepared).parcels == ()
    assert len(plan(order, stock={(1, 7): 90, (1, 8): 9}, network=prepared).parcels) == 1


BY_EXPRESS = says(Fact.SERVICE, Test.IS, "express")
TWO = {1: [_service("post", 900), _service("express", 700, 1)], 2: [_service("express", 800, 1)]}


def test_an_excluded_service_is_dropped_and_its_site_stays_for_the_others() -> None:
    rule = Rule(1, (BY_EXPRESS,), (Action(Does.EXCLUDE),))

    free, found = (
        planned(never_a(says(Fact.CHANNEL, Test.IS, "none")), services=TWO),
        planned(rule, services=TWO),
    )

    assert (free.parcels[0].service, found.parcels[0].service) == ("express", "post")
    broome = found.candidates[1]
    assert (broome.site, broome.kept, broome.effects) == ("B", False, ("Rule 1: never ship by express",))


@pytest.mark.parametrize("name", ["express", "auspost/express", "AUSPOST/Express"])
def test_a_service_is_known_by_its_code_alone_or_behind_its_carrier(name: str) -> None:
    rule = Rule(1, (says(Fact.SERVICE, Test.IS, name),), (Action(Does.EXCLUDE),))

    assert planned(rule, services=TWO).parcels[0].service == "post"


def test_a_carrier_is_excluded_with_all_its_services() -> None:
    services = {1: [_service("post", 500), _service("road", 900, carrier="toll")]}
    rule = Rule(1, (says(Fact.SERVICE, Test.IS, "auspost"),), (Action(Does.EXCLUDE),))

    assert planned(rule, services=services).parcels[0].service == "road"


def test_a_required_service_leaves_nothing_else_and_no_site_without_a_rate() -> None:
    rule = Rule(1, (BY_EXPRESS,), (Action(Does.REQUIRE),))

    found = planned(rule, services={1: [_service("post", 100), _service("express", 900, 1)]})

    assert (site_of(found), found.parcels[0].service) == ("A", "express")
    assert [each.kept for each in found.candidates] == [True, False]


def test_only_one_service_but_others_is_said_with_is_not() -> None:
    rule = Rule(1, (says(Fact.SERVICE, Test.IS_NOT, "express"),), (Action(Does.EXCLUDE),))

    found = planned(rule, services={1: [_service("post", 100), _service("express", 900, 1)]})

    assert (site_of(found), found.parcels[0].service) == ("A", "express")
    assert found.candidates[1].effects == ("Rule 1: never ship by any service but express",)


def test_a_service_rule_of_one_site_leaves_the_others_alone() -> None:
    rule = Rule(1, (BY_EXPRESS,), (Action(Does.EXCLUDE, Sites(codes=("B",))),))

    assert planned(rule, services=TWO).parcels[0].service == "express"
    assert [each.kept for each in planned(rule, services=TWO).candidates] == [True, False]


def test_a_service_rule_counts_only_for_the_orders_and_sites_that_meet_the_rest() -> None:
    cheap = Rule(1, (BY_EXPRESS, says(Fact.VALUE, Test.BELOW, number=20_000)), (Action(Does.EXCLUDE),))
    busy = Rule(1, (BY_EXPRESS, says(Fact.ORDERS_LEFT, Test.BELOW, number=4)), (Action(Does.EXCLUDE),))

    assert planned(cheap, services=TWO).parcels[0].service == "express"
    assert [each.kept for each in planned(busy, services=TWO).candidates] == [True, True]
    assert (site_of(planned(busy, services=TWO)), planned(busy, services=TWO).parcels[0].service) == (
        "B",
        "express",
    )


def test_days_first_takes_the_fastest_service_that_is_left() -> None:
    fastest = Ranking((Criterion.DAYS, Criterion.COST))
    services = {1: [_service("post", 500, 4), _service("air", 1_500, 1), _service("express", 900, 2)]}
    rule = Rule(1, (says(Fact.SERVICE, Test.IS, "air"),), (Action(Does.EXCLUDE),))

    assert planned(rule, services=services, ranking=fastest).parcels[0].service == "express"


def test_the_planner_is_told_which_facts_cost_a_look_at_the_database() -> None:
    asks = [
        never_a(says(Fact.COVER, Test.BELOW, number=3)),
        never_a(says(Fact.ORDERS_LEFT, Test.BELOW, number=3)),
    ]
    cap = Rule(1, (), (Action(Does.CAP_ORDERS, number=3),))

    found = [network((A,), {}, RuleBook((rule,))) for rule in (*asks, cap, never_a(BY_EXPRESS))]

    assert [(each.needs_paces, each.needs_loads) for each in found] == [
        (True, False),
        (False, True),
        (False, True),
        (False, False),
    ]
