"""Each thing that a rule can do, and the order beside it that is left alone."""

import pytest

from oms.routing.network import network
from oms.routing.parsing import rule as parsed
from oms.routing.planner import plan
from oms.routing.plans import Plan
from oms.routing.problem import Band, Destination, Line, OrderFacts, Service, Site
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
    RuleInvalid,
    Sites,
    Test,
)

A = Site(1, "A", "Albany", kind="own", country="AU", orders_per_day=10)
B = Site(2, "B", "Broome", kind="3pl", country="AU", is_insured=True, orders_per_day=40)
N = Site(3, "N", "Napier", kind="own", country="NZ")
COSTS = {1: 500, 2: 600, 3: 900}
MUGS = Line(1, 7, "MUG", 2)
PLENTY = {(site, 7): 9 for site in COSTS}
BOTH = (MUGS, Line(2, 8, "CUP", 1))
APART = {(1, 7): 2, (2, 8): 1}


def planned(
    *rules: Rule,
    lines: tuple[Line, ...] = (MUGS,),
    stock: dict[tuple[int, int], int] = PLENTY,
    to: str = "AU",
    book: dict | None = None,
    **facts,
) -> Plan:
    services = {
        site: [Service("post", "Post", "auspost", (Band(None, cost, 3),))] for site, cost in COSTS.items()
    }
    order = OrderFacts("web", "b2c", Destination(to), lines, **facts)
    return plan(order, stock=stock, network=network((A, B, N), services, RuleBook(rules, **(book or {}))))


def always(does: Does, **said) -> Rule:
    return Rule(1, (), (Action(does, **said),))


def sites_of(found: Plan) -> list[str]:
    return sorted(parcel.site for parcel in found.parcels)


def test_a_cap_drops_a_site_once_it_has_had_its_orders() -> None:
    rule = always(Does.CAP_ORDERS, sites=Sites(codes=("A",)), number=5)

    assert sites_of(planned(rule, loads={1: 4})) == ["A"]
    full = planned(rule, loads={1: 5})
    assert sites_of(full) == ["B"]
    assert full.candidates[0].effects == ("Rule 1: give Albany at most 5 orders a day",)


def test_a_cap_without_sites_means_each_of_them() -> None:
    found = planned(always(Does.CAP_ORDERS, number=5), loads={1: 5, 2: 6, 3: 4})

    assert sites_of(found) == ["N"]


def test_local_keeps_an_order_in_its_country_and_the_rest_of_the_world_with_the_origin() -> None:
    rule = always(Does.LOCAL, sites=Sites(countries=("NZ",)))

    assert [sites_of(planned(rule, to=country)) for country in ("AU", "NZ", "US")] == [["A"], ["N"], ["N"]]


def test_local_without_an_origin_lets_any_site_serve_the_rest_of_the_world() -> None:
    rule = always(Does.LOCAL)

    assert [sites_of(planned(rule, to=country)) for country in ("NZ", "US")] == [["N"], ["A"]]


def test_a_valuable_order_goes_to_an_insured_partner_and_a_cheap_one_anywhere() -> None:
    rule = Rule(1, (Condition(Fact.VALUE, Test.ABOVE, number=50_000),), (Action(Does.INSURED),))

    assert sites_of(planned(rule, value_minor=50_001)) == ["B"]
    assert sites_of(planned(rule, value_minor=50_000)) == ["A"]


def test_insured_of_some_sites_leaves_the_others() -> None:
    rule = always(Does.INSURED, sites=Sites(codes=("A",)))

    assert sites_of(planned(rule)) == ["B"]
    assert planned(rule).candidates[-1].kept


def test_an_order_is_split_only_from_the_value_that_a_rule_says() -> None:
    rule = always(Does.SPLIT_FROM_VALUE, number=10_000)

    assert sites_of(planned(rule, lines=BOTH, stock=APART, value_minor=10_000)) == ["A", "B"]
    whole = planned(rule, lines=BOTH, stock=APART, value_minor=9_999)
    assert sites_of(whole) == ["A"]
    assert "Rule 1: split only from 100.00 AUD." in whole.why


@pytest.mark.parametrize(("number", "parcels"), [(1, 1), (2, 2), (3, 2)])
def test_a_limit_on_parcels_holds(number: int, parcels: int) -> None:
    found = planned(always(Does.LIMIT_PARCELS, number=number), lines=BOTH, stock=APART)

    assert len(found.parcels) == parcels


