"""``manage.py pii_scan TEXT...``: in which columns and files a name, address or mail address stands."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from oms.core import erasing
from oms.flows import customers


class Command(BaseCommand):
    help = "Look for texts in every column and in every file that came in; fails when one is found."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "text", nargs="+", help="What belongs to the person, such as a name and a mail address."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        texts = erasing.worth_finding(options["text"])
        if not texts:
            raise CommandError(f"Name a text of {erasing.SHORTEST} characters at least.")
        hits = customers.traces(texts)
        for hit in hits:
            self.stdout.write(f"{hit.table}.{hit.column}: {hit.rows}")
        self.stdout.write(f"{sum(hit.rows for hit in hits)} hits in {len(hits)} columns.")
        if hits:
            raise CommandError("Found.", returncode=1)
