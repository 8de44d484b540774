"""The body of ``POST /api/v1/routing/preview``: an order, and what is to be assumed."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from oms.core import money
from oms.core.errors import Invalid
from oms.core.money import CURRENCIES, MoneyInvalid
from oms.core.shapes import NEEDED
from oms.orders.intake import AddressBody, Word
from oms.orders.requests import NOWHERE, NewLine, NewOrder
from oms.orders.rules import CustomerType
from oms.routing import parsing
from oms.routing.preview import Assumed, AssumedRate
from oms.routing.rules import Rule, RuleInvalid

MOST_LEVELS = 20_000
MOST_RATES = 5_000
MOST_RULES = 200
MOST_MONEY = Decimal(10) ** 9

Pieces = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class PreviewLine(msgspec.Struct, frozen=True):
    """One line of an order to be tried; the price only matters to rules about the value.

    Without one it is that of the lists which apply, and nothing where they have none.
    """

    sku: Word
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    unit_price: Decimal | None = None


class PreviewCustomer(msgspec.Struct, frozen=True):
    """Who would buy; a known customer is named by its code, and is then of the type that it is."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None
    type: CustomerType = CustomerType.B2C


class LevelBody(msgspec.Struct, frozen=True):
    """Pieces of a SKU that a location is taken to have for this order."""

    sku: Word
    location: Word
    available: Pieces


class RateBody(msgspec.Struct, frozen=True):
    """What one parcel of any weight is taken to cost from a location, and its days."""

    location: Word
    service: Word
    cost: Decimal
    days: Annotated[int, msgspec.Meta(ge=0, le=365)]


class RuleBody(msgspec.Struct, frozen=True):
    """One rule as rule sets have it; rules are asked in the order of the list."""

    actions: list[dict[str, Any]]
    conditions: list[dict[str, Any]] = []


class AssumeBody(msgspec.Struct, frozen=True):
    """What is taken for true instead of what is; what is left out stays as it is."""

    levels: Annotated[list[LevelBody], msgspec.Meta(max_length=MOST_LEVELS)] | None = None
    rates: Annotated[list[RateBody], msgspec.Meta(max_length=MOST_RATES)] | None = None
    rules: Annotated[list[RuleBody], msgspec.Meta(max_length=MOST_RULES)] | None = None
    split_penalty: Decimal | None = None
    max_parcels: Annotated[int, msgspec.Meta(ge=1, le=1_000)] | None = None


class PreviewBody(msgspec.Struct, frozen=True):
    """An order as it would be placed; what only placing needs may be left out or is ignored.

    ``ship_to`` names an entry of the customer's address book instead of an address.
    """

    channel: Word
    lines: Annotated[list[PreviewLine], msgspec.Meta(min_length=1, max_length=500)]
    shipping_address: AddressBody | None = None
    ship_to: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "AUD"
    shipping_option: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    customer: PreviewCustomer = PreviewCustomer()
    partial_policy: Literal["split", "together", "ask"] | None = None
    ship_complete: bool = False
    assume: AssumeBody | None = None

    def to_request(self) -> NewOrder:
        """The order as a plain value.

        Raises ``Invalid`` when the currency is unknown, a price is none, or it goes nowhere or to two places.
        """
        here, there = self.shipping_address, self.ship_to
        if self.currency not in CURRENCIES:
            raise _wrong("#/currency", f"{self.currency} is not an ISO 4217 currency.")
        if here is None and there is None:
            raise _wrong("#/shipping_address", NEEDED)
        if None not in (here, there):
            raise _wrong("#/ship_to", "Send an address or the code of one, not both.")
        return NewOrder(
            channel=self.channel,
            external_number="",
            customer_name="",
            customer_type=self.customer.type,
            shipping=here.to_address() if here else NOWHERE,
            currency=self.currency,
            lines=tuple(_line(line, index) for index, line in enumerate(self.lines)),
            shipping_option=self.shipping_option or "",
            customer=self.customer.code or "",
            ship_to=there or "",
            partial_policy="together" if self.ship_complete else self.partial_policy or "",
        )

    def to_assumed(self, currency: str) -> Assumed:
        """What is assumed, with costs in minor units of the rate cards' currency.

        Raises ``Invalid`` when a level or rate is named twice or money is no amount, ``RuleInvalid``.
        """
        said = self.assume or AssumeBody()
        penalty = said.split_penalty
        return Assumed(
            levels=None if said.levels is None else _levels(said.levels),
            rates=None if said.rates is None else _rates(said.rates, currency),
            rules=None if said.rules is None else rules_of(said.rules, "#/assume/rules"),
            split_penalty_minor=None
            if penalty is None
            else _minor(penalty, currency, "#/assume/split_penalty"),
            max_parcels=said.max_parcels,
        )


def _line(said: PreviewLine, index: int) -> NewLine:
    price = said.unit_price
    if price is None:
        return NewLine(said.sku, said.quantity, by_list=True)
    if not price.is_finite() or not 0 <= price < MOST_MONEY:
        raise _wrong(f"#/lines/{index}/unit_price", "A unit price is a decimal from 0.")
    return NewLine(said.sku, said.quantity, price)


def _levels(said: list[LevelBody]) -> dict[tuple[str, str], int]:
    levels: dict[tuple[str, str], int] = {}
    for index, each in enumerate(said):
        if (each.sku, each.location) in levels:
            raise _wrong(f"#/assume/levels/{index}", f"{each.sku} at {each.location} is named twice.")
        levels[each.sku, each.location] = each.available
    return levels


def _rates(said: list[RateBody], currency: str) -> tuple[AssumedRate, ...]:
    rates: dict[tuple[str, str], AssumedRate] = {}
    for index, each in enumerate(said):
        if (each.location, each.service) in rates:
            raise _wrong(f"#/assume/rates/{index}", f"{each.service} from {each.location} is named twice.")
        cost = _minor(each.cost, currency, f"#/assume/rates/{index}/cost")
        rates[each.location, each.service] = AssumedRate(each.location, each.service, cost, each.days)
    return tuple(rates.values())


def rules_of(said: list[RuleBody], at_rules: str) -> tuple[Rule, ...]:
    """Rules as a body has them, in the order of the list.

    Raises ``RuleInvalid`` with the place within the body.
    """
    rules = []
    for index, each in enumerate(said):
        try:
            rules.append(parsing.rule(index + 1, each.conditions, each.actions))
        except RuleInvalid as error:
            problems = [(f"{at_rules}/{index}/{at.removeprefix('#/')}", what) for at, what in error.problems]
            raise RuleInvalid(str(error), problems=tuple(problems)) from None
    return tuple(rules)


def _minor(amount: Decimal, currency: str, at: str) -> int:
    if not amount.is_finite() or not 0 <= amount <= MOST_MONEY:
        raise _wrong(at, f"This is an amount from 0 to {MOST_MONEY:,}.")
    try:
        return money.parse(amount, currency).amount
    except MoneyInvalid as error:
        raise _wrong(at, str(error)) from None


def _wrong(at: str, what: str) -> Invalid:
    return Invalid(what, problems=((at, what),))
