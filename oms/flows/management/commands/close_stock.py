"""``manage.py close_stock``: close the days of stock that are over."""

from datetime import date

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inventory import history
from oms.core.actors import SYSTEM
from oms.core.errors import Refusal
from oms.flows import closing


class Command(BaseCommand):
    help = (
        "Closes every day of stock that is over, location by location; days closed already stay as they are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--location", help="one location's code; all of them without")
        parser.add_argument(
            "--through", type=date.fromisoformat, metavar="DAY", help="the last day, 2026-11-22"
        )

    def handle(self, *args: object, **options: object) -> None:
        """Close them.

        Raises ``CommandError`` when a location's days cannot be closed yet.
        """
        wanted = options["location"]
        codes = [wanted] if wanted else [place.code for place in history.places_with_books()]
        refused = []
        for code in codes:
            try:
                done = closing.close_through(code, options["through"], actor=SYSTEM, at=timezone.now())
            except Refusal as refusal:
                refused.append(f"{code}: {refusal}")
                continue
            if done:
                gaps = sum(each.pieces_gap for each in done)
                self.stdout.write(f"{code}: {len(done)} days through {done[-1].day}, {gaps} pieces differ")
        if refused:
            raise CommandError("\n".join(refused))
