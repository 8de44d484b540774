"""How figures, times and states are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django import forms

from oms.core import status
from oms.core.templatetags import ui
from oms.core.views.scanner import bars

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
PERTH = ZoneInfo("Australia/Perth")


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, "—"), (0, "0"), (1204318, "1,204,318"), (-4, "−4"), (Decimal("-2.50"), "−2.50")],
)
def test_numbers_have_a_true_minus_and_groups(value, written):
    assert ui.number(value) == written


def test_zero_is_grey_and_a_number_can_be_a_door():
    assert ui.qty(0) == '<span class="zero">0</span>'
    assert ui.qty(3, "/stock?a=1&b=2") == '<a href="/stock?a=1&amp;b=2">3</a>'


@pytest.mark.parametrize(
    ("minor", "currency", "written"), [(7645, "AUD", "76.45"), (7645, "JPY", "7,645"), (-500, "AUD", "−5.00")]
)
def test_money_has_the_places_of_its_currency(minor, currency, written):
    assert ui.money(minor, currency) == written


@pytest.mark.parametrize(("value", "written"), [("24", "24.00"), ("0.1250", "0.125"), ("1000.5", "1,000.50")])
def test_prices_keep_the_places_they_need(value, written):
    assert ui.price(Decimal(value)) == written


@pytest.mark.parametrize(
    ("span", "written"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=38), "38 min"),
        (timedelta(hours=1, minutes=8), "1 h 08 m"),
        (timedelta(days=2, hours=4), "2 d 4 h"),
        (timedelta(days=9, hours=4), "9 d"),
    ],
)
def test_distances_have_two_units_at_most(span, written):
    assert ui.distance(span) == written


def test_a_clock_is_the_sites_own():
    assert ui.clock(NOON, NOON, PERTH) == "12:00"
    # 23:30 in Perth is the same day there, though UTC has not come to its evening.
    assert ui.clock(NOON + timedelta(hours=11, minutes=30), NOON, PERTH) == "23:30"
    assert ui.clock(NOON + timedelta(days=1), NOON, PERTH) == "Wed 12:00"
    assert ui.clock(NOON - timedelta(days=60), NOON, PERTH) == "25 Sep 12:00"


def test_a_promise_gets_louder_as_it_comes_nearer():
    now = datetime.now(UTC)
    assert "chip" not in ui.due(now + timedelta(hours=3))
    assert 'data-tone="look"' in ui.due(now + timedelta(minutes=30))
    assert 'data-tone="stop"' in ui.due(now - timedelta(minutes=52))
    assert "late 52 min" in ui.due(now - timedelta(minutes=52))
    assert "chip" not in ui.due(now - timedelta(days=2), done=True)


def test_a_chip_is_icon_word_and_tone_and_unknown_states_are_quiet():
    drawn = ui.chip("message", "dead")
    assert 'data-tone="stop"' in drawn
    assert "#hand-stop" in drawn
    assert "Stopped" in drawn
    assert 'data-tone="wait"' in ui.chip("message", "in_limbo")
    assert "In limbo" in ui.chip("message", "in_limbo")


def test_no_kind_is_named_like_a_tone():
    with pytest.raises(ValueError, match="tone"):
        status.fill("work", {"open": status.Look(status.WAIT, "Queued")})
    with pytest.raises(ValueError, match="no tone"):
        status.fill("parcel", {"open": status.Look("pink", "Queued")})


def test_names_and_words_are_escaped():
    assert "<script>" not in ui.chip("stop", "<script>")
    assert ui.initials("Ruth Osei") == "RO"
    assert ui.initials("mai") == "MA"


class _Form(forms.Form):
    name = forms.CharField(help_text="What people call you.")
    loud = forms.BooleanField(required=False)


def test_a_field_ties_help_and_error_to_its_control():
    drawn = ui.field(_Form({})["name"])
    assert 'aria-invalid="true"' in drawn
    assert 'aria-describedby="id_name_help id_name_error"' in drawn
    assert 'id="id_name_error"' in drawn
    assert 'id="id_name_help"' in drawn
    assert drawn.count("<label") == 1
    assert 'class="check"' in ui.field(_Form()["loud"])


def test_a_form_key_is_new_each_time():
    assert ui.once() != ui.once()


def test_a_drawn_barcode_has_its_quiet_zones_and_no_gap():
    drawn = bars("OMS-OK")
    assert drawn.path.startswith("M10 0h2")
    assert drawn.width > 90
