"""What holds for every plan, whatever the order, the shelves and the rates."""

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from oms.routing.network import network
from oms.routing.planner import plan
from oms.routing.plans import Plan
from oms.routing.problem import Band, Destination, Line, OrderFacts, Service, Site
from oms.routing.rules import Action, Criterion, Does, Ranking, Rule, RuleBook, Sites

SKUS, SITES = 3, 5
many = settings(max_examples=300, deadline=None)

stocks = st.dictionaries(
    st.tuples(st.integers(1, SITES), st.integers(1, SKUS)), st.integers(0, 5), max_size=SITES * SKUS
)
orders = st.lists(st.tuples(st.integers(1, SKUS), st.integers(1, 4)), min_size=1, max_size=4)
costs = st.lists(st.integers(1, 30), min_size=SITES, max_size=SITES)
penalties = st.integers(0, 12)
limits = st.none() | st.integers(1, 3)


def sites() -> list[Site]:
    return [Site(i, f"S{i}", f"Site {i}") for i in range(1, SITES + 1)]


def facts(lines: list[tuple[int, int]]) -> OrderFacts:
    written = tuple(Line(key, sku, f"SKU{sku}", quantity) for key, (sku, quantity) in enumerate(lines))
    return OrderFacts("api", "b2c", Destination("AU"), written)


def services(rates: list[int]) -> dict[int, list[Service]]:
    return {
        i: [Service("s", "S", "c", (Band(None, cost, 1 + cost % 4),))]
        for i, cost in enumerate(rates, start=1)
    }


def planned(
    lines: list[tuple[int, int]],
    stock: dict[tuple[int, int], int],
    rates: list[int],
    book: RuleBook | None = None,
    places: list[Site] | None = None,
) -> Plan:
    return plan(
        facts(lines), stock=stock, network=network(places or sites(), services(rates), book or RuleBook())
    )


def parcels_of(found: Plan) -> set[tuple[str, tuple[tuple[str, int], ...]]]:
    return {(parcel.site, tuple(sorted(parcel.lines))) for parcel in found.parcels}


@many
@given(orders, stocks, costs, penalties, limits)
def test_shares_and_shortfall_add_up_and_no_share_exceeds_its_shelf(
    lines, stock, rates, penalty, limit
) -> None:
    found = planned(lines, stock, rates, RuleBook(split_penalty_minor=penalty, max_parcels=limit))

    taken: dict[tuple[int, int], int] = {}
    given_to: dict[int | str, int] = {}
    for share in found.shares:
        assert share.quantity > 0
        taken[share.site_id, share.sku_id] = taken.get((share.site_id, share.sku_id), 0) + share.quantity
        given_to[share.line] = given_to.get(share.line, 0) + share.quantity
    short = dict(found.shortfall)
    assert all(pieces <= stock.get(place, 0) for place, pieces in taken.items())
    assert all(given_to.get(key, 0) + short.get(key, 0) == wanted for key, (_, wanted) in enumerate(lines))
    assert sum(pieces for parcel in found.parcels for _, pieces in parcel.lines) == sum(given_to.values())
    assert limit is None or len(found.parcels) <= limit


@many
@given(orders, stocks, costs, penalties)
def test_everything_that_is_there_is_sent_and_the_cost_is_that_of_the_parcels(
    lines, stock, rates, penalty
) -> None:
    found = planned(lines, stock, rates, RuleBook(split_penalty_minor=penalty))

    for sku in range(1, SKUS + 1):
        wanted = sum(quantity for each, quantity in lines if each == sku)
        there = sum(pieces for (_, each), pieces in stock.items() if each == sku)
        sent = sum(share.quantity for share in found.shares if share.sku_id == sku)
        assert sent == min(wanted, there)
    splits = max(0, len(found.parcels) - 1)
    assert found.cost_minor == sum(parcel.cost_minor for parcel in found.parcels) + penalty * splits
    assert found.optimal
    assert found.bound_minor == found.cost_minor


