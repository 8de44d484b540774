"""Rules that can never fire, name what is not there, or undo each other: found before any order meets them."""

import pytest

from oms.routing.checking import Finding, Known, findings
from oms.routing.contradictions import implied
from oms.routing.problem import Site
from oms.routing.rules import (
    Action,
    Condition,
    Criterion,
    Does,
    Fact,
    IfNone,
    Ranking,
    Rule,
    RuleBook,
    Sites,
    Test,
)

PER = Site(1, "PER", "Perth", orders_per_day=100)
SYD = Site(2, "SYD", "Sydney", is_insured=True)
OLD = Site(3, "OLD", "Old shed", enabled=False)
KNOWN = Known(
    sites=(PER, SYD, OLD),
    channels={"web": True, "fax": False},
    skus={"mug": True, "cup": False},
    tags=frozenset({"fragile"}),
    categories=frozenset({"mugs"}),
    hazards=frozenset({"9"}),
    zones=frozenset({"au-wa"}),
    services=frozenset({"post", "auspost", "auspost/post"}),
    elsewhere=frozenset({("ebay", "")}),
)
EXCLUDE_PER = Action(Does.EXCLUDE, Sites(codes=("PER",)))


def asks(fact: Fact, test: Test, *values: str, number: int = 0) -> Condition:
    return Condition(fact, test, values, number)


def found(*rules: Rule, known: Known = KNOWN, **book) -> tuple[Finding, ...]:
    return findings(RuleBook(rules, **book), known)


def of(*asked: Condition, known: Known = KNOWN) -> list[Finding]:
    return list(found(Rule(1, asked, (EXCLUDE_PER,)), known=known))


def stops(*asked: Condition, known: Known = KNOWN) -> list[str]:
    return [each.at for each in of(*asked, known=known) if each.stops]


VALUE_500, VALUE_100 = asks(Fact.VALUE, Test.ABOVE, number=500), asks(Fact.VALUE, Test.BELOW, number=100)
IN_AU = asks(Fact.COUNTRY, Test.IS, "AU")


@pytest.mark.parametrize(
    ("never", "may"),
    [
        ((VALUE_500, VALUE_100), (asks(Fact.VALUE, Test.ABOVE, number=98), VALUE_100)),
        (
            (asks(Fact.WEIGHT, Test.ABOVE, number=5), asks(Fact.WEIGHT, Test.BELOW, number=6)),
            (asks(Fact.WEIGHT, Test.ABOVE, number=5), asks(Fact.VALUE, Test.BELOW, number=6)),
        ),
        ((asks(Fact.AVAILABLE, Test.BELOW, number=0),), (asks(Fact.AVAILABLE, Test.BELOW, number=1),)),
        ((asks(Fact.HOUR, Test.ABOVE, number=23),), (asks(Fact.HOUR, Test.ABOVE, number=22),)),
        ((IN_AU, asks(Fact.COUNTRY, Test.IS, "NZ", "US")), (IN_AU, asks(Fact.COUNTRY, Test.IS, "NZ", "au"))),
        ((IN_AU, asks(Fact.COUNTRY, Test.IS_NOT, "au")), (IN_AU, asks(Fact.COUNTRY, Test.IS_NOT, "NZ"))),
        (
            (asks(Fact.CUSTOMER_TYPE, Test.IS_NOT, "b2c", "b2b"),),
            (asks(Fact.CUSTOMER_TYPE, Test.IS_NOT, "b2c"),),
        ),
        (
            (asks(Fact.WEEKDAY, Test.IS, "sat"), asks(Fact.WEEKDAY, Test.IS_NOT, "sat", "sun")),
            (asks(Fact.WEEKDAY, Test.IS, "sat", "mon"), asks(Fact.WEEKDAY, Test.IS_NOT, "sat", "sun")),
        ),
        (
            (IN_AU, asks(Fact.POSTCODE, Test.BETWEEN, "6000", "6999"), asks(Fact.POSTCODE, Test.IS, "2000")),
            (IN_AU, asks(Fact.POSTCODE, Test.BETWEEN, "6000", "6999"), asks(Fact.POSTCODE, Test.IS, "6999")),
        ),
        (
            (
                IN_AU,
                asks(Fact.POSTCODE, Test.BETWEEN, "6000", "6100"),
                asks(Fact.POSTCODE, Test.BETWEEN, "6200", "6300"),
            ),
            (
                IN_AU,
                asks(Fact.POSTCODE, Test.BETWEEN, "6000", "6200"),
                asks(Fact.POSTCODE, Test.BETWEEN, "6200", "6300"),
            ),
        ),
        (
            (
                IN_AU,
                asks(Fact.POSTCODE, Test.BETWEEN, "6000", "6100"),
                asks(Fact.POSTCODE, Test.STARTS_WITH, "62"),
            ),
            (
                IN_AU,
                asks(Fact.POSTCODE, Test.BETWEEN, "6000", "6100"),
                asks(Fact.POSTCODE, Test.STARTS_WITH, "60"),
            ),
        ),
        (
            (
                IN_AU,
                asks(Fact.POSTCODE, Test.STARTS_WITH, "60"),
                asks(Fact.POSTCODE, Test.STARTS_WITH, "61", "62"),
            ),
            (
                IN_AU,
                asks(Fact.POSTCODE, Test.STARTS_WITH, "6"),
                asks(Fact.POSTCODE, Test.STARTS_WITH, "61", "62"),
            ),
        ),
        (
            (IN_AU, asks(Fact.POSTCODE, Test.BETWEEN, "6000", "W1A")),
            (IN_AU, asks(Fact.POSTCODE, Test.BETWEEN, "E1", "W1A")),
        ),
        ((asks(Fact.SKU, Test.IS, "SAUCER"),), (asks(Fact.SKU, Test.IS, "MUG", "CUP"),)),
        ((asks(Fact.CHANNEL, Test.IS, "phone"),), (asks(Fact.CHANNEL, Test.IS, "Web"),)),
        ((asks(Fact.ZONE, Test.IS, "MOON"),), (asks(Fact.ZONE, Test.IS, "AU-WA"),)),
        ((asks(Fact.SERVICE, Test.IS, "pigeon"),), (asks(Fact.SERVICE, Test.IS, "AusPost/post"),)),
        ((asks(Fact.COUNTRY, Test.IS, "Australia"),), (IN_AU,)),
        ((asks(Fact.CUSTOMER_TYPE, Test.IS, "vip"),), (asks(Fact.CUSTOMER_TYPE, Test.IS, "B2B"),)),
    ],
)
def test_what_can_never_fire_or_is_not_there_stops_a_draft(never, may) -> None:
    assert stops(*never) == [f"conditions/{len(never) - 1}"]
    assert stops(*may) == []


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        (asks(Fact.SKU, Test.IS, "CUP"), "not active"),
        (asks(Fact.CHANNEL, Test.IS, "fax"), "not active"),
        (asks(Fact.TAG, Test.IS, "frozen"), "No SKU has the tag frozen"),
        (asks(Fact.CATEGORY, Test.IS, "cups"), "No SKU is of the category"),
        (asks(Fact.HAZARD, Test.IS, "3"), "hazard class 3"),
        (asks(Fact.POSTCODE, Test.STARTS_WITH, "60"), "add the destination country"),
    ],
)
def test_what_is_only_odd_is_said_and_stops_nothing(odd: Condition, says: str) -> None:
    (one,) = of(odd)

    assert (one.stops, says in one.says, one.at) == (False, True, "conditions/0")


