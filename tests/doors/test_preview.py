"""``POST /api/v1/routing/preview``: held against an exhaustive search that shares nothing with the planner."""

import itertools
import random
from decimal import Decimal

import pytest

from inventory.models import StockLocation, StockMovement
from oms.channels.models import Channel
from oms.orders.models import CustomerAddress, Order
from oms.routing.models import RoutingDecision
from oms.routing.rules import Action, Condition, Does, Fact, Ranking, Rule, RuleBook, Test
from tests import builders
from tests.builders import live_rules, location, price, rate, shelf
from tests.doors.test_rest_contract import Api, api  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db
ADDRESS = {
    "name": "Lee Kim",
    "line1": "14 Wattle Street",
    "city": "Mount Lawley",
    "region": "WA",
    "postcode": "6050",
    "country": "AU",
}


def asked(*lines: tuple[str, int], **assume) -> dict:
    return {
        "channel": "api",
        "external_number": "P-1",
        "customer": {"type": "b2c", "name": "Lee Kim", "email": "lee@example.com"},
        "shipping_address": ADDRESS,
        "currency": "AUD",
        "lines": [{"sku": sku, "quantity": count, "unit_price": "10.00"} for sku, count in lines],
    } | ({"assume": assume} if assume else {})


def cheapest(case: dict) -> tuple[int, Decimal | None]:
    """The fewest pieces unfilled and then the least cost, by trying every set of locations."""
    wanted: dict[str, int] = {}
    for line in case["lines"]:
        wanted[line["sku"]] = wanted.get(line["sku"], 0) + line["quantity"]
    assume = case["assume"]
    has = {(each["sku"], each["location"]): each["available"] for each in assume["levels"]}
    rates: dict[str, Decimal] = {}
    for each in assume["rates"]:
        rates[each["location"]] = min(Decimal(each["cost"]), rates.get(each["location"], Decimal("1e9")))
    places = sorted({place for _, place in has} & set(rates))
    penalty = Decimal(assume.get("split_penalty", "0"))
    best: tuple[int, Decimal | None] = (sum(wanted.values()), Decimal(0))
    for size in range(1, min(len(places), assume.get("max_parcels", 99)) + 1):
        for chosen in itertools.combinations(places, size):
            there = {sku: sum(has.get((sku, place), 0) for place in chosen) for sku in wanted}
            sent = {sku: min(count, there[sku]) for sku, count in wanted.items()}
            # Every location of the set sends something: else the smaller set has been tried.
            cost = sum((rates[place] for place in chosen), Decimal(0)) + penalty * (size - 1)
            worth = (sum(wanted.values()) - sum(sent.values()), cost)
            if worth[0] < best[0] or (worth[0] == best[0] and sum(sent.values()) and worth < best):
                best = worth
    return best


def random_case(dice: random.Random) -> dict:
    skus = dice.sample(["MUG", "X0", "X1", "X2", "X3"], dice.randint(1, 4))
    places = dice.sample(["PER", "SYD", *[f"W{i}" for i in range(6)]], dice.randint(1, 7))
    most = dice.choice([1, 2, 5, 9, 100_000])
    lines = [(dice.choice(skus), dice.randint(1, most)) for _ in range(dice.randint(1, 5))]
    assume: dict = {
        "levels": [
            {"sku": sku, "location": place, "available": dice.choice([0, 0, 1, 1, 2, most, 3 * most])}
            for sku in skus
            for place in places
            if dice.random() < 0.9
        ],
        "rates": [
            {
                "location": place,
                "service": service,
                "cost": f"{dice.choice([0, 500, 700, 725, 1250, dice.randint(1, 3000)]) / 100:.2f}",
                "days": dice.randint(1, 6),
            }
            for place in [*places, "NOWHERE"]
            for service in dice.sample(["road", "air", "sea"], dice.choice([0, 1, 1, 2, 3]))
        ],
        "rules": [],
    }
    if dice.random() < 0.6:
        assume["split_penalty"] = dice.choice(["0", "1.50", "10.00"])
    if dice.random() < 0.5:
        assume["max_parcels"] = dice.randint(1, 4)
    return asked(*lines, **assume)


@pytest.mark.parametrize("seed", range(6))
def test_answers_are_those_of_an_exhaustive_search(api, seed):  # noqa: F811  # the fixture
    # None of this may show: what is assumed is all there is.
    shelf("MUG", at="PER", on_hand=7)
    shelf("MUG", at="SYD", on_hand=1)
    rate("PER", region="WA", cost_minor=1, days=1)
    StockLocation.objects.filter(code="SYD").update(is_active=False)
    Channel.objects.update(stock_buffer=3, partial_policy="together")
    dice = random.Random(seed)
    for _ in range(60):
        case = random_case(dice)

        answer = api.post("routing/preview", case)

        assert answer.status_code == 200, answer.content
        plan = answer.json()["plan"]
        assert (plan["unfilled"], Decimal(plan["cost"])) == cheapest(case), case
        assert plan["optimal"] is True
        assert plan["bound"] == plan["cost"]
        check_whole(plan, case)