@many
@given(orders, stocks, costs, penalties, st.tuples(st.integers(1, SITES), st.integers(1, SKUS)))
def test_more_stock_never_raises_the_cost_of_a_whole_order(lines, stock, rates, penalty, place) -> None:
    book = RuleBook(split_penalty_minor=penalty)
    before = planned(lines, stock, rates, book)

    after = planned(lines, stock | {place: stock.get(place, 0) + 1}, rates, book)

    assert after.unfilled <= before.unfilled
    if before.unfilled == 0:
        assert after.cost_minor <= before.cost_minor


@many
@given(orders, stocks, costs, st.permutations(range(SITES)), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_sites_changes_nothing(lines, stock, rates, order, dice) -> None:
    book = RuleBook(split_penalty_minor=3)
    places, shuffled = sites(), list(lines)
    dice.shuffle(shuffled)

    found = planned(lines, stock, rates, book)
    other = planned(shuffled, stock, rates, book, [places[i] for i in order])

    assert parcels_of(found) == parcels_of(other)
    assert (found.cost_minor, found.days, found.why) == (other.cost_minor, other.days, other.why)


@many
@given(orders, stocks, costs, limits)
def test_the_same_input_gives_the_same_plan(lines, stock, rates, limit) -> None:
    book = RuleBook(max_parcels=limit, ranking=Ranking((Criterion.DAYS, Criterion.COST)))

    assert planned(lines, stock, rates, book) == planned(lines, stock, rates, book)


@many
@given(orders, stocks, costs, st.integers(1, SITES), st.booleans())
def test_a_site_excluded_by_rule_never_appears(lines, stock, rates, site, by_require) -> None:
    others = tuple(f"S{i}" for i in range(1, SITES + 1) if i != site)
    action = (
        Action(Does.REQUIRE, Sites(codes=others))
        if by_require
        else Action(Does.EXCLUDE, Sites((f"S{site}",)))
    )

    found = planned(lines, stock, rates, RuleBook(rules=(Rule(1, (), (action,)),)))

    assert site not in {share.site_id for share in found.shares}
    without = {place: 0 if place[0] == site else pieces for place, pieces in stock.items()}
    assert parcels_of(found) == parcels_of(planned(lines, without, rates))


@many
@given(st.integers(1, SKUS), stocks)
def test_greedy_needs_at_most_one_plus_ln_q_times_as_many_parcels(skus, stock) -> None:
    wanted = {sku for sku in range(1, skus + 1) if any(stock.get((i, sku), 0) for i in range(1, SITES + 1))}
    book = RuleBook(ranking=Ranking((Criterion.PARCELS,)))

    found = planned([(sku, 1) for sku in range(1, skus + 1)], stock, [1] * SITES, book)

    left, greedy = set(wanted), 0
    while left:
        left -= max(({sku for sku in left if stock.get((i, sku), 0)} for i in range(1, SITES + 1)), key=len)
        greedy += 1
    assert len(found.parcels) <= greedy
    if wanted:
        assert greedy <= (1 + math.log(len(wanted))) * len(found.parcels)


@many
@given(orders, stocks, costs, penalties)
def test_the_runner_up_is_never_better_than_the_winner(lines, stock, rates, penalty) -> None:
    found = planned(lines, stock, rates, RuleBook(split_penalty_minor=penalty))

    if found.runner_up is not None and found.winner is not None:
        assert set(found.runner_up.sites) != set(found.winner.sites)
        worths = [(each.unfilled, each.cost_minor) for each in (found.winner, found.runner_up)]
        assert worths == sorted(worths)


@many
@given(orders, stocks, costs)
def test_a_disabled_site_is_as_if_it_had_nothing(lines, stock, rates) -> None:
    places = sites()
    places[0] = replace(places[0], enabled=False)
    without = {place: 0 if place[0] == 1 else pieces for place, pieces in stock.items()}

    assert parcels_of(planned(lines, stock, rates, places=places)) == parcels_of(
        planned(lines, without, rates)
    )
