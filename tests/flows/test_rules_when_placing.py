"""Rules that ask what only the database knows, met by orders that are placed, sourced anew and previewed."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fulfilment.rules import NewParcel, ParcelLine
from inventory import history
from inventory.books import midnight
from oms.catalogue.models import Sku
from oms.core.actors import SYSTEM
from oms.flows import closing, counting, ordering, previewing, shipping, sourcing
from oms.orders import queries as order_queries
from oms.routing.preview import Assumed, Wanted, Wish
from oms.routing.problem import Destination
from oms.routing.rules import Action, Condition, Does, Fact, Rule, RuleBook, Sites, Test
from tests import builders
from tests.builders import NOON, SYDNEY, TESTER

pytestmark = pytest.mark.django_db
ZONE = "Australia/Perth"
WISH = Wish("api", "b2c", Destination("AU", "WA", "6050"), (Wanted("MUG", 1),))


@pytest.fixture(autouse=True)
def shop():
    """Mugs at Perth, which is nearer by rate, and at Sydney."""
    builders.channel("api")
    builders.location("PER", timezone=ZONE, country="AU", orders_per_day=2)
    builders.location("SYD", timezone="Australia/Sydney", priority=200)
    for region, perth, sydney in (("WA", 500, 900), ("NSW", 900, 950)):
        builders.rate("PER", region=region, cost_minor=perth, days=2)
        builders.rate("SYD", region=region, cost_minor=sydney, days=5)
    for code in ("PER", "SYD"):
        builders.shelf("MUG", at=code, on_hand=20)
    yield
    assert builders.breaches() == {}


def not_from_perth(*asked: Condition) -> Rule:
    return Rule(1, asked, (Action(Does.EXCLUDE, Sites(codes=("PER",))),))


def live(*asked: Condition) -> None:
    builders.live_rules(RuleBook((not_from_perth(*asked),)))


def placed_at(at: datetime = NOON, **facts) -> str:
    placed = ordering.place_order(builders.request(("MUG", 1), **facts), actor=TESTER, at=at)
    return placed.work[0].location


def previewed_at(at: datetime = NOON, assumed: Assumed = Assumed(), wish: Wish = WISH) -> str:  # noqa: B008
    return previewing.preview_of(wish, assumed, at=at).parcels[0].site


def number(fact: Fact, test: Test, value: int) -> Condition:
    return Condition(fact, test, number=value)


def test_the_hour_is_that_of_the_sites_own_clock() -> None:
    live(number(Fact.HOUR, Test.ABOVE, 14))  # from three in the afternoon in Perth
    at_three = datetime.combine(NOON.date(), datetime.min.time(), NOON.tzinfo) + timedelta(hours=7)

    assert (previewed_at(at_three), placed_at(at_three)) == ("SYD", "SYD")
    before = at_three - timedelta(minutes=1)
    assert (previewed_at(before), placed_at(before)) == ("PER", "PER")


def test_a_weekend_begins_when_it_does_at_the_site() -> None:
    live(Condition(Fact.WEEKDAY, Test.IS, ("sat", "sun")))
    saturday = midnight(datetime(2026, 11, 28).date(), ZONE)  # noqa: DTZ001  # a day and no instant

    assert (previewed_at(saturday), placed_at(saturday)) == ("SYD", "SYD")
    friday = saturday - timedelta(minutes=1)
    assert (previewed_at(friday), placed_at(friday)) == ("PER", "PER")


def test_what_a_site_can_still_take_today_counts_the_orders_it_was_given() -> None:
    live(number(Fact.ORDERS_LEFT, Test.BELOW, 1))

    found = []
    for _ in range(3):
        found.append((previewed_at(), placed_at()))

    assert found == [("PER", "PER"), ("PER", "PER"), ("SYD", "SYD")]
    assert placed_at(NOON + timedelta(days=1)) == "PER"


def test_a_cap_on_orders_counts_those_of_the_same_batch() -> None:
    builders.live_rules(RuleBook((Rule(1, (), (Action(Does.CAP_ORDERS, Sites(codes=("PER",)), number=2),)),)))

    done = ordering.place_orders([builders.request(("MUG", 1)) for _ in range(3)], actor=TESTER, at=NOON)

    assert [each.work[0].location for each in done] == ["PER", "PER", "SYD"]


def test_sizes_and_hazards_come_with_the_sku() -> None:
    mugs = Sku.objects.filter(code="MUG")
    mugs.update(length_mm=400, width_mm=100, height_mm=50, hazard="3")
    long, big = number(Fact.LONGEST_SIDE, Test.ABOVE, 399), number(Fact.VOLUME, Test.ABOVE, 1_999)
    live(long, big, Condition(Fact.HAZARD, Test.IS, ("3",)))

    assert (previewed_at(), placed_at()) == ("SYD", "SYD")
    mugs.update(length_mm=399)
    assert (previewed_at(), placed_at()) == ("PER", "PER")


def test_a_zone_is_that_of_the_rates() -> None:
    live(Condition(Fact.ZONE, Test.IS, ("AU-NSW",)))

    assert placed_at(to=SYDNEY) == "SYD"
    assert (previewed_at(), placed_at()) == ("PER", "PER")


def test_the_shipping_option_is_what_the_customer_chose() -> None:
    live(Condition(Fact.SHIPPING_OPTION, Test.IS, ("express",)))
    express = Wish(WISH.channel, "b2c", WISH.destination, WISH.lines, shipping_option="express")

    assert (previewed_at(wish=express), placed_at(shipping_option="express")) == ("SYD", "SYD")
    assert (previewed_at(), placed_at()) == ("PER", "PER")


@pytest.mark.parametrize(("hours", "site"), [(47, "PER"), (48, "SYD")])
def test_an_order_ages_until_it_is_sourced_anew(hours: int, site: str) -> None:
    live(number(Fact.ORDER_AGE, Test.ABOVE, 47))
    builders.sku("CUP")
    waiting = ordering.place_order(builders.request(("CUP", 1)), actor=TESTER, at=NOON)
    for code in ("PER", "SYD"):
        counting.adjust_stock(
            "CUP", location=code, quantity_delta=5, reason="found", note="", actor=TESTER, at=NOON
        )

    assert _sourced(waiting.number, NOON + timedelta(hours=hours)) == [site]


def _sourced(number: str, at: datetime) -> list[str]:
    order = order_queries.lock_order(number)
    plan = sourcing.source_again(order, actor=TESTER, at=at, why="Stock arrived.")
    return [parcel.site for parcel in plan.parcels] if plan else []


@pytest.fixture
def sold():
    """Four closed days in which Perth sent eight of its mugs: two a day."""
    first = NOON - timedelta(days=4)
    counting.receive_stock("MUG", location="PER", quantity=1, reference="R", actor=TESTER, at=first)
    placed = ordering.place_order(builders.request(("MUG", 8)), actor=TESTER, at=first)
    parcel = NewParcel("auspost", "T1", (ParcelLine("MUG", 8),))
    shipping.ship_parcels(placed.work[0].number, contents=[parcel], actor=TESTER, at=first)
    closing.close_through("PER", (NOON - timedelta(days=1)).date(), actor=SYSTEM, at=NOON)


def test_days_of_cover_are_the_pieces_there_by_what_leaves_there_a_day(sold) -> None:
    pace = history.paces([builders.level().sku_id], at=NOON)
    live(number(Fact.COVER, Test.BELOW, 6))  # thirteen pieces are for six days

    assert list(pace.values()) == [2_000]
    assert (previewed_at(), placed_at()) == ("PER", "PER")
    assert builders.level().available == 12
    assert placed_at() == "PER"
    assert (previewed_at(), placed_at()) == ("SYD", "SYD")  # eleven are not


def test_sales_of_another_month_count_no_more(sold) -> None:
    sku_id = builders.level().sku_id

    assert history.paces([sku_id], at=NOON + timedelta(days=20)) != {}
    assert history.paces([sku_id], at=NOON + timedelta(days=29)) == {}


@pytest.mark.parametrize(
    ("fact", "reads"),
    [
        (Fact.VALUE, []),
        (Fact.COVER, ["inventory_stockcloseline"]),
        (Fact.ORDERS_LEFT, ["fulfilment_fulfilmentorder w"]),
    ],
)
def test_only_what_a_live_rule_asks_for_is_read(sold, fact: Fact, reads: list[str]) -> None:
    live(number(fact, Test.BELOW, 1))
    placed_at()

    with CaptureQueriesContext(connection) as context:
        placed_at()

    tables = ("inventory_stockcloseline", "fulfilment_fulfilmentorder w")
    assert [table for table in tables if any(table in each["sql"] for each in context)] == reads


def test_assumed_rules_are_asked_with_the_same_facts(sold) -> None:
    at_eight = not_from_perth(number(Fact.HOUR, Test.ABOVE, 19))
    sold_out_soon = not_from_perth(number(Fact.COVER, Test.BELOW, 7))
    busy = not_from_perth(number(Fact.ORDERS_LEFT, Test.BELOW, 2))

    assert previewed_at(assumed=Assumed(rules=(at_eight,))) == "SYD"
    assert previewed_at(NOON - timedelta(hours=1), Assumed(rules=(at_eight,))) == "PER"
    assert previewed_at(assumed=Assumed(rules=(sold_out_soon,))) == "SYD"
    assert previewed_at(assumed=Assumed(rules=(busy,))) == "PER"
    placed_at()
    assert previewed_at(assumed=Assumed(rules=(busy,))) == "SYD"


@pytest.mark.parametrize(("most", "site"), [(700, "PER"), (800, "SYD")])
def test_scarce_stock_counts_by_what_leaves_there_a_day(sold, most: int, site: str) -> None:
    # Thirteen pieces of which two leave a day last for six and a half days of fourteen; Sydney costs 4.00 more.
    builders.live_rules(RuleBook(scarcity_minor=most))

    assert (previewed_at(), placed_at()) == (site, site)