def check_whole(plan: dict, case: dict) -> None:
    """The parcels add up: to what was asked, to no more than is there, and to the cost."""
    assume = case["assume"]
    has = {(each["sku"], each["location"]): each["available"] for each in assume["levels"]}
    costs = {(each["location"], each["service"]): Decimal(each["cost"]) for each in assume["rates"]}
    sent: dict[str, int] = {}
    for parcel in plan["parcels"]:
        assert Decimal(parcel["cost"]) == costs[parcel["location"], parcel["service"]]
        for line in parcel["lines"]:
            assert 0 < line["quantity"] <= has[line["sku"], parcel["location"]]
            sent[line["sku"]] = sent.get(line["sku"], 0) + line["quantity"]
    parcels = [each["location"] for each in plan["parcels"]]
    assert len(parcels) == len(set(parcels)) <= assume.get("max_parcels", 99)
    penalty = Decimal(assume.get("split_penalty", "0")) * max(0, len(parcels) - 1)
    assert Decimal(plan["cost"]) == sum(Decimal(each["cost"]) for each in plan["parcels"]) + penalty
    asked_for = sum(line["quantity"] for line in case["lines"])
    assert isinstance(plan["unfilled"], int)
    assert asked_for - sum(sent.values()) == plan["unfilled"]
    assert sum(line["quantity"] for line in plan["unfilled_lines"]) == plan["unfilled"]


@pytest.mark.slow
def test_without_proof_it_says_so_and_the_bound_still_holds(api):  # noqa: F811
    skus, places = [f"X{i}" for i in range(20)], [f"W{i:02d}" for i in range(60)]
    dice = random.Random(5)
    levels = [
        {"sku": sku, "location": place, "available": dice.choice([0, 0, 0, 1, 2])}
        for sku in skus
        for place in places
    ]
    rates = [
        {"location": place, "service": "road", "cost": f"{dice.randint(500, 900) / 100:.2f}", "days": 2}
        for place in places
    ]
    lines = [(sku, 8) for sku in skus]

    asked_for = asked(*lines, levels=levels, rates=rates, rules=[])
    plan = api.post("routing/preview", asked_for).json()["plan"]

    check_whole(plan, asked_for)
    assert plan["unfilled"] == 0
    assert plan["optimal"] is False
    assert Decimal(plan["cost"]) / 2 < Decimal(plan["bound"]) < Decimal(plan["cost"])


def test_without_assumptions_it_is_what_placing_would_decide_and_nothing_is_written(api):  # noqa: F811
    shelf("MUG", at="PER", on_hand=3)
    shelf("MUG", at="SYD", on_hand=20)
    rate("PER", region="WA", cost_minor=600, days=2)
    rate("SYD", region="WA", cost_minor=1200, days=5)
    moved = StockMovement.objects.count()

    answer = api.post("routing/preview", asked(("MUG", 1))).json()

    assert answer["plan"]["parcels"] == [
        {
            "location": "PER",
            "carrier": "auspost",
            "service": "standard",
            "cost": "6.00",
            "days": 2,
            "grams": 0,
            "lines": [{"sku": "MUG", "quantity": 1}],
        }
    ]
    assert (answer["plan"]["cost"], answer["plan"]["unfilled"]) == ("6.00", 0)
    assert [(each["location"], each["cost"]) for each in answer["candidates"]] == [
        ("PER", "6.00"),
        ("SYD", "12.00"),
    ]
    assert answer["explanation"].startswith("Per fills all 1 line in one parcel for 6.00 in 2 days.")
    assert (Order.objects.count(), RoutingDecision.objects.count(), StockMovement.objects.count()) == (
        0,
        0,
        moved,
    )


def test_assumed_stock_is_all_the_stock_there_is(api):  # noqa: F811
    shelf("MUG", at="PER", on_hand=30)
    location("SYD")

    levels = [{"sku": "MUG", "location": "SYD", "available": 1}]
    answer = api.post("routing/preview", asked(("MUG", 2), levels=levels)).json()

    assert [each["location"] for each in answer["plan"]["parcels"]] == ["SYD"]
    assert answer["plan"]["unfilled"] == 1
    assert answer["plan"]["unfilled_lines"] == [{"sku": "MUG", "quantity": 1}]


