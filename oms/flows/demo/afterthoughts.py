"""What a shop sees afterwards: orders that exchange their pieces, and a month played again without Melbourne."""

from datetime import datetime, timedelta
from decimal import Decimal

from inventory import queries as stock_queries
from oms.core.actors import SYSTEM
from oms.flows import ordering, replanning, replaying
from oms.flows.demo.catalogue import Article
from oms.orders.requests import Address, NewLine, NewOrder
from oms.replays.rules import Scenario

FREMANTLE = Address("Noor Haddad", "3 Market Street", "Fremantle", "AU", region="WA", postcode="6160")
PAIRS = 4
ELSEWHERE = ("SYD", "MEL", "OCEAN", "KILN", "LOOM")
MOST_PIECES = 40
MONTH = timedelta(days=30)


def think_again(sold: list[Article], *, now: datetime) -> str:
    """Make a pass of re-planning that finds something, and one replay; says what came of them."""
    _cross({article.code for article in sold if "fragile" not in article.tags}, now=now)
    done = replanning.run(actor=SYSTEM, at=now - timedelta(minutes=2))
    replay = replaying.ask(
        "A month without Melbourne",
        (now - MONTH, now - timedelta(hours=1)),
        Scenario(without=("MEL",)),
        actor=SYSTEM,
        at=now,
    )
    replaying.run(replay.pk, clock=lambda: now)
    return f"{done.exchanges} exchanges spared {done.saved_parcels} parcels; one month was played again"


def _cross(sturdy: set[str], *, now: datetime) -> None:
    """Orders that take the last pieces of Perth, and then orders that are split because these are gone."""
    only_here = [each for each in _only_in_perth() if each[0] in sturdy]
    made = 0
    for most in range(1, 8):
        exactly = stock_queries.stocked("PER", at_least=most) - stock_queries.stocked(
            "PER", at_least=most + 1
        )
        for code in sorted(
            sturdy & exactly & stock_queries.stocked("SYD", at_least=most + 1) - {*dict(only_here)}
        ):
            if made == min(PAIRS, len(only_here)):
                return
            at, other = now - timedelta(minutes=30 - made), only_here[made]
            ordering.place_order(_request(f"AT-{made}A", (code, most)), actor=SYSTEM, at=at)
            ordering.place_order(_request(f"AT-{made}B", (code, 1), other), actor=SYSTEM, at=at)
            made += 1


def _only_in_perth() -> list[tuple[str, int]]:
    """SKUs and so many pieces of each as Perth has and no other place."""
    found: dict[str, int] = {}
    for count in range(3, MOST_PIECES):
        elsewhere = set().union(*[stock_queries.stocked(code, at_least=count) for code in ELSEWHERE])
        for code in sorted(stock_queries.stocked("PER", at_least=count) - elsewhere):
            found.setdefault(code, count)
    return list(found.items())


def _request(number: str, *lines: tuple[str, int]) -> NewOrder:
    return NewOrder(
        channel="shop",
        external_number=number,
        customer_name=FREMANTLE.name,
        shipping=FREMANTLE,
        currency="AUD",
        lines=tuple(NewLine(code, count, Decimal("24.00")) for code, count in lines),
    )
