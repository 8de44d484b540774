"""``manage.py erase_customer CODE --reason ...``: forget who a customer is; facts and sums stay."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from oms.core.actors import SYSTEM
from oms.core.errors import Refusal
from oms.flows import customers


class Command(BaseCommand):
    help = "Empty every personal value of a customer: contact, addresses, orders, and raw copies of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="The customer's code.")
        parser.add_argument("--reason", default="Asked for by the customer.", help="Kept in the audit.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            erased = customers.erase_customer(
                options["code"], reason=options["reason"], actor=SYSTEM, at=timezone.now()
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{options['code']} is erased: {erased.orders} orders, {erased.copies} copies. "
            "Prove it with manage.py pii_scan and what was known."
        )
