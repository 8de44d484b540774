"""``manage.py seed_demo``: a believable shop, made through the flows."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from oms.flows import proving
from oms.flows.demo import (
    afterthoughts,
    books,
    changes,
    counts,
    feeds,
    floor,
    letters,
    preorders,
    shop,
    trade,
    wordings,
)
from oms.flows.demo.history import DAYS, History
from oms.orders import queries as order_queries
from oms.reports.invariants import INVARIANTS


class Command(BaseCommand):
    help = "Fills an empty database with a demo shop and 90 days of its orders, all made through the flows."

    def handle(self, *args: object, **options: object) -> None:
        """Make the shop.

        Raises ``CommandError`` when there are orders already.
        """
        if order_queries.orders().exists():
            raise CommandError("There are orders already. The demo shop wants an empty database.")
        now = timezone.now()
        sold = shop.open_shop(at=now - timedelta(days=DAYS + 1), say=self.stdout.write)
        total = History(sold, now=now, say=self.stdout.write).play()
        trade.trade(sold, now=now, say=self.stdout.write)
        counts.count_stock(at=now - timedelta(minutes=40), say=self.stdout.write)
        floor.open_floor(at=now - timedelta(minutes=20))
        feeds.report_again(at=now - timedelta(minutes=30))
        preorders.sell_ahead(sold, now=now, say=self.stdout.write)
        changes.change_minds(sold, now=now, say=self.stdout.write)
        self.stdout.write(afterthoughts.think_again(sold, now=now))
        letters.begin(now=now)
        wordings.write(now=now, say=self.stdout.write)
        self.stdout.write(f"{books.close_days(at=now)} days closed in the books of stock")
        differences = sum(each.differences for each in proving.prove(list(INVARIANTS), clock=timezone.now))
        self.stdout.write(f"{len(INVARIANTS)} invariants proved: {differences} differences")
        self.stdout.write(f"The demo shop is open: {total} orders.")