def test_forbidding_a_split_can_be_taken_back_by_a_later_rule() -> None:
    forbid = always(Does.FORBID_SPLIT)
    allow = Rule(2, (Condition(Fact.CUSTOMER_TYPE, Test.IS, ("b2c",)),), (Action(Does.ALLOW_SPLIT),))
    business = Rule(2, (Condition(Fact.CUSTOMER_TYPE, Test.IS, ("b2b",)),), (Action(Does.ALLOW_SPLIT),))

    assert sites_of(planned(forbid, lines=BOTH, stock=APART)) == ["A"]
    assert sites_of(planned(forbid, allow, lines=BOTH, stock=APART)) == ["A", "B"]
    assert sites_of(planned(forbid, business, lines=BOTH, stock=APART)) == ["A"]


def test_a_rule_set_limits_parcels_and_a_rule_lifts_it() -> None:
    limited = {"max_parcels": 1}

    assert len(planned(lines=BOTH, stock=APART, book=limited).parcels) == 1
    assert len(planned(always(Does.ALLOW_SPLIT), lines=BOTH, stock=APART, book=limited).parcels) == 2


def test_sites_are_meant_by_kind_and_by_country() -> None:
    partners = always(Does.EXCLUDE, sites=Sites(kinds=("own",), countries=("AU",)))

    found = planned(partners)

    assert [(each.site, each.kept) for each in found.candidates] == [("A", False), ("B", True), ("N", True)]


@pytest.mark.parametrize(
    ("if_none", "sites", "holds", "refused"),
    [
        (IfNone.BACKORDER, [], 0, False),
        (IfNone.ASK, [], 1, False),
        (IfNone.REFUSE, [], 0, True),
        (IfNone.ANY_SITE, ["A"], 0, False),
    ],
)
def test_with_no_site_left_the_rule_set_says_what_happens(if_none, sites, holds, refused) -> None:
    nowhere = always(Does.EXCLUDE)

    found = planned(nowhere, book={"if_none": if_none})
    served = planned(always(Does.EXCLUDE, sites=Sites(codes=("B",))), book={"if_none": if_none})

    assert (sites_of(found), len(found.holds), found.is_refused) == (sites, holds, refused)
    assert (sites_of(served), served.holds, served.is_refused) == (["A"], (), False)


def test_the_least_busy_site_is_taken_before_the_cheapest_when_the_ranking_says_so() -> None:
    balanced = {"ranking": Ranking((Criterion.UTILISATION, Criterion.COST))}

    ours = {(1, 7): 9, (2, 7): 9}
    # Half a day against a quarter.
    assert sites_of(planned(stock=ours, book=balanced, loads={1: 5, 2: 10})) == ["B"]
    assert sites_of(planned(book=balanced, loads={1: 2, 2: 10, 3: 0})) == [
        "N"
    ]  # without a capacity never busy
    assert sites_of(planned(loads={1: 9})) == ["A"]


def test_a_mix_weighs_how_busy_a_site_is_against_what_it_costs() -> None:
    mixed = {"ranking": Ranking((Criterion.COST, Criterion.UTILISATION), (1, 1))}

    # Albany is 100 cheaper than Broome; a thousandth of a day counts as a cent.
    assert sites_of(planned(book=mixed, loads={1: 3, 2: 8})) == ["A"]
    assert sites_of(planned(book=mixed, loads={1: 4, 2: 8})) == ["B"]


@pytest.mark.parametrize(
    ("conditions", "does", "at"),
    [
        ([{"fact": "service", "test": "is", "values": ["post"]}], {"does": "hold"}, "#/actions/0"),
        ([{"fact": "days_of_cover", "test": "below", "number": 3}], {"does": "hold"}, "#/actions/0"),
        (
            [{"fact": "weekday", "test": "is", "values": ["someday"]}],
            {"does": "exclude"},
            "#/conditions/0/values",
        ),
        (
            [{"fact": "postcode", "test": "between", "values": ["6000"]}],
            {"does": "exclude"},
            "#/conditions/0/values",
        ),
        ([{"fact": "value", "test": "is", "number": 3}], {"does": "exclude"}, "#/conditions/0/test"),
        ([], {"does": "require"}, "#/actions/0/sites"),
        ([], {"does": "limit_parcels", "number": 0}, "#/actions/0/number"),
        ([], {"does": "cap_orders", "number": -1}, "#/actions/0/number"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_where_it_stands(conditions, does, at) -> None:
    with pytest.raises(RuleInvalid) as refused:
        parsed(1, conditions, [does])

    assert refused.value.problems[0][0] == at
