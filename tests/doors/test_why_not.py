"""Why something is not available: every figure and every rule that stands in the way, by page and by REST."""

from datetime import timedelta

import pytest
from django.utils import timezone
from zeal import zeal_context

from inventory.models import ExpectedReceipt, StockLevel, StockLocation
from oms.catalogue.models import Sku
from oms.channels.models import Channel
from oms.flows import availability
from oms.flows.availability import Question
from oms.orders.models import Order
from oms.routing.problem import Destination
from oms.routing.rules import Action, Condition, Does, Fact, Rule, RuleBook, Sites, Test
from tests import builders
from tests.doors.test_rest_contract import Api, api  # noqa: F401  # a fixture
from tests.flows.test_holding import tea
from tests.routing.test_doors import person

pytestmark = pytest.mark.django_db
TO_PERTH = Destination("AU", "WA", "6050")


@pytest.fixture(autouse=True)
def shop():
    """Six mugs in Perth, four in Sydney, and rates to Western Australia from both."""
    builders.channel("api")
    for code, name in (("PER", "Perth"), ("SYD", "Sydney")):
        builders.location(code, name=name)
        builders.rate(code, region="WA", cost_minor=500, days=2)
    builders.shelf("MUG", at="PER", on_hand=6)
    builders.shelf("MUG", at="SYD", on_hand=4)


def asked(quantity: int = 1, to: Destination = TO_PERTH, sku: str = "MUG") -> availability.Answer:
    return availability.why(Question(sku, "api", to, quantity), at=timezone.now())


def site(answer: availability.Answer, code: str) -> availability.SiteAnswer:
    return next(each for each in answer.sites if each.code == code)


def test_what_can_be_sold_is_the_sum_of_the_sites() -> None:
    answer = asked(10)

    assert (answer.is_available, answer.can_sell, asked(11).is_available) == (True, 10, False)
    assert [(each.code, each.can_send, each.reasons) for each in asked().sites] == [
        ("PER", 6, ()),
        ("SYD", 4, ()),
    ]
    assert answer.next == ("Nothing: it can be sold now.",)


def test_reserved_safety_and_set_aside_pieces_are_counted_out() -> None:
    builders.place(("MUG", 2))
    StockLevel.objects.filter(location__code="PER").update(safety_stock=3)

    perth = site(asked(9), "PER")

    assert (perth.on_hand, perth.reserved, perth.safety_stock, perth.available, perth.can_send) == (
        6,
        2,
        3,
        1,
        1,
    )
    assert perth.reasons[0] == "Of 6 on hand 2 reserved for orders, 3 kept back as safety stock."
    assert "Lower the safety stock where it is too high." in asked(9).next


def test_a_rule_that_drops_or_keeps_is_named() -> None:
    nsw = Condition(Fact.REGION, Test.IS, ("WA",))
    builders.live_rules(
        RuleBook(
            (
                Rule(1, (nsw,), (Action(Does.EXCLUDE, Sites(codes=("SYD",))),)),
                Rule(2, (), (Action(Does.KEEP, Sites(codes=("PER",)), 5),)),
            )
        )
    )

    answer = asked(2)

    assert (answer.can_sell, answer.rules) == (1, "All orders v1")
    assert site(answer, "SYD").reasons == ("Rule 1: never ship from Sydney.",)
    assert site(answer, "PER").reasons[0] == "Rule 2: keep 5 on the shelf, has 6."
    assert "A rule holds a site back" in answer.next[0]


def test_the_channels_buffer_and_its_choice_of_sites_are_said() -> None:
    channel = Channel.objects.get(code="api")
    channel.stock_buffer = 2
    channel.save()
    channel.locations.set([StockLocation.objects.get(code="PER")])

    answer = asked(5)

    assert (answer.can_sell, answer.buffer) == (4, 2)
    assert site(answer, "SYD").reasons == ("Not for this channel.",)
    assert "The channel never sees 2 pieces of each SKU." in answer.reasons


