"""Ninety days of the demo shop: orders that came, shipped, waited, were held and cancelled, up to this minute."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder
from fulfilment.rules import NewParcel, ParcelLine, ScanKind
from fulfilment.services.parcels import Box
from fulfilment.services.scans import NewScan
from inventory import queries as stock_queries
from oms.core.actors import SYSTEM, Actor
from oms.core.models import User
from oms.flows import ordering, picking, shipping, standing
from oms.flows.demo import shop
from oms.flows.demo.catalogue import Article
from oms.flows.demo.people import buyer
from oms.orders import queries as order_queries
from oms.orders import scarcity_queries
from oms.orders.requests import Address, NewLine, NewOrder, Placed
from oms.orders.rules import CustomerType

DAYS = 90
DELIVERIES = (80, 70, 60, 50, 40, 30, 20, 12, 5)
CARRIER = "auspost"
FREMANTLE = Address("Kofi Larsen", "12 High Street", "Fremantle", "AU", region="WA", postcode="6160")


class History:
    """Plays the past forward; the same seed plays the same past."""

    def __init__(
        self, sold: list[Article], *, now: datetime, say: Callable[[str], None], seed: int = 7
    ) -> None:
        self.sold = sold
        self.now = now
        self.say = say
        self.chance = random.Random(seed)
        self.number = 1000
        self.weights = [1.0 / (1 + index % 41) for index in range(len(sold))]

    def play(self) -> int:
        """Play all days and say how many orders came."""
        total = 0
        for day in range(DAYS, 0, -1):
            morning = (self.now - timedelta(days=day)).replace(hour=0, minute=30)
            if day in DELIVERIES:
                shop.deliver_again(self.sold, at=morning)
                self._serve(morning)
            self._look_at_holds(morning, before=morning - timedelta(days=2))
            total += self._one_day(morning, last_week=day <= 3)
            if day % 15 == 0:
                self.say(f"{DAYS - day} of {DAYS} days played, {total} orders")
        total += self._today()
        shop.announce(self.sold, at=self.now)
        return total

    def _one_day(self, morning: datetime, *, last_week: bool) -> int:
        placed = self._orders(morning, self.chance.randint(3, 8))
        for order in placed:
            roll = self.chance.random()
            if roll < 0.04:
                ordering.cancel_order(
                    order.number, reason="Changed their mind", actor=SYSTEM, at=morning + timedelta(hours=9)
                )
            elif roll < 0.05:
                standing.hold_order(
                    order.number,
                    reason="Billing country differs",
                    actor=SYSTEM,
                    at=morning + timedelta(hours=9),
                )
            elif not last_week or roll < 0.75:
                self._ship(order, at=morning + timedelta(hours=11 + self.chance.randint(0, 20)))
        return len(placed)

    def _today(self) -> int:
        placed = self._orders(self.now - timedelta(hours=5), 30)
        mai = User.objects.get(username="mai")
        home = [self._place_one(self._near_perth(number), minutes=80 - number) for number in range(8)]
        for number, order in enumerate(home):
            for work in FulfilmentOrder.objects.filter(order__number=order.number, location__code="PER"):
                self._handle(work, mai, step=number % 5, at=self.now - timedelta(minutes=70 - number))
        for order in placed[3:20:8]:
            at = self.now - timedelta(minutes=50)
            standing.hold_order(
                order.number, reason="Address could not be verified", actor=_person(mai), at=at
            )
        short = [self._place_one(self._too_many(number), minutes=40) for number in range(3)]
        self._ship(short[0], at=self.now - timedelta(minutes=10))
        return len(placed) + len(home) + len(short)

    def _near_perth(self, number: int) -> NewOrder:
        """Two pieces or more that Perth has, for somebody in Fremantle."""
        there = stock_queries.stocked("PER", at_least=6)
        lines = tuple(
            NewLine(article.code, 1 + number % 2, article.price)
            for article in [each for each in self.sold if each.code in there][number * 3 : number * 3 + 2]
        )
        return replace(self._request(self.now), lines=lines, shipping=FREMANTLE, channel="shop")

    def _too_many(self, number: int) -> NewOrder:
        """More of one article than there is anywhere, and one of another that is there."""
        wanted, other = self.sold[7 + number], self.sold[40 + number]
        lines = (NewLine(wanted.code, 400, wanted.price), NewLine(other.code, 1, other.price))
        return replace(self._request(self.now), lines=lines, channel="shop")

    def _place_one(self, request: NewOrder, *, minutes: int) -> Placed:
        return ordering.place_order(request, actor=SYSTEM, at=self.now - timedelta(minutes=minutes))

    def _handle(self, work: FulfilmentOrder, user: User, *, step: int, at: datetime) -> None:
        """Take the work as far as the step says: 0 waits, 1 is being picked, 2 picked, 3 packed, 4 gone."""
        lines = [(line.sku.code, line.quantity) for line in work_queries.lines_to_work(work)]
        if sum(quantity for _, quantity in lines) > 1 and step in {1, 2}:
            step = 1
            lines = lines[:1]
        if step == 0:
            return
        for code, quantity in lines:
            part = 1 if step == 1 and quantity > 1 else quantity
            self._scan(work.number, ScanKind.PICK, code, part, user=user, at=at)
        if step < 3:
            return
        for code, quantity in lines:
            self._scan(work.number, ScanKind.PACK, code, quantity, user=user, at=at)
        box = Box(carrier=CARRIER, tracking_number=self._tracking(), weight_grams=900, name="M")
        picking.close_parcel(work.number, box=box, actor=_person(user), at=at)
        if step == 4:
            shipping.ship(work.number, actor=_person(user), at=at)

    def _scan(
        self, number: str, kind: ScanKind, code: str, quantity: int, *, user: User, at: datetime
    ) -> None:
        key = UUID(int=self.chance.getrandbits(128), version=4)
        picking.scan(
            number, kind=kind, read=NewScan(key, code, quantity), user=user, actor=_person(user), at=at
        )

    def _serve(self, at: datetime) -> None:
        """Give a delivery to those who wait, and ship what they get."""
        open_before = {work.pk for work in work_queries.queue(None, ("open",))}
        for sku in scarcity_queries.skus_to_serve():
            ordering.serve_waiting(sku, actor=SYSTEM, at=at)
        for work in work_queries.queue(None, ("open",)):
            if work.pk not in open_before:
                self._ship_work(work, at=at + timedelta(hours=6))

    def _look_at_holds(self, at: datetime, *, before: datetime) -> None:
        """Nothing stays on hold for ever: after two days somebody has rung the customer."""
        for order in order_queries.held_before(before):
            standing.release_order(order.number, actor=SYSTEM, at=at)
            for work in work_queries.live_work_of([order.pk]).select_related("location"):
                self._ship_work(work, at=at + timedelta(hours=4))

    def _ship_work(self, work: FulfilmentOrder, *, at: datetime) -> None:
        lines = tuple(ParcelLine(line.sku.code, line.quantity) for line in work_queries.lines_to_work(work))
        parcel = NewParcel(CARRIER, self._tracking(), lines)
        shipping.ship_parcels(work.number, contents=[parcel], actor=SYSTEM, at=min(at, self.now))

    def _ship(self, order: Placed, *, at: datetime) -> None:
        for work in order.work:
            if work.status == "on_hold":
                continue
            lines = tuple(ParcelLine(sku, quantity) for sku, quantity in work.lines)
            parcel = NewParcel(CARRIER, self._tracking(), lines)
            shipping.ship_parcels(work.number, contents=[parcel], actor=SYSTEM, at=min(at, self.now))

    def _orders(self, first: datetime, count: int) -> list[Placed]:
        placed = []
        for minute in sorted(self.chance.randint(0, 290) for _ in range(count)):
            answer = ordering.place_orders(
                [self._request(first)], actor=SYSTEM, at=first + timedelta(minutes=minute)
            )
            placed += [each for each in answer if isinstance(each, Placed)]
        return placed

    def _request(self, morning: datetime) -> NewOrder:
        self.number += 1
        wholesale = self.chance.random() < 0.06
        address, mail = buyer(self.chance)
        count = self.chance.choices((1, 2, 3, 5), weights=(50, 28, 16, 6))[0]
        chosen = {article.code: article for article in self.chance.choices(self.sold, self.weights, k=count)}
        lines = tuple(
            NewLine(
                article.code,
                self.chance.choices((1, 2, 4), weights=(75, 20, 5))[0] * (3 if wholesale else 1),
                article.price,
            )
            for article in chosen.values()
        )
        return NewOrder(
            channel="wholesale"
            if wholesale
            else self.chance.choices(("shop", "market", "api"), weights=(60, 30, 10))[0],
            external_number=f"{self.number}",
            customer_name=address.name,
            customer_email=mail,
            customer_type=CustomerType.B2B if wholesale else CustomerType.B2C,
            shipping=address,
            currency="AUD",
            lines=lines,
            po_number=f"PO-{self.number}" if wholesale else "",
            gift_message="Happy housewarming!" if self.chance.random() < 0.05 else "",
            promise_by=morning + timedelta(days=2),
        )

    def _tracking(self) -> str:
        return f"33{self.chance.randrange(10**10):010d}"


def _person(user: User) -> Actor:
    return Actor("user", str(user.pk), user.get_full_name())
