"""What the planner decides and how it explains itself, case by case."""

import random

import pytest

from oms.routing.network import network
from oms.routing.planner import plan
from oms.routing.plans import Plan
from oms.routing.problem import Band, Destination, Line, OrderFacts, Partial, Service, Site
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

PER = Site(1, "PER", "Perth", region="WA", postcode="6000", latitude=-31.95, longitude=115.86)
SYD = Site(2, "SYD", "Sydney", region="NSW", postcode="2000", latitude=-33.87, longitude=151.21)
MEL = Site(3, "MEL", "Melbourne", region="VIC", postcode="3000", latitude=-37.81, longitude=144.96)
TO_PERTH = {"PER": (600, 2), "SYD": (1200, 5), "MEL": (1140, 4)}
PERTH = Destination("AU", "WA", "6050")
MUG, TOWEL = 91, 92


def post(cost_minor: int, days: int) -> list[Service]:
    return [Service("standard", "Parcel Post", "auspost", (Band(None, cost_minor, days),))]


def planned(
    *lines: Line,
    stock: dict[tuple[str, int], int],
    rules: tuple[Rule, ...] = (),
    rates: dict[str, tuple[int, int]] = TO_PERTH,
    sites: tuple[Site, ...] = (PER, SYD, MEL),
    ranking: Ranking | None = None,
    split_penalty_minor: int = 0,
    max_parcels: int | None = None,
    if_none: IfNone = IfNone.BACKORDER,
    **facts,
) -> Plan:
    ids = {site.code: site.id for site in sites}
    book = RuleBook(rules, ranking or Ranking(), split_penalty_minor, max_parcels, if_none, number=17)
    services = {ids[code]: post(*rate) for code, rate in rates.items() if code in ids}
    order = OrderFacts("api", "b2c", PERTH, lines, **facts)
    prepared = network(sites, services, book, centre=(-31.95, 115.86))
    return plan(order, stock={(ids[code], sku): has for (code, sku), has in stock.items()}, network=prepared)


def mugs(quantity: int, key: int | str = 1, weight_grams: int = 0) -> Line:
    return Line(key, MUG, "MUG", quantity, weight_grams)


def towels(quantity: int, key: int | str = 2) -> Line:
    return Line(key, TOWEL, "TOWEL", quantity)


def sent(found: Plan) -> dict[str, int]:
    return {parcel.site: sum(count for _, count in parcel.lines) for parcel in found.parcels}


def test_an_order_from_perth_ships_from_perth() -> None:
    found = planned(mugs(1), stock={("PER", MUG): 3, ("SYD", MUG): 20}, sites=(PER, SYD))

    assert sent(found) == {"PER": 1}
    assert (found.cost_minor, found.days, found.optimal, found.bound_minor) == (600, 2, True, 600)
    assert found.why == (
        "Perth fills all 1 line in one parcel for 6.00 in 2 days."
        " Sydney costs 6.00 more and takes 3 days longer."
    )
    assert [(each.site, each.outcome, each.covers, each.rank) for each in found.candidates] == [
        ("PER", "chosen", 1, 1),
        ("SYD", "runner-up", 1, 2),
    ]


def test_two_lines_of_one_sku_do_not_both_count_the_same_piece() -> None:
    found = planned(mugs(2, "a"), mugs(2, "b"), stock={("PER", MUG): 3})

    assert [(share.line, share.quantity) for share in found.shares] == [("a", 2), ("b", 1)]
    assert found.shortfall == (("b", 1),)


def test_thirteen_over_ten_and_fifteen_are_thirteen() -> None:
    found = planned(mugs(13), stock={("PER", MUG): 10, ("SYD", MUG): 15}, split_penalty_minor=10_000)

    assert sent(found) == {"SYD": 13}


def test_a_split_is_taken_when_it_is_cheaper_than_one_dear_parcel() -> None:
    stock = {("PER", MUG): 1, ("MEL", TOWEL): 1, ("SYD", MUG): 1, ("SYD", TOWEL): 1}
    dear = TO_PERTH | {"SYD": (3000, 2)}

    found = planned(mugs(1), towels(1), stock=stock, rates=dear, split_penalty_minor=500)

    assert sent(found) == {"PER": 1, "MEL": 1}
    assert found.cost_minor == 600 + 1140 + 500


