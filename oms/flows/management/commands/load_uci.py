"""``manage.py load_uci FILE``: a period of the UCI "Online Retail" data as a shop, played through the flows."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from oms.flows.demo import uci


class Command(BaseCommand):
    help = "Loads invoices of the UCI 'Online Retail' data set (CSV) as articles, stock, orders and cancellations."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it; what is there already stays as it is.

        Raises ``CommandError`` when the file cannot be read.
        """
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as file:
                invoices = uci.read(file)
        except (OSError, KeyError, ValueError, ArithmeticError) as error:
            raise CommandError(f"This is no file of that data set: {error}") from error
        if not invoices:
            raise CommandError("There is no invoice of goods in that file.")
        done = uci.load(invoices, now=timezone.now(), say=self.stdout.write)
        self.stdout.write(
            f"{done.orders:,} orders placed, {done.waiting:,} of them wait for something;"
            f" {done.cancellations:,} lines cancelled, {done.refused:,} orders refused."
        )