def test_assumed_rules_are_obeyed_and_told(api):  # noqa: F811
    levels = [{"sku": "MUG", "location": place, "available": 5} for place in ("PER", "SYD")]
    rates = [
        {"location": "PER", "service": "road", "cost": "6.00", "days": 2},
        {"location": "SYD", "service": "road", "cost": "12.00", "days": 5},
    ]
    rules = [{"conditions": [], "actions": [{"does": "exclude", "sites": {"codes": ["PER"]}}]}]

    answer = api.post("routing/preview", asked(("MUG", 1), levels=levels, rates=rates, rules=rules)).json()

    assert [each["location"] for each in answer["plan"]["parcels"]] == ["SYD"]
    perth = next(each for each in answer["candidates"] if each["location"] == "PER")
    assert perth["kept"] is False
    assert perth["rule_effects"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"levels": [{"sku": "A", "location": "P", "available": -1}]}, "#/assume/levels/0/available"),
        ({"levels": [{"sku": "A", "location": "P", "available": 1}] * 2}, "#/assume/levels/1"),
        ({"rates": [{"location": "P", "service": "s", "cost": "-1", "days": 1}]}, "#/assume/rates/0/cost"),
        ({"rates": [{"location": "P", "service": "s", "cost": "NaN", "days": 1}]}, "#/assume/rates/0/cost"),
        ({"rates": [{"location": "P", "service": "s", "cost": "1.001", "days": 1}]}, "#/assume/rates/0/cost"),
        ({"split_penalty": "1e99"}, "#/assume/split_penalty"),
        ({"max_parcels": 0}, "#/assume/max_parcels"),
        ({"rules": [{"actions": [{"does": "fly"}]}]}, "#/assume/rules/0/actions/0/does"),
    ],
)
def test_what_cannot_be_assumed_is_refused_with_its_place(api, change, pointer):  # noqa: F811
    answer = api.post("routing/preview", asked(("A", 1), **change))

    assert answer.status_code == 422, answer.content
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_what_is_not_said_is_the_known_customers_as_when_placing(api):  # noqa: F811
    cafe = builders.customer("CAFE", partial_policy="ask")
    CustomerAddress.objects.create(
        customer=cafe, code="dock", name="Café Nord", line1="2 Pier Road", city="Fremantle", region="WA",
        postcode="6160", country="AU",
    )  # fmt: skip
    price("MUG", "60.00", "wholesale")
    for place in ("PER", "SYD"):
        shelf("MUG", at=place, on_hand=1)
        rate(place, region="WA", cost_minor=600, days=2)
    rules = (
        Rule(1, (Condition(Fact.CUSTOMER_TYPE, Test.IS, ("b2b",)),), (Action(Does.HOLD, note="business"),)),
        Rule(2, (Condition(Fact.VALUE, Test.ABOVE, number=10_000),), (Action(Does.HOLD, note="dear"),)),
    )
    live_rules(RuleBook(rules, Ranking()))
    known = {"customer": {"code": "CAFE"}, "ship_to": "dock", "lines": [{"sku": "MUG", "quantity": 2}]}
    nobody = {
        key: value for key, value in asked(("MUG", 2)).items() if key not in ("customer", "shipping_address")
    }

    answer = api.post("routing/preview", nobody | known)

    assert answer.status_code == 200, answer.content
    holds = answer.json()["holds"]
    assert [word for word in ("business", "dear") if any(word in hold for hold in holds)] == [
        "business",
        "dear",
    ]
    assert len(holds) == 3  # and whoever is to be asked before a part ships
    split = api.post("routing/preview", nobody | known | {"partial_policy": "split"}).json()
    assert len(split["holds"]) == 2
    alone = api.post("routing/preview", nobody | known | {"customer": {"code": "NOBODY"}})
    assert alone.json()["errors"][0]["pointer"] == "#/customer/code"
    assert api.post("routing/preview", nobody).json()["errors"][0]["pointer"] == "#/shipping_address"


def test_money_finer_than_the_currency_is_named_as_it_was_written(api):  # noqa: F811
    rates = [{"location": "P", "service": "s", "cost": "6.005", "days": 1}]

    answer = api.post("routing/preview", asked(("A", 1), rates=rates)).json()

    assert answer["errors"][0]["detail"] == "AUD has 2 decimals; 6.005 has more."


def test_a_rule_of_the_wrong_shape_is_told_the_right_one(api):  # noqa: F811
    rules = [{"actions": [{"does": "exclude", "sites": ["PER"]}]}]

    answer = api.post("routing/preview", asked(("A", 1), rules=rules)).json()

    assert answer["errors"][0]["detail"] == "This is an object with codes, countries, kinds."


def test_an_unknown_sku_or_channel_is_refused(api):  # noqa: F811
    assert api.post("routing/preview", asked(("NONE", 1))).json()["code"] == "unknown-sku"
    body = asked(("NONE", 1)) | {"channel": "nowhere"}
    assert api.post("routing/preview", body).json()["code"] == "unknown-channel"


def test_it_needs_the_right_to_read_routing(api):  # noqa: F811
    assert Api("orders:read").post("routing/preview", asked(("A", 1))).status_code == 403