def test_the_split_penalty_can_make_one_parcel_better() -> None:
    stock = {("PER", MUG): 1, ("MEL", TOWEL): 1, ("SYD", MUG): 1, ("SYD", TOWEL): 1}
    dear = TO_PERTH | {"SYD": (2200, 2)}

    found = planned(mugs(1), towels(1), stock=stock, rates=dear, split_penalty_minor=500)

    assert sent(found) == {"SYD": 2}
    assert found.runner_up is not None
    assert found.runner_up.sites == ("PER", "MEL")


def test_what_nobody_has_is_left_to_wait() -> None:
    found = planned(mugs(5), stock={("PER", MUG): 2, ("SYD", MUG): 1})

    assert sent(found) == {"PER": 2, "SYD": 1}
    assert found.shortfall == ((1, 2),)


def test_what_is_there_is_kept_for_an_order_that_ships_together() -> None:
    found = planned(mugs(5), stock={("PER", MUG): 2}, partial=Partial.TOGETHER)

    assert sent(found) == {"PER": 2}
    assert found.shortfall == ((1, 3),)
    assert found.holds == ()


def test_a_person_is_asked_before_a_part_ships() -> None:
    found = planned(mugs(5), stock={("PER", MUG): 2}, partial=Partial.ASK)

    assert sent(found) == {"PER": 2}
    assert len(found.holds) == 1


def test_the_pieces_a_channel_never_sees_are_not_promised() -> None:
    found = planned(mugs(5), stock={("PER", MUG): 3, ("SYD", MUG): 3}, buffer=2)

    assert found.shortfall == ((1, 1),)


def test_a_site_that_the_channel_may_not_use_is_dropped() -> None:
    found = planned(mugs(1), stock={("PER", MUG): 3, ("SYD", MUG): 3}, allowed_sites=frozenset({SYD.id}))

    assert sent(found) == {"SYD": 1}
    assert found.candidates[0].effects == ("Not for this channel",)


def test_an_excluded_site_sends_nothing() -> None:
    rule = Rule(1, (), (Action(Does.EXCLUDE, Sites(codes=("PER",))),))

    found = planned(mugs(1), stock={("PER", MUG): 3, ("SYD", MUG): 3}, rules=(rule,))

    assert sent(found) == {"SYD": 1}
    assert found.candidates[0].effects == ("Rule 1: never ship from Perth",)
    assert found.candidates[0].outcome == "dropped"


def test_a_valuable_order_ships_only_from_where_the_rule_says() -> None:
    dear = Condition(Fact.VALUE, Test.ABOVE, number=50_000)
    rule = Rule(3, (dear,), (Action(Does.REQUIRE, Sites(codes=("SYD",))),))
    stock = {("PER", MUG): 3, ("SYD", MUG): 3}

    assert sent(planned(mugs(1), stock=stock, rules=(rule,), value_minor=50_001)) == {"SYD": 1}
    assert sent(planned(mugs(1), stock=stock, rules=(rule,), value_minor=50_000)) == {"PER": 1}


def test_a_site_keeps_its_minimum_on_the_shelf() -> None:
    rule = Rule(2, (), (Action(Does.KEEP, Sites(codes=("PER",)), number=5),))

    found = planned(mugs(2), stock={("PER", MUG): 6, ("SYD", MUG): 1}, rules=(rule,))

    assert sent(found) == {"PER": 1, "SYD": 1}
    assert found.candidates[0].effects == ("Rule 2: keep 5 on the shelf, has 6",)


