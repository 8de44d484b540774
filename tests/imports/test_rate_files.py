"""Rate cards and zones come as files: checked, committed, exported and taken back like any other."""

from datetime import date

import pytest
from django.utils import timezone

from oms.flows import importing
from oms.imports import exports, queries
from oms.imports.rules import Kind
from oms.routing import queries as routing_queries
from oms.routing.models import Rate, RateCard, Zone, ZonePrefix
from oms.routing.problem import Destination
from tests.builders import TESTER, location, rate
from tests.imports.conftest import counts, reasons

pytestmark = pytest.mark.django_db
HEAD = "location,zone,carrier,service,name,valid_from,up_to_grams,cost,days\n"
ZONES = "zone,name,country,region,postcode_prefix,latitude,longitude\n"


@pytest.fixture
def places():
    location("PER", latitude="-31.95", longitude="115.86")
    location("SYD", latitude="-33.87", longitude="151.21")
    Zone.objects.create(code="AU-WA", name="Western Australia", latitude="-31.95", longitude="115.86")


def undone(job):
    importing.undo(job.pk, actor=TESTER, at=timezone.now())
    importing.run(job.pk, clock=timezone.now)
    return queries.job(job.pk)


def test_a_card_is_made_with_its_rates_and_the_second_time_nothing_changes(places, send):
    text = (
        HEAD
        + "PER,AU-WA,auspost,standard,Parcel Post,2026-01-01,5000,6.00,2\n"
        + "PER,AU-WA,auspost,standard,,2026-01-01,any,16.50,2\n"
        + "SYD,AU-WA,auspost,standard,,2026-01-01,,12.00,5\n"
    )

    assert counts(send(text, "rates")) == (3, 0, 0, 0)

    card = RateCard.objects.get(location__code="PER")
    assert (card.name, card.currency, card.valid_from) == ("Parcel Post", "AUD", date(2026, 1, 1))
    assert list(card.rates.values_list("up_to_grams", "cost_minor", "days")) == [
        (5000, 600, 2),
        (None, 1650, 2),
    ]
    assert RateCard.objects.count() == 2
    assert counts(send(text, "rates")) == (0, 0, 3, 0)


def test_a_cost_is_changed_and_taken_back(places, send):
    send(HEAD + "PER,AU-WA,auspost,standard,,2026-01-01,5000,6.00,2\n", "rates")
    job = send(HEAD + "PER,AU-WA,auspost,standard,,2026-01-01,5000,7.25,3\n", "rates")
    assert counts(job) == (0, 1, 0, 0)
    assert Rate.objects.get().cost_minor == 725

    undone(job)

    assert (Rate.objects.get().cost_minor, Rate.objects.get().days) == (600, 2)


def test_new_rates_are_taken_back_and_gone(places, send):
    undone(send(HEAD + "PER,AU-WA,auspost,standard,,2026-01-01,5000,6.00,2\n", "rates"))

    assert not Rate.objects.exists()


def test_what_cannot_be_is_refused_at_its_cell(places, send):
    job = send(
        HEAD
        + "PER,NOWHERE,auspost,standard,,2026-01-01,5000,6.00,2\n"
        + "MOON,AU-WA,auspost,standard,,2026-01-01,5000,6.00,2\n"
        + "PER,AU-WA,aus post,standard,,2026-01-01,5000,6.00,2\n"
        + "PER,AU-WA,auspost,standard,,2026-01-01,5000,6.005,2\n"
        + "PER,AU-WA,auspost,standard,,2026-01-01,100,6.00,2\n"
        + "PER,AU-WA,auspost,standard,,2026-01-01,100,7.00,2\n",
        "rates",
    )

    assert counts(job) == (1, 0, 0, 5)
    assert [(row, field) for row, field, _, _ in reasons(job)] == [
        (2, "zone"),
        (3, "location"),
        (4, "carrier"),
        (5, "cost"),
        (7, "zone"),
    ]


def test_rates_go_out_in_the_same_columns(places, send):
    text = HEAD + "PER,AU-WA,auspost,standard,Parcel Post,2026-01-01,any,16.50,2\n"
    send(text, "rates")

    rows = list(exports.rows_of(Kind.RATES, reach=None, costs=True, at=timezone.now()))

    assert rows[-1] == [
        "PER",
        "AU-WA",
        "auspost",
        "standard",
        "Parcel Post",
        "2026-01-01",
        "any",
        "16.50",
        "2",
    ]


def test_zones_are_made_and_what_they_say_of_places_decides_the_distance(places, send):
    rate("PER", region="WA", cost_minor=600, days=2)
    job = send(
        ZONES + "AU-WA,,AU,,672,-17.96,122.24\n" + "AU-X,New,AU,,99,,\n" + "AU-WA,,AU,,67,-20.3,\n", "zones"
    )

    assert counts(job) == (2, 0, 0, 1)
    assert Zone.objects.get(code="AU-X").name == "New"
    tables = routing_queries.tables_for("api", "b2c", routing_queries.stamp())
    near, far = (
        next(
            lane.km for lane in tables.network(Destination("AU", "WA", code)).lanes if lane.site.code == "PER"
        )
        for code in ("6000", "6725")
    )
    assert (near, far) == (0, 1682)


def test_an_address_stays_in_its_zone(places, send):
    ZonePrefix.objects.create(zone=Zone.objects.get(), country="AU", region="", postcode_prefix="6")

    job = send(ZONES + "AU-X,New,AU,,6,,\n", "zones")

    assert reasons(job) == [(2, "zone", "AU-X", "This address is in zone AU-WA already.")]
    assert not Zone.objects.filter(code="AU-X").exists()
