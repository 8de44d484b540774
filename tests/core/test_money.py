from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.core import money
from oms.core.money import CURRENCIES, CurrenciesDiffer, Money, MoneyInvalid


def test_like_is_added_to_like():
    assert Money(1999, "AUD") + Money(1, "AUD") == Money(2000, "AUD")
    assert Money(5, "AUD") - Money(7, "AUD") == Money(-2, "AUD")


def test_two_currencies_are_neither_added_nor_compared():
    with pytest.raises(CurrenciesDiffer):
        Money(1, "AUD") + Money(1, "NZD")
    with pytest.raises(CurrenciesDiffer):
        assert Money(1, "AUD") < Money(1, "NZD")


def test_an_amount_reads_with_the_decimals_of_its_currency():
    assert Money(1999, "AUD").as_text() == "19.99"
    assert Money(1999, "JPY").as_text() == "1999"
    assert Money(1999, "KWD").as_text() == "1.999"
    assert Money(5, "AUD").as_text() == "0.05"


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_shares_sum_to_the_whole_and_differ_from_the_exact_part_by_less_than_one(amount, weights):
    if not sum(weights):
        weights[0] = 1
    parts = Money(amount, "AUD").shared(weights)
    assert sum(part.amount for part in parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.amount - Fraction(amount * weight, sum(weights))) < 1


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(CURRENCIES)))
def test_what_is_written_is_read_back(amount, currency):
    whole = Money(amount, currency)
    assert money.parse(whole.as_text(), currency) == whole


@pytest.mark.parametrize("text", ["1.999", "NaN", "Infinity", "", "1e40", "one", 1.5, True])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(MoneyInvalid):
        money.parse(text, "AUD")


def test_an_unknown_currency_is_refused():
    with pytest.raises(MoneyInvalid):
        Money(1, "XXX")


def test_rounding_is_once_and_half_away_from_zero():
    assert money.total(Decimal("0.0050"), 1, "AUD") == Money(1, "AUD")
    assert money.rounded(Decimal("-0.005"), "AUD") == Money(-1, "AUD")
    assert money.rounded(Fraction(1, 200), "AUD") == Money(1, "AUD")
    assert money.total(Decimal("0.3333"), 3, "AUD") == Money(100, "AUD")


def test_a_unit_price_has_at_most_four_decimals_and_is_not_negative():
    assert money.unit_price("0.0001") == Decimal("0.0001")
    for wrong in ("0.00001", "-1"):
        with pytest.raises(MoneyInvalid):
            money.unit_price(wrong)
