"""What customers changed their minds about: orders edited, partners asked to leave out or to redirect."""

from collections.abc import Callable
from datetime import datetime, timedelta

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder
from inventory import queries as stock_queries
from oms.core.actors import SYSTEM
from oms.core.models import User
from oms.flows import amending, ordering, readdressing, recalling, shipping
from oms.flows.demo.catalogue import Article
from oms.orders.amendments import Amendment, Difference
from oms.orders.requests import Address, NewLine, NewOrder, Placed

FREMANTLE = Address("Noor Haddad", "3 Market Street", "Fremantle", "AU", region="WA", postcode="6160")
BRISBANE = Address("Mia Chen", "12 Eagle Street", "Brisbane", "AU", region="QLD", postcode="4000")
SOUTHBANK = Address("Mia Chen", "4 Grey Street", "South Brisbane", "AU", region="QLD", postcode="4101")
MINUTE = timedelta(minutes=1)


def change_minds(sold: list[Article], *, now: datetime, say: Callable[[str], None]) -> None:
    """Edit one order, and ask the 3PL about three cancellations and addresses each: open, refused, accepted."""
    ruth = User.objects.get(username="ruth").actor
    edited = _place(sold, "PER", "C-1", FREMANTLE, at=now - 55 * MINUTE)
    first, second = (line.sku for line in edited.lines[:2])
    wanted = Amendment(
        (Difference(first, -1), Difference(second, 1)), words={"gift_message": "Happy housewarming!"}
    )
    at = now - 50 * MINUTE
    amending.amend_order(edited.number, wanted, reason="", code="customer-asked", actor=ruth, at=at)
    asked = []
    for number in range(3):
        placed = _place(sold, "OCEAN", f"C-{number + 2}", BRISBANE, at=now - 200 * MINUTE)
        asked += _asked(placed, number, at=now - (180 - 60 * number) * MINUTE, now=now)
    moved = [
        work
        for number in range(3)
        for work in _moved(sold, number, at=now - (170 - 60 * number) * MINUTE, now=now)
    ]
    say(
        f"1 order edited, the 3PL asked to leave out pieces of {len(asked)} and to send {len(moved)} elsewhere"
    )


def _moved(sold: list[Article], number: int, *, at: datetime, now: datetime) -> list[FulfilmentOrder]:
    """Let the partner confirm an order whose customer has moved: it has not answered, has refused, or accepts."""
    ruth = User.objects.get(username="ruth").actor
    placed = _place(sold, "OCEAN", f"C-{number + 5}", BRISBANE, at=now - 190 * MINUTE)
    theirs = _confirmed(placed, at=at)
    if not theirs:
        return []
    wanted = Amendment(address=SOUTHBANK)
    amending.amend_order(
        placed.number, wanted, reason="", code="customer-asked", actor=ruth, at=at + 5 * MINUTE
    )
    for each in theirs if number else ():
        said = "The label is printed" if number == 1 else ""
        readdressing.answer(each.number, accepts=number != 1, said=said, actor=SYSTEM, at=at + 25 * MINUTE)
    return theirs


def _asked(placed: Placed, number: int, *, at: datetime, now: datetime) -> list[FulfilmentOrder]:
    """Let the partner confirm its part, ask it to cancel, and let it answer all but the first."""
    ruth = User.objects.get(username="ruth").actor
    theirs = _confirmed(placed, at=at)
    if not theirs:
        return []
    ordering.cancel_order(placed.number, reason="", code="customer-asked", actor=ruth, at=at + 10 * MINUTE)
    for each in theirs if number else ():
        said = "On the truck already" if number == 1 else ""
        recalling.answer(each.number, accepts=number != 1, said=said, actor=SYSTEM, at=at + 30 * MINUTE)
    return theirs


def _confirmed(placed: Placed, *, at: datetime) -> list[FulfilmentOrder]:
    """The partner's part of an order, confirmed."""
    work = [work_queries.work_by_number(each.number) for each in placed.work]
    theirs = [each for each in work if each.location.kind == "3pl"]
    for each in theirs:
        shipping.acknowledge(each.number, actor=SYSTEM, at=at)
    return theirs


def _place(sold: list[Article], at_place: str, number: str, to: Address, *, at: datetime) -> Placed:
    """Two pieces each of two articles that the place has plenty of."""
    there = stock_queries.stocked(at_place, at_least=6)
    chosen = [article for article in sold if article.code in there][:2]
    lines = tuple(NewLine(article.code, 2, article.price) for article in chosen)
    request = NewOrder("shop", number, to.name, to, "AUD", lines, customer_email="buyer@example.com")
    return ordering.place_order(request, actor=SYSTEM, at=at)