def test_of_two_rules_that_keep_pieces_the_one_that_keeps_more_counts() -> None:
    few = Rule(1, (), (Action(Does.KEEP, Sites(codes=("PER",)), number=2),))
    more = Rule(2, (), (Action(Does.KEEP, number=5),))

    for rules in ((few, more), (more, few)):
        found = planned(mugs(3), stock={("PER", MUG): 6, ("SYD", MUG): 20}, rules=rules, max_parcels=2)
        assert sent(found) == {"SYD": 3}
        assert found.candidates[0].able == (1,)
        assert {effect.split(": ")[1] for effect in found.candidates[0].effects} == {
            "keep 2 on the shelf, has 6",
            "keep 5 on the shelf, has 6",
        }


def test_a_site_with_little_stock_is_avoided() -> None:
    low = Condition(Fact.AVAILABLE, Test.BELOW, number=5)
    rule = Rule(1, (low,), (Action(Does.EXCLUDE),))

    found = planned(mugs(1), stock={("PER", MUG): 4, ("SYD", MUG): 5}, rules=(rule,))

    assert sent(found) == {"SYD": 1}


def test_a_preference_outranks_cost_but_not_stock() -> None:
    rule = Rule(1, (), (Action(Does.PREFER, Sites(codes=("MEL",))),))

    there = planned(mugs(1), stock={("PER", MUG): 3, ("MEL", MUG): 3}, rules=(rule,))
    gone = planned(mugs(1), stock={("PER", MUG): 3}, rules=(rule,))

    assert sent(there) == {"MEL": 1}
    assert there.why.endswith("but comes after it by rule, distance or priority.")
    assert sent(gone) == {"PER": 1}


def test_a_preference_that_no_site_meets_changes_nothing() -> None:
    rule = Rule(1, (), (Action(Does.PREFER, Sites(codes=("ELSEWHERE",))),))
    stock = {("PER", MUG): 1, ("MEL", TOWEL): 1, ("SYD", MUG): 1, ("SYD", TOWEL): 1}
    dear = TO_PERTH | {"SYD": (9000, 2)}

    found = planned(mugs(1), towels(1), stock=stock, rules=(rule,), rates=dear)

    assert sent(found) == {"PER": 1, "MEL": 1}


def test_an_order_that_may_not_be_split_ships_the_most_that_one_site_has() -> None:
    rule = Rule(4, (), (Action(Does.FORBID_SPLIT),))
    stock = {("PER", MUG): 2, ("SYD", MUG): 3}

    found = planned(mugs(5), stock=stock, rules=(rule,))

    assert sent(found) == {"SYD": 3}
    assert "Rule 4: do not split the order." in found.why


def test_a_rule_holds_an_order_for_a_person() -> None:
    rule = Rule(1, (Condition(Fact.SKU, Test.IS, ("mug",)),), (Action(Does.HOLD, note="check the print"),))

    found = planned(mugs(1), stock={("PER", MUG): 1}, rules=(rule,))

    assert found.holds == ("Rule 1: hold the order for a person (check the print)",)


@pytest.mark.parametrize(("if_none", "holds"), [(IfNone.BACKORDER, 0), (IfNone.ASK, 1)])
def test_with_no_site_left_the_rule_set_says_what_happens(if_none: IfNone, holds: int) -> None:
    rule = Rule(1, (), (Action(Does.EXCLUDE),))

    found = planned(mugs(1), stock={("PER", MUG): 1}, rules=(rule,), if_none=if_none)

    assert (found.parcels, found.shortfall, len(found.holds)) == ((), ((1, 1),), holds)
    assert found.why == "The rules leave no site for this order."


def test_a_site_without_a_rate_comes_last() -> None:
    found = planned(mugs(1), stock={("PER", MUG): 1, ("SYD", MUG): 1}, rates={"SYD": (9900, 9)})
    alone = planned(mugs(1), stock={("PER", MUG): 1}, rates={"SYD": (9900, 9)})

    assert sent(found) == {"SYD": 1}
    assert sent(alone) == {"PER": 1}
    assert not alone.parcels[0].priced


