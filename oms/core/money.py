"""Money: whole minor units of one currency; like is added to like and sharing loses nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

from oms.core.errors import Invalid

# ISO 4217: how many decimals a currency's minor unit has.
_DECIMALS = {
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
        "CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
        "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL "
        "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN "
        "PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
        "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG"
    ),
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
CURRENCIES: dict[str, int] = {code: places for places, codes in _DECIMALS.items() for code in codes.split()}
_DIGITS = 18


class MoneyInvalid(Invalid):
    """This is not an amount of money."""

    code = "money-invalid"


class CurrenciesDiffer(Invalid):
    """Amounts of different currencies are neither added nor compared."""

    code = "currencies-differ"


@lru_cache(maxsize=8192)
def _text(minor: int, currency: str) -> str:
    return f"{Decimal(minor).scaleb(-exponent(currency)):f}"


def exponent(currency: str) -> int:
    """Decimals of the currency's minor unit.

    Raises ``MoneyInvalid`` when ISO 4217 knows no such currency.
    """
    try:
        return CURRENCIES[currency]
    except (KeyError, TypeError):
        raise MoneyInvalid(f"{currency!r} is not an ISO 4217 currency.") from None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units, such as 1999 AUD for 19.99 dollars."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)
        if isinstance(self.amount, bool) or not isinstance(self.amount, int):
            raise MoneyInvalid("An amount is a whole number of minor units.")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._like(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._like(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, times: int) -> "Money":
        if isinstance(times, bool) or not isinstance(times, int):
            raise MoneyInvalid("Money is multiplied by whole numbers only; use a unit price for the rest.")
        return Money(self.amount * times, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._like(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._like(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._like(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._like(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.as_text()} {self.currency}"

    def as_decimal(self) -> Decimal:
        """The amount in major units, with the currency's decimals."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    def as_text(self) -> str:
        """The amount as the API writes it: a decimal string, such as ``19.99``."""
        return _text(self.amount, self.currency)

    def shared(self, weights: Sequence[int]) -> tuple["Money", ...]:
        """Parts in proportion to the weights that sum exactly to the whole, by largest remainder.

        Raises ``MoneyInvalid`` without a positive weight.
        """
        if any(weight < 0 for weight in weights) or sum(weights) <= 0:
            raise MoneyInvalid("Money is shared by weights from zero up, at least one of them positive.")
        total, sign = sum(weights), -1 if self.amount < 0 else 1
        whole = abs(self.amount)
        floors = [whole * weight // total for weight in weights]
        remainders = [whole * weight % total for weight in weights]
        odd = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[: whole - sum(floors)]
        for i in odd:
            floors[i] += 1
        return tuple(Money(sign * part, self.currency) for part in floors)

    def _like(self, other: "Money") -> int:
        if not isinstance(other, Money):
            raise MoneyInvalid("Money is added to and compared with money only.")
        if other.currency != self.currency:
            raise CurrenciesDiffer(f"{self.currency} and {other.currency} do not mix.")
        return other.amount


def parse(text: str | int | Decimal, currency: str) -> Money:
    """Money from a decimal string of major units, such as ``"19.99"``.

    Raises ``MoneyInvalid`` when it is no number or has more decimals than the currency.
    """
    minor = decimal(text).scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise MoneyInvalid(f"{currency} has {exponent(currency)} decimals; {text} has more.")
    return Money(int(minor), currency)


def rounded(value: Decimal | Fraction, currency: str) -> Money:
    """Money from an exact figure in major units, rounded once, half away from zero."""
    if isinstance(value, Fraction):
        scaled = abs(value) * 10 ** exponent(currency)
        amount = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
        return Money(-amount if value < 0 else amount, currency)
    minor = value.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return Money(int(minor), currency)


def decimal(text: str | int | Decimal) -> Decimal:
    """A finite decimal from what a partner wrote, never by way of a float.

    Raises ``MoneyInvalid`` otherwise.
    """
    if isinstance(text, float | bool):
        raise MoneyInvalid('Amounts are decimal strings, such as "19.99".')
    try:
        value = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        raise MoneyInvalid(f"{text!r} is not a decimal number.") from None
    if not value.is_finite() or value.adjusted() >= _DIGITS:
        raise MoneyInvalid(f"{text!r} is not an amount of money.")
    return value


def unit_price(text: str | int | Decimal) -> Decimal:
    """A price of one unit, from zero up, with at most four decimals.

    Raises ``MoneyInvalid`` otherwise.
    """
    value = decimal(text)
    if value < 0:
        raise MoneyInvalid("A price is not negative.")
    four = value.quantize(Decimal("0.0001"))
    if four != value:
        raise MoneyInvalid(f"A unit price has at most four decimals; {text} has more.")
    return four


# An order is totalled more than once, and its prices and quantities come back with the next.
@lru_cache(maxsize=8192)
def total(price: Decimal, quantity: int, currency: str) -> Money:
    """The price of so many units, rounded once to the currency's minor unit."""
    return rounded(price * quantity, currency)