def test_a_rule_set_of_one_channel_cannot_ask_for_another() -> None:
    web = Known(channel="web", customer_type="b2c", sites=KNOWN.sites, channels={"web": True, "api": True})

    assert stops(asks(Fact.CHANNEL, Test.IS, "api"), known=web) == ["conditions/0"]
    assert stops(asks(Fact.CHANNEL, Test.IS_NOT, "web"), known=web) == ["conditions/0"]
    assert stops(asks(Fact.CUSTOMER_TYPE, Test.IS, "b2b"), known=web) == ["conditions/0"]
    (always,) = of(asks(Fact.CHANNEL, Test.IS, "web", "api"), known=web)
    assert (always.stops, "the condition can go" in always.says) == (False, True)


def test_a_channel_with_a_live_rule_set_of_its_own_is_not_reached_from_here() -> None:
    channels = {"ebay": True, "web": True}
    known = Known(sites=KNOWN.sites, channels=channels, elsewhere=KNOWN.elsewhere)

    (one,) = of(asks(Fact.CHANNEL, Test.IS, "ebay"), known=known)

    assert "has a live rule set of its own" in one.says
    assert of(asks(Fact.CHANNEL, Test.IS, "web"), known=known) == []


def test_names_of_sites_that_are_not_there_stop_and_those_not_active_are_said() -> None:
    keep = Rule(1, (), (Action(Does.KEEP, Sites(codes=("ADL", "OLD")), 5),))

    says = [(each.stops, each.says) for each in found(keep)]

    assert says == [
        (True, "No location is called ADL: choose one that exists."),
        (False, "Old shed is not active and ships nothing."),
    ]


def test_a_rule_for_every_order_that_leaves_no_site_stops_a_draft() -> None:
    (one,) = found(Rule(1, (), (Action(Does.EXCLUDE),)))
    both = found(Rule(1, (), (EXCLUDE_PER,)), Rule(2, (), (Action(Does.REQUIRE, Sites(codes=("PER",))),)))

    assert (one.rule, one.stops) == (1, True)
    assert [(each.rule, each.stops) for each in both] == [(2, True)]


def test_a_rule_for_some_orders_that_leaves_no_site_says_what_becomes_of_them() -> None:
    rule = Rule(1, (asks(Fact.COUNTRY, Test.IS, "NZ"),), (Action(Does.EXCLUDE),))

    (one,) = found(rule, if_none=IfNone.REFUSE)

    assert (one.stops, one.says) == (False, "No site is left for these orders: they are refused.")