def test_the_fastest_service_is_taken_when_days_come_first() -> None:
    services = {
        1: [
            Service("standard", "Parcel Post", "auspost", (Band(None, 600, 4),)),
            Service("express", "Express Post", "auspost", (Band(None, 1150, 1),)),
        ]
    }
    order = OrderFacts("api", "b2c", PERTH, (mugs(1),))
    fastest = network((PER,), services, RuleBook(ranking=Ranking((Criterion.DAYS, Criterion.COST))))
    cheapest = network((PER,), services, RuleBook())

    assert plan(order, stock={(1, MUG): 1}, network=fastest).parcels[0].service == "express"
    assert plan(order, stock={(1, MUG): 1}, network=cheapest).parcels[0].service == "standard"


def test_of_two_equal_sites_the_nearer_wins_then_the_priority_then_the_code() -> None:
    stock = {("PER", MUG): 1, ("SYD", MUG): 1}
    same = {"PER": (600, 2), "SYD": (600, 2), "A": (600, 2), "B": (600, 2)}
    first, second = Site(7, "B", "B", priority=1), Site(8, "A", "A", priority=2)

    near = planned(mugs(1), stock=stock, rates=same)
    by_priority = planned(mugs(1), stock={("A", MUG): 1, ("B", MUG): 1}, rates=same, sites=(first, second))

    assert sent(near) == {"PER": 1}
    assert sent(by_priority) == {"B": 1}


def test_a_search_cut_short_says_so_and_states_its_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.routing.search.NODES", 3)
    sites = tuple(Site(i, f"S{i}", f"Site {i}") for i in range(1, 9))
    stock = {(f"S{i}", MUG): 1 for i in range(1, 9)}

    found = planned(mugs(6), stock=stock, rates={f"S{i}": (600 + i, 2) for i in range(1, 9)}, sites=sites)

    assert not found.optimal
    assert found.bound_minor == 601 + 602 + 603 + 604 + 605 + 606
    assert "cut short" in found.why


def test_the_explanation_is_plain_json() -> None:
    found = planned(mugs(1), stock={("PER", MUG): 3, ("SYD", MUG): 20}).explained()

    assert found["rules"]["number"] == 17
    assert found["winner"] == {
        "sites": ["PER"],
        "names": ["Perth"],
        "cost": 600,
        "days": 2,
        "unfilled": 0,
        "priced": True,
    }
    assert found["candidates"][0]["stock"] == {"MUG": 3}


def test_a_long_order_over_two_sites_by_weight_is_planned_at_once_and_with_proof() -> None:
    skus = range(40)
    places = [Site(1, "A", "A"), Site(2, "B", "B")]
    bands = (Band(5_000, 500, 2), Band(15_000, 900, 2), Band(None, 2_500, 2))
    services = {site.id: [Service("s", "S", "c", bands)] for site in places}
    stock = {(site, sku): 0 if sku == 39 * (site - 1) else 9 for site in (1, 2) for sku in skus}
    lines = tuple(Line(sku, sku, f"SKU{sku:02d}", 3, 100 + 7 * sku) for sku in skus)

    found = plan(
        OrderFacts("api", "b2c", Destination("AU"), lines),
        stock=stock,
        network=network(places, services, RuleBook(ranking=Ranking((Criterion.COST,)))),
    )

    # 28.38 kg: whatever is not in one parcel of up to 15 kg is in another.
    assert (found.optimal, found.cost_minor, len(found.parcels)) == (True, 1_800, 2)


def test_no_runner_up_is_better_than_the_plan_itself_however_short_the_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oms.routing.search.NODES", 400)
    for seed in range(40):
        dice = random.Random(seed)
        sites = tuple(Site(i, f"S{i}", f"Site {i}") for i in range(1, 31))
        stock = {(site.code, sku): dice.choice([0, 0, 1, 2, 3]) for site in sites for sku in range(6)}
        rates = {site.code: (dice.randint(300, 1500), 2) for site in sites}
        lines = [Line(sku, sku, f"X{sku}", dice.randint(3, 12)) for sku in range(6)]

        found = planned(*lines, stock=stock, rates=rates, sites=sites, split_penalty_minor=100)

        assert found.winner is not None
        other = found.runner_up
        worth = (found.winner.unfilled, found.cost_minor)
        assert other is None or worth <= (other.unfilled, other.cost_minor), seed
        assert found.bound_minor <= found.cost_minor