def test_an_inactive_sku_site_or_channel_is_said() -> None:
    StockLocation.objects.filter(code="SYD").update(is_active=False)
    assert site(asked(), "SYD").reasons == ("Not active.",)
    Sku.objects.filter(code="MUG").update(is_active=False)
    assert "MUG is not active" in asked().reasons[0]
    assert asked().can_sell == 0
    Sku.objects.filter(code="MUG").update(is_active=True)
    channel = Channel.objects.get(code="api")
    channel.is_active = False
    channel.save()
    assert (asked().can_sell, "not active" in asked().reasons[0]) == (0, True)


def test_a_destination_without_a_zone_and_a_site_without_a_rate_are_said() -> None:
    builders.rate("PER", region="VIC", cost_minor=900, days=3)

    nowhere, victoria = asked(to=Destination("NZ")), asked(to=Destination("AU", "VIC"))

    assert "No zone covers this destination" in nowhere.reasons[0]
    assert nowhere.zone == ""
    assert site(victoria, "PER").reasons == ()
    assert "There is no rate from here" in site(victoria, "SYD").reasons[0]


def test_a_lot_that_must_not_be_sold_any_more_blocks_what_is_left() -> None:
    tea("L1", 3, timezone.now().date() - timedelta(days=2))
    tea("L2", 3)

    perth = site(asked(sku="TEA"), "PER")

    assert (perth.available, perth.can_send) == (0, 0)
    assert perth.reasons[-1].startswith("Its first lot must not be sold any more")


def test_what_is_announced_is_the_next_thing_to_wait_for() -> None:
    level = builders.level()
    ExpectedReceipt.objects.create(
        level=level, reference="PO-1", quantity_expected=12, expected_on="2026-12-03"
    )

    answer = asked(99)

    assert "12 are announced for Perth, the first on 2026-12-03." in answer.next
    assert "waits for stock" in answer.reasons[-1]


def test_the_answer_comes_over_rest_and_a_token_sees_its_own_sites(api) -> None:  # noqa: F811
    told = api.get(
        "availability/why?sku=MUG&channel=api&country=au&region=WA&postcode=6050&quantity=11"
    ).json()
    bound = (
        Api("stock:read", locations=("SYD",)).get("availability/why?sku=MUG&channel=api&country=AU").json()
    )

    assert (told["is_available"], told["can_sell"], told["quantity"]) == (False, 10, 11)
    assert told["locations"][0] | {"reasons": []} == {
        "location": "PER",
        "on_hand": 6,
        "reserved": 0,
        "quarantined": 0,
        "safety_stock": 0,
        "available": 6,
        "can_send": 6,
        "reasons": [],
        "expected": 0,
        "expected_on": None,
    }
    assert [each["location"] for each in bound["locations"]] == ["SYD"]
    assert Api("orders:read").get("availability/why?sku=MUG&channel=api&country=AU").status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("channel=api&country=AU", 422),
        ("sku=MUG&channel=api&country=Australia", 422),
        ("sku=MUG&channel=api&country=AU&quantity=0", 422),
        ("sku=MUG&channel=api&country=AU&quantity=many", 422),
        ("sku=MUG&channel=api&country=AU&customer_type=vip", 422),
        ("sku=MUG&channel=api&country=AU&colour=red", 422),
        ("sku=MUG&channel=fax&country=AU", 422),
        ("sku=SAUCER&channel=api&country=AU", 404),
    ],
)
def test_a_question_that_is_none_is_refused(api, query: str, status: int) -> None:  # noqa: F811
    assert api.get(f"availability/why?{query}").status_code == status


def test_the_page_asks_and_answers_and_writes_nothing() -> None:
    dan, fields = person("dan"), {"sku": "MUG", "channel": "api", "customer_type": "b2c", "country": "AU"}

    with zeal_context():
        page = dan.get("/routing/why", fields | {"region": "WA", "quantity": 11}).content.decode()

    assert "Only 10 pieces of 11 can be sold." in page
    assert "AU-WA" in page
    assert Order.objects.count() == 0


def test_the_page_opens_with_what_is_known_and_names_what_is_not() -> None:
    dan = person("dan")

    empty = dan.get("/routing/why?sku=MUG").content.decode()
    wrong = dan.get(
        "/routing/why?sku=SAUCER&channel=api&customer_type=b2c&country=AU&quantity=1"
    ).content.decode()

    assert 'value="MUG"' in empty
    assert "SAUCER" in wrong