def test_a_rule_behind_one_that_leaves_nothing_for_its_orders_stops_a_draft() -> None:
    abroad = Rule(1, (asks(Fact.COUNTRY, Test.IS, "NZ", "US"),), (Action(Does.EXCLUDE),))
    dear = Rule(
        2, (asks(Fact.COUNTRY, Test.IS, "NZ"), VALUE_500), (Action(Does.PREFER, Sites(codes=("SYD",))),)
    )
    home = Rule(2, (IN_AU, VALUE_500), (Action(Does.PREFER, Sites(codes=("SYD",))),))
    held = Rule(2, (asks(Fact.COUNTRY, Test.IS, "NZ"),), (Action(Does.HOLD),))

    assert [(each.rule, each.stops) for each in found(abroad, dear)] == [(1, False), (2, True)]
    assert [each.rule for each in found(abroad, home)] == [1]
    assert [each.rule for each in found(abroad, held)] == [1]


def test_an_action_on_sites_that_are_out_already_is_said() -> None:
    out = Rule(1, (), (EXCLUDE_PER,))
    keep = Rule(2, (), (Action(Does.KEEP, Sites(codes=("PER",)), 5),))

    (one,) = found(out, keep)

    assert (one.rule, one.at, one.stops) == (2, "actions/0", False)
    assert found(out, Rule(2, (), (Action(Does.KEEP, Sites(codes=("SYD",)), 5),))) == ()


def test_insured_only_with_no_insured_site_leaves_nothing() -> None:
    insured = Rule(1, (), (Action(Does.INSURED),))
    none = Known(sites=(PER,))

    assert [each.stops for each in found(insured, known=none)] == [True]
    assert found(insured) == ()


def test_a_rule_that_asks_about_sites_leaves_nobody_in_the_shadow() -> None:
    busy = Rule(1, (asks(Fact.ORDERS_LEFT, Test.BELOW, number=5),), (Action(Does.EXCLUDE),))
    keep = Rule(2, (), (Action(Does.KEEP, Sites(codes=("PER",)), 5),))

    assert [each for each in found(busy, keep) if each.rule == 2] == []


def test_what_the_whole_ranking_makes_useless_is_said() -> None:
    busy = Ranking((Criterion.UTILISATION, Criterion.COST))
    uncounted = Known(sites=(SYD,))
    far = Ranking((Criterion.DISTANCE,))
    limit = Rule(1, (), (Action(Does.LIMIT_PARCELS, number=3),))

    assert [each.at for each in found(ranking=busy, known=uncounted)] == ["criteria"]
    assert found(ranking=busy) == ()
    assert [each.at for each in found(ranking=far, split_penalty_minor=1)] == ["split_penalty"]
    assert [each.stops for each in found(ranking=Ranking((Criterion.COST,), (0,)))] == [True]
    assert [each.at for each in found(limit, max_parcels=3)] == ["actions/0"]
    assert found(limit, max_parcels=4) == ()


def test_the_same_rule_twice_is_said_once() -> None:
    rule = Rule(1, (IN_AU,), (EXCLUDE_PER,))

    (one,) = [each for each in found(rule, Rule(2, rule.conditions, rule.actions)) if "same" in each.says]

    assert (one.rule, one.says) == (2, "This says the same as rule 1: one of them can go.")


@pytest.mark.parametrize(
    ("wider", "narrower", "follows"),
    [
        ((), (IN_AU,), True),
        ((IN_AU,), (), False),
        ((asks(Fact.COUNTRY, Test.IS, "AU", "NZ"),), (IN_AU, VALUE_500), True),
        ((asks(Fact.COUNTRY, Test.IS_NOT, "NZ"),), (IN_AU,), True),
        ((asks(Fact.TAG, Test.IS_NOT, "frozen"),), (asks(Fact.TAG, Test.IS, "fragile"),), False),
        ((asks(Fact.VALUE, Test.ABOVE, number=400),), (VALUE_500,), True),
        ((asks(Fact.VALUE, Test.ABOVE, number=600),), (VALUE_500,), False),
        ((asks(Fact.VALUE, Test.BELOW, number=900),), (VALUE_500,), False),
        (
            (asks(Fact.POSTCODE, Test.STARTS_WITH, "6"),),
            (asks(Fact.POSTCODE, Test.STARTS_WITH, "60", "61"),),
            True,
        ),
        (
            (asks(Fact.POSTCODE, Test.BETWEEN, "6000", "6999"),),
            (asks(Fact.POSTCODE, Test.IS, "6050", "7000"),),
            False,
        ),
        (
            (asks(Fact.POSTCODE, Test.BETWEEN, "6000", "6999"),),
            (asks(Fact.POSTCODE, Test.BETWEEN, "6100", "6200"),),
            True,
        ),
    ],
)
def test_one_rules_orders_are_all_anothers_only_when_it_is_sure(wider, narrower, follows) -> None:
    assert implied(wider, narrower) is follows
