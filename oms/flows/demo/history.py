"""Ninety days of the demo shop: orders that came, shipped, waited, were held and cancelled, up to this minute."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from fulfilment import queries as work_queries
from fulfilment.models import FulfilmentOrder
from fulfilment.rules import NewParcel, ParcelLine, ScanKind
from fulfilment.services.parcels import Box
from fulfilment.services.scans import NewScan
from oms.core.actors import SYSTEM, Actor
from oms.core.models import User
from oms.flows import ordering, picking, shipping
from oms.flows.demo import shop
from oms.flows.demo.catalogue import Article
from oms.flows.demo.people import buyer
from oms.orders.requests import NewLine, NewOrder, Placed
from oms.orders.rules import CustomerType

DAYS = 90
DELIVERIES = (60, 30, 10)
CARRIER = "auspost"


class History:
    """Plays the past forward; the same seed plays the same past."""

    def __init__(self, sold: list[Article], *, now: datetime, say: Callable[[str], None], seed: int = 7) -> None:
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
                ordering.cancel_order(order.number, reason="Changed their mind", actor=SYSTEM, at=morning + timedelta(hours=9))
            elif roll < 0.05:
                ordering.hold_order(order.number, reason="Billing country differs", actor=SYSTEM, at=morning + timedelta(hours=9))
            elif not last_week or roll < 0.75:
                self._ship(order, at=morning + timedelta(hours=11 + self.chance.randint(0, 20)))
        return len(placed)

    def _today(self) -> int:
        placed = self._orders(self.now - timedelta(hours=5), 34)
        mai = User.objects.get(username="mai")
        for number, order in enumerate(placed):
            at = self.now - timedelta(minutes=90 - number)
            if number in {3, 19}:
                ordering.hold_order(order.number, reason="Address could not be verified", actor=_person(mai), at=at)
            for work in FulfilmentOrder.objects.filter(order__number=order.number, location__code="PER", status="open"):
                self._handle(work, mai, step=number % 5, at=at)
        return len(placed)

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

    def _scan(self, number: str, kind: ScanKind, code: str, quantity: int, *, user: User, at: datetime) -> None:
        key = UUID(int=self.chance.getrandbits(128), version=4)
        picking.scan(number, kind=kind, read=NewScan(key, code, quantity), user=user, actor=_person(user), at=at)

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
            answer = ordering.place_orders([self._request(first)], actor=SYSTEM, at=first + timedelta(minutes=minute))
            placed += [each for each in answer if isinstance(each, Placed)]
        return placed

    def _request(self, morning: datetime) -> NewOrder:
        self.number += 1
        wholesale = self.chance.random() < 0.06
        address, mail = buyer(self.chance)
        count = self.chance.choices((1, 2, 3, 5), weights=(50, 28, 16, 6))[0]
        chosen = {article.code: article for article in self.chance.choices(self.sold, self.weights, k=count)}
        lines = tuple(
            NewLine(article.code, self.chance.choices((1, 2, 4), weights=(75, 20, 5))[0] * (3 if wholesale else 1), article.price)
            for article in chosen.values()
        )
        return NewOrder(
            channel="wholesale" if wholesale else self.chance.choices(("shop", "market", "api"), weights=(60, 30, 10))[0],
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
